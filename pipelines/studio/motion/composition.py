"""A clip as layers over time, and any of its frames. Next: `designs/`, which compose them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.studio.motion.canvas import Canvas, Window, lay_over, reach, stamp, weighed
from pipelines.studio.motion.sprites import Pyramid, Sprite
from pipelines.studio.scenes.arrays import F64, U8

Pose = Callable[[float], F64]
"""Where a picture is at a time (s): a (3, 3) matrix from its pixels to the frame's."""

Level = Callable[[float], float]
"""An opacity or a strength at a time (s): 0..1."""

SHUTTER = 0.5
"""Share of a frame's time that the shutter is open. Source: the 180° shutter of film cameras."""

SMEAR_FROM_PX = 5.0
SMEAR_STEP_PX = 3.0
SMEAR_MOST = 10
"""Motion blur begins where a picture moves this far while the shutter is open, with a sub-image
every so many pixels. By eye at 1080 px, 2026-11-22: below it no stutter is seen."""


def full(time_s: float) -> float:
    """An opacity of 1 at all times."""
    del time_s
    return 1.0


def steadily(pose: F64) -> Pose:
    """A pose that does not change."""

    def held(time_s: float) -> F64:
        del time_s
        return pose

    return held


class Layer(Protocol):
    """Something painted into every frame."""

    def paint(self, canvas: Canvas, time_s: float, *, open_s: float) -> None:
        """Paints itself as it is at a time; the shutter is open for `open_s` around it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A picture that moves. `within` confines it to another piece's outline (a light on it).

    `sharp` interpolates by cubics. `window` is the part of the frame that it may paint.
    """

    picture: Pyramid
    pose: Pose
    opacity: Level = full
    sharp: bool = False
    within: Piece | None = None
    window: Window | None = None

    def paint(self, canvas: Canvas, time_s: float, *, open_s: float) -> None:
        """Lays the picture over the frame, blurred along its way where it is fast."""
        share = self.opacity(time_s)
        if share <= 1 / 512:
            return
        sprite, pose = self.picture.at(self.pose(time_s))
        poses = self._smeared(pose, time_s, open_s)
        window = reach(sprite.size, poses, within=self.window or canvas.window)
        if window is None:
            return
        laid = stamp(sprite, poses, window=window, sharp=self.sharp and len(poses) == 1)
        mask = None if self.within is None else self.within.outline(window, time_s)
        lay_over(
            canvas, laid if share >= 1 and mask is None else weighed(laid, share=share, mask=mask)
        )

    def outline(self, window: Window, time_s: float) -> tuple[U8, U8]:
        """The piece's alpha in a window of the frame, at full and at half size."""
        sprite, pose = self.picture.at(self.pose(time_s))
        laid = stamp(sprite, [pose], window=window, sharp=False)
        if laid.alphas is None:
            raise ValueError("an opaque picture has no outline to keep within")
        return laid.alphas

    def _smeared(self, pose: F64, time_s: float, open_s: float) -> list[F64]:
        ends = [self.pose(time_s + side * open_s / 2) for side in (-1, 1)]
        way = _way_px(ends[0], ends[1], self.picture.size)
        if way < SMEAR_FROM_PX:
            return [pose]
        count = min(SMEAR_MOST, math.ceil(way / SMEAR_STEP_PX))
        to_level = np.linalg.inv(self.pose(time_s)) @ pose
        spots = (np.arange(count) + 0.5) / count - 0.5
        return [self.pose(time_s + float(spot) * open_s) @ to_level for spot in spots]


def _way_px(first: F64, last: F64, size: tuple[int, int]) -> float:
    """How far the picture's corners move at most between two poses."""
    width, height = size
    corners = np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
    a, b = first @ corners, last @ corners
    return float(np.hypot(*(a[:2] / a[2] - b[:2] / b[2])).max())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """A rendered room as two planes that meet at a level line: the wall above, the floor below.

    Both are parts of one picture. `wall` and `floor` move them; `seam` is the frame's row where
    they meet. What the planes share there moves alike, so no line shows.
    """

    picture: Sprite
    wall: Pose
    floor: Pose
    seam: Callable[[float], float]

    def paint(self, canvas: Canvas, time_s: float, *, open_s: float) -> None:
        """Fills the whole frame; a room is never so fast that it blurs."""
        del open_s
        row = min(max(2 * round(self.seam(time_s) / 2), 0), canvas.height_px)
        parts = ((self.wall, (0, 0, canvas.width_px, row)),
                 (self.floor, (0, row, canvas.width_px, canvas.height_px)))  # fmt: skip
        for pose, window in parts:
            if window[3] > window[1]:
                lay_over(canvas, stamp(self.picture, [pose(time_s)], window=window, sharp=False))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Troupe:
    """Layers that pass before and behind one another: at each time the farthest is painted first.

    `depths` gives each member's distance from the camera at a time.
    """

    members: tuple[tuple[Layer, ...], ...]
    depths: tuple[Callable[[float], float], ...]

    def paint(self, canvas: Canvas, time_s: float, *, open_s: float) -> None:
        """Paints the members, far ones first."""
        order = sorted(range(len(self.members)), key=lambda i: -self.depths[i](time_s))
        for index in order:
            for layer in self.members[index]:
                layer.paint(canvas, time_s, open_s=open_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Composition:
    """A clip: `ground` from back to front, its first layer filling the frame, then `front`.

    What is laid between the two lies behind the product. Sides are even.
    """

    width_px: int
    height_px: int
    fps: int
    frames: int
    ground: tuple[Layer, ...]
    front: tuple[Layer, ...]

    @property
    def duration_s(self) -> float:
        """How long the clip lasts."""
        return self.frames / self.fps

    def frame(self, index: int) -> Canvas:
        """The frame of that number, painted: same composition and number, same pixels."""
        canvas = Canvas.of(self.width_px, self.height_px)
        for layer in (*self.ground, *self.front):
            layer.paint(canvas, index / self.fps, open_s=SHUTTER / self.fps)
        return canvas


def place(*, x: float, y: float, scale: float = 1.0, turn_rad: float = 0.0) -> F64:
    """The pose that turns and scales a picture about its origin and then moves it to (x, y)."""
    c, s = scale * math.cos(turn_rad), scale * math.sin(turn_rad)
    return np.array([[c, -s, x], [s, c, y], [0.0, 0.0, 1.0]])


def about(x: float, y: float, *, scale: float = 1.0, turn_rad: float = 0.0) -> F64:
    """The pose that scales and turns about (x, y), which stays where it is."""
    return place(x=x, y=y, scale=scale, turn_rad=turn_rad) @ place(x=-x, y=-y)
