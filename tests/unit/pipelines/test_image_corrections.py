"""What a person orders for a picture: mask moved, frame cropped, made anew, replaced."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import image_brief, photo_with_alpha

from assets.media import Picture, encode_jpeg
from assets.provenance import Signer
from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.review import Adjust, Correction, Edit, FallBack, Regenerate, Replace, Trim
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Outcome,
    Shot,
    Verdict,
)
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.order import Order
from pipelines.studio.window import Window, fitted, nested

PHOTO = photo_with_alpha()
PACKSHOT = ImageSpec(shot=Shot.PACKSHOT, longer_side_px=500)
SCENE = ImageSpec(shot=Shot.SCENE, longer_side_px=500, setting="oak-morning")
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


def planned(pipeline: ImagePipeline, wanted: Brief) -> Attempt:
    recipe = next(iter(pipeline.plan(wanted)))
    return Attempt(
        candidate=Candidate(recipe=recipe, assets=(), seconds=0.0), scores=(), verdict=REVIEW
    )


def after(pipeline: ImagePipeline, wanted: Brief, attempt: Attempt, order: Correction) -> Attempt:
    recipe = pipeline.correct(wanted, attempt, order)
    return replace(attempt, candidate=replace(attempt.candidate, recipe=recipe))


def uploaded(store: AssetStore, data: bytes, media_type: str = "image/jpeg") -> Replace:
    return Replace(digest=Digest(store.put(data)), media_type=media_type)


def test_a_crop_of_a_crop_is_one_of_the_whole(pipeline: ImagePipeline) -> None:
    wanted = brief()
    once = after(pipeline, wanted, planned(pipeline, wanted), Adjust(crop=(0.5, 0.5, 1.0, 1.0)))
    twice = after(pipeline, wanted, once, Adjust(crop=(0.0, 0.0, 0.6, 0.6)))
    assert Order.of(twice.candidate.recipe).crop == (0.5, 0.5, 0.8, 0.8)


@given(
    st.tuples(*[st.floats(0, 1) for _ in range(4)]),
    st.sampled_from([(500, 500), (400, 500), (900, 1600), (4096, 2304)]),
)
def test_any_crop_gives_a_window_inside_its_canvas(
    numbers: tuple[float, float, float, float], frame: tuple[int, int]
) -> None:
    (x0, x1), (y0, y1) = sorted(numbers[:2]), sorted(numbers[2:])
    crop = (x0, y0, max(x1, min(1.0, x0 + 0.25)), max(y1, y0))
    if max(crop[2] - crop[0], crop[3] - crop[1]) < 0.25:
        return
    whole = fitted(crop)
    assert whole[0] <= crop[0] + 1e-9
    assert whole[3] >= crop[3] - 1e-9
    window = Window.of(crop, frame_px=frame)
    left, top, right, bottom = window.box_px
    assert 0 <= left < right <= window.canvas_px[0]
    assert 0 <= top < bottom <= window.canvas_px[1]
    assert max(window.canvas_px) <= 4096
    assert nested((0, 0, 1, 1), within=crop) == pytest.approx(whole)


def test_no_correction_leaves_the_window_as_the_frame() -> None:
    window = Window.of(None, frame_px=(400, 500))
    picture = Picture(np.zeros((500, 400, 3), np.uint8))
    assert window.canvas_px == (400, 500)
    assert window.through(picture) is picture


def test_a_scene_is_made_again_by_seed_and_setting(pipeline: ImagePipeline) -> None:
    wanted = brief(SCENE)
    seen = planned(pipeline, wanted)
    other = after(
        pipeline, wanted, seen, Regenerate(seed=9, parameters='{"setting": "linen-table"}')
    )
    order = Order.of(other.candidate.recipe)
    assert (other.candidate.recipe.seed, order.setting, order.setting_above) == (
        9,
        "linen-table",
        "linen-table",
    )


@pytest.mark.parametrize(
    ("spec", "order", "words"),
    [
        (PACKSHOT, Adjust(), "nothing is adjusted"),
        (PACKSHOT, Adjust(mask_grow_px=25), "at most 24 px"),
        (PACKSHOT, Adjust(crop=(0.4, 0.4, 0.5, 0.5)), "a crop of 10%"),
        (PACKSHOT, Adjust(crop=(0.6, 0.4, 0.5, 0.5)), "left, top, right, bottom"),
        (PACKSHOT, Regenerate(seed=4), "packshot holds no chance"),
        (PACKSHOT, Regenerate(seed=4, parameters='{"setting": "linen-table"}'), "has no setting"),
        (SCENE, Regenerate(seed=4, parameters='{"setting": "moon"}'), "no setting 'moon'; known"),
        (SCENE, Regenerate(seed=4, parameters='{"shadow": true}'), "no shadow to choose"),
        (SCENE, Regenerate(seed=4, parameters='{"fill": 2}'), "'fill' can't be changed"),
        (PACKSHOT, Trim(frames=(0, 3)), "a picture takes no correction of the kind 'trim'"),
        (PACKSHOT, FallBack(), "choose: adjust mask or crop, regenerate, replace"),
        (PACKSHOT, Edit(slots=()), "edit the words"),
        (PACKSHOT, Replace(digest=Digest("0" * 64), media_type="image/png"), "no asset"),
    ],
)
def test_what_a_picture_cannot_take_is_refused_in_words(
    pipeline: ImagePipeline, spec: ImageSpec, order: Correction, words: str
) -> None:
    wanted = brief(spec)
    with pytest.raises(InvalidBrief, match=words):
        pipeline.correct(wanted, planned(pipeline, wanted), order)


def test_a_packshot_can_be_made_again_without_its_shadow(pipeline: ImagePipeline) -> None:
    wanted = brief()
    order = Regenerate(seed=0, parameters=json.dumps({"shadow": False}))
    bare = after(pipeline, wanted, planned(pipeline, wanted), order)
    assert not Order.of(bare.candidate.recipe).shadow


@pytest.mark.parametrize(
    ("size", "words"),
    [((200, 200), "too few for 500 × 500"), ((500, 1200), "58% of it would fall away")],
)
def test_an_upload_that_cannot_fill_the_frame_is_refused(
    pipeline: ImagePipeline, store: AssetStore, size: tuple[int, int], words: str
) -> None:
    data = encode_jpeg(Picture(np.full((size[1], size[0], 3), 90, np.uint8)))
    wanted = brief(SCENE)
    with pytest.raises(InvalidBrief, match=words):
        pipeline.correct(wanted, planned(pipeline, wanted), uploaded(store, data))


def test_an_upload_that_is_no_picture_is_refused(
    pipeline: ImagePipeline, store: AssetStore
) -> None:
    wanted = brief()
    with pytest.raises(InvalidBrief, match="can't be used: the file is JSON"):
        pipeline.correct(wanted, planned(pipeline, wanted), uploaded(store, b"{}"))
