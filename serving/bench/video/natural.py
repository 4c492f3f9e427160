"""The glitch detector's examination on clips that a person labelled, source by source.

A clip's score is ranked among clips of other sources only: a new generator must be judged without
having been seen.
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from content_engine.errors import NotFound
from qa.film.reel import read_reel
from qa.film.risk.fusion import Reference, reference_of, risk, shipped
from qa.film.risk.glitch import Look, Peak, look
from serving.bench.video.ranking import Ranking

Box = tuple[float, float, float, float]

BAD = ("yes", "true", "1", "bad", "glitchy")
GOOD = ("no", "false", "0", "good", "clean")
SHORT_RANGE = 0.6
SMALL_BOX = 0.5
"""Ranges and boxes below these shares of the clip say where; others are hit by chance."""

_NO_PLACE = ("watermark", "physics")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledClip:
    """A row of the labels: `bad` is None where the labeller was not sure.

    `ranges` (first, last), 0-based, inclusive, and `box` are where the fault is, if it was said.
    """

    path: Path
    source: str
    bad: bool | None
    kind: str
    family: str
    ranges: tuple[tuple[int, int], ...]
    box: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NaturalRow:
    """A judged clip. `unseen` is the risk by clips of other sources, `by_shipped` by the file.

    `peak` is the most suspect place; `in_range` and `in_box` tell whether it lies in the label's,
    None where the label says too little; the chances are what a blind guess would hit.
    """

    clip: LabelledClip
    unseen: float
    by_shipped: float
    known: bool
    peak: Peak | None
    in_range: bool | None
    range_chance: float
    in_box: bool | None
    box_chance: float
    cpu_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NaturalReport:
    """Every judged clip. With one source each clip is left out instead of each source."""

    rows: tuple[NaturalRow, ...]

    @property
    def sure(self) -> tuple[NaturalRow, ...]:
        """The clips labelled bad or good."""
        return tuple(row for row in self.rows if row.clip.bad is not None)

    @property
    def unseen(self) -> Ranking:
        """The headline: by clips of other sources."""
        return _ranking(self.sure, [row.unseen for row in self.sure])

    @property
    def by_shipped(self) -> Ranking:
        """By the reference that ships; in-sample where rows are `known`."""
        return _ranking(self.sure, [row.by_shipped for row in self.sure])

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources' names, sorted."""
        return tuple(sorted({row.clip.source for row in self.rows}))

    def of(self, source: str) -> Ranking:
        """The headline's ranking of one source's clips."""
        rows = [row for row in self.sure if row.clip.source == source]
        return _ranking(rows, [row.unseen for row in rows])

    @property
    def cpu_per_s(self) -> float:
        """Processor seconds of decoding and looking, a second of video."""
        return sum(row.cpu_s for row in self.rows) / sum(row.duration_s for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    look: Look
    known: bool
    frames: int
    duration_s: float
    cpu_s: float


def report(clips: Path, labels: Path) -> NaturalReport:
    """The detector's answers on every clip that the CSV names, looked for under `clips`.

    Needed columns: `file`, `glitchy`. Used when there: `source`, `kind`, `family`, `frames`
    (`9-20;40-48`), `box_xyxy_norm`. Raises NotFound for a missing file or column.
    """
    labelled = read_labels(clips, labels)
    seen = [_see(clip.path) for clip in labelled]
    return NaturalReport(
        rows=tuple(
            _row(clip, one, _without(index, labelled, seen))
            for index, (clip, one) in enumerate(zip(labelled, seen, strict=True))
        )
    )


def read_labels(clips: Path, labels: Path) -> list[LabelledClip]:
    """The rows of the CSV. Raises NotFound for a missing file or column."""
    with labels.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for column in ("file", "glitchy"):
        if not rows or column not in rows[0]:
            raise NotFound(f"{labels} has no column {column!r}; it needs file and glitchy")
    return [_labelled(row, clips, labels) for row in rows]


def _labelled(row: Mapping[str, str], clips: Path, labels: Path) -> LabelledClip:
    word = (row["glitchy"] or "").strip().lower()
    box = [float(part) for part in (row.get("box_xyxy_norm") or "").split(",") if part.strip()]
    ranges = [part.split("-") for part in (row.get("frames") or "").split(";") if "-" in part]
    return LabelledClip(
        path=_found(row["file"], clips, labels),
        source=(row.get("source") or "").strip() or "unnamed",
        bad=True if word in BAD else False if word in GOOD else None,
        kind=row.get("kind") or "",
        family=row.get("family") or "",
        ranges=tuple((int(first), int(last)) for first, last in ranges),
        box=(box[0], box[1], box[2], box[3]) if len(box) == 4 else None,
    )


def _found(name: str, clips: Path, labels: Path) -> Path:
    for folder in (clips, clips / "media", labels.parent):
        if (folder / name).is_file():
            return folder / name
    raise NotFound(f"{labels} names {name}, which is not under {clips}")


def _see(path: Path) -> _Seen:
    data = path.read_bytes()
    begun = time.process_time()
    reel = read_reel(data)
    seen = look(reel)
    return _Seen(
        look=seen,
        known=hashlib.sha256(data).hexdigest()[:12] in shipped().clips,
        frames=len(reel.luma),
        duration_s=len(reel.luma) / reel.fps,
        cpu_s=time.process_time() - begun,
    )


def _without(index: int, labelled: Sequence[LabelledClip], seen: Sequence[_Seen]) -> Reference:
    """The reference that a clip is ranked among: other sources, or other clips of the only one."""
    source = labelled[index].source
    others = [
        one.look.statistics
        for clip, one in zip(labelled, seen, strict=True)
        if clip.source != source
    ]
    rest = [one.look.statistics for at, one in enumerate(seen) if at != index]
    return reference_of(others or rest or [seen[index].look.statistics])


def _row(clip: LabelledClip, seen: _Seen, reference: Reference) -> NaturalRow:
    peak = seen.look.peaks[0] if seen.look.peaks else None
    in_range, range_chance = _range_hit(clip, peak, seen.frames)
    in_box, box_chance = _box_hit(clip, peak)
    return NaturalRow(
        clip=clip,
        unseen=risk(seen.look.statistics, reference=reference),
        by_shipped=risk(seen.look.statistics, reference=shipped()),
        known=seen.known,
        peak=peak,
        in_range=in_range,
        range_chance=range_chance,
        in_box=in_box,
        box_chance=box_chance,
        cpu_s=seen.cpu_s,
        duration_s=seen.duration_s,
    )


def _range_hit(clip: LabelledClip, peak: Peak | None, frames: int) -> tuple[bool | None, float]:
    inside = np.zeros(frames, bool)
    for first, last in clip.ranges:
        inside[first : last + 1] = True
    chance = float(inside.mean())
    if not clip.bad or not 0.0 < chance < SHORT_RANGE or clip.family in _NO_PLACE:
        return None, chance
    return peak is not None and bool(inside[peak.at]), chance


def _box_hit(clip: LabelledClip, peak: Peak | None) -> tuple[bool | None, float]:
    if clip.box is None:
        return None, 1.0
    left, top, right, bottom = clip.box
    chance = (right - left) * (bottom - top)
    if not clip.bad or chance >= SMALL_BOX or clip.family in _NO_PLACE:
        return None, chance
    if peak is None:
        return False, chance
    x, y = peak.place
    return left <= x <= right and top <= y <= bottom, chance


def _ranking(rows: Sequence[NaturalRow], scores: Sequence[float]) -> Ranking:
    return Ranking(
        scores=np.array(scores, float),
        bad=np.array([bool(row.clip.bad) for row in rows]),
        sources=tuple(row.clip.source for row in rows),
    )
