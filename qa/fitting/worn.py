"""The result beside the photo: what changed, and what each pixel of it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from content_engine.types import GarmentKind
from qa.fitting.garment import GarmentTruth
from qa.fitting.palette import (
    COST_MOST,
    Colours,
    colours_of,
    guide_of,
    lab8,
    lab_of,
    lengths_of,
    ones_inside,
)
from qa.fitting.person import Part, Person
from qa.vision.arrays import Mask, Numbers, Pixels

NEW = 8
"""Label of the first new garment's pixels; the next garment has the next number."""

_UNCHANGED = 4.0
_CHANGED = 7.0
_GROUND_SPREAD = 2.5
_DEEP, _THROUGH_BODY = 0.1, 6.0
_RADIUS_PX, _SOFTNESS = 2, 4e-4
_REACH_SMALL = 3.0
_ISLAND, _ITS_COLOUR = 0.03, 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A garment of the brief: its kind and what its picture says."""

    kind: GarmentKind
    truth: GarmentTruth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worn:
    """The result at working size, beside the person of the photo.

    `rgb` (h, w, 3) uint8; `full` the whole result, (H, W, 3) uint8; `change` (h, w) float32, how
    far each pixel's colour is from the photo's (CIE76, 3 × 3 mean); `parts` (h, w) uint8: `Part`,
    or `NEW` + index of the garment; `along` (t, s) of every pixel, as `Stance.along` has them;
    `colours` the result's; `off_ground` (h, w) float32 how far each pixel's colour is from what
    lies behind the person.
    """

    person: Person
    rgb: Pixels
    full: Pixels
    lab: Numbers
    change: Numbers
    parts: Pixels
    pieces: tuple[Piece, ...]
    along: tuple[Numbers, Numbers]
    colours: Colours
    off_ground: Numbers

    @property
    def unit_px(self) -> float:
        """The body's measure."""
        return self.person.stance.unit_px

    def region(self, index: int) -> Mask:
        """Where the garment of that index is worn."""
        return self.parts == NEW + index

    @property
    def dressed(self) -> Mask:
        """Where any new garment is."""
        return self.parts >= NEW


def worn(result: Pixels, *, person: Person, pieces: Sequence[Piece]) -> Worn:
    """The result, (H, W, 3) uint8, seen beside its person and garments."""
    height, width = person.shape
    rgb = cv2.resize(result, (width, height), interpolation=cv2.INTER_AREA)
    lab = lab8(rgb)
    bare = Worn(
        person=person,
        rgb=rgb,
        full=result,
        lab=lab_of(lab),
        change=_change(person.rgb, rgb),
        parts=person.parts,
        pieces=tuple(pieces),
        along=person.stance.along(person.shape),
        colours=colours_of(lab),
        off_ground=_off_ground(lab_of(lab), person),
    )
    return replace(bare, parts=_parts(bare))


def _change(before: Pixels, after: Pixels) -> Numbers:
    one, two = (lab_of(lab8(cv2.blur(image, (3, 3)))) for image in (before, after))
    return lengths_of(one - two)


def _parts(bare: Worn) -> Pixels:
    """Costs of everything a pixel may be now, smoothed along edges; the cheapest wins."""
    costs = _old_costs(bare)
    costs[Part.BACKGROUND] = _ground_cost(bare)
    for index, piece in enumerate(bare.pieces):
        place = _place(piece.kind, person=bare.person, along=bare.along)
        costs[NEW + index] = bare.colours.costs(piece.truth.palette) + 12.0 * ~place
    guide = guide_of(bare.rgb, radius=_RADIUS_PX, softness=_SOFTNESS)
    names = sorted(costs)
    least = guide.smoothed(costs[names[0]])
    parts = np.full(least.shape, names[0], np.uint8)
    for name in names[1:]:
        layer = guide.smoothed(costs[name])
        parts[layer < least] = name
        np.minimum(least, layer, out=least)
    return _without_islands(parts, bare)


