"""The whole video judge, networks included, on real clips and on faults planted in them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.encode import VideoWriter
from assets.media import Picture, encode_jpeg
from assets.sound import Sound
from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.faults import fault_kinds
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    Kind,
    Outcome,
    Photo,
    PhotoRole,
    Product,
    Recipe,
    Score,
    VideoSpec,
)
from qa.film.poster import POSTER_READINGS
from qa.film.screened import Wanted
from qa.gate import decide, load_policy
from qa.video import VideoJudge

FPS = 24


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    return AssetStore.open(str(tmp_path_factory.mktemp("clips")))


@pytest.fixture(scope="module")
def judge(store: AssetStore) -> VideoJudge:
    return VideoJudge(store=store)


@pytest.fixture(scope="module")
def glide(samples: Path) -> list[np.ndarray]:
    """Two seconds of a slow glide over a product's photo, (360, 480, 3) each."""
    photo = cv2.cvtColor(cv2.imread(str(samples / "mug-main.jpg")), cv2.COLOR_BGR2RGB)
    height, width = photo.shape[:2]
    frames = []
    for at in range(2 * FPS + 12):
        scale = 0.52 * 480 / width * (1.0 + 0.006 * at)
        matrix = np.array(
            [[scale, 0, 240 - scale * width / 2], [0, scale, 180 - scale * height / 2 + 0.5 * at]]
        )
        frames.append(cv2.warpAffine(photo, matrix, (480, 360), flags=cv2.INTER_AREA, borderMode=1))
    return frames


def clip(frames: list[np.ndarray], *, sound: Sound | None = None) -> bytes:
    height, width = frames[0].shape[:2]
    writer = VideoWriter(width_px=width, height_px=height, fps=FPS, sound=sound)
    for frame in frames:
        writer.write(frame)
    return writer.finish()


def wanted(frames: list[np.ndarray]) -> Wanted:
    return Wanted(aspect="4:3", duration_s=len(frames) / FPS)


def found(scores: list[Score]) -> dict[str, tuple[int, int] | None]:
    """Kinds of evidence and the frames of the worst of each."""
    kinds = {}
    for score in scores:
        for item in score.evidence:
            kinds.setdefault(item.kind, item.frames)
    return kinds


def outcome(scores: list[Score]) -> tuple[Outcome, tuple[str, ...]]:
    verdict = decide(scores, kind="video", channel="web", policy=load_policy())
    return verdict.outcome, verdict.reasons


def test_a_clean_glide_over_the_photo_ships(judge, glide, samples) -> None:
    photo = (samples / "mug-main.jpg").read_bytes()
    scores = list(judge.examine(clip(glide), wanted=wanted(glide), photos=[photo]))
    assert outcome(scores) == (Outcome.ACCEPT, ())
    assert {score.metric for score in scores} == set(judge.metrics(photos=True))
    assert load_policy().mandatory("video") <= {score.metric for score in scores}


@pytest.mark.parametrize(
    ("kind", "span", "change"),
    [
        ("freeze", (15, 34), lambda frames, at: frames[14]),
        ("black", (30, 35), lambda frames, at: np.zeros_like(frames[0])),
        ("colour_jump", (20, 40), lambda frames, at: frames[at][..., [2, 1, 0]]),
        ("watermark", (0, 59), lambda frames, at: lettered(frames[at], "stockvid.com", y=60)),
    ],
)
def test_a_planted_fault_goes_to_a_person_with_its_frames(judge, glide, kind, span, change) -> None:
    spoilt = [
        change(glide, at) if span[0] <= at <= span[1] else frame for at, frame in enumerate(glide)
    ]
    scores = list(judge.examine(clip(spoilt), wanted=wanted(glide)))
    assert outcome(scores)[0] is Outcome.REVIEW
    first, last = found(scores)[kind] or (-1, -1)
    assert abs(first - span[0]) <= 2
    assert abs(last - span[1]) <= 2
    assert set(found(scores)) <= set(fault_kinds(Kind.VIDEO))


