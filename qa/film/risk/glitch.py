"""The soft glitch detector: how far a clip's tracks and residuals are from those of other clips.

Tracks decide, residual maps say where. It finds what melts, multiplies or is not the same thing any
more over several frames; `qa.film.sudden.spikes` finds what jumps from one frame to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from content_engine.types import Evidence, Severity
from qa.film.places.maps import GRID, gathered, smoothed
from qa.film.reel import Reel
from qa.film.risk.fusion import Reference, risk, shipped
from qa.film.risk.residuals import KINDS, SURGES, residuals, surges
from qa.film.risk.tracks import TrackMaps, follow
from qa.vision.arrays import Numbers
from qa.vision.observed import Reading

ANALYSED_FPS = 4.0
"""What melts slowly shows over a quarter of a second. Source: 36 labelled clips (2026-11-22), one
source left out: AUROC 0.887 at 8 a second, 0.894 at 5.5, 0.906 at 4; half of the time."""

TOLD = 0.75
"""From which risk on the places are told; the policy's limit is above it."""

_FEWEST_FRAMES = 4
_FLOOR = 8.0
_LOG_FLOOR = 0.01
_HIGH = 0.995
_SURGE_FLOOR = 0.3
_PEAKS = 3
_PEAK_SHARE = 0.5
_ONE_WAY = 2.0
_APART_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Where a clip is most suspect. `frames` (first, last) inclusive; `at` is the worst frame.

    `box` (x0, y0, x1, y1) and `place` (x, y), the middle of the worst cell, are 0..1 of the
    picture; `height` is in standard deviations of the clip's own maps.
    """

    kind: str
    frames: tuple[int, int]
    at: int
    box: tuple[float, float, float, float]
    place: tuple[float, float]
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was measured on a clip: the statistics that fusion ranks, and the peaks, worst first."""

    statistics: Mapping[str, float]
    peaks: tuple[Peak, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shot:
    """The maps of one shot's analysed frames, every `step`th from frame `first` to `last`."""

    first: int
    last: int
    step: int
    tracks: TrackMaps
    surges: Mapping[str, Numbers]

    @property
    def frames(self) -> slice:
        """The analysed frames of the reel."""
        return slice(self.first, self.last + 1, self.step)


def glitch(reel: Reel) -> Reading:
    """The clip's risk, 0..1, among the reference's clips, and the places that say so.

    Places cost as much as the risk: below `TOLD` they are left out.
    """
    shots = _shots(reel)
    statistics = _statistics(shots)
    told = risk(statistics, reference=shipped()) >= TOLD
    peaks = _worst(shots, reel) if told else ()
    return reading(Look(statistics=statistics, peaks=peaks), reference=shipped())


def reading(seen: Look, *, reference: Reference) -> Reading:
    """The risk by that reference; the peaks as evidence, whatever the risk."""
    value = risk(seen.statistics, reference=reference)
    evidence = tuple(
        Evidence(
            kind=peak.kind,
            severity=Severity.MINOR,
            message=f"something changes here that should only move ({peak.height:.1f} sd)",
            box=peak.box,
            frames=peak.frames,
            number=round(value, 4),
        )
        for peak in seen.peaks
    )
    return Reading(value=value, evidence=evidence)


def look(reel: Reel) -> Look:
    """The statistics and peaks of a clip, shot by shot, so that a cut is no fault."""
    shots = _shots(reel)
    return Look(statistics=_statistics(shots), peaks=_worst(shots, reel))


def _shots(reel: Reel) -> list[_Shot]:
    step = max(1, round(reel.fps / ANALYSED_FPS))
    return [
        _shot(reel, first, last, step)
        for first, last in reel.shots
        if (last - first) // step + 1 >= _FEWEST_FRAMES
    ]


def _worst(shots: list[_Shot], reel: Reel) -> tuple[Peak, ...]:
    peaks = [peak for shot in shots for peak in _peaks(shot, reel)]
    return tuple(sorted(peaks, key=lambda peak: -peak.height)[:_PEAKS])


def _shot(reel: Reel, first: int, last: int, step: int) -> _Shot:
    luma = np.ascontiguousarray(reel.luma[first : last + 1 : step])
    return _Shot(first=first, last=last, step=step, tracks=follow(luma), surges=surges(luma))


def _statistics(shots: list[_Shot]) -> dict[str, float]:
    """What fusion ranks; all at their least where no shot is long enough to look at.

    Source: ../shared/research/judge.md, recipe step 3 (six of tracks); qa.md §1 (peak over median).
    """
    nothing = np.zeros((1, GRID, GRID), np.float32)
    gone = _joined([gathered(shot.tracks.gone) for shot in shots], nothing)
    bare = _joined([gathered(shot.tracks.unexplained) for shot in shots], nothing)
    old = _joined([gathered(shot.tracks.old) for shot in shots], nothing)
    counts = [
        sum(float(part.sum()) for part in parts)
        for parts in zip(
            *[(s.tracks.old, s.tracks.gone, s.tracks.unexplained) for s in shots], strict=True
        )
    ] or [1.0, 0.0, 0.0]
    tracks = max(counts[0], 1.0)
    raw = {
        "gone_peak": (gone / (old + _FLOOR)).max(),
        "unexplained_peak": (bare / (old + _FLOOR)).max(),
        "unexplained_count": bare.max(),
        "unexplained_high": np.quantile(bare / (old + _FLOOR), _HIGH),
        "unexplained_share": counts[2] / tracks,
        "gone_share": counts[1] / tracks,
    }
    surges = {
        f"surge_{kind}": max((_surge(shot.surges[kind]) for shot in shots), default=0.0)
        for kind in SURGES
    }
    return {name: float(np.log(value + _LOG_FLOOR)) for name, value in raw.items()} | surges


def _joined(parts: list[Numbers], nothing: Numbers) -> Numbers:
    return np.concatenate(parts) if parts else nothing


def _surge(maps: Numbers) -> float:
    """How many times its usual mean residual a shot's worst frame has."""
    means = maps.mean(axis=(1, 2))
    return float(means.max() / (np.median(means) + _SURGE_FLOOR))


def _suspicion(shot: _Shot, reel: Reel) -> Numbers:
    """Track loss and residuals of each cell together, (n, 16, 16), in standard deviations.

    All losses count here, found again or not. Source: ../shared/research/judge.md, recipe step 5.
    """
    density = gathered(shot.tracks.lost) / (gathered(shot.tracks.old) + _FLOOR)
    total = _standard(np.log(density + _LOG_FLOOR))
    maps = residuals(np.ascontiguousarray(reel.luma[shot.frames]), reel.colour[shot.frames])
    for kind in KINDS:
        total = total + _standard(smoothed(np.log1p(maps[kind])))
    return total


def _standard(maps: Numbers) -> Numbers:
    return (maps - maps.mean()) / (maps.std() + 1e-6)


def _peaks(shot: _Shot, reel: Reel) -> list[Peak]:
    """The shot's worst places, half a second apart, worst first."""
    suspicion = _suspicion(shot, reel)
    left = suspicion.copy()
    apart = max(1, round(_APART_S * reel.fps / shot.step))
    peaks = []
    for _ in range(_PEAKS):
        at, row, column = (int(n) for n in np.unravel_index(left.argmax(), left.shape))
        if not np.isfinite(left[at, row, column]):
            break
        peaks.append(_peak(shot, suspicion, (at, row, column)))
        left[max(0, at - apart) : at + apart + 1] = -np.inf
    return peaks


def _peak(shot: _Shot, suspicion: Numbers, where: tuple[int, int, int]) -> Peak:
    """The peak with the frames and cells around it that are half as suspect or more."""
    at, row, column = where
    height = float(suspicion[where])
    limit = _PEAK_SHARE * height
    first, last = _run(suspicion[:, row, column] >= limit, at)
    top, bottom = _run(suspicion[at, :, column] >= limit, row)
    left, right = _run(suspicion[at, row] >= limit, column)
    start = shot.first + first * shot.step
    end = min(shot.last, shot.first + (last + 1) * shot.step)
    return Peak(
        kind=_kind(shot.tracks, where),
        frames=(start, end),
        at=shot.first + at * shot.step,
        box=(left / GRID, top / GRID, (right + 1) / GRID, (bottom + 1) / GRID),
        place=((column + 0.5) / GRID, (row + 0.5) / GRID),
        height=height,
    )


def _run(flags: Numbers, at: int) -> tuple[int, int]:
    """(first, last) of the unbroken stretch of True around `at`."""
    before = np.flatnonzero(~flags[:at])
    after = np.flatnonzero(~flags[at:])
    first = int(before[-1]) + 1 if len(before) else 0
    last = at + int(after[0]) - 1 if len(after) else len(flags) - 1
    return min(first, at), max(last, at)


def _kind(tracks: TrackMaps, where: tuple[int, int, int]) -> str:
    """`vanish` where points die and none are born, `appear` the other way round, else `morph`."""
    at, row, column = where
    near = (
        slice(max(0, at - 1), at + 2),
        slice(max(0, row - 1), row + 2),
        slice(max(0, column - 1), column + 2),
    )
    deaths, births = float(tracks.deaths[near].sum()), float(tracks.births[near].sum())
    if deaths + births == 0:
        return "glitch"
    if deaths > _ONE_WAY * births:
        return "vanish"
    return "appear" if births > _ONE_WAY * deaths else "morph"
