"""The whole walk with models: plan, make on the device, judge, refuse, fall back, deliver."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets.media import decode_picture
from assets.provenance import read_manifest
from assets.video import probe_video, read_frames, rgb
from content_engine.errors import GenerationFailed
from content_engine.flow import never
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Digest,
    Evidence,
    Garment,
    GarmentKind,
    ImageSpec,
    JobStatus,
    Kind,
    Lane,
    Outcome,
    Product,
    Recipe,
    Score,
    Severity,
    Shot,
    TextSpec,
    TryonSpec,
    Verdict,
    VideoSpec,
)
from pipelines.generative.clips import TAKE, ClipOrder
from pipelines.generative.made import NOTE
from serving import app
from serving.executors import LocalExecutor
from tests.generative_kit import Workshop

SAMPLES = Path(app.__file__).parents[1] / "assets" / "samples"
SCENE = ImageSpec(shot=Shot.SCENE, aspects=("1:1",), longer_side_px=1000)


def made(workshop: Workshop, recipe: Recipe, lane: Lane = Lane.BULK) -> Candidate:
    return workshop.device.make(recipe, lane=lane, due_in_s=None, stop=never)


def source_types(manifest: dict[str, Any]) -> set[str]:
    active = manifest["manifests"][manifest["active_manifest"]]
    actions = [
        action
        for assertion in active["assertions"]
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    return {
        each["digitalSourceType"].rsplit("/", 1)[-1]
        for each in actions
        if "digitalSourceType" in each
    }


def carried(workshop: Workshop, brief: Brief) -> tuple[JobStatus, list[tuple[str, Outcome]]]:
    """The job's end and every attempt's (backend, outcome), through the real flow and ledger."""
    settings, parts, kind = workshop.settings, workshop.parts, brief.kind
    (job,) = parts.ledger.submit([brief], tenant="default", key=f"{kind}")
    (claim,) = parts.ledger.claim(worker="w", kinds=(kind,), limit=1, lease_s=600)
    with ThreadPoolExecutor(2) as pool:
        executor = LocalExecutor(
            {kind: app.MAKERS[kind](settings)},
            {kind: app.JUDGES[kind](settings)},
            pool=pool,
            devices=dict.fromkeys(workshop.stock.choices, workshop.device),
        )
        flow = app.engine(parts, executor, planner=app.planner(settings, kinds=(kind,)))
        status = asyncio.run(flow.produce(claim))
    attempts = parts.ledger.attempts(job.id, "default")
    return status, [(each.candidate.recipe.backend, each.verdict.outcome) for each in attempts]


def test_noise_of_a_model_is_refused_by_the_judge_and_the_studio_delivers(
    workshop: Workshop, mug: Product
) -> None:
    brief = Brief(kind=Kind.IMAGE, product=mug, spec=SCENE, locale="und")
    status, walk = carried(workshop, brief)
    assert status is JobStatus.SUCCEEDED
    assert walk[0] == ("flux2-klein", Outcome.REPAIR)
    assert walk[-1] == ("studio", Outcome.ACCEPT)
    assert len(walk) >= 3, "its own pixels are kept before it is given up"


def test_copy_of_a_chat_model_that_knows_nothing_gives_way_to_the_realiser(
    workshop: Workshop, mug: Product
) -> None:
    brief = Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="en")
    status, walk = carried(workshop, brief)
    assert status is JobStatus.SUCCEEDED
    assert walk[-1] == ("realiser", Outcome.ACCEPT)
    assert [backend for backend, _ in walk[:-1]] in ([], ["llm"], ["llm", "llm"])


def test_what_a_model_painted_says_so_in_its_credentials(workshop: Workshop, mug: Product) -> None:
    planner = app.planner(workshop.settings, kinds=(Kind.IMAGE,))
    brief = Brief(kind=Kind.IMAGE, product=mug, spec=SCENE, locale="und", seed=1)
    painted = made(workshop, next(iter(planner.plan(brief))))
    attempt = Attempt(
        candidate=painted,
        scores=(),
        verdict=Verdict(outcome=Outcome.REPAIR, reasons=("image.identity is 0.6",)),
    )
    rung = planner.repair(brief, attempt)
    assert rung is not None
    expected = {
        "trainedAlgorithmicMedia": painted,
        "compositeWithTrainedAlgorithmicMedia": made(workshop, rung),
    }
    for source_type, candidate in expected.items():
        data = workshop.parts.store.get(candidate.assets[0].digest)
        manifest = read_manifest(data, "image/jpeg")
        assert manifest is not None
        assert source_types(manifest) == {source_type}
        text = json.dumps(manifest)
        assert "FLUX.2-klein-4B@own-" in text
        assert "Apache-2.0" in text
        picture = decode_picture(data)
        assert (picture.width_px, picture.height_px) == (1000, 1000)


def test_the_same_recipe_is_made_once(workshop: Workshop, mug: Product) -> None:
    planner = app.planner(workshop.settings, kinds=(Kind.IMAGE,))
    brief = Brief(kind=Kind.IMAGE, product=mug, spec=SCENE, locale="und", seed=2)
    recipe = next(iter(planner.plan(brief)))
    first, steps = made(workshop, recipe), workshop.device.facts().steps
    again = made(workshop, recipe, Lane.INTERACTIVE)
    assert again.assets == first.assets
    assert (again.seconds, again.notes[-1]) == (0.0, NOTE)
    assert workshop.device.facts().steps == steps


def test_a_recipe_for_a_model_that_is_not_here_fails_alone(
    workshop: Workshop, mug: Product
) -> None:
    planner = app.planner(workshop.settings, kinds=(Kind.IMAGE,))
    brief = Brief(kind=Kind.IMAGE, product=mug, spec=SCENE, locale="und", seed=3)
    recipe = replace(next(iter(planner.plan(brief))), backend="z-image-turbo")
    with pytest.raises(GenerationFailed, match="no model 'z-image-turbo' is loaded"):
        made(workshop, recipe)


# ---- try-on ----


def test_a_shoppers_try_on_stays_in_the_vault(workshop: Workshop) -> None:
    store, vault = workshop.parts.store, workshop.parts.vault
    vault.prepare()
    person = (SAMPLES / "people" / "person-a.jpg").read_bytes()
    handle = vault.admit(person, ttl_s=600)
    tee = Digest(store.put((SAMPLES / "tshirt-main.jpg").read_bytes()))
    worn = Garment(kind=GarmentKind.UPPER, picture=tee, layer=1, sku="tee")
    product = Product(sku="tee", title="Tee", brand="", category=(), facts=(), photos=())
    spec = TryonSpec(person=Digest(handle), garments=(worn,), longer_side_px=600)
    brief = Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und")
    planner = app.planner(workshop.settings, kinds=(Kind.TRYON,))
    backends = [recipe.backend for recipe in planner.plan(brief)]
    assert backends == ["flux2-klein", "fitting"]
    before = set(workshop.settings.data_dir.rglob("*"))
    candidate = made(workshop, next(iter(planner.plan(brief))), Lane.INTERACTIVE)
    new = set(workshop.settings.data_dir.rglob("*")) - before
    assert {path for path in new if "vault" not in path.parts} == set(), "nothing outside the vault"
    picture = decode_picture(vault.get(candidate.assets[0].digest))
    assert max(picture.width_px, picture.height_px) == 600
    manifest = json.dumps(read_manifest(vault.get(candidate.assets[0].digest), "image/jpeg"))
    assert "compositeWithTrainedAlgorithmicMedia" in manifest
    assert "garment tee" in manifest
    assert "model's photo" not in manifest, "nothing tells of the shopper's photo"


def test_where_the_model_changed_nothing_the_photo_stays_to_the_pixel() -> None:
    from pipelines.generative.tryon_maker import _with_photo

    photo = decode_picture((SAMPLES / "people" / "person-a.jpg").read_bytes()).rgb[::4, ::4]
    painted = np.clip(photo.astype(int) + 4, 0, 255).astype(np.uint8)
    painted[60:120, 40:90] = (200, 30, 40)
    mixed = _with_photo(painted, photo)
    assert np.array_equal(mixed[:30], photo[:30])
    assert np.array_equal(mixed[85:95, 60:70], painted[85:95, 60:70])


# ---- clips ----


def clip_recipe(workshop: Workshop, mug: Product, seed: int = 0) -> tuple[Brief, Recipe]:
    """A planned clip, shortened: 13 frames and two steps show everything that 97 and 50 do."""
    spec = VideoSpec(duration_s=4.0, shorter_side_px=720)
    brief = Brief(kind=Kind.VIDEO, product=mug, spec=spec, locale="en", seed=seed)
    planner = app.planner(workshop.settings, kinds=(Kind.VIDEO,))
    recipe = next(each for each in planner.plan(brief) if each.backend == "wan-ti2v-5b")
    order = ClipOrder.of(recipe)
    short = replace(order, frames=13, asked=replace(order.asked, steps=2), cues=order.cues[:1])
    return brief, replace(recipe, parameters=short.to_parameters())


def frames(data: bytes) -> list[np.ndarray]:
    return [np.array(rgb(each.frame)) for each in read_frames(data)]


def test_a_clip_begins_with_the_product_and_a_flagged_span_is_made_anew(
    workshop: Workshop, mug: Product
) -> None:
    store = workshop.parts.store
    brief, recipe = clip_recipe(workshop, mug)
    candidate = made(workshop, recipe)
    roles = [asset.role for asset in candidate.assets]
    assert roles == ["clip-1x1", "poster-1x1", "captions"]
    facts = probe_video(store.get(candidate.assets[0].digest))
    assert (facts.width_px, facts.height_px, facts.frames) == (720, 720, 13)
    take = next(note for note in candidate.notes if note.startswith(TAKE)).removeprefix(TAKE)
    rung = app.planner(workshop.settings, kinds=(Kind.VIDEO,)).repair(
        brief, _flagged(candidate, (5, 6))
    )
    assert rung is not None
    assert rung.backend == "wan-i2v-a14b"
    order = ClipOrder.of(rung)
    assert order.span is not None
    rung = replace(
        rung, parameters=replace(order, asked=replace(order.asked, steps=2)).to_parameters()
    )
    mended = made(workshop, rung)
    notes = next(note for note in mended.notes if note.startswith(TAKE)).removeprefix(TAKE)
    old, new = frames(store.get(take)), frames(store.get(notes))
    assert len(old) == len(new) == 13
    apart = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(old, new, strict=True)]
    inside = range(order.span[0], order.span[1] + 1)
    outside = [at for at in range(13) if at not in range(order.span[0] - 1, order.span[1] + 2)]
    assert min(apart[at] for at in inside) > 3 * max(apart[at] for at in outside)


def _flagged(candidate: Candidate, span: tuple[int, int]) -> Attempt:
    seen = Evidence(kind="glitch", severity=Severity.MAJOR, message="", frames=span, number=2.0)
    score = Score(metric="video.glitch", value=2.0, instrument="test@1", evidence=(seen,))
    verdict = Verdict(outcome=Outcome.REPAIR, reasons=("video.glitch is 2",))
    return Attempt(candidate=candidate, scores=(score,), verdict=verdict)
