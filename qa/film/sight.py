"""The product wherever the clip's stills show it, seen as in its source photo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import cv2
import numpy as np

from qa.film.filmed import as_filmed
from qa.film.lines import Rect, lines_of, may_be_letters
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lettering import Line, Reader
from qa.vision.observed import Box
from qa.vision.reference import Reference
from qa.vision.register import Features, features, marks
from qa.vision.search import search

_STILL_PX = 480
_MOST_POINTS = 900
_RATIO = 0.8
_REACH_SHARE = 0.008
_FEWEST = 10
_FEWEST_AFFINE = 20
_SCALES = (0.12, 6.0)
_MOST_STRETCH = 2.2
_MOST_TURN_DEGREES = 35.0
_VIEW_PX = 256
_PRESENT_SHARE = 0.5
_MOST_SEARCHED = 2
_PRINTED = 0.6
_PRINT_PX = 24
_PLAIN_LEVELS = 4.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Source:
    """All the judge knows of a source photo; `features` is (1280,) float32 of length 1."""

    reference: Reference
    features: Numbers
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sight:
    """The product in one still.

    `frame` is the still's; `matrix` (2, 3) maps reference pixels to the still's; `stretch` ≥ 1 is
    how much farther it is drawn one way than the other. `view` and `photo` (h, w, 3) uint8 are
    still and source in the reference's frame, the product's longer side about 256 px; `mask`
    (h, w) bool is the product where the still holds it; `box` (0..1) where it lies in the still.
    """

    frame: int
    source: Source
    matrix: Numbers
    stretch: float
    view: Pixels
    photo: Pixels
    mask: Mask
    box: Box


class Views:
    """The stills of a clip and what is found in them; each is looked at when first asked for."""

    def __init__(self, stills: Mapping[int, Pixels], *, sources: Sequence[Source]) -> None:
        self.stills = dict(sorted(stills.items()))
        self.sources = tuple(sources)
        self._points: dict[int, Features] = {}
        self._marks: dict[int, Features] = {}
        self._lines: dict[int, list[Rect]] = {}
        self._said: dict[tuple[int, Rect], tuple[str, float]] = {}
        self._shared: dict[tuple[int, int], Numbers | None] = {}
        self._places: dict[int, list[tuple[Source, Numbers, int]]] = {}

    @property
    def frame_px(self) -> tuple[int, int]:
        """(width, height) of the stills."""
        picture = next(iter(self.stills.values()))
        return picture.shape[1], picture.shape[0]

    def points(self, frame: int) -> Features:
        """The distinct points of a still."""
        if frame not in self._points:
            self._points[frame] = _points(self.stills[frame])
        return self._points[frame]

    def lines(self, frame: int) -> list[Rect]:
        """Where lines of letters may stand in a still, as `lines_of` finds them."""
        if frame not in self._lines:
            self._lines[frame] = lines_of(self.stills[frame])
        return self._lines[frame]

    def said(self, frame: int, rect: Rect, *, reader: Reader) -> tuple[str, float]:
        """(text as read, score 0..1) of a rectangle of a still; read once, whoever asks.

        ("", 0.0) without reading where it cannot be letters.
        """
        if (frame, rect) not in self._said:
            rects = [rect] if may_be_letters(self.stills[frame], rect) else []
            self._said[frame, rect] = next(iter(reader.read(self.stills[frame], rects)), ("", 0.0))
        return self._said[frame, rect]

    @cached_property
    def sights(self) -> tuple[Sight, ...]:
        """The product in every still that shows half of it or more, in order of frames.

        Found by its points; where no still shows enough of them, by its shades in one still.
        """
        found = (self._sight(frame) for frame in self.stills) if self.sources else ()
        held = tuple(sight for sight in found if sight is not None)
        return held or tuple(self._searched())

    def printed(self, frame: int, rect: Rect) -> bool:
        """True where a photo of the product shows what the still shows in the rectangle.

        Each photo's product is looked for on its own: one still may show several.
        """
        still, placed = self.stills[frame], self._placed(frame)
        return any(_alike(still, own.reference.rgb, at, rect) >= _PRINTED for own, at, _ in placed)

    def related(self, one: int, two: int) -> Numbers | None:
        """The (2, 3) map of pixels of one still to another's; None where they show other things.

        By the product where both show it, else by what both pictures share.
        """
        held = {sight.frame: sight for sight in self.sights}
        here, there = held.get(one), held.get(two)
        if here is not None and there is not None and here.source is there.source:
            forth = np.vstack([there.matrix, [0, 0, 1]])
            return (forth @ np.linalg.inv(np.vstack([here.matrix, [0, 0, 1]])))[:2]
        if (one, two) not in self._shared:
            place = matched(self.points(one), self.points(two))
            self._shared[one, two] = None if place is None else place[0]
        return self._shared[one, two]

    def nearly(self, one: int, two: int) -> Numbers | None:
        """`related` by plainer points, a tenth of its time: finds fewer, places within a few px.

        Good for showing that two stills agree somewhere; that they do not, `related` must say.
        """
        for frame in (one, two):
            if frame not in self._marks:
                self._marks[frame] = marks(
                    self.stills[frame], longer_side_px=_STILL_PX, most=_MOST_POINTS
                )
        place = matched(self._marks[one], self._marks[two])
        return None if place is None else place[0]

    def _searched(self) -> Iterator[Sight]:
        """The product found by its shades, in the middle still, else in an early one."""
        frames, tried = list(self.stills), self.sources[:_MOST_SEARCHED]
        early = (frames[len(frames) // 2], frames[len(frames) // 4])
        for frame, source in product(dict.fromkeys(early), tried):
            place = search(source.reference.rgb, source.reference.mask, self.stills[frame])
            seen = place and seen_at(self.stills[frame], frame, source, place.matrix)
            if seen:
                yield seen
                return

    def _sight(self, frame: int) -> Sight | None:
        """The source that agrees on most points, seen in the still; None where none does."""
        held = self._placed(frame)
        if not held:
            return None
        source, matrix, _ = max(held, key=lambda place: place[2])
        return seen_at(self.stills[frame], frame, source, matrix)

    def _placed(self, frame: int) -> list[tuple[Source, Numbers, int]]:
        """Every photo whose product the still shows, its map and how many points agree on it."""
        if frame not in self._places:
            points = self.points(frame)
            tried = [(own, matched(own.reference.features, points)) for own in self.sources]
            self._places[frame] = [(own, *place) for own, place in tried if place is not None]
        return self._places[frame]


def _points(picture: Pixels) -> Features:
    return features(picture, longer_side_px=_STILL_PX, most=_MOST_POINTS)


def matched(own: Features, points: Features) -> tuple[Numbers, int] | None:
    """The affine map that most points agree on and their number, or None.

    Where fewer than twenty agree, ten of them by chance may shear it: then only a map that keeps
    proportions is fitted. Source: Lowe's ratio test 0.8; RANSAC within 0.8 % of the product.
    """
    if min(len(own.points), len(points.points)) < _FEWEST:
        return None
    here, there = own.partners(points, ratio=_RATIO)
    if len(here) < _FEWEST:
        return None
    reach = max(2.0, _REACH_SHARE * float(np.ptp(there, axis=0).max()))
    matrix, agreeing = cv2.estimateAffine2D(here, there, ransacReprojThreshold=reach)
    if matrix is None or int(agreeing.sum()) < _FEWEST_AFFINE:
        matrix, agreeing = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=reach)
    if matrix is None or int(agreeing.sum()) < _FEWEST or not is_likely(matrix):
        return None
    return np.asarray(matrix, np.float64), int(agreeing.sum())


def _alike(still: Pixels, photo: Pixels, matrix: Numbers, rect: Rect) -> float:
    """How the still's rectangle correlates with what the photo shows there, −1..1."""
    x0, y0, x1, y1 = rect
    size = (max(8, round((x1 - x0) * _PRINT_PX / (y1 - y0))), _PRINT_PX)
    near = np.array([[(x1 - x0) / size[0], 0, x0], [0, (y1 - y0) / size[1], y0], [0, 0, 1]])
    to_photo = (np.linalg.inv(np.vstack([matrix, [0, 0, 1]])) @ near)[:2]
    shrink = float(np.sqrt(abs(np.linalg.det(to_photo[:, :2]))))
    soft = cv2.resize(photo, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    shown = cv2.warpAffine(
        soft, to_photo / shrink, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    seen = cv2.resize(still[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    one, two = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).ravel() for picture in (seen, shown))
    if min(one.std(), two.std()) < _PLAIN_LEVELS:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])


