"""Pictures as the image pipeline makes, corrects and signs them, whole."""

import json
from dataclasses import replace

import numpy as np
import pytest

from assets.media import Picture, decode_picture, encode_jpeg, encode_png
from assets.provenance import Signer, read_manifest
from assets.store import AssetStore
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.review import Adjust, Correction, Replace
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Outcome,
    Recipe,
    Shot,
    Verdict,
)
from pipelines.backend import Inputs
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.order import Order
from tests.unit.pipelines.studio_kit import image_brief, photo_with_alpha

PHOTO = photo_with_alpha()
PACKSHOT = ImageSpec(shot=Shot.PACKSHOT, longer_side_px=500)
REVIEW = Verdict(outcome=Outcome.REVIEW, reasons=("image.halo is 5",))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    store = AssetStore.open(str(tmp_path_factory.mktemp("pictures")))
    store.put(PHOTO)
    return store


@pytest.fixture(scope="module")
def pipeline(store: AssetStore, tmp_path_factory: pytest.TempPathFactory) -> ImagePipeline:
    signer = Signer.open(tmp_path_factory.mktemp("keys"))
    return ImagePipeline(store=store, signer=signer, backend=StudioBackend())


def brief(spec: ImageSpec = PACKSHOT) -> Brief:
    return image_brief(spec, data=PHOTO, channel="google")


def only(recipes: object) -> Recipe:
    (recipe,) = recipes  # type: ignore[misc]
    return recipe


def planned(pipeline: ImagePipeline, wanted: Brief) -> Attempt:
    recipe = next(iter(pipeline.plan(wanted)))
    return Attempt(
        candidate=Candidate(recipe=recipe, assets=(), seconds=0.0), scores=(), verdict=REVIEW
    )


def after(pipeline: ImagePipeline, wanted: Brief, attempt: Attempt, order: Correction) -> Attempt:
    recipe = pipeline.correct(wanted, attempt, order)
    return replace(attempt, candidate=replace(attempt.candidate, recipe=recipe))


def pixels(pipeline: ImagePipeline, attempt: Attempt) -> np.ndarray:
    candidate = pipeline.generate(attempt.candidate.recipe)
    return decode_picture(pipeline._store.get(candidate.assets[0].digest)).rgb


def uploaded(store: AssetStore, data: bytes, media_type: str = "image/jpeg") -> Replace:
    return Replace(digest=Digest(store.put(data)), media_type=media_type)


def test_packshot_is_signed_filled_and_white(pipeline: ImagePipeline, store: AssetStore) -> None:
    candidate = pipeline.generate(only(pipeline.plan(brief())))
    (asset,) = candidate.assets
    data = store.get(asset.digest)
    rgb = decode_picture(data).rgb
    assert (asset.role, asset.width_px, asset.height_px) == ("packshot-1x1", 500, 500)
    assert asset.size_bytes == len(data)
    assert (rgb[:20] == 255).all()
    drawn = np.flatnonzero((rgb.min(axis=2) < 200).any(axis=0))
    assert 0.85 <= (drawn[-1] - drawn[0] + 1) / 500 <= 0.92
    manifest = read_manifest(data, asset.media_type)
    assert manifest is not None
    assert "algorithmicallyEnhanced" in str(manifest)
    assert "contact shadow" in str(manifest)


def test_every_aspect_is_one_asset(pipeline: ImagePipeline) -> None:
    spec = replace(PACKSHOT, shot=Shot.CUTOUT, aspects=("1:1", "4:5", "9:16", "16:9"))
    candidate = pipeline.generate(only(pipeline.plan(brief(spec))))
    assert [asset.role for asset in candidate.assets] == [
        "cutout-1x1",
        "cutout-4x5",
        "cutout-9x16",
        "cutout-16x9",
    ]
    assert {asset.media_type for asset in candidate.assets} == {"image/png"}


def test_same_recipe_same_bytes_before_signing(pipeline: ImagePipeline) -> None:
    recipe = only(pipeline.plan(brief()))
    made = []
    for backend in (StudioBackend(), StudioBackend()):
        run = backend.start(recipe, Inputs(assets={"photo": PHOTO}))
        while not run.done:
            backend.step([run])
        made.append(backend.finish(run)[0].data)
    assert made[0] == made[1]


