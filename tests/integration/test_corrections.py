"""Corrections of pictures and clips, the whole way: case, label, made for real, judged, delivered."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from film_kit import gap, pictures, tone

from assets.encode import VideoWriter
from assets.media import Picture, decode_picture, encode_jpeg, probe
from assets.provenance import Signer
from assets.store import AssetStore
from content_engine.flow import Engine, Judge, Pipeline, Stop, never
from content_engine.ledger import Ledger
from content_engine.review import (
    Adjust,
    Correction,
    FallBack,
    Label,
    LabelOutcome,
    Regenerate,
    Replace,
    Trim,
)
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Evidence,
    ImageSpec,
    JobStatus,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Score,
    Severity,
    Shot,
    Spec,
    Verdict,
    VideoSpec,
)
from pipelines.image import ImagePipeline
from pipelines.studio.backend import StudioBackend
from pipelines.studio.motion.backend import MotionBackend
from pipelines.studio.order import Order
from pipelines.video import VideoPipeline
from qa.gate import decide, load_policy
from qa.video import VideoJudge
from serving.executors import LocalExecutor, PlannerByKind
from tests.ledgers import empty_ledger

SIDE_PX, SMALL_PX, FRAMES, FPS = 720, 160, 165, 30
GLITCH = (60, 74)
CAMERA = "camera"
FIX, PASS, REJECT = LabelOutcome.FIX, LabelOutcome.PASS, LabelOutcome.REJECT


def filmed(photo: np.ndarray, index: int) -> np.ndarray:
    """(720, 720, 3): a slow move over a photo, a foreign block in the frames of GLITCH."""
    share = index / FRAMES
    scale = 1 + 0.1 * share
    move = np.array([[scale, 0, -60 - 60 * share], [0, scale, -60 - 80 * share]], np.float32)
    frame = cv2.warpAffine(photo, move, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA)
    if GLITCH[0] <= index <= GLITCH[1]:
        cv2.rectangle(frame, (240, 200), (480, 520), (200, 30, 200), -1)
    return frame


def film(samples: Path, *, side_px: int) -> bytes:
    """A clip of a mug, half a second of which is broken."""
    photo = cv2.resize(decode_picture((samples / "mug-main.jpg").read_bytes()).rgb, (1000, 1000))
    writer = VideoWriter(width_px=side_px, height_px=side_px, fps=FPS, sound=tone(FRAMES / FPS))
    for index in range(FRAMES):
        frame = filmed(photo, index)
        writer.write(cv2.resize(frame, (side_px, side_px), interpolation=cv2.INTER_AREA))
    return writer.finish()


class Camera:
    """A maker whose own clips are broken; what people order is carried out by the real pipeline."""

    def __init__(
        self, real: VideoPipeline, *, store: AssetStore, clip: bytes, side_px: int
    ) -> None:
        self._real = real
        self._store = store
        self._clip = clip
        self._side_px = side_px

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """Two takes."""
        return (
            Recipe(kind=Kind.VIDEO, backend=CAMERA, model="c@1", prompt="", seed=n, parameters="{}")
            for n in range(2)
        )

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """None: a camera repairs nothing."""
        return None

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The real one's."""
        return self._real.correct(brief, attempt, correction)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The take, or what was ordered."""
        if recipe.backend != CAMERA:
            return self._real.generate(recipe, stop=stop)
        asset = Asset(
            role="clip-1x1",
            digest=Digest(self._store.put(self._clip)),
            media_type="video/mp4",
            size_bytes=len(self._clip),
            width_px=self._side_px,
            height_px=self._side_px,
            duration_s=FRAMES / FPS,
            fps=float(FPS),
        )
        return Candidate(recipe=recipe, assets=(asset,), seconds=0.1)


class Doubter:
    """A judge that doubts what comes from the makers named, and nothing else."""

    def __init__(self, *doubted: str) -> None:
        self._doubted = doubted

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """One score: 1 is doubt."""
        doubt = candidate.recipe.backend in self._doubted
        fault = Evidence(kind="glitch", severity=Severity.MAJOR, message="doubt", frames=GLITCH)
        evidence = (fault,) if doubt else ()
        return [Score(metric="doubt", value=float(doubt), instrument="d@1", evidence=evidence)]


class Desk:
    """A ledger, a flow over real parts, and a reviewer."""

    def __init__(
        self, folder: Path, *, kind: Kind, maker: Pipeline, judge: Judge, pool: ThreadPoolExecutor
    ) -> None:
        self.kind = kind
        self.ledger = Ledger.open(empty_ledger(folder))
        self.planner = PlannerByKind({kind: maker})
        self.engine = Engine(
            record=self.ledger,
            planner=self.planner,
            executor=LocalExecutor({kind: maker}, {kind: judge}, pool=pool),
            decide=self.decide,
        )

    def decide(self, brief: Brief, scores: Sequence[Score]) -> Verdict:
        if scores[0].metric != "doubt":
            policy = load_policy()
            return decide(scores, kind=brief.kind.value, channel=brief.channel, policy=policy)
        outcome = Outcome.REVIEW if scores[0].value else Outcome.ACCEPT
        return Verdict(outcome=outcome, reasons=("doubt",) if scores[0].value else ())

    def submit(self, brief: Brief) -> str:
        (job,) = self.ledger.submit([brief], tenant="t")
        return job.id

    def work(self) -> JobStatus:
        (claim,) = self.ledger.claim("w", kinds=(self.kind,), limit=1, lease_s=600)
        return asyncio.run(self.engine.produce(claim))

    def label(self, outcome: LabelOutcome, correction: Correction | None = None) -> None:
        claim = self.ledger.claim_case("ada", tenant="t", kinds=(self.kind,))
        assert claim is not None, "no case is waiting"
        label = Label(outcome=outcome, reviewer="ada", correction=correction, seconds=5)
        self.ledger.label_case(claim.token, label)

    def waiting(self) -> tuple[str, ...]:
        """The reasons of the case that waits."""
        claim = self.ledger.claim_case("eve", tenant="t", kinds=(self.kind,))
        assert claim is not None, "no case is waiting"
        self.ledger.release_case(claim.token)
        return claim.case.reasons

    def shipped(self, job_id: str) -> Candidate:
        """The one candidate that was delivered."""
        digests = self.ledger.delivered(job_id)
        attempts = self.ledger.attempts(job_id, "t")
        (found,) = [a.candidate for a in attempts if a.candidate.recipe.digest in digests]
        return found


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore.open(str(tmp_path / "assets"))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as running:
        yield running


@pytest.fixture
def real(store: AssetStore, tmp_path: Path) -> VideoPipeline:
    return VideoPipeline(
        store=store, signer=Signer.open(tmp_path / "keys"), backend=MotionBackend()
    )


@pytest.fixture(scope="module")
def small_film(samples: Path) -> bytes:
    return film(samples, side_px=SMALL_PX)


@pytest.fixture
def camera(real: VideoPipeline, store: AssetStore, small_film: bytes) -> Camera:
    return Camera(real, store=store, clip=small_film, side_px=SMALL_PX)


@pytest.fixture
def desk(tmp_path: Path, camera: Camera, pool: ThreadPoolExecutor) -> Iterator[Desk]:
    opened = Desk(tmp_path, kind=Kind.VIDEO, maker=camera, judge=Doubter(CAMERA), pool=pool)
    yield opened
    opened.ledger.close()


def brief(kind: Kind, spec: Spec, photos: tuple[Photo, ...] = (), count: int = 1) -> Brief:
    product = Product(
        sku="MUG",
        title="Stoneware mug",
        brand="Kilnhouse",
        category=("Home & Garden", "Kitchen & Dining", "Mugs"),
        facts=(),
        photos=photos,
    )
    return Brief(kind=kind, product=product, spec=spec, locale="und", count=count)


CLIP = VideoSpec(shorter_side_px=SIDE_PX, captions=False)


def photo_of(samples: Path, store: AssetStore) -> Photo:
    data = (samples / "mug-main.jpg").read_bytes()
    _, width, height = probe(data)
    digest = Digest(store.put(data))
    return Photo(role=PhotoRole.MAIN, digest=digest, source="mug", width_px=width, height_px=height)


def test_a_broken_clip_is_trimmed_judged_again_and_ships_without_the_bad_frames(
    tmp_path: Path,
    store: AssetStore,
    real: VideoPipeline,
    pool: ThreadPoolExecutor,
    samples: Path,
) -> None:
    footage = film(samples, side_px=SIDE_PX)
    camera = Camera(real, store=store, clip=footage, side_px=SIDE_PX)
    desk = Desk(tmp_path, kind=Kind.VIDEO, maker=camera, judge=VideoJudge(store=store), pool=pool)
    job = desk.submit(brief(Kind.VIDEO, CLIP))
    assert desk.work() is JobStatus.IN_REVIEW, "the judge let a foreign block pass"
    claim = desk.ledger.claim_case("ada", tenant="t", kinds=(Kind.VIDEO,))
    assert claim is not None
    scores = desk.ledger.case_attempt(claim.case).scores
    spans = [item.frames for score in scores for item in score.evidence if item.frames]
    first, last = spans[0]
    assert abs(first - GLITCH[0]) <= 2, "the evidence begins elsewhere"
    assert abs(last - GLITCH[1]) <= 2, "the evidence ends elsewhere"
    label = Label(outcome=FIX, reviewer="ada", correction=Trim(frames=GLITCH), seconds=7)
    desk.ledger.label_case(claim.token, label)
    assert desk.work() is JobStatus.SUCCEEDED, "the joined clip was not accepted"

    asset = desk.shipped(job).assets[0]
    frames = pictures(store.get(asset.digest))
    bad = pictures(footage)[GLITCH[0] : GLITCH[1] + 1]
    block = bad[0][200:520, 240:480]
    assert min(gap(frame[200:520, 240:480], block) for frame in frames) > 40, "the block ships"
    assert FRAMES - 15 - 15 <= len(frames) < FRAMES
    assert asset.duration_s == pytest.approx(len(frames) / FPS, abs=0.01)
    desk.ledger.close()


def test_an_uploaded_clip_ships_in_its_place(desk: Desk, store: AssetStore, samples: Path) -> None:
    photo = cv2.resize(decode_picture((samples / "mug-top.jpg").read_bytes()).rgb, (240, 240))
    writer = VideoWriter(width_px=240, height_px=240, fps=25)
    for index in range(80):
        writer.write(np.roll(photo, index, axis=1))
    upload = Replace(digest=Digest(store.put(writer.finish())), media_type="video/mp4")
    job = desk.submit(brief(Kind.VIDEO, CLIP))
    assert desk.work() is JobStatus.IN_REVIEW
    desk.label(FIX, upload)
    assert desk.work() is JobStatus.SUCCEEDED
    clip, poster = desk.shipped(job).assets
    shown = pictures(store.get(clip.digest))
    expected = cv2.resize(
        np.roll(photo, 40, axis=1), (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA
    )
    assert shown.shape == (80, SMALL_PX, SMALL_PX, 3)
    assert gap(shown[40], expected) < 4
    assert poster.role == "poster-1x1"


def test_a_clip_is_made_again_and_another_falls_back_to_a_design(
    desk: Desk, store: AssetStore, samples: Path
) -> None:
    spec = replace(CLIP, duration_s=4.0)
    wanted = brief(Kind.VIDEO, spec, (photo_of(samples, store),))
    shipped = []
    for order in (FallBack(), Regenerate(seed=5)):
        job = desk.submit(wanted)
        assert desk.work() is JobStatus.IN_REVIEW
        desk.label(FIX, order)
        assert desk.work() is JobStatus.SUCCEEDED
        shipped.append(desk.shipped(job))
        assert shipped[-1].recipe.backend == "studio-motion"
        assert any(asset.media_type == "video/mp4" for asset in shipped[-1].assets)
    assert shipped[1].recipe.seed == 5
    attempt = Attempt(candidate=shipped[0], scores=(), verdict=Verdict(outcome=Outcome.REVIEW))
    other = desk.planner.correct(wanted, attempt, FallBack())
    assert other.digest != shipped[0].recipe.digest


def test_an_accepted_case_ships_as_it_is_and_a_rejected_one_gives_way_to_the_next(
    desk: Desk,
) -> None:
    job = desk.submit(brief(Kind.VIDEO, CLIP))
    assert desk.work() is JobStatus.IN_REVIEW
    desk.label(REJECT)
    assert desk.work() is JobStatus.IN_REVIEW, "the second take comes next"
    desk.label(PASS)
    assert desk.ledger.job(job, "t").status is JobStatus.SUCCEEDED
    assert desk.shipped(job).recipe.seed == 1


def test_a_correction_that_still_fails_goes_back_to_the_queue(
    tmp_path: Path, store: AssetStore, camera: Camera, pool: ThreadPoolExecutor
) -> None:
    doubter = Doubter(CAMERA, "timeline")
    desk = Desk(tmp_path, kind=Kind.VIDEO, maker=camera, judge=doubter, pool=pool)
    job = desk.submit(brief(Kind.VIDEO, CLIP))
    desk.work()
    desk.label(FIX, Trim(frames=(0, 9)))
    assert desk.work() is JobStatus.IN_REVIEW
    assert desk.waiting()[0] == "a person's correction"
    desk.label(PASS)
    assert desk.shipped(job).recipe.backend == "timeline", "people overrule machines"
    desk.ledger.close()


def test_a_correction_that_cannot_be_made_puts_the_case_back_with_the_reason(desk: Desk) -> None:
    desk.submit(brief(Kind.VIDEO, CLIP))
    desk.work()
    desk.label(FIX, Trim(frames=(0, FRAMES - 2)))
    assert desk.work() is JobStatus.IN_REVIEW
    assert any("only 0.0 s would be left" in reason for reason in desk.waiting())


def test_a_picture_with_a_nudged_mask_and_then_an_uploaded_one_ship(
    tmp_path: Path, store: AssetStore, samples: Path, pool: ThreadPoolExecutor
) -> None:
    signer = Signer.open(tmp_path / "keys")
    maker = ImagePipeline(store=store, signer=signer, backend=StudioBackend())
    desk = Desk(tmp_path, kind=Kind.IMAGE, maker=maker, judge=Doubter("studio"), pool=pool)
    spec = ImageSpec(shot=Shot.PACKSHOT, longer_side_px=1000)
    wanted = brief(Kind.IMAGE, spec, (photo_of(samples, store),))

    job = desk.submit(wanted)
    assert desk.work() is JobStatus.IN_REVIEW
    before = desk.ledger.attempts(job, "t")[0].candidate
    desk.label(FIX, Adjust(mask_grow_px=-3))
    assert desk.work() is JobStatus.IN_REVIEW, "the judge still doubts the studio"
    desk.label(PASS)
    after = desk.shipped(job)
    assert Order.of(after.recipe).mask_grow_px == -3
    shapes = [
        decode_picture(store.get(each.assets[0].digest)).rgb.min(axis=2) < 250
        for each in (before, after)
    ]
    assert shapes[0].shape == shapes[1].shape
    assert gap(shapes[0], shapes[1]) > 0, "the outline did not move"

    blue = encode_jpeg(Picture(np.full((1000, 1000, 3), (20, 40, 160), np.uint8)))
    second = desk.submit(replace(wanted, seed=1))
    desk.work()
    desk.label(FIX, Replace(digest=Digest(store.put(blue)), media_type="image/jpeg"))
    assert desk.work() is JobStatus.SUCCEEDED
    shipped = decode_picture(store.get(desk.shipped(second).assets[0].digest)).rgb
    assert gap(shipped[500, 500], np.array((20, 40, 160))) < 4
    desk.ledger.close()