def _without_islands(parts: Pixels, bare: Worn) -> Pixels:
    """White cloth before a white wall passes for it: a small island in a garment of its colours."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(ones_inside(parts == Part.BACKGROUND))
    least = _ISLAND * bare.unit_px**2
    for index in range(1, count):
        x, y, width, height, area = (int(number) for number in stats[index])
        if area > least:
            continue
        rows, columns = slice(max(0, y - 2), y + height + 2), slice(max(0, x - 2), x + width + 2)
        own = np.asarray(marks)[rows, columns] == index
        ring = (cv2.dilate(ones_inside(own), np.ones((3, 3), np.uint8)) > 0) & ~own
        label = int(parts[rows, columns][ring].min(initial=255))
        if label < NEW or not ring.any():
            continue
        there = Colours(each=bare.colours.each, where=bare.colours.where[rows, columns])
        if there.costs(bare.pieces[label - NEW].truth.palette)[own].mean() < _ITS_COLOUR:
            parts[rows, columns][own] = label
    return parts


def _old_costs(bare: Worn) -> dict[int, Numbers]:
    """What was in the photo costs little where it did not change, and its colours where it did."""
    change, person, along = bare.change, bare.person, bare.along
    same = change < _UNCHANGED
    moved = np.clip((change - _UNCHANGED) / (_CHANGED - _UNCHANGED), 0.0, 1.0)
    shape, stance = person.shape, person.stance
    limbs = person.face.copy()
    for side in (0, 1):
        limbs |= stance.arm_mask(shape, side, span=(0.0, 3.0), wide=1.2)
    t, s = along
    limbs |= (np.abs(s) < 0.34) & (t < 0.35)
    extra = {
        Part.SKIN: 1.0 + 5.0 * ~limbs,
        Part.HAIR: 6.0 * moved,
        Part.TOP: 8.0 * moved,
        Part.LOWER: 1.0 + 6.0 * moved * (t < 0.85),
    }
    costs: dict[int, Numbers] = {}
    for part, more in extra.items():
        was = person.parts == part
        cost = bare.colours.costs(person.palettes[part]) + more + 3.0 * ~was
        kept = 1.0 if part is Part.TOP else -4.0
        costs[part] = np.where(was & same, np.minimum(cost, kept), cost)
    return costs


def _off_ground(lab: Numbers, person: Person) -> Numbers:
    """How far each pixel is from what lies behind the person, grown in from around them."""
    clear = cv2.erode(ones_inside(~person.body), np.ones((9, 9), np.uint8)) > 0
    return lengths_of(lab - lab_of(lab8(behind(person.rgb, clear))))


def _ground_cost(bare: Worn) -> Numbers:
    """What it costs to be the wall.

    Nobody sees it through a body: white cloth deep inside the old outline is cloth.
    """
    person, away = bare.person, bare.off_ground / _GROUND_SPREAD
    deep = cv2.distanceTransform(ones_inside(person.body), cv2.DIST_L2, 3)
    through = _THROUGH_BODY * (deep > _DEEP * person.stance.unit_px)
    cost = np.minimum(0.5 * away**2 + 1.5 + through, COST_MOST)
    kept = (person.parts == Part.BACKGROUND) & (bare.change < _UNCHANGED)
    return np.where(kept, np.minimum(cost, -4.0), cost)


def behind(rgb: Pixels, clear: Mask) -> Pixels:
    """The background grown over all that is not clear, (h, w, 3) uint8.

    Source: normalised convolution, Knutsson and Westin (1993), from fine to coarse.
    """
    factor = 4
    size = (rgb.shape[1] // factor, rgb.shape[0] // factor)
    weight = cv2.resize(clear.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(rgb * clear[..., None].astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    sums, left = np.zeros((size[1], size[0], 3), np.float32), np.ones(size[::-1], np.float32)
    for reach in (1.0, 3.0, 8.0, 20.0, 60.0):
        mass = _broad(weight, reach)
        mean = _broad(small.astype(np.float32), reach) / (mass[..., None] + 1e-4)
        share = left * np.clip(mass * 4, 0, 1)
        sums += mean * share[..., None]
        left -= share
    filled = sums / np.maximum(1.0 - left, 1e-3)[..., None]
    wide = cv2.resize(np.clip(filled, 0, 255), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(clear[..., None], rgb, wide.astype(np.uint8))


def _broad(image: Numbers, reach: float) -> Numbers:
    """The image under a Gaussian of that reach, wide ones made on a smaller picture."""
    step = max(1, int(reach / _REACH_SMALL))
    size = image.shape[1], image.shape[0]
    less = max(1, size[0] // step), max(1, size[1] // step)
    small = cv2.resize(image, less, interpolation=cv2.INTER_AREA) if step > 1 else image
    wide = cv2.GaussianBlur(small, (0, 0), reach / step)
    return cv2.resize(wide, size, interpolation=cv2.INTER_LINEAR) if step > 1 else wide


def _place(kind: GarmentKind, *, person: Person, along: tuple[Numbers, Numbers]) -> Mask:
    """Where a garment of that kind may be: on the body and a little around it."""
    t, s = along
    stance = person.stance
    reach = max(3, round(0.16 * stance.unit_px))
    near = cv2.dilate(ones_inside(person.body), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    rows = np.arange(person.shape[0])[:, None]
    below_chin = rows > person.chin[1] - 0.12 * stance.unit_px
    arms = stance.arm_mask(person.shape, 0, span=(0.0, 2.5), wide=1.5)
    arms |= stance.arm_mask(person.shape, 1, span=(0.0, 2.5), wide=1.5)
    places = {
        GarmentKind.UPPER: below_chin & ((t < 1.75) | arms),
        GarmentKind.OUTER: below_chin & ((t < 2.2) | arms),
        GarmentKind.FULL: below_chin,
        GarmentKind.LOWER: (t > 0.7) & (np.abs(s) < 1.4),
        GarmentKind.HEAD: ~below_chin | (t < -0.5),
    }
    return near & places[kind]
