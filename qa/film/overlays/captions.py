"""Captions laid over the clip outside the channel's safe area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs
from qa.film.lines import Rect, grown, may_be_letters
from qa.film.overlays.standing import Steady, coming_lines, has_steps, standing_steps, wanders
from qa.film.reel import Reel
from qa.film.screened import Screened
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Box, Reading

_MARK_LOOKS = 12
_MOST_READ = 3
_SURE = 0.6
_FEWEST_LETTERS = 4
_SAME = 0.6
_MOVES = 0.6
_OUTSIDE = 0.2
_CHECKS_PER_S = 10.0
_MOST_STILLS = 8
_MOST_LINES = 3
_AGAIN = 0.3
_GONE = 0.6
_ALL_THE_TIME = 0.9
_SHORTEST_S = 0.6
_FEWEST_FRAMES = 5
_TEXTURE = 4.0
_LOOKS_WITHIN, _ASIDE_WITHIN = 6, 2
_SURELY = 0.85
"""Source: of 205 looked-at places of 78 planted captions none is found aside by 0.85 in any look,
three by 0.7 where the ground slides; two labels in a hand are in three (2026-11-23)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line in a still: where, what it says, the frames it stands in; `came` where it was new."""

    index: int
    rect: Rect
    span: Span
    came: bool
    text: str = ""


def captions_outside(seen: Screened, *, reader: Reader) -> Reading:
    """The greatest share of a caption line that stands outside the safe area; 0 is best.

    A caption is a line of letters that stands still for a while and comes or goes, or stays while
    the picture behind it moves; one that stands all the time is a mark (see `watermark`). What the
    photos show in its place is printed on the product. Without a channel nothing is outside.
    """
    rules = seen.wanted.rules
    if rules is None:
        return Reading(value=0.0)
    facts = seen.reel.facts
    area = _nearest(rules.safe_area, facts.width_px / facts.height_px)
    return reading(_outside(seen, area, reader))


def _outside(seen: Screened, area: Box, reader: Reader) -> Iterator[Evidence]:
    told: list[Box] = []
    indices = list(seen.reel.stills)
    shots = {shot: standing_steps(seen.reel, span=shot) for shot in seen.reel.shots}
    for index in indices[:: -(-len(indices) // _MOST_STILLS)]:
        stood = next(steady for shot, steady in shots.items() if shot[0] <= index <= shot[1])
        lines = [*_came(seen, index, area, stood), *_seen(seen, index, area)]
        for line in _said(seen, lines, reader):
            box = shares(line.rect, seen.reel.stills[index])
            if any(_overlap(box, other) > _AGAIN for other in told):
                continue
            told.append(box)
            if seen.views.printed(index, line.rect):
                continue
            share = _share_outside(box, area)
            message = f"the caption {line.text!r} stands {share:.0%} outside the safe area"
            yield found("caption_unsafe", message, frames=line.span, number=share, box=box)


def _came(seen: Screened, index: int, area: Box, stood: Steady) -> Iterator[_Line]:
    """Lines outside that came and stand about a still, on whatever ground."""
    picture, reel = seen.reel.stills[index], seen.reel
    scale = picture.shape[1] / reel.luma.shape[2]
    step = max(1, round(reel.fps / _CHECKS_PER_S))
    tried = 0
    for rect, steady in coming_lines(reel, index, area=area, stood=stood):
        place = grown(rect, scale=scale, within=picture)
        if _share_outside(shares(place, picture), area) < _OUTSIDE:
            continue
        stands = has_steps(reel, rect, steady=steady, step=step)
        if _is_caption(reel, shares(place, picture), index, stands=stands):
            yield _Line(index=index, rect=place, span=_span_around(stands, index), came=True)
        tried += 1
        if tried == _MOST_LINES:
            return


def _seen(seen: Screened, index: int, area: Box) -> Iterator[_Line]:
    """What looks like lines in the still alone, outside, and comes or goes."""
    picture, reel = seen.reel.stills[index], seen.reel
    rects = seen.views.lines(index)
    out = [rect for rect in rects if _share_outside(shares(rect, picture), area) >= _OUTSIDE]
    for rect in (rect for rect in out[: 2 * _MOST_LINES] if may_be_letters(picture, rect)):
        box = shares(rect, picture)
        stands = _standing(reel, box, reel.luma[index])
        if _is_caption(reel, box, index, stands=stands):
            yield _Line(index=index, rect=rect, span=_span_around(stands, index), came=False)


def _said(seen: Screened, lines: Sequence[_Line], reader: Reader) -> Iterator[_Line]:
    """The lines that surely hold letters, with what they say; few are read."""
    for line in lines[:_MOST_READ]:
        if line.came:
            text, score = reader.read(seen.reel.stills[line.index], [line.rect])[0]
        else:
            text, score = seen.views.said(line.index, line.rect, reader=reader)
        if is_read(text, score):
            yield replace(line, text=text)


def is_read(text: str, score: float) -> bool:
    """True for what is surely read as letters, four of them at least."""
    return score >= _SURE and sum(mark.isalnum() for mark in text) >= _FEWEST_LETTERS


def _is_caption(reel: Reel, box: Box, index: int, *, stands: Mask) -> bool:
    """True for what stands around a frame and comes or goes, or stays on a moving ground.

    What moves off is no caption, but a thing that stood for a while.
    """
    first, last = _span_around(stands, index)
    share = float(stands.mean())
    fewest = max(_FEWEST_FRAMES, _SHORTEST_S * reel.fps)
    if last - first + 1 < fewest or share > _ALL_THE_TIME:
        return False
    if _moves_off(reel, box, index, span=(first, last)):
        return False
    return share <= _GONE or ground_moves(reel, box)


def _moves_off(reel: Reel, box: Box, index: int, *, span: Span) -> bool:
    """True where what stands about a frame has moved a little by, or halfway to, either end.

    Or surely did in two of six looks between: a caption stands to the pixel, what a hand films
    trembles. An end that is the clip's own proves nothing.
    """
    rows, columns = _window(reel, box, grow=0.0)
    rect = (columns.start, rows.start, columns.stop, rows.stop)
    within = np.linspace(*span, _LOOKS_WITHIN + 2).astype(int)[1:-1]
    aside = [wanders(reel, rect, frame=index, other=at, alike=_SURELY) for at in within.tolist()]
    if sum(aside) >= _ASIDE_WITHIN:
        return True
    ends = [frame for frame in (span[0] - 1, span[1] + 1) if 0 <= frame < reel.frames]
    ways = [((index + end) // 2, end) for end in ends]
    moved = [any(wanders(reel, rect, frame=index, other=at) for at in way) for way in ways]
    return bool(moved) and all(moved)


def _samples(reel: Reel) -> Pixels:
    picked = np.linspace(0, reel.frames - 1, min(_MARK_LOOKS, reel.frames)).astype(int)
    return reel.luma[picked]


def _standing(reel: Reel, box: Box, still: Numbers) -> Mask:
    """(n,) bool: frames whose edges inside the box are those of the still picture."""
    rows, columns = _window(reel, box, grow=0.0)
    wanted = _steps(still[None, rows, columns].astype(np.float32))
    step = max(1, round(reel.fps / _CHECKS_PER_S))
    looks = _steps(reel.luma[::step, rows, columns].astype(np.float32))
    sizes = np.linalg.norm(looks, axis=1) * np.linalg.norm(wanted)
    stands = looks @ wanted[0] / np.maximum(sizes, 1e-3) > _SAME
    return np.repeat(stands, step)[: reel.frames]


def _steps(pictures: Numbers) -> Numbers:
    """(n, h, w) pictures' steps across and down, (n, …), as `_edges` has them of one."""
    count = len(pictures)
    across = pictures[:, :, 2:] - pictures[:, :, :-2]
    down = pictures[:, 2:] - pictures[:, :-2]
    return np.concatenate([across.reshape(count, -1), down.reshape(count, -1)], axis=1)


