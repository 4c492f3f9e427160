"""Generative plans: whole recipes, what may be asked of a model, what answers a fault."""

import json
from collections.abc import Iterable
from dataclasses import fields, replace

import pytest
from studio_kit import image_brief, photo_with_alpha

from content_engine.channels import channel
from content_engine.errors import InvalidBrief
from content_engine.review import Adjust, Regenerate
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Evidence,
    Garment,
    GarmentKind,
    ImageSpec,
    Kind,
    Outcome,
    Product,
    Recipe,
    Score,
    Severity,
    Shot,
    TryonSpec,
    Verdict,
    VideoSpec,
)
from pipelines.diffusion.ask import Ask
from pipelines.generative.asked import Able, Shape, ask_recipe
from pipelines.generative.clips import TAKE, ClipOrder, ClipPlanner
from pipelines.generative.pictures import PictureOrder, PicturePlanner
from pipelines.generative.tryons import TryonOrder, TryonPlanner
from pipelines.models import ModelCatalog
from pipelines.prompts import PromptBook

CATALOG = ModelCatalog.load()
PHOTO = photo_with_alpha()
SCENE = ImageSpec(shot=Shot.SCENE, aspects=("1:1", "16:9"), longer_side_px=1600)


def able(name: str, *, pixels_most: int = 0, loras: tuple[tuple[str, str], ...] = ()) -> Able:
    entry = CATALOG.entry(name)
    return Able(entry=entry, revision="main", pixels_most=pixels_most, brand_loras=loras)


def brief(spec: ImageSpec = SCENE, *, channel: str = "web", count: int = 1) -> Brief:
    return image_brief(spec, data=PHOTO, channel=channel, count=count)


def first(recipes: Iterable[Recipe]) -> Recipe:
    return next(iter(recipes))


def refused(recipe: Recipe, *reasons: str, notes: tuple[str, ...] = ()) -> Attempt:
    candidate = Candidate(recipe=recipe, assets=(), seconds=0.0, notes=notes)
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=reasons)
    return Attempt(candidate=candidate, scores=(), verdict=verdict)


KLEIN = PicturePlanner(able("flux2-klein"))


@pytest.mark.parametrize("shot", [Shot.PACKSHOT, Shot.CUTOUT])
def test_packshots_and_cut_outs_stay_the_studios(shot: Shot) -> None:
    assert list(KLEIN.plan(brief(ImageSpec(shot=shot, longer_side_px=1000)))) == []


def test_a_scene_recipe_says_everything_and_shows_the_photo() -> None:
    recipe = first(KLEIN.plan(brief()))
    order = PictureOrder.of(recipe)
    assert recipe.backend == "flux2-klein"
    assert recipe.model == "black-forest-labs/FLUX.2-klein-4B@main"
    assert [item.role for item in recipe.ingredients] == ["photo"]
    assert "“Painted block”" in recipe.prompt
    template = PromptBook.load().templates["scene"]
    assert order.asked.template == f"scene@{template.version}"
    assert (order.asked.steps, order.asked.guidance) == (4, 1.0)
    assert [frame.canvas_px for frame in order.frames] == [(1024, 1024), (1360, 768)]
    assert [frame.role for frame in order.frames] == ["scene-1x1", "scene-16x9"]


def test_room_for_captions_only_where_the_channel_takes_overlays() -> None:
    wide = replace(SCENE, aspects=("16:9",))
    words = {
        name: PictureOrder.of(first(KLEIN.plan(brief(wide, channel=name)))).frames[0].words
        for name in ("web", "google")
    }
    assert channel("web").image.overlays_allowed
    assert not channel("google").image.overlays_allowed
    assert "free for a headline" in words["web"]
    assert "headline" not in words["google"]


def test_plans_vary_setting_first_then_seed_and_never_repeat() -> None:
    recipes = list(KLEIN.plan(brief(count=9)))
    assert len({recipe.digest for recipe in recipes}) == len(recipes) >= 9


def test_a_single_ask_carries_the_names_that_a_diffusion_ask_reads() -> None:
    recipe = first(KLEIN.plan(brief()))
    order = PictureOrder.of(recipe)
    one = ask_recipe(recipe, order.asked, shape=Shape.of((64, 64)), words="In the middle.")
    known = {field.name for field in fields(Ask)} | {"family", "template", "private", "wear"}
    assert set(json.loads(one.parameters)) <= known
    assert one.prompt == f"{recipe.prompt} In the middle."


