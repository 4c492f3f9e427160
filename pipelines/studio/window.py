"""A part of a frame that shall fill it: rendered larger and cut out, not enlarged afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2

from assets.media import Picture

CANVAS_MAX_PX = 4096
"""Longer side of what is rendered: what a replica of 2 GiB renders (see pipelines/image.py)."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The canvas (width, height) to render, and the box (x0, y0, x1, y1) of it that is shown.

    The shown part is enlarged to `frame_px` only where the canvas would pass CANVAS_MAX_PX.
    """

    frame_px: tuple[int, int]
    canvas_px: tuple[int, int]
    box_px: tuple[int, int, int, int]

    @classmethod
    def of(cls, crop: Box | None, *, frame_px: tuple[int, int]) -> Self:
        """The window of the smallest box of the frame's own shape that holds `crop`, 0..1."""
        width, height = frame_px
        if crop is None:
            return cls(frame_px=frame_px, canvas_px=frame_px, box_px=(0, 0, width, height))
        left, top, right, _ = fitted(crop)
        side = right - left
        scale = min(1 / side, CANVAS_MAX_PX / max(frame_px))
        canvas = (round(width * scale), round(height * scale))
        size = (round(canvas[0] * side), round(canvas[1] * side))
        first = (
            min(round(left * canvas[0]), canvas[0] - size[0]),
            min(round(top * canvas[1]), canvas[1] - size[1]),
        )
        box_px = (*first, first[0] + size[0], first[1] + size[1])
        return cls(frame_px=frame_px, canvas_px=canvas, box_px=box_px)

    def through(self, canvas: Picture) -> Picture:
        """What is seen of a rendered canvas: a picture of `frame_px`."""
        if self.canvas_px == self.frame_px and self.box_px == (0, 0, *self.frame_px):
            return canvas
        left, top, right, bottom = self.box_px
        planes = [canvas.rgb, *([] if canvas.alpha is None else [canvas.alpha])]
        seen = [plane[top:bottom, left:right].copy() for plane in planes]
        if (right - left, bottom - top) != self.frame_px:
            seen = [cv2.resize(each, self.frame_px, interpolation=cv2.INTER_CUBIC) for each in seen]
        return Picture(*seen)


def fitted(crop: Box) -> Box:
    """The smallest box of the frame's own shape that holds `crop` and lies inside the frame."""
    x0, y0, x1, y1 = crop
    side = min(1.0, max(x1 - x0, y1 - y0))
    left, top = _start(x0, x1, side), _start(y0, y1, side)
    return left, top, left + side, top + side


def nested(crop: Box, *, within: Box | None) -> Box:
    """The crop of a frame that already shows only `within`, as a box of the whole frame."""
    if within is None:
        return crop
    left, top, right, _ = fitted(within)
    side = right - left
    x0, y0, x1, y1 = crop
    return left + x0 * side, top + y0 * side, left + x1 * side, top + y1 * side


def _start(first: float, last: float, side: float) -> float:
    return min(max(0.0, (first + last - side) / 2), 1.0 - side)