def ground_moves(reel: Reel, box: Box) -> bool:
    """True when what lies around the box has texture and does not stay as it is."""
    rows, columns = _window(reel, box, grow=1.0)
    inner_rows, inner_columns = _window(reel, box, grow=0.15)
    around = np.ones((rows.stop - rows.start, columns.stop - columns.start), bool)
    top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
    across, down = inner_columns.stop - inner_columns.start, inner_rows.stop - inner_rows.start
    around[top : top + down, left : left + across] = False
    if not around.any():
        return False
    rings = [_edges(frame[rows, columns].astype(np.float32))[:, around] for frame in _samples(reel)]
    pairs = [_likeness(one, two) for one, two in zip(rings, rings[len(rings) // 2 :], strict=False)]
    textured = float(np.median([np.abs(ring).mean() for ring in rings])) > _TEXTURE
    return bool(textured and np.median(pairs) < _MOVES)


def _window(reel: Reel, box: Box, *, grow: float) -> tuple[slice, slice]:
    _, height, width = reel.luma.shape
    margin = grow * (box[3] - box[1])
    top, bottom = (round(v * height) for v in (box[1] - margin, box[3] + margin))
    left, right = (round(v * width) for v in (box[0] - margin, box[2] + margin))
    rows = slice(max(0, top), min(height, max(bottom, top + 2)))
    return rows, slice(max(0, left), min(width, max(right, left + 2)))


def _edges(gray: Numbers) -> Numbers:
    """(2, h, w): steps across and down."""
    return np.stack(
        [cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1)]
    )


def _likeness(one: Numbers, two: Numbers) -> float:
    """The cosine of two fields of edges."""
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float((one * two).sum()) / max(size, 1e-3)


def _span_around(stands: Mask, index: int) -> Span:
    spans = (span for span in runs(stands, bridge=2) if span[0] <= index <= span[1])
    return next(spans, (index, index))


def shares(rect: Rect, picture: Pixels) -> Box:
    """The rectangle of a picture as shares of its sides."""
    height, width = picture.shape[:2]
    return rect[0] / width, rect[1] / height, rect[2] / width, rect[3] / height


def _share_outside(box: Box, area: Box) -> float:
    """How much of the box lies outside the area, 0..1."""
    across = max(0.0, min(box[2], area[2]) - max(box[0], area[0]))
    down = max(0.0, min(box[3], area[3]) - max(box[1], area[1]))
    return 1.0 - across * down / max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)


def _overlap(one: Box, two: Box) -> float:
    across = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    down = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    return across * down / max((one[2] - one[0]) * (one[3] - one[1]), 1e-9)


def _nearest(areas: dict[str, Box], aspect: float) -> Box:
    def ratio(name: str) -> float:
        wide, high = name.split(":")
        return float(wide) / float(high)

    return areas[min(areas, key=lambda name: abs(ratio(name) - aspect))]
