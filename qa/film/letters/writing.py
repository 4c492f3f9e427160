"""Does a line of letters keep its look from moment to moment, wherever it goes?

No letter is compared: each line is followed through the clip and held against itself. Letters that
wander look unlike themselves for a while and are the same again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading
from qa.film.letters.followed import Line, Look, Steps, follow_line, line_of, steps_of
from qa.film.letters.wavering import wavering
from qa.film.lines import Rect, may_be_letters
from qa.film.screened import Screened
from qa.vision.arrays import Mask, Numbers
from qa.vision.lettering import Reader
from qa.vision.observed import Box, Reading

# Source for the constants: 11 clips with planted letters and the clean clips of the tuning half
# (2026-11-22), see docs/video-judge.md.
_MOST_STILLS = 8
_LINES_A_STILL = 3
_LEAST_HIGH_PX, _LEAST_WIDE_PX = 5, 16
_LEAST_SPREAD = 16.0
_READ_SURELY = 0.8
_FEWEST_LETTERS = 4
# Reading costs 25 ms a line: after so many that hold no letters the others are left, the likeliest
# of every still having been read first.
_FEWEST_VAIN = 3
_VAIN_A_SECOND = 0.5
_SAME = 0.8
_FEWEST_SAME = 2
_BESIDE_S = 1.8
_LONGEST_S = 1.8
_FEWEST_STEPS = 2
_SAME_LEVELS = 25.0
_SAME_STROKES = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """A shot's steps, and the lines followed through it so far."""

    steps: Steps
    known: list[tuple[Line, Sequence[Look | None]]]


def letters_bent(seen: Screened, *, reader: Reader) -> Reading:
    """How far a line of letters departs from its own look for a while, 0..1; 0 is best.

    The dip of its correlation with itself between moments at which it looks the same. Only what is
    surely read as letters in a still counts (fainter ones drown in the coder's noise), and what has
    gone or is covered does not.
    """
    return reading(_departures(seen, reader))


def _departures(seen: Screened, reader: Reader) -> Iterator[Evidence]:
    """The dips of the clip's lines, the likeliest line of every still looked at first."""
    shots = {shot: _Shot(steps=steps_of(seen.reel, *shot), known=[]) for shot in seen.reel.shots}
    vain = max(_FEWEST_VAIN, round(_VAIN_A_SECOND * seen.reel.frames / seen.reel.fps))
    for _, frame, shot, rect in sorted(_candidates(seen)):
        steps, known = shots[shot].steps, shots[shot].known
        line = line_of(steps, frame, rect, still_px=seen.views.frame_px)
        if not vain or line is None or line.spread < _LEAST_SPREAD:
            continue
        if any(_is_known(line, *other) for other in known):
            continue
        if not may_be_letters(seen.views.stills[frame], rect):
            continue
        if _says_something(seen, frame, rect, reader):
            looks = follow_line(steps, line)
            known.append((line, looks))
            yield from _dip(steps, line, looks)
            yield from _wavering(steps, line, looks)
        else:
            vain -= 1