def test_a_small_device_is_asked_for_small_pictures_of_the_same_shape() -> None:
    small = able("flux2-klein", pixels_most=256 * 256)
    width, height = small.canvas_px(1600, 900)
    assert width * height <= 256 * 256
    assert not width % 32
    assert not height % 32
    assert width / height == pytest.approx(16 / 9, rel=0.15)


def test_a_lost_drawing_is_answered_by_keeping_the_products_own_pixels() -> None:
    recipe = first(KLEIN.plan(brief()))
    rung = KLEIN.repair(brief(), refused(recipe, "image.lettering is 3, wanted ≤ 1"))
    assert rung is not None
    order = PictureOrder.of(rung)
    assert (order.method, order.asked.task) == ("around", "inpaint")
    assert order.asked.template.startswith("around@")
    assert rung.seed == recipe.seed
    tighter = KLEIN.repair(brief(), refused(rung, "image.scene_halo is 3"))
    assert tighter is not None
    assert PictureOrder.of(tighter).tight_px == 1
    assert KLEIN.repair(brief(), refused(rung, "image.identity is 0.6")) is None


def test_a_model_that_only_paints_from_words_makes_the_set_alone() -> None:
    order = PictureOrder.of(first(PicturePlanner(able("z-image-turbo")).plan(brief())))
    assert (order.method, order.asked.task) == ("backdrop", "t2i")


def test_a_person_may_order_another_colour_setting_seed_or_style() -> None:
    seen = refused(first(KLEIN.plan(brief())))
    wanted = Regenerate(seed=7, parameters='{"colour": "navy"}')
    variant = KLEIN.correct(brief(), seen, wanted)
    assert "“navy”" in variant.prompt
    assert variant.seed == 7
    assert PictureOrder.of(variant).asked.template.startswith("colour@")
    styled = KLEIN.correct(brief(), seen, Regenerate(seed=8, parameters='{"lora": "autumn"}'))
    assert PictureOrder.of(styled).asked.lora == "autumn"
    with pytest.raises(InvalidBrief, match="no setting 'moon'"):
        KLEIN.correct(brief(), seen, Regenerate(seed=9, parameters='{"setting": "moon"}'))
    with pytest.raises(InvalidBrief, match="adjust mask"):
        KLEIN.correct(brief(), seen, Adjust(mask_grow_px=2))


def test_a_brands_style_is_worn_unless_another_one_is_asked_for() -> None:
    planner = PicturePlanner(able("flux2-klein", loras=(("Blockhaus", "house-style"),)))
    assert PictureOrder.of(first(planner.plan(brief()))).asked.lora == "house-style"


# ---- try-on ----

TEE = Garment(kind=GarmentKind.UPPER, picture=Digest("1" * 64), layer=1, sku="TEE")
LOWER = Garment(kind=GarmentKind.LOWER, picture=Digest("2" * 64), layer=0)


def tryon(*garments: Garment, private: bool = True) -> Brief:
    product = Product(sku="s", title="Tee", brand="", category=(), facts=(), photos=())
    spec = TryonSpec(person=Digest("a" * 64), garments=garments, private=private)
    return Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und")


def test_a_try_on_shows_the_person_first_and_the_garments_as_they_are_put_on() -> None:
    recipe = first(TryonPlanner(able("flux2-klein")).plan(tryon(TEE, LOWER)))
    assert [item.role for item in recipe.ingredients] == ["person", "garment.0", "garment.1"]
    assert recipe.ingredients[1].digest == LOWER.picture
    assert "wears the bottoms and the top of the other pictures" in recipe.prompt
    order = TryonOrder.of(recipe)
    assert order.asked.private
    assert order.outfit[1] == (GarmentKind.UPPER, "TEE")


def test_more_garments_than_a_model_looks_at_are_left_to_others() -> None:
    kinds = (GarmentKind.UPPER, GarmentKind.LOWER, GarmentKind.OUTER, GarmentKind.HEAD)
    worn = [replace(TEE, kind=kind, layer=at) for at, kind in enumerate(kinds)]
    assert list(TryonPlanner(able("flux2-klein")).plan(tryon(*worn))) == []


