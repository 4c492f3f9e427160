"""The image pipeline: honest plans, complete recipes, a ladder with an end, signed pictures."""

from dataclasses import replace

import pytest
from studio_kit import image_brief, photo_with_alpha

from assets.provenance import Signer
from assets.store import AssetStore
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    ImageSpec,
    Outcome,
    Recipe,
    Shot,
    TextSpec,
    Verdict,
)
from pipelines.backend import Inputs
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.order import Order

PHOTO = photo_with_alpha()
PACKSHOT = ImageSpec(shot=Shot.PACKSHOT, longer_side_px=500)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> ImagePipeline:
    folder = tmp_path_factory.mktemp("studio")
    store = AssetStore.open(str(folder / "assets"))
    store.put(PHOTO)
    return ImagePipeline(store=store, signer=Signer.open(folder / "keys"), backend=StudioBackend())


def brief(spec: ImageSpec = PACKSHOT, *, channel: str = "google", count: int = 1) -> Brief:
    return image_brief(spec, data=PHOTO, channel=channel, count=count)


def only(recipes: object) -> Recipe:
    (recipe,) = recipes  # type: ignore[misc]
    return recipe


def refused(recipe: Recipe, *reasons: str) -> Attempt:
    candidate = Candidate(recipe=recipe, assets=(), seconds=0.0)
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=reasons)
    return Attempt(candidate=candidate, scores=(), verdict=verdict)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"photo": 1}, "1 photos; photo 1"),
        ({"photo": -1}, "photo -1"),
        ({"aspects": ("7:5",)}, "7:5"),
        ({"aspects": ()}, "aspects"),
        ({"longer_side_px": 100}, "100 px"),
        ({"longer_side_px": 9000}, "9000 px"),
        ({"shot": Shot.SCENE, "setting": "moon"}, "no setting 'moon'"),
    ],
)
def test_brief_that_cannot_be_served_says_why(
    pipeline: ImagePipeline, change: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidBrief, match=words):
        list(pipeline.plan(brief(replace(PACKSHOT, **change))))  # type: ignore[arg-type]


def test_text_spec_is_refused(pipeline: ImagePipeline) -> None:
    with pytest.raises(InvalidBrief, match="ImageSpec"):
        list(pipeline.plan(replace(brief(), spec=TextSpec())))


def test_more_packshots_than_there_are_is_refused(pipeline: ImagePipeline) -> None:
    with pytest.raises(InvalidBrief, match="there are 1"):
        list(pipeline.plan(brief(count=2)))


def test_plan_is_the_same_each_time_and_complete(pipeline: ImagePipeline) -> None:
    first, second = only(pipeline.plan(brief())), only(pipeline.plan(brief()))
    assert first.digest == second.digest
    order = Order.of(first)
    assert order.to_parameters() == first.parameters, "something was defaulted after planning"
    assert (order.fill, order.media_type, order.shadow) == (0.88, "image/jpeg", True)


def test_amazon_gets_no_shadow(pipeline: ImagePipeline) -> None:
    spec = replace(PACKSHOT, longer_side_px=1600)
    order = Order.of(only(pipeline.plan(brief(spec, channel="amazon"))))
    assert not order.shadow
    assert order.fill >= 0.87


def test_scene_plan_offers_every_setting_that_suits(pipeline: ImagePipeline) -> None:
    recipes = list(pipeline.plan(brief(replace(PACKSHOT, shot=Shot.SCENE))))
    names = [Order.of(recipe).setting for recipe in recipes]
    assert len(names) >= 3
    assert len(set(names)) == len(names)


def test_halo_is_answered_twice_by_a_tighter_outline(pipeline: ImagePipeline) -> None:
    recipe: Recipe | None = only(pipeline.plan(brief()))
    steps = []
    while recipe is not None:
        steps.append(Order.of(recipe).tight_px)
        recipe = pipeline.repair(brief(), refused(recipe, "image.halo (packshot-1x1) is 5, wanted"))
    assert steps == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("reason", "slot", "value"),
    [
        ("image.fill_shortfall is 0.1", "fill", 0.92),
        ("image.white_share (packshot-1x1) is 0.99", "shadow", False),
        ("image.sharpness is 0.4", "upscale_above", 1.0),
        ("image.file is 1", "quality", 86),
    ],
)
def test_each_fault_has_its_answer(
    pipeline: ImagePipeline, reason: str, slot: str, value: object
) -> None:
    recipe = only(pipeline.plan(brief()))
    mended = pipeline.repair(brief(), refused(recipe, reason))
    assert mended is not None
    assert getattr(Order.of(mended), slot) == value


def test_fault_without_answer_ends_the_ladder(pipeline: ImagePipeline) -> None:
    recipe = only(pipeline.plan(brief()))
    assert pipeline.repair(brief(), refused(recipe, "image.identity is 0.2")) is None


def test_scene_that_fails_moves_once_to_another_setting(pipeline: ImagePipeline) -> None:
    scene = brief(replace(PACKSHOT, shot=Shot.SCENE))
    first = next(iter(pipeline.plan(scene)))
    second = pipeline.repair(scene, refused(first, "image.exposure is 0.3"))
    assert second is not None
    assert Order.of(second).setting != Order.of(first).setting
    assert pipeline.repair(scene, refused(second, "image.exposure is 0.3")) is None


def test_photo_that_is_no_picture_fails_with_its_reason(pipeline: ImagePipeline) -> None:
    recipe = only(pipeline.plan(brief()))
    with pytest.raises(GenerationFailed, match="the photo can't be used"):
        StudioBackend().start(recipe, Inputs(assets={"photo": b"not a picture"}))
