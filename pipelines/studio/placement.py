"""Where the product stands in a frame: whole, well filled, cut sides at the frame's edge."""

from __future__ import annotations

from dataclasses import dataclass

ASPECTS = {
    "1:1": (1, 1),
    "4:5": (4, 5),
    "2:3": (2, 3),
    "3:2": (3, 2),
    "9:16": (9, 16),
    "16:9": (16, 9),
}
"""The frames that channels ask for, as (width, height) shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The product's box in the frame, in whole pixels, and how much it is magnified."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    scale: float


def frame_px(aspect: str, *, longer_side_px: int) -> tuple[int, int]:
    """The (width, height) of a frame of that aspect; `aspect` is a key of ASPECTS."""
    across, down = ASPECTS[aspect]
    unit = longer_side_px / max(across, down)
    return round(across * unit), round(down * unit)


def place(
    product_px: tuple[int, int],
    *,
    frame_px: tuple[int, int],
    fill: float,
    cut_sides: frozenset[str] = frozenset(),
) -> Placement:
    """The largest placement of a (width, height) product whose margins leave `fill` of each side.

    The product is never cut. A side where the photo already cuts it has no margin and lies at the
    frame's edge, as a photographer would frame it: a leg that ends in mid-air looks like a fault.
    """
    room = [
        _room(length, fill, sides, cut_sides)
        for length, sides in zip(frame_px, (("left", "right"), ("top", "bottom")), strict=True)
    ]
    scale = min(room[0] / product_px[0], room[1] / product_px[1])
    width = min(max(1, round(product_px[0] * scale)), frame_px[0])
    height = min(max(1, round(product_px[1] * scale)), frame_px[1])
    return Placement(
        left_px=_start(frame_px[0], width, ("left", "right"), cut_sides),
        top_px=_start(frame_px[1], height, ("top", "bottom"), cut_sides),
        width_px=width,
        height_px=height,
        scale=scale,
    )


def _room(length: int, fill: float, sides: tuple[str, str], cut: frozenset[str]) -> float:
    margin = (1 - fill) / 2
    return length * (1 - margin * sum(side not in cut for side in sides))


def _start(length: int, product: int, sides: tuple[str, str], cut: frozenset[str]) -> int:
    first, last = (side in cut for side in sides)
    if first == last:
        return (length - product) // 2
    return 0 if first else length - product
