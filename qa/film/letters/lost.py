"""Do letters stay what they say? Lines read once, then found again in every other still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading
from qa.film.lines import Rect
from qa.film.screened import Screened
from qa.film.sight import Sight, placed_points
from qa.vision.arrays import Numbers, Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Box, Reading

_SURE = 0.85
_FEWEST_LETTERS = 4
_MOST_LINES = 3
_HEIGHT_PX = 40
_LEGIBLE_PX = 11.0
_DOUBTFUL = 0.75
_SEARCH_SHARE = 0.35
_MOST_DOUBTS = 2
_UNDER, _WHOLLY = 0.5, 0.8
_STROKES_LEFT = 0.4
_ANOTHER = 0.75


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Anchor:
    """What may be a line of letters: its rectangle and corners (4, 2) in the still `frame`."""

    frame: int
    rect: Rect
    corners: Numbers
    crop: Pixels


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Doubt:
    """A still in which the line looks otherwise.

    `likeness` is its correlation, −1..1, `place` where in `crop` that is highest.
    """

    likeness: float
    frame: int
    crop: Pixels
    place: Rect
    box: Box


def letters_lost(seen: Screened, *, reader: Reader) -> Reading:
    """The most letters of one line that another still no longer shows; 0 is best.

    Lines are looked for in the first two stills: where the product is seen beside its photos, only
    those that the photo shows too (a title that has left is none). Where another still's line looks
    otherwise, and still has its strokes, both are read: what is not surely read in the first proves
    nothing.
    """
    return reading(item for anchor in _anchors(seen) for item in _losses(anchor, seen, reader))


def _anchors(seen: Screened) -> tuple[_Anchor, ...]:
    """The likeliest lines of letters of the first still that holds any."""
    for frame in list(seen.views.stills)[:2]:
        picture = seen.views.stills[frame]
        rects = [rect for rect in seen.views.lines(frame) if _is_own(seen, frame, rect)]
        if rects:
            return tuple(
                _Anchor(frame=frame, rect=rect, corners=_corners(rect), crop=_crop(picture, rect))
                for rect in rects[:_MOST_LINES]
            )
    return ()


def _is_own(seen: Screened, frame: int, rect: Rect) -> bool:
    """True for what shows a line of the photo from end to end; for all where no photo was given.

    What a window's edge cuts off reads otherwise in every still: a letter is half there.
    """
    if not seen.views.sources:
        return True
    sight = next((sight for sight in seen.views.sights if sight.frame == frame), None)
    if sight is None:
        return False
    held = (_placed(line.corners, sight) for line in sight.source.lines)
    return any(_covered(rect, box) >= _UNDER and _shown(rect, box) >= _WHOLLY for box in held)


def _placed(corners: Numbers, sight: Sight) -> Box:
    """The rectangle of the still, in pixels, round corners in the photo."""
    places = placed_points(corners, sight.matrix)
    (x0, y0), (x1, y1) = places.min(axis=0), places.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _covered(rect: Rect, box: Box) -> float:
    """The share of the smaller of both that they have in common."""
    across, down = (min(rect[at + 2], box[at + 2]) - max(rect[at], box[at]) for at in (0, 1))
    areas = ((r[2] - r[0]) * (r[3] - r[1]) for r in (rect, box))
    return max(0.0, across) * max(0.0, down) / max(min(areas), 1e-6)


def _shown(rect: Rect, box: Box) -> float:
    """The share of the box's width that the rectangle spans."""
    return max(0.0, min(rect[2], box[2]) - max(rect[0], box[0])) / max(box[2] - box[0], 1e-6)


def _losses(anchor: _Anchor, seen: Screened, reader: Reader) -> Iterator[Evidence]:
    """What other stills no longer say. Cheap looks come first: most lines stay where they are."""
    order = list(seen.views.stills)
    moved = [frame for frame in order if not _stays(seen, anchor, frame)]
    said = _said(anchor, seen, reader) if moved else ""
    if not said:
        return
    looks = (_doubt(seen, anchor, frame) for frame in moved)
    doubts = sorted((look for look in looks if look), key=lambda doubt: doubt.likeness)
    for doubt in doubts[:_MOST_DOUBTS]:
        text, unlike = _read_again(_plain(said), doubt, reader)
        sure = _sure(_plain(said), anchor, seen, reader) if unlike else frozenset()
        lost = len(sure - _kept(_plain(said), _plain(text)))
        if lost and not _is_another(_plain(text), said, anchor, seen, reader):
            message = f"a line that says {said!r} says {text!r} here"
            span = _span(order, doubt.frame, seen.reel.frames)
            yield found("text_garble", message, frames=span, number=float(lost), box=doubt.box)