def lettered(picture: np.ndarray, text: str, *, y: int) -> np.ndarray:
    out = picture.copy()
    cv2.putText(out, text, (130, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 2, cv2.LINE_AA)
    return out


def test_a_mark_is_read_beside_captions_that_stand_as_long(judge, glide) -> None:
    captions = ("Hand-thrown stoneware", "Holds 350 millilitres", "Dishwasher-safe glaze")
    words = frozenset(word for line in captions for word in line.split())
    marked = [lettered(frame, "SAMPLE", y=60) for frame in glide]
    for at, line in enumerate(captions):
        marked = [lettered(frame, line, y=150 + 50 * at) for frame in marked]
    scores = list(judge.examine(clip(marked), wanted=replace(wanted(glide), words=words)))
    assert "SAMPLE" in " ".join(item.message for score in scores for item in score.evidence)


def test_a_caption_below_the_safe_area_is_told_with_its_box(judge, glide) -> None:
    said = [
        lettered(frame, "Holds 350 ml", y=352) if 15 <= at <= 50 else frame
        for at, frame in enumerate(glide)
    ]
    asked = replace(wanted(glide), rules=channel("tiktok").video)
    scores = list(judge.examine(clip(said), wanted=asked))
    item = next(e for score in scores for e in score.evidence if e.kind == "caption_unsafe")
    assert item.box is not None
    assert item.box[3] > 0.9


def test_a_file_that_a_new_coding_mends_is_repaired(judge, glide) -> None:
    asked = replace(wanted(glide), duration_s=6.0, sound=True, aspect="1:1")
    scores = list(judge.examine(clip(glide), wanted=asked))
    assert outcome(scores)[0] is Outcome.REPAIR
    assert {"wrong_duration", "missing_audio", "odd_size"} <= set(found(scores))


def test_sound_that_falls_silent_is_told_from_where(judge, glide) -> None:
    samples = np.zeros((round(len(glide) / FPS * 48_000), 2), np.float32)
    samples[:48_000] = 0.2 * np.sin(np.arange(48_000) / 20)[:, None]
    data = clip(glide, sound=Sound(samples=samples))
    first, _ = found(list(judge.examine(data, wanted=wanted(glide))))["missing_audio"] or (0, 0)
    assert abs(first - FPS) <= 8


def test_the_judge_scores_a_candidate_by_its_brief(judge, store, glide, samples) -> None:
    photo = Photo(
        role=PhotoRole.MAIN,
        digest=Digest(store.put((samples / "mug-main.jpg").read_bytes())),
        source="mug",
        width_px=1200,
        height_px=1200,
    )
    product = Product(
        sku="M", title="Mug", brand="Kiln", category=("Mugs",), facts=(), photos=(photo,)
    )
    brief = Brief(kind=Kind.VIDEO, product=product, spec=VideoSpec(), locale="und")
    data = clip(glide)
    asset = Asset(
        role="clip-1x1",
        digest=Digest(store.put(data)),
        media_type="video/mp4",
        size_bytes=len(data),
    )
    still = encode_jpeg(Picture(glide[30]), quality=90)
    poster = Asset(
        role="poster-1x1",
        digest=Digest(store.put(still)),
        media_type="image/jpeg",
        size_bytes=len(still),
    )
    recipe = Recipe(kind=Kind.VIDEO, backend="b", model="m@1", prompt="", seed=0, parameters="{}")
    candidate = Candidate(recipe=recipe, assets=(asset, poster), seconds=1.0)
    scores = list(judge.score(brief, candidate))
    assert {score.asset for score in scores} == {"clip-1x1", "poster-1x1"}
    beside = [score for score in scores if score.asset == "poster-1x1"]
    assert {score.metric for score in beside} == set(POSTER_READINGS)
    assert not any(score.evidence for score in beside), "a frame of the clip is a good poster"
    assert all(item.asset == "clip-1x1" for score in scores for item in score.evidence)
    assert "odd_size" in found(scores)
    gone = replace(candidate, assets=(replace(asset, digest=Digest("0" * 64)),))
    assert outcome(list(judge.score(brief, gone)))[0] is Outcome.REVIEW


@pytest.mark.shared
@pytest.mark.parametrize(("name", "ships"), [("q110.mp4", True), ("q010.mp4", False)])
def test_generated_clips_are_told_apart(judge, shared_data, name: str, *, ships: bool) -> None:
    data = (shared_data / "clips" / "media" / name).read_bytes()
    scores = list(judge.examine(data, wanted=Wanted()))
    assert (outcome(scores)[0] is Outcome.ACCEPT) == ships, outcome(scores)[1]
