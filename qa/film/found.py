"""Helpers all instruments share: stretches of frames, boxes of cells, and the evidence itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from content_engine.types import Evidence, Severity
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import WHOLE, Box, Reading

Span = tuple[int, int]

_MOST_EVIDENCE = 12


def found(
    kind: str, message: str, *, frames: Span, number: float, box: Box = WHOLE, fatal: bool = False
) -> Evidence:
    """One fault in a clip; the judge adds the asset's role and the limit."""
    return Evidence(
        kind=kind,
        severity=Severity.FATAL if fatal else Severity.MAJOR,
        message=message,
        box=(round(box[0], 4), round(box[1], 4), round(box[2], 4), round(box[3], 4)),
        frames=(int(frames[0]), int(frames[1])),
        number=round(float(number), 4),
    )


def reading(evidence: Iterable[Evidence]) -> Reading:
    """The worst number and the evidence, worst first, twelve at most; 0 without evidence."""
    ordered = sorted(evidence, key=lambda item: -(item.number or 0.0))[:_MOST_EVIDENCE]
    return Reading(
        value=max((item.number or 0.0 for item in ordered), default=0.0), evidence=tuple(ordered)
    )


def runs(flags: Sequence[bool] | Mask, *, bridge: int = 0) -> list[Span]:
    """(first, last) of every stretch that is true; gaps of up to `bridge` frames are closed."""
    marks = np.flatnonzero(np.asarray(flags, bool))
    if not len(marks):
        return []
    breaks = np.flatnonzero(np.diff(marks) > bridge + 1)
    firsts = [0, *(breaks + 1).tolist()]
    lasts = [*breaks.tolist(), len(marks) - 1]
    return [(int(marks[one]), int(marks[two])) for one, two in zip(firsts, lasts, strict=True)]


def stretch(frames: Sequence[int], first: int, last: int, *, of: int) -> Span:
    """The frames that stills `first` to `last` stand for, in a clip of `of` frames.

    `frames` are those of all the stills: from half way to the one before up to half way to the one
    after, or the clip's ends.
    """
    start = (frames[first - 1] + frames[first]) // 2 if first else 0
    if last + 1 < len(frames):
        return start, (frames[last] + frames[last + 1]) // 2
    return start, of - 1


def cells_box(cells: Mask) -> Box:
    """The box (0..1) round all true cells of a grid; the whole picture when none is."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not len(rows):
        return WHOLE
    down, across = cells.shape
    return (
        float(columns[0] / across),
        float(rows[0] / down),
        float((columns[-1] + 1) / across),
        float((rows[-1] + 1) / down),
    )


def around(values: Numbers, index: int, *, reach: int) -> Numbers:
    """The values within `reach` of an index, without its own."""
    return np.concatenate(
        [values[max(0, index - reach) : index], values[index + 1 : index + 1 + reach]]
    )