def _read_again(said: str, doubt: _Doubt, reader: Reader) -> tuple[str, int]:
    """What the doubtful still says, and how many of the line's letters that lacks.

    Read as tightly as the line was, where it correlates best, and with the room around: small
    letters are misread in one of both, wrong ones in both.
    """
    height, width = doubt.crop.shape[:2]
    places = (doubt.place, (0, 0, width, height))
    best = ("", len(said) + 1)
    for place in places:
        text, _ = reader.read(doubt.crop, [place])[0]
        best = min(best, (text, _lost(said, _plain(text))), key=lambda read: read[1])
        if not best[1]:
            break
    return best


def _sure(said: str, anchor: _Anchor, seen: Screened, reader: Reader) -> frozenset[int]:
    """Which of the line's letters its own still says when read as a doubtful one is.

    Tiny print reads otherwise each time it is read: a letter that its own still loses too was never
    known, and that another still lacks it proves nothing.
    """
    wide, _ = _again(seen.views.stills[anchor.frame], anchor, np.eye(2, 3))
    crops = [crop for crop in (anchor.crop, wide) if crop is not None]
    texts = (reader.read(crop, [(0, 0, crop.shape[1], crop.shape[0])])[0][0] for crop in crops)
    return frozenset(range(len(said))).intersection(*(_kept(said, _plain(text)) for text in texts))


def _is_another(text: str, said: str, anchor: _Anchor, seen: Screened, reader: Reader) -> bool:
    """True where the place now shows another line of the anchor's still: a thing that turned."""
    rects = seen.views.lines(anchor.frame)[:_MOST_LINES]
    others = (seen.views.said(anchor.frame, rect, reader=reader)[0] for rect in rects)
    least = max(_ANOTHER * len(text), len(text) - _lost(text, _plain(said)) + 1)
    held = (len(text) - _lost(text, _plain(other)) for other in others)
    return len(text) >= _FEWEST_LETTERS and max(held, default=0) >= least


def _stays(seen: Screened, anchor: _Anchor, frame: int) -> bool:
    """True where the still shows the line as it is, in its place."""
    look = _look(seen.views.stills[frame], frame, anchor, np.eye(2, 3))
    return look is not None and look.likeness >= _DOUBTFUL


def _said(anchor: _Anchor, seen: Screened, reader: Reader) -> str:
    """What the line says, or nothing where that is not sure."""
    said, score = seen.views.said(anchor.frame, anchor.rect, reader=reader)
    return said if score >= _SURE and len(_plain(said)) >= _FEWEST_LETTERS else ""


def _doubt(seen: Screened, anchor: _Anchor, frame: int) -> _Doubt | None:
    """How the line looks in another still; None where it looks the same or is not to be seen.

    Looked for where the quick points say first. Only the careful map says that it looks otherwise.
    """
    views = seen.views
    doubt = None
    for placed in (views.related,) if views.sources else (views.nearly, views.related):
        matrix = placed(anchor.frame, frame)
        doubt = None if matrix is None else _look(views.stills[frame], frame, anchor, matrix)
        if doubt is not None and doubt.likeness >= _DOUBTFUL:
            return None
    if doubt is None or _strokes(doubt.crop) < _STROKES_LEFT * _strokes(anchor.crop):
        return None
    return doubt


def _look(picture: Pixels, frame: int, anchor: _Anchor, matrix: Numbers) -> _Doubt | None:
    """The still's line at that place beside the anchor's; None outside the picture."""
    crop, box = _again(picture, anchor, matrix)
    if crop is None:
        return None
    likely = cv2.matchTemplate(crop, anchor.crop, cv2.TM_CCOEFF_NORMED)
    _, likeness, _, (x, y) = cv2.minMaxLoc(likely)
    place = (x, y, x + anchor.crop.shape[1], y + anchor.crop.shape[0])
    return _Doubt(likeness=likeness, frame=frame, crop=crop, place=place, box=box)


def _strokes(crop: Pixels) -> float:
    """How steep the steps of brightness are, in levels: nothing is left where letters have gone."""
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    room = round(_SEARCH_SHARE * _HEIGHT_PX) if gray.shape[0] > _HEIGHT_PX else 0
    inner = gray[room : room + _HEIGHT_PX, room : gray.shape[1] - room]
    return float(np.percentile(cv2.morphologyEx(inner, cv2.MORPH_GRADIENT, np.ones((3, 3))), 75))


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
    return len(one) - len(_kept(one, two))


def _kept(one: str, two: str) -> frozenset[int]:
    """Which letters of the first text, by their index, have a partner in the other, in order."""
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return frozenset(at for block in blocks for at in range(block.a, block.a + block.size))
