"""Faults of the frame: product cut, ground not white, things beside the product, too few pixels."""

from __future__ import annotations

import cv2
import numpy as np

from assets.media import Picture
from content_engine.types import Shot
from qa.vision.arrays import Pixels
from qa.vision.observed import WHOLE, Box
from serving.bench.image_goods import Good, box_of, fitted, mixed, soft


def crop(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    """The frame cuts a share of the product away; the rest is enlarged to the same size."""
    height, width = good.mask.shape
    x, y, across, down = cv2.boundingRect(good.mask.astype(np.uint8))
    rows, columns = slice(0, height), slice(0, width)
    side = rng.integers(0, 4)
    if side == 0:
        columns = slice(x + round(amount * across), width)
    elif side == 1:
        columns = slice(0, x + across - round(amount * across))
    elif side == 2:
        rows = slice(y + round(amount * down), height)
    else:
        rows = slice(0, y + down - round(amount * down))
    cut = _covered(_cut(good.picture, rows, columns), width / height, int(side))

    def enlarged(image: Pixels) -> Pixels:
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)

    alpha = None if cut.alpha is None else enlarged(cut.alpha)
    return Picture(enlarged(cut.rgb), alpha), _edge_box(int(side))


def _edge_box(side: int) -> Box:
    """The fifth of the frame along a side: 0 left, 1 right, 2 top, 3 bottom."""
    return ((0.0, 0.0, 0.2, 1.0), (0.8, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 0.2), (0.0, 0.8, 1.0, 1.0))[
        side
    ]


def _cut(picture: Picture, rows: slice, columns: slice) -> Picture:
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[rows, columns])
    return Picture(np.ascontiguousarray(picture.rgb[rows, columns]), alpha)


def _covered(picture: Picture, aspect: float, side: int) -> Picture:
    """The largest part of the picture with that aspect that keeps the cut side at the edge."""
    height, width = picture.rgb.shape[:2]
    across, down = min(width, round(height * aspect)), min(height, round(width / aspect))
    left = {0: 0, 1: width - across}.get(side, (width - across) // 2)
    top = {2: 0, 3: height - down}.get(side, (height - down) // 2)
    return _cut(picture, slice(top, top + down), slice(left, left + across))


def off_white(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """The whole ground a few levels below white, a little yellow."""
    if good.shot is not Shot.PACKSHOT:
        return None
    level = np.array([255.0 - amount, 255.0 - amount, 255.0 - 1.2 * amount]) / 255.0
    dimmed = good.picture.rgb.astype(np.float32) * level
    return mixed(good, dimmed, 1.0 - soft(good.mask)), WHOLE


def off_white_patch(
    good: Good, amount: float, _: np.random.Generator
) -> tuple[Picture, Box] | None:
    """A faint square on empty ground."""
    if good.shot is not Shot.PACKSHOT:
        return None
    spot = _free_spot(good, amount)
    if spot is None:
        return None
    left, top, side = spot
    patch = np.zeros(good.mask.shape, bool)
    patch[top : top + side, left : left + side] = True
    dimmed = np.minimum(good.picture.rgb, 248)
    return mixed(good, dimmed, soft(patch, 3.0)), box_of(patch)


def _free_spot(good: Good, share: float) -> tuple[int, int, int] | None:
    """(left, top, side) of the square in the emptiest corner or side."""
    height, width = good.mask.shape
    side = round(share * max(height, width))
    small = cv2.resize((~good.mask).astype(np.uint8), (width // 4, height // 4))
    far = cv2.distanceTransform(small, cv2.DIST_L2, 3) * 4
    best: tuple[float, int, int] = (0.0, 0, 0)
    for top in (0, (height - side) // 4, (height - side) // 2, height - side):
        for left in (0, (width - side) // 2, width - side):
            centre = far[
                min((top + side // 2) // 4, far.shape[0] - 1),
                min((left + side // 2) // 4, far.shape[1] - 1),
            ]
            best = max(best, (float(centre), left, top))
    if best[0] < 0.75 * side:
        return None
    return best[1], best[2], side


def second_object(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """Another product beside this one, behind it where they meet."""
    if good.shot is Shot.SCENE:
        return None
    height, width = good.mask.shape
    side = round(amount * max(height, width))
    rgb, alpha = fitted(good.stranger, (min(side, width), min(side, height)))
    found = _emptiest(good, (rgb.shape[1], rgb.shape[0]))
    left, top = found
    window = (slice(top, top + rgb.shape[0]), slice(left, left + rgb.shape[1]))
    room = np.zeros(good.mask.shape, np.float32)
    canvas = np.zeros(good.picture.rgb.shape, np.uint8)
    canvas[window], room[window] = rgb, alpha.astype(np.float32) / 255.0
    room[good.mask] = 0.0
    if (room > 0.5).sum() < max(0.3 * (alpha > 127).sum(), 0.003 * good.mask.sum()):
        return None
    picture = mixed(good, canvas, room[..., None])
    if good.picture.alpha is not None:
        raised = np.maximum(good.picture.alpha, (255 * room).astype(np.uint8))
        picture = Picture(picture.rgb, raised)
    return picture, box_of(room > 0.5)


def _emptiest(good: Good, size: tuple[int, int]) -> tuple[int, int]:
    """(left, top) of the window of that size with the least product in it."""
    height, width = good.mask.shape
    integral = cv2.integral(good.mask.astype(np.uint8))
    best = (float("inf"), 0, 0)
    for top in range(0, height - size[1] + 1, 16):
        for left in range(0, width - size[0] + 1, 16):
            right, bottom = left + size[0], top + size[1]
            inside = (
                integral[bottom, right]
                - integral[top, right]
                - integral[bottom, left]
                + integral[top, left]
            )
            best = min(best, (float(inside), left, top))
    return best[1], best[2]


def small_file(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """The picture with fewer pixels than were asked for."""

    def shrunk(image: Pixels) -> Pixels:
        return cv2.resize(image, None, fx=amount, fy=amount, interpolation=cv2.INTER_AREA)

    alpha = None if good.picture.alpha is None else shrunk(good.picture.alpha)
    return Picture(shrunk(good.picture.rgb), alpha), WHOLE
