"""One judgement of the video judge: on a clean clip, or on one with a known fault."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2

from assets.clipfacts import VideoFacts
from assets.store import AssetStore
from assets.video import probe_video
from content_engine.channels import VideoRules, channel
from content_engine.types import Evidence, Outcome, Score
from qa.film.screened import Wanted
from qa.gate import decide, load_policy
from qa.video import VideoJudge
from serving.bench.video.footage import read_footage
from serving.bench.video.labels import Row
from serving.bench.video.places import Box, Span
from serving.bench.video.plants import Planted, plant_in
from serving.bench.video.sources import Source

CHANNEL = "web"
_HIT_OVERLAP = 0.1
_SHORTENS = {"dropped"}  # must be told by the picture: the file's length would give it away


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A fault to plant."""

    kind: str
    strength: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One judgement: `kind` is the planted fault, empty for a clean clip.

    `faults` is the evidence of what kept the clip from shipping, `metrics` the names of that.
    `frames` and `box` are where the fault is, `own` what its clean twin fails by itself. `cpu_s` is
    what the judge took.
    """

    source: str
    origin: str
    half: str
    flagged: bool
    reasons: tuple[str, ...]
    metrics: tuple[str, ...]
    faults: tuple[Evidence, ...]
    values: tuple[tuple[str, float | None], ...]
    cpu_s: float
    duration_s: float
    kind: str = ""
    strength: int = 0
    frames: Span | None = None
    box: Box | None = None
    own: frozenset[str] = frozenset()

    @property
    def found(self) -> bool:
        """True when something keeps the spoilt clip from shipping that its clean twin passes."""
        return self.flagged and bool(set(self.metrics) - self.own)

    @property
    def right(self) -> bool:
        """True for a fault found and for a clean clip shipped."""
        return self.found if self.kind else not self.flagged

    @property
    def overlap(self) -> float:
        """Frames that truth and evidence share, as a share of all they cover; the best evidence."""
        return max((_shared(fault.frames, self.frames) for fault in self.faults), default=0.0)

    @property
    def hit(self) -> bool:
        """True when a box of the evidence lies on the planted one."""
        return any(_lies_on(fault.box, self.box) for fault in self.faults)


class Examiner:
    """The real judge and gate, asked about clips in memory."""

    def __init__(self, store: AssetStore) -> None:
        self._judge, self._policy = VideoJudge(store=store), load_policy()

    def judged(self, data: bytes, source: Source, *, wanted: Wanted) -> Trial:
        """What judge and gate say of a clip."""
        photos = [path.read_bytes() for path in source.photos]
        began = time.process_time()
        scores = tuple(self._judge.examine(data, wanted=wanted, photos=photos))
        cpu_s = time.process_time() - began
        verdict = decide(scores, kind="video", channel=CHANNEL, policy=self._policy)
        failing = [score for score in scores if self._fails(score)]
        return Trial(
            source=source.name,
            origin=source.origin,
            half=source.half,
            flagged=verdict.outcome is not Outcome.ACCEPT,
            reasons=verdict.reasons,
            metrics=tuple(score.metric.removeprefix("video.") for score in failing),
            faults=tuple(fault for score in failing for fault in score.evidence),
            values=tuple((score.metric, score.value) for score in scores),
            cpu_s=cpu_s,
            duration_s=probe_video(data).duration_s,
        )

    def _fails(self, score: Score) -> bool:
        bound = self._policy.bound(score.metric, CHANNEL)
        return bound.outcome(score.value) is not Outcome.ACCEPT


@cache
def examiner(store: Path) -> Examiner:
    """The examiner of this process; networks are loaded once."""
    cv2.setNumThreads(1)
    return Examiner(AssetStore.open(store.as_uri()))


def clean_trial(source: Source, *, store: Path) -> Trial:
    """The judgement on the clean clip itself."""
    data = source.path.read_bytes()
    return examiner(store).judged(data, source, wanted=wanted_of(source))


def planted_trials(source: Source, tasks: Iterable[Task], *, store: Path) -> Iterator[Trial]:
    """The judgements on that clip with each of the faults that it can carry."""
    footage, wanted = read_footage(source.path.read_bytes()), wanted_of(source)
    for task in tasks:
        planted = plant_in(footage, kind=task.kind, strength=task.strength, seed=task.seed)
        if planted is not None:
            asked = replace(wanted, duration_s=0.0) if task.kind in _SHORTENS else wanted
            yield told(examiner(store).judged(planted.data, source, wanted=asked), planted)


def judged_row(row: Row, *, clips: Path, store: Path) -> Trial:
    """The judgement on a clip that `bench inject` wrote, beside the order its clean twin meets."""
    path = clips / row.file
    twin = clips / row.twin if row.twin else path
    photos = tuple(clips / name for name in row.photos)
    source = Source(
        name=row.twin or row.file, origin=row.origin, half=row.half, path=twin, photos=photos
    )
    trial = examiner(store).judged(path.read_bytes(), source, wanted=wanted_of(source))
    if not row.strength:
        return trial
    return replace(trial, kind=row.kind, strength=row.strength, frames=row.frames, box=row.box)


def told(trial: Trial, planted: Planted) -> Trial:
    """The trial with what was planted."""
    return replace(
        trial,
        kind=planted.kind,
        strength=planted.strength,
        frames=planted.frames,
        box=planted.box,
    )


def wanted_of(source: Source) -> Wanted:
    """An order that the clean clip meets, so that only a fault breaks it.

    Its size, length and sound are asked for; of the channel's rules those of length, size and rate
    give way to what the clip is: a small source clip is no fault of the kind that is measured.
    """
    facts = probe_video(source.path.read_bytes())
    return Wanted(
        aspect=f"{facts.width_px}:{facts.height_px}",
        shorter_side_px=min(facts.width_px, facts.height_px),
        duration_s=facts.duration_s,
        sound=facts.audio is not None,
        rules=_widened(channel(CHANNEL).video, facts),
        generated=source.origin != "rendered",
    )


def _widened(rules: VideoRules, facts: VideoFacts) -> VideoRules:
    aspect = f"{facts.width_px}:{facts.height_px}"
    ratio = facts.width_px / facts.height_px
    nearest = min(rules.safe_area, key=lambda name: abs(_ratio(name) - ratio))
    return replace(
        rules,
        aspects=(aspect,),
        safe_area={aspect: rules.safe_area[nearest]},
        shorter_side_min_px=0,
        duration_min_s=0.0,
        duration_max_s=float("inf"),
        fps_min=0.0,
        fps_max=float("inf"),
        min_bit_rate=0,
        sound="optional",
    )


def _ratio(aspect: str) -> float:
    across, down = aspect.split(":")
    return float(across) / float(down)


def _shared(one: Span | None, two: Span | None) -> float:
    if one is None or two is None:
        return 0.0
    common = min(one[1], two[1]) - max(one[0], two[0]) + 1
    covered = max(one[1], two[1]) - min(one[0], two[0]) + 1
    return max(0, common) / covered


def _lies_on(found: Box | None, truth: Box | None) -> bool:
    """The found box's middle is inside the truth, or they share a tenth of what they cover."""
    if found is None or truth is None:
        return False
    across, down = (found[0] + found[2]) / 2, (found[1] + found[3]) / 2
    inside = truth[0] <= across <= truth[2] and truth[1] <= down <= truth[3]
    whole = (found[2] - found[0]) * (found[3] - found[1]) > 0.9
    return (inside and not whole) or _overlap(found, truth) >= _HIT_OVERLAP


def _overlap(one: Box, two: Box) -> float:
    across = min(one[2], two[2]) - max(one[0], two[0])
    down = min(one[3], two[3]) - max(one[1], two[1])
    common = max(0.0, across) * max(0.0, down)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
    return common / max(areas - common, 1e-9)