def test_scene_of_a_product_cut_by_its_photo_fails_with_the_reason(
    pipeline: ImagePipeline, store: AssetStore
) -> None:
    picture = decode_picture(PHOTO)
    assert picture.alpha is not None
    data = encode_png(Picture(picture.rgb[40:], picture.alpha[40:]))
    scene = image_brief(replace(PACKSHOT, shot=Shot.SCENE), data=data, channel="google")
    recipe = next(iter(pipeline.plan(scene)))
    store.put(data)
    with pytest.raises(GenerationFailed, match="cuts the product off at its top"):
        pipeline.generate(recipe)


def test_credentials_name_no_shadow_that_was_not_drawn(
    pipeline: ImagePipeline, store: AssetStore
) -> None:
    picture = decode_picture(PHOTO)
    assert picture.alpha is not None
    data = encode_png(Picture(picture.rgb[:80], picture.alpha[:80]))
    store.put(data)
    cut_below = image_brief(PACKSHOT, data=data, channel="google")
    notes = pipeline.generate(only(pipeline.plan(cut_below))).notes
    assert "set on pure white" in notes


def test_a_shrunk_mask_takes_the_outline_in(pipeline: ImagePipeline) -> None:
    wanted = brief()
    seen = planned(pipeline, wanted)
    nudged = after(pipeline, wanted, seen, Adjust(mask_grow_px=-3))
    assert Order.of(nudged.candidate.recipe).mask_grow_px == -3
    again = after(pipeline, wanted, nudged, Adjust(mask_grow_px=-1))
    assert Order.of(again.candidate.recipe).mask_grow_px == -4, "corrections add up"
    notes = pipeline.generate(nudged.candidate.recipe).notes
    assert "outline moved in by 3 px by a person" in notes


def test_a_mask_is_not_let_out_beyond_the_photos_own(pipeline: ImagePipeline) -> None:
    wanted = brief()
    grown = after(pipeline, wanted, planned(pipeline, wanted), Adjust(mask_grow_px=4))
    with pytest.raises(GenerationFailed, match="brings its own mask"):
        pipeline.generate(grown.candidate.recipe)


def test_a_crop_fills_the_frame_with_the_part_that_was_drawn(pipeline: ImagePipeline) -> None:
    wanted = brief()
    seen = planned(pipeline, wanted)
    whole = pixels(pipeline, seen)
    part = pixels(pipeline, after(pipeline, wanted, seen, Adjust(crop=(0.25, 0.1, 0.75, 0.6))))
    assert part.shape == whole.shape, "the frame keeps its size"
    expected = whole[50:300, 125:375].repeat(2, axis=0).repeat(2, axis=1)
    apart = np.abs(part.astype(int) - expected).mean()
    assert apart < 4, f"the crop shows another part: {apart:.1f} of 255 apart"


def test_an_uploaded_picture_takes_its_place_and_says_so(
    pipeline: ImagePipeline, store: AssetStore
) -> None:
    red = np.full((400, 600, 3), (200, 20, 20), np.uint8)
    wanted = brief()
    attempt = after(
        pipeline, wanted, planned(pipeline, wanted), uploaded(store, encode_jpeg(Picture(red)))
    )
    candidate = pipeline.generate(attempt.candidate.recipe)
    (asset,) = candidate.assets
    data = store.get(asset.digest)
    shown = decode_picture(data).rgb
    assert (asset.role, asset.width_px, asset.height_px) == ("packshot-1x1", 500, 500)
    assert (shown[:60] == 255).all(), "a packshot's margins are white"
    assert np.abs(shown[250, 250].astype(int) - (200, 20, 20)).max() < 4
    manifest = json.dumps(read_manifest(data, asset.media_type))
    assert "humanEdits" in manifest
    assert "parentOf" in manifest
    assert "uploaded by a person" in manifest
    with pytest.raises(InvalidBrief, match="no mask here"):
        pipeline.correct(wanted, attempt, Adjust(mask_grow_px=1))


def test_an_uploaded_cut_out_keeps_its_transparency(
    pipeline: ImagePipeline, store: AssetStore
) -> None:
    wanted = brief(replace(PACKSHOT, shot=Shot.CUTOUT))
    seen = planned(pipeline, wanted)
    opaque = encode_png(Picture(np.full((500, 500, 3), 9, np.uint8)))
    with pytest.raises(InvalidBrief, match="needs a picture with transparency"):
        pipeline.correct(wanted, seen, uploaded(store, opaque))
    attempt = after(pipeline, wanted, seen, uploaded(store, photo_with_alpha(side=400)))
    candidate = pipeline.generate(attempt.candidate.recipe)
    picture = decode_picture(store.get(candidate.assets[0].digest))
    assert picture.alpha is not None
    assert (picture.alpha == 0).mean() > 0.2
