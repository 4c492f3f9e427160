"""The sets that clips are made in: what every set can do. Next: `standing.py`, `lying.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.composition import Layer, Piece
from pipelines.studio.motion.sprites import Pyramid, cut, pyramid
from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.placement import Placed, resized
from pipelines.studio.scenes.spec import Setting

MARGIN = 0.13
"""How far the rendered picture reaches beyond the frame on each side, in frame sides: what a
camera on its rails may come to see."""

EDGE = 0.01
"""What stays free between a product and the frame's sides, in frame widths."""

GAMMA = 2.2
"""A shade is summed in linear light and laid over display values; about sRGB's own curve."""

SMALLEST = 0.4
"""Things are shown down to this share of their size on the mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box in the frame, in shares of its sides: where a product stands or words are set."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle (x, y), in shares of the frame."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def px(self, frame_px: tuple[int, int]) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) in pixels."""
        width, height = frame_px
        return self.x0 * width, self.y0 * height, self.x1 * width, self.y1 * height


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What the camera does: `sway` and `rise` −1..1 of what the set allows, `zoom` about (x, y)."""

    sway: float = 0.0
    rise: float = 0.0
    near: float = 0.0
    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a thing is, against its mark: sideways and towards the back, in its own sizes.

    `lift` is its height above the ground, `turn_rad` its turn (lying things only).
    """

    right: float = 0.0
    ahead: float = 0.0
    lift: float = 0.0
    turn_rad: float = 0.0


Camerawork = Callable[[float], Move]
Walk = Callable[[float], Step]


def still(time_s: float) -> Step:
    """A thing that stays on its mark."""
    del time_s
    return Step()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """A cut-out at its size on its mark: what a set shows, and its shade if it may leave the mark.

    `detail` is how much finer its sprite is than the frame at rest. `contact` is the dark line
    under a standing thing with its (left, top) in the thing's own pixels.
    """

    placed: Placed
    sprite: Pyramid
    detail: float
    shade: Pyramid | None = None
    contact: tuple[Pyramid, int, int] | None = None

    @property
    def own_shade(self) -> Pyramid:
        """The shade that goes with it. Raises ValueError where it was set without one."""
        if self.shade is None:
            raise ValueError("this thing was set without a shade of its own: it can't walk")
        return self.shade


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOrder:
    """What a set shall be: its setting, the frame, the product's box in it, the seed.

    `detail` is how much larger than at rest the product will be shown at most: its sprite is made
    so large, as far as the photo has pixels. `scale_max` bounds its magnification at rest.
    """

    setting: Setting
    frame_px: tuple[int, int]
    box: Box
    seed: int
    detail: float = 1.0
    scale_max: float = 1.0

    @property
    def margin_px(self) -> tuple[int, int]:
        """How far the picture reaches beyond the frame on the left and at the top."""
        return round(MARGIN * self.frame_px[0]), round(MARGIN * self.frame_px[1])

    @property
    def picture_px(self) -> tuple[int, int]:
        """(width, height) of the rendered picture."""
        margin = self.margin_px
        return self.frame_px[0] + 2 * margin[0], self.frame_px[1] + 2 * margin[1]


class Set(Protocol):
    """A place for products. All poses are in frame pixels."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The main product's box at rest: x0, y0, x1, y1 in frame pixels."""
        ...

    def ground(self, camera: Camerawork) -> tuple[Layer, ...]:
        """What lies behind the products, the first layer filling the frame."""
        ...

    def thing(self, camera: Camerawork) -> Piece:
        """The main product on its mark."""
        ...

    def another(self, cutout: CutOut, box: Box) -> Thing:
        """Another product of this set, on a mark of its own, with a shade of its own."""
        ...

    def walking(self, thing: Thing, camera: Camerawork, walk: Walk) -> tuple[Piece, ...]:
        """A product that moves, its shade below it; the product is the last."""
        ...


def thing_of(cutout: CutOut, order: SetOrder, *, foot: bool) -> Thing:
    """The cut-out in its box of the rendered picture: centred, or on its lower edge for `foot`."""
    placed = _put(cutout, order, foot=foot)
    sprite, detail = _sprite_of(cutout, placed, detail=order.detail)
    return Thing(placed=placed, sprite=sprite, detail=detail)


def _put(cutout: CutOut, order: SetOrder, *, foot: bool) -> Placed:
    x0, y0, x1, y1 = order.box.px(order.frame_px)
    scale = min((x1 - x0) / cutout.width_px, (y1 - y0) / cutout.height_px, order.scale_max)
    size = max(2, round(cutout.width_px * scale)), max(2, round(cutout.height_px * scale))
    rgb, alpha = resized(cutout, size)
    free = y1 - y0 - size[1]
    return Placed(
        rgb=rgb,
        alpha=alpha,
        left_px=round((x0 + x1 - size[0]) / 2) + order.margin_px[0],
        top_px=round(y0 + free * (1.0 if foot else 0.5)) + order.margin_px[1],
    )


def _sprite_of(cutout: CutOut, placed: Placed, *, detail: float) -> tuple[Pyramid, float]:
    """The cut-out's sprite, and how much finer than `placed` it is: `detail` if the photo can."""
    finest = cutout.width_px / placed.size[0]
    fine = max(1.0, min(detail, finest))
    size = round(placed.size[0] * fine), round(placed.size[1] * fine)
    rgb, alpha = (placed.rgb, placed.alpha) if fine == 1.0 else resized(cutout, size)
    return pyramid(cut(rgb, alpha), smallest_scale=SMALLEST / fine), size[0] / placed.size[0]


def box_of(placed: Placed, margin_px: tuple[float, float]) -> tuple[float, float, float, float]:
    """Where the placed product is in the frame: x0, y0, x1, y1 in pixels."""
    left, top = placed.left_px - margin_px[0], placed.top_px - margin_px[1]
    return left, top, left + placed.size[0], top + placed.size[1]


def sideways_px(
    box_px: tuple[float, float, float, float], *, frame_width_px: int, zoom: float
) -> float:
    """How far a box (x0, y0, x1, y1) may go to either side, frame pixels before the zoom.

    Magnified `zoom` times about its own middle it is still within the frame, less `EDGE`.
    """
    x0, _, x1, _ = box_px
    middle, half = (x0 + x1) / 2, zoom * (x1 - x0) / 2
    room = min(middle, frame_width_px - middle) - half - EDGE * frame_width_px
    return max(0.0, room / zoom)


def as_veil(lit: F32) -> U8:
    """The alpha of a black veil that leaves that share of the linear light."""
    return np.rint(255 * (1 - np.clip(lit, 0.02, 1) ** (1 / GAMMA))).astype(np.uint8)
