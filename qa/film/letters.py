"""Do letters stay what they say? Lines read once, then found again in every other still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading
from qa.film.lines import Rect, lines_of
from qa.film.screened import Screened
from qa.film.sight import placed_points
from qa.vision.arrays import Numbers, Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Box, Reading

_SURE = 0.85
_FEWEST_LETTERS = 4
_MOST_LINES = 2
_HEIGHT_PX = 40
_LEGIBLE_PX = 11.0
_DOUBTFUL = 0.75
_SEARCH_SHARE = 0.35
_MOST_DOUBTS = 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Anchor:
    """A line that was surely read: its letters, its corners (4, 2) in the still `frame`."""

    text: str
    frame: int
    corners: Numbers
    crop: Pixels


def letters_lost(seen: Screened, *, reader: Reader) -> Reading:
    """The most letters of one line that another still no longer shows; 0 is best.

    Lines are read in the first still that holds any, and on the product's photo; where a still's
    line looks like the one that was read, it is not read again.
    """
    return reading(
        item for anchor in _anchors(seen, reader) for item in _losses(seen, anchor, reader)
    )


def _anchors(seen: Screened, reader: Reader) -> tuple[_Anchor, ...]:
    """Up to two lines of the first still that holds surely read letters."""
    for frame in sorted(seen.views.stills)[:2]:
        picture = seen.views.stills[frame]
        rects = lines_of(picture)[: _MOST_LINES + 1]
        read = reader.read(picture, rects)
        held = [
            _Anchor(text=text, frame=frame, corners=_corners(rect), crop=_crop(picture, rect))
            for rect, (text, score) in zip(rects, read, strict=True)
            if score >= _SURE and len(_plain(text)) >= _FEWEST_LETTERS
        ]
        if held:
            return tuple(held[:_MOST_LINES])
    return ()


def _losses(seen: Screened, anchor: _Anchor, reader: Reader) -> Iterator[Evidence]:
    """The line's worst loss over the other stills, if any."""
    doubts: list[tuple[float, int, Pixels, Box]] = []
    order = sorted(seen.views.stills)
    for frame in order:
        if frame == anchor.frame:
            continue
        matrix = seen.views.related(anchor.frame, frame)
        if matrix is None:
            continue
        crop, box = _again(seen.views.stills[frame], anchor, matrix)
        if crop is None:
            continue
        likeness = float(cv2.matchTemplate(crop, anchor.crop, cv2.TM_CCOEFF_NORMED).max())
        if likeness < _DOUBTFUL:
            doubts.append((likeness, frame, crop, box))
    doubts.sort(key=lambda doubt: doubt[0])
    for _, frame, crop, box in doubts[:_MOST_DOUBTS]:
        text, _ = reader.read(crop, [(0, 0, crop.shape[1], crop.shape[0])])[0]
        lost = _lost(_plain(anchor.text), _plain(text))
        if lost:
            message = f"a line that says {anchor.text!r} says {text!r} here"
            span = _span(order, frame, seen.reel.frames)
            yield found("text_garble", message, frames=span, number=float(lost), box=box)


def _again(picture: Pixels, anchor: _Anchor, matrix: Numbers) -> tuple[Pixels | None, Box]:
    """The line's place in another still with some room around, upright and at the same size."""
    corners = placed_points(anchor.corners, matrix)
    height, width = picture.shape[:2]
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = (
        float(np.clip(low[0] / width, 0, 1)),
        float(np.clip(low[1] / height, 0, 1)),
        float(np.clip(high[0] / width, 0, 1)),
        float(np.clip(high[1] / height, 0, 1)),
    )
    inside = (low >= 0).all() and high[0] < width and high[1] < height
    tall = float(np.linalg.norm(corners[3] - corners[0]))
    if not inside or tall < _LEGIBLE_PX:
        return None, box
    room = round(_SEARCH_SHARE * anchor.crop.shape[0])
    size = (anchor.crop.shape[1], anchor.crop.shape[0])
    target = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32) + room
    to_crop = cv2.getAffineTransform(corners[[0, 1, 3]].astype(np.float32), target)
    whole = (size[0] + 2 * room, size[1] + 2 * room)
    crop = cv2.warpAffine(
        picture, to_crop, whole, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return crop, box


def _corners(rect: Rect) -> Numbers:
    x0, y0, x1, y1 = rect
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def _crop(picture: Pixels, rect: Rect) -> Pixels:
    x0, y0, x1, y1 = rect
    crop = picture[y0:y1, x0:x1]
    width = max(8, round(_HEIGHT_PX * crop.shape[1] / crop.shape[0]))
    return cv2.resize(crop, (width, _HEIGHT_PX), interpolation=cv2.INTER_AREA)


def _span(order: Sequence[int], frame: int, frames: int) -> Span:
    at = order.index(frame)
    first = (order[at - 1] + frame) // 2 if at else 0
    last = (frame + order[at + 1]) // 2 if at + 1 < len(order) else frames - 1
    return first, last


def _plain(text: str) -> str:
    return "".join(mark for mark in text.casefold() if mark.isalnum())


def _lost(one: str, two: str) -> int:
    """How many letters of the first text have no partner in the other, in order."""
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return len(one) - sum(block.size for block in blocks)
