"""Real small clips of every design, decoded again: facts, movement, honesty, determinism."""

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from assets.media import probe
from assets.provenance import Signer, read_manifest
from assets.store import AssetStore
from assets.video import luma, probe_video, read_frames
from content_engine.channels import channel
from content_engine.clip_rules import broken_rules
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.feeds import FeedItem, read_feed
from content_engine.review import Edit, FallBack, Regenerate, Trim
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Digest,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Verdict,
    VideoSpec,
)
from pipelines.studio.motion.backend import COMPOSE, MotionBackend
from pipelines.studio.motion.order import MotionOrder
from pipelines.video import VideoPipeline

SIDE_PX = 240
"""A third of what a channel takes: the plan is made at 720 px and drawn smaller, to be quick."""

SECONDS = 4.0

Studio = tuple[VideoPipeline, AssetStore, dict[str, Product]]


@pytest.fixture(scope="module")
def studio(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A pipeline and the sample products, photos in its store."""
    folder = tmp_path_factory.mktemp("motion")
    store = AssetStore.open(str(folder / "assets"))
    items = [each for each in read_feed(samples / "products.jsonl") if isinstance(each, FeedItem)]
    products = {
        item.product.sku: replace(
            item.product,
            photos=tuple(stored(store, samples / photo.source) for photo in item.photos),
        )
        for item in items
    }
    signer = Signer.open(folder / "keys")
    return VideoPipeline(store=store, signer=signer, backend=MotionBackend()), store, products


def stored(store: AssetStore, path: Path) -> Photo:
    data = path.read_bytes()
    _, width, height = probe(data)
    return Photo(
        role=PhotoRole.MAIN,
        digest=Digest(store.put(data)),
        source=path.name,
        width_px=width,
        height_px=height,
    )


def brief(product: Product, *, channel: str = "web", locale: str = "en", **spec) -> Brief:
    wish = VideoSpec(**({"shorter_side_px": 3 * SIDE_PX, "duration_s": SECONDS} | spec))
    return Brief(kind=Kind.VIDEO, product=product, spec=wish, locale=locale, channel=channel)


def small(recipe: Recipe) -> Recipe:
    """The recipe at a third of its sides."""
    order = MotionOrder.of(recipe)
    third = replace(order, width_px=order.width_px // 6 * 2, height_px=order.height_px // 6 * 2)
    return replace(recipe, parameters=third.to_parameters())


def made(studio: Studio, order: Brief) -> Candidate:
    pipeline, _, _ = studio
    return pipeline.generate(small(next(iter(pipeline.plan(order)))))


@pytest.fixture(scope="module")
def tote(studio: Studio) -> tuple[Brief, Candidate]:
    """A glide over the tote: the quickest clip, for all that holds of any."""
    order = brief(studio[2]["SC-TOT-CNV-NAT"], design="glide")
    return order, made(studio, order)


def clip_of(studio: Studio, candidate: Candidate) -> bytes:
    _, store, _ = studio
    return store.get(next(each for each in candidate.assets if "clip" in each.role).digest)


def attempt(candidate: Candidate, *reasons: str) -> Attempt:
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=reasons)
    return Attempt(candidate=candidate, scores=(), verdict=verdict)


CASES = {
    "orbit": ("SC-MUG-350-OAT", "1:1"),
    "sweep": ("SC-BTL-750-PINE", "9:16"),
    "beats": ("SC-CND-220-FIG", "16:9"),
    "measure": ("SC-MUG-350-OAT", "1:1"),
    "turn": ("SC-NBK-A5-COG", "1:1"),
    "lineup": ("SC-MUG-350-OAT", "16:9"),
    "glide": ("SC-TOT-CNV-NAT", "1:1"),
    "prints": ("SC-TEE-SOLA-BLU", "9:16"),
}


@pytest.mark.parametrize("design", sorted(COMPOSE))
def test_a_clip_of_every_design_moves_and_keeps_the_rules(studio: Studio, design: str) -> None:
    sku, aspect = CASES[design]
    length = {"sweep": 6.0}.get(design, SECONDS)  # its words come late
    order = brief(studio[2][sku], design=design, aspect=aspect, duration_s=length)
    candidate = made(studio, order)
    data = clip_of(studio, candidate)
    facts = probe_video(data)
    broken = [each.kind for each in broken_rules(facts, channel("web").video, aspect)]
    assert set(broken) <= {"odd_size"}, f"beyond its size: {broken}"
    assert (min(facts.width_px, facts.height_px), facts.frames) == (SIDE_PX, 30 * length)
    small = [luma(each.frame, (160, 160)).astype(int) for each in read_frames(data)]
    steps = [np.abs(a - b).mean() for a, b in pairwise(small)]
    both = [sum(pair) for pair in pairwise(steps)]  # so small, one step may be lost in coding
    assert min(both) > 0, f"{design}: stands still at frame {int(np.argmin(both))}"
    assert max(steps) < 25, f"{design}: jumps at frame {int(np.argmax(steps))}"
    assert all(16 < each.mean() < 250 for each in small), f"{design}: a blank or black frame"
    assert [each.role for each in candidate.assets] == [
        f"clip-{aspect.replace(':', 'x')}",
        f"poster-{aspect.replace(':', 'x')}",
        "captions",
    ]


def test_a_clip_is_signed_with_its_photos_and_says_what_it_is(
    studio: Studio, tote: tuple[Brief, Candidate]
) -> None:
    manifest = read_manifest(clip_of(studio, tote[1]), "video/mp4")
    assert manifest is not None
    assert manifest["validation_state"] in ("Valid", "Trusted")
    assert "compositeSynthetic" in str(manifest)
    assert "product photo" in str(manifest)


def test_the_same_recipe_gives_the_same_frames(
    studio: Studio, tote: tuple[Brief, Candidate]
) -> None:
    order, candidate = tote
    first, again = (
        hashlib.sha256(
            b"".join(
                bytes(plane)
                for each in read_frames(clip_of(studio, clip))
                for plane in each.frame.planes
            )
        ).hexdigest()
        for clip in (candidate, made(studio, order))
    )
    assert first == again


def test_a_channel_that_wants_sound_gets_it(studio: Studio) -> None:
    order = brief(
        studio[2]["SC-TOT-CNV-NAT"],
        channel="tiktok",
        design="glide",
        aspect="9:16",
        shorter_side_px=640,
        duration_s=5.0,
    )
    pipeline, _, _ = studio
    recipe = next(iter(pipeline.plan(order)))
    facts = probe_video(clip_of(studio, pipeline.generate(recipe)))
    assert facts.audio is not None
    assert broken_rules(facts, channel("tiktok").video, "9:16") == ()


def test_corrections_become_other_clips(studio: Studio, tote: tuple[Brief, Candidate]) -> None:
    pipeline, _, _ = studio
    order, candidate = tote
    first = attempt(candidate)
    again = pipeline.correct(order, first, Regenerate(seed=7, parameters='{"duration_s": 5.0}'))
    assert (again.seed, MotionOrder.of(again).duration_s) == (7, 5.0)
    assert MotionOrder.of(again).design == "glide"
    other = replace(order, spec=replace(order.spec, design=""))
    fallen = pipeline.correct(other, first, FallBack())
    assert MotionOrder.of(fallen).design != "glide"
    cut = pipeline.generate(pipeline.correct(order, first, Trim(frames=(40, 59))))
    assert probe_video(clip_of(studio, cut)).frames < 120
    with pytest.raises(InvalidBrief, match="clip"):
        pipeline.correct(order, first, Edit(slots=()))


def test_repairs_move_captions_in(studio: Studio, tote: tuple[Brief, Candidate]) -> None:
    pipeline, _, _ = studio
    order, first = tote
    rung = pipeline.repair(order, attempt(first, "video.captions 0.2 > 0.0"))
    assert rung is not None
    assert MotionOrder.of(rung).inset > 0


def test_a_photo_that_cuts_the_product_off_is_not_stood_in_a_room(studio: Studio) -> None:
    order = brief(studio[2]["SC-CSH-45-OCH"], design="orbit", photos=(1,))
    with pytest.raises(GenerationFailed, match="cuts the product off"):
        made(studio, order)