def _candidates(seen: Screened) -> Iterator[tuple[int, int, Span, Rect]]:
    """(rank within its still, still, shot, rectangle) of what may be a line."""
    for first, last in seen.reel.shots:
        stills = [frame for frame in seen.views.stills if first <= frame <= last]
        for frame in stills[:: max(1, -(-len(stills) // _MOST_STILLS))]:
            for rank, rect in enumerate(_large_lines(seen, frame)):
                yield rank, frame, (first, last), rect


def _large_lines(seen: Screened, frame: int) -> list[Rect]:
    scale = seen.reel.luma.shape[2] / seen.views.frame_px[0]
    rects = seen.views.lines(frame)[:_LINES_A_STILL]
    return [
        rect
        for rect in rects
        if scale * (rect[2] - rect[0]) >= _LEAST_WIDE_PX
        and scale * (rect[3] - rect[1]) >= _LEAST_HIGH_PX
    ]


def _is_known(line: Line, other: Line, looks: Sequence[Look | None]) -> bool:
    """True for a line that is surely the same as one followed to here already."""
    look = looks[line.step]
    if look is None or look.likeness < _SAME:
        return False
    here = line.matrix @ np.array([line.size_px[0] / 2, line.size_px[1] / 2, 1.0])
    inside = np.linalg.inv(np.vstack([look.matrix, [0, 0, 1]])) @ np.array([*here, 1.0])
    return bool((inside[:2] > 0).all() and (inside[:2] < other.size_px).all())


def _says_something(seen: Screened, frame: int, rect: Rect, reader: Reader) -> bool:
    text, score = seen.views.said(frame, rect, reader=reader)
    return score >= _READ_SURELY and sum(mark.isalnum() for mark in text) >= _FEWEST_LETTERS


def _dip(steps: Steps, line: Line, looks: Sequence[Look | None]) -> Iterator[Evidence]:
    """The line's deepest dip between moments at which it looks the same, if it has one."""
    likeness = np.array([np.nan if look is None else look.likeness for look in looks])
    depth, span = _deepest(likeness, steps.step_s)
    if depth <= 0.0 or not _is_uncovered(line, looks[span[0] : span[1] + 1]):
        return
    frames = (steps.first + span[0] * steps.every, steps.first + span[1] * steps.every)
    message = f"the letters depart from their own look by {depth:.0%} for a while"
    box = _box(steps, line, looks[span[0] : span[1] + 1])
    yield found("text_garble", message, frames=frames, number=depth, box=box)


def _wavering(steps: Steps, line: Line, looks: Sequence[Look | None]) -> Iterator[Evidence]:
    """The line's letters that wander before it stands on the screen or after."""
    change, span = wavering(steps, line, looks)
    if change > 0.0:
        frames = (steps.first + span[0] * steps.every, steps.first + span[1] * steps.every)
        message = f"the letters wander, {change:.0%} of them from one look to the next"
        box = _box(steps, line, looks[span[0] : span[1] + 1])
        yield found("text_garble", message, frames=frames, number=change, box=box)


def _deepest(likeness: Numbers, step_s: float) -> tuple[float, Span]:
    """How deep the deepest dip is below both its sides, and its steps (first, last)."""
    reach, longest = round(_BESIDE_S / step_s), round(_LONGEST_S / step_s)
    best, where = 0.0, (0, 0)
    for at in np.flatnonzero(np.isfinite(likeness)).tolist():
        sides = min(
            _level(likeness[max(0, at - reach) : at]), _level(likeness[at + 1 : at + 1 + reach])
        )
        depth = sides - float(likeness[at])
        if sides < _SAME or depth <= best:
            continue
        span = _around(likeness < sides - depth / 2, at)
        if _FEWEST_STEPS <= span[1] - span[0] + 1 <= longest:
            best, where = depth, span
    return best, where


def _level(likeness: Numbers) -> float:
    """What two steps at least reach; 0 where there are none."""
    known = np.sort(likeness[np.isfinite(likeness)])
    return float(known[-_FEWEST_SAME]) if len(known) >= _FEWEST_SAME else 0.0


def _around(low: Mask, at: int) -> Span:
    first = last = at
    while first > 0 and low[first - 1]:
        first -= 1
    while last + 1 < len(low) and low[last + 1]:
        last += 1
    return first, last


def _is_uncovered(line: Line, looks: Sequence[Look | None]) -> bool:
    """True when the place is about as bright and as rich in strokes as the line, at most steps."""
    shown = [
        abs(look.level - line.level) <= _SAME_LEVELS and look.spread >= _SAME_STROKES * line.spread
        for look in looks
        if look is not None
    ]
    return sum(shown) > len(looks) / 2


def _box(steps: Steps, line: Line, looks: Sequence[Look | None]) -> Box:
    height, width = steps.luma.shape[1:]
    across, down = line.size_px
    corners = np.array([[x, y, 1.0] for x in (0.0, across) for y in (0.0, down)])
    placed = np.concatenate([corners @ look.matrix.T for look in looks if look is not None])
    shares = np.clip(placed / (width, height), 0.0, 1.0)
    (x0, y0), (x1, y1) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
    return x0, y0, x1, y1