def test_a_shoppers_try_on_takes_no_correction() -> None:
    planner = TryonPlanner(able("flux2-klein"))
    seen = refused(first(planner.plan(tryon(TEE))))
    with pytest.raises(InvalidBrief, match="nobody else"):
        planner.correct(tryon(TEE), seen, Regenerate(seed=1))


# ---- clips ----

WAN = ClipPlanner(able("wan-ti2v-5b"), bridging=able("wan-i2v-a14b"))


def clip(spec: VideoSpec, *, channel: str = "web", locale: str = "en") -> Brief:
    still = brief()
    photo = replace(still.product.photos[0], width_px=900, height_px=900)
    product = replace(still.product, photos=(photo,))
    return Brief(kind=Kind.VIDEO, product=product, spec=spec, locale=locale, channel=channel)


@pytest.mark.parametrize(("duration_s", "frames"), [(0.0, 121), (4.0, 97), (6.0, 145)])
def test_a_clip_has_as_many_frames_as_latents_hold(duration_s: float, frames: int) -> None:
    order = ClipOrder.of(first(WAN.plan(clip(VideoSpec(duration_s=duration_s)))))
    assert order.frames == frames
    assert order.frames % 4 == 1
    assert order.duration_s >= duration_s


def test_a_clip_longer_than_the_model_can_is_left_to_the_studio() -> None:
    assert list(WAN.plan(clip(VideoSpec(duration_s=12.0)))) == []


@pytest.mark.parametrize(("channel", "fps"), [("web", 32), ("amazon", 24)])
def test_a_slow_models_clip_is_shown_at_a_rate_that_the_channel_takes(
    channel: str, fps: int
) -> None:
    planner = ClipPlanner(able("wan-i2v-a14b"), bridging=None)
    order = ClipOrder.of(first(planner.plan(clip(VideoSpec(), channel=channel))))
    assert (order.fps, order.out_fps) == (16, fps)


def flagged(recipe: Recipe, *spans: tuple[int, int]) -> Attempt:
    seen = tuple(
        Evidence(kind="glitch", severity=Severity.MAJOR, message="", frames=span, number=2.0)
        for span in spans
    )
    asset = Asset(role="clip-1x1", digest=Digest("c" * 64), media_type="video/mp4", size_bytes=1)
    score = Score(metric="video.glitch", value=2.0, instrument="test@1", evidence=seen)
    candidate = Candidate(recipe=recipe, assets=(asset,), seconds=0.0, notes=(f"{TAKE}{'d' * 64}",))
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=("video.glitch is 2",))
    return Attempt(candidate=candidate, scores=(score,), verdict=verdict)


def test_a_flagged_span_is_made_anew_between_its_neighbours_once() -> None:
    order_brief = clip(VideoSpec())
    recipe = first(WAN.plan(order_brief))
    rung = WAN.repair(order_brief, flagged(recipe, (40, 44), (46, 47)))
    assert rung is not None
    order = ClipOrder.of(rung)
    assert order.span is not None
    assert order.span[0] <= 40
    assert order.span[1] >= 47
    assert (order.span[1] - order.span[0] + 3) % 4 == 1, "both ends included, whole latents"
    assert (rung.backend, order.asked.task) == ("wan-i2v-a14b", "flf")
    assert {item.role for item in rung.ingredients} == {"photo", "take"}
    assert WAN.repair(order_brief, flagged(rung, (40, 44))) is None


@pytest.mark.parametrize("span", [(0, 3), (117, 120)])
def test_a_fault_at_an_end_is_bridged_within_the_clip(span: tuple[int, int]) -> None:
    order_brief = clip(VideoSpec())
    rung = WAN.repair(order_brief, flagged(first(WAN.plan(order_brief)), span))
    assert rung is not None
    made = ClipOrder.of(rung).span
    assert made is not None
    assert 1 <= made[0] <= made[1] <= 119


def test_a_clip_that_is_bad_all_over_is_not_bridged() -> None:
    order_brief = clip(VideoSpec())
    assert WAN.repair(order_brief, flagged(first(WAN.plan(order_brief)), (5, 100))) is None