def is_likely(matrix: Numbers) -> bool:
    """True for a map that a product on film can go by: upright, not mirrored, little sheared."""
    sizes = np.linalg.svd(matrix[:, :2], compute_uv=False)
    turn = np.degrees(np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1]))
    return bool(
        np.linalg.det(matrix[:, :2]) > 0
        and _SCALES[0] <= sizes[1]
        and sizes[0] <= _SCALES[1]
        and sizes[0] <= _MOST_STRETCH * sizes[1]
        and abs(turn) <= _MOST_TURN_DEGREES
    )


def seen_at(picture: Pixels, frame: int, source: Source, matrix: Numbers) -> Sight | None:
    """What a still shows where that (2, 3) map places the source; None for less than half."""
    reference = source.reference
    shrink = _VIEW_PX / reference.longer_side_px
    height, width = reference.rgb.shape[:2]
    size = (max(8, round(width * shrink)), max(8, round(height * shrink)))
    sizes = np.linalg.svd(matrix[:, :2], compute_uv=False)
    near = min(1.0, shrink / float(sizes[0]))
    small = cv2.resize(picture, None, fx=near, fy=near, interpolation=cv2.INTER_AREA)
    across = matrix * near
    across[:, :2] /= shrink
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(small, across, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    here = np.full(small.shape[:2], 255, np.uint8)
    present = cv2.warpAffine(here, across, size, flags=flags) > 250
    own = cv2.resize(reference.mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    mask = own > 127
    if (mask & present).sum() < _PRESENT_SHARE * mask.sum():
        return None
    return Sight(
        frame=frame,
        source=source,
        matrix=matrix,
        stretch=float(sizes[0] / sizes[1]),
        view=view,
        photo=as_filmed(reference.rgb, size_px=size, scale=float(sizes[1])),
        mask=mask & present,
        box=placed_box(source, matrix, picture),
    )


def placed_box(source: Source, matrix: Numbers, picture: Pixels) -> Box:
    """The product's box, 0..1, in a still on which that (2, 3) map places it."""
    x0, y0, x1, y1 = source.reference.box
    corners = np.array([[x, y, 1.0] for x in (x0, x1) for y in (y0, y1)])
    placed = corners @ matrix.T / (picture.shape[1], picture.shape[0])
    left, top = np.clip(placed.min(axis=0), 0.0, 1.0)
    right, bottom = np.clip(placed.max(axis=0), 0.0, 1.0)
    return float(left), float(top), float(right), float(bottom)


def boxed(sight: Sight, rect: tuple[int, int, int, int], frame_px: tuple[int, int]) -> Box:
    """A rectangle (x, y, width, height) of the view as a box of the still, 0..1."""
    x, y, width, height = rect
    ratio = sight.source.reference.rgb.shape[1] / sight.view.shape[1]
    corners = np.array(
        [[a * ratio, b * ratio, 1.0] for a in (x, x + width) for b in (y, y + height)]
    )
    placed = corners @ sight.matrix.T / frame_px
    x0, y0 = np.clip(placed.min(axis=0), 0.0, 1.0)
    x1, y1 = np.clip(placed.max(axis=0), 0.0, 1.0)
    return float(x0), float(y0), float(x1), float(y1)


def placed_points(points: Numbers, matrix: Numbers) -> Numbers:
    """(n, 2) points moved by a (2, 3) map."""
    return points @ matrix[:, :2].T + matrix[:, 2]
