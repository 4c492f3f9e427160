"""Faults planted in good pictures, with the box where each lies: the image judge's examination.

Amounts are in `image_faults.toml`, from subtle to plain.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from assets.media import Picture
from content_engine.types import Shot
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box, share_box

FAULTS_PATH = Path(__file__).with_name("image_faults.toml")

_LEAST_LETTERS_PX = 14.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Good:
    """A good picture and what its maker knows of it.

    `mask` (H, W) bool is the product; `enlargement` picture pixels per source pixel; `sibling` and
    `stranger` are transparent cut-outs of a like and an unlike product; `lines` are boxes
    (x0, y0, x1, y1) in pixels around the letters on the product.
    """

    picture: Picture
    shot: Shot
    mask: Mask
    enlargement: float
    sibling: Picture
    stranger: Picture
    lines: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Planted:
    """A picture with one fault: its kind and strength, and the box (0..1) it lies in."""

    kind: str
    strength: str
    picture: Picture
    box: Box


Plant = Callable[[Good, float, np.random.Generator], tuple[Picture, Box] | None]


def load_amounts() -> dict[str, dict[str, float]]:
    """The amount of every strength (`subtle`, `middle`, `plain`) of every kind of fault."""
    tables = tomllib.loads(FAULTS_PATH.read_text(encoding="utf-8"))
    names = ("subtle", "middle", "plain")
    return {kind: dict(zip(names, table["amounts"], strict=True)) for kind, table in tables.items()}


def plant_all(good: Good, *, seed: int) -> tuple[Planted, ...]:
    """Every fault at every strength that this picture can carry. Same seed, same faults."""
    found: list[Planted] = []
    for kind, strengths in load_amounts().items():
        for strength, amount in strengths.items():
            rng = np.random.default_rng([seed, len(found)])
            result = _PLANTS[kind](good, amount, rng)
            if result is not None:
                picture, box = result
                found.append(Planted(kind=kind, strength=strength, picture=picture, box=box))
    return tuple(found)


def _unit(good: Good) -> float:
    """Pixels of this picture per pixel of a 1600 px frame."""
    return max(good.mask.shape) / 1600.0


def _box(mask: Mask) -> Box:
    return share_box(cv2.boundingRect(mask.astype(np.uint8)), (mask.shape[1], mask.shape[0]))


def _soft(mask: Mask, sigma: float = 0.7) -> Numbers:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma)[..., None]


def _mixed(good: Good, over: Numbers, share: Numbers) -> Picture:
    """The picture with `over` laid on it by `share` (H, W, 1)."""
    rgb = good.picture.rgb.astype(np.float32)
    mixed = rgb * (1.0 - share) + over.astype(np.float32) * share
    return Picture(np.clip(np.rint(mixed), 0, 255).astype(np.uint8), good.picture.alpha)


def _halo(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    reach = max(1, round(amount * _unit(good)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(good.mask.astype(np.uint8), kernel) > 0
    ring = grown & ~good.mask
    rim = np.median(good.picture.rgb[good.mask & ~_eroded(good.mask)], axis=0)
    grey = rng.uniform(165, 225)
    picture = _mixed(
        good, np.broadcast_to(0.25 * rim + 0.75 * grey, good.picture.rgb.shape), _soft(ring)
    )
    if good.picture.alpha is not None:
        raised = np.maximum(good.picture.alpha, (255 * _soft(grown)[..., 0]).astype(np.uint8))
        picture = Picture(picture.rgb, raised)
    return picture, _box(grown)


def _eroded(mask: Mask) -> Mask:
    return cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


def _crop(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
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
    if good.shot is Shot.CUTOUT:
        kept = good.mask[rows, columns]
        if not kept.any():
            return None
        return _cut(good.picture, rows, columns), WHOLE_BOX
    aspect = width / height
    cut = _cut(good.picture, rows, columns)
    target = (width, height)
    fitted = _covered(cut, aspect, int(side))
    rgb = cv2.resize(fitted.rgb, target, interpolation=cv2.INTER_CUBIC)
    return Picture(rgb, None), _edge_box(int(side))


WHOLE_BOX: Box = (0.0, 0.0, 1.0, 1.0)


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


def _missing(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    if good.shot is Shot.SCENE:
        return None
    x, y, across, down = cv2.boundingRect(good.mask.astype(np.uint8))
    lost = np.zeros(good.mask.shape, bool)
    side = rng.integers(0, 4)
    if side < 2:
        part = round(amount * across)
        start = x if side == 0 else x + across - part
        lost[:, start : start + part] = True
    else:
        part = round(amount * down)
        start = y if side == 2 else y + down - part
        lost[start : start + part] = True
    lost &= cv2.dilate(good.mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if good.picture.alpha is not None:
        alpha = np.where(lost, 0, good.picture.alpha).astype(np.uint8)
        return Picture(good.picture.rgb, alpha), _box(lost)
    return _mixed(good, np.full((1, 1, 3), 255.0), _soft(lost)), _box(lost)


def _tint(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    lab = cv2.cvtColor(good.picture.rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    channel, sign = int(rng.integers(0, 3)), float(rng.choice([-1.0, 1.0]))
    lab[..., channel] += sign * amount
    shifted = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0) * 255.0
    return _mixed(good, shifted, _soft(good.mask)), _box(good.mask)


def _blur(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    sigma = amount * max(1.0, good.enlargement)
    blurred = cv2.GaussianBlur(good.picture.rgb, (0, 0), sigma)
    return _mixed(good, blurred, _soft(good.mask)), _box(good.mask)


def _low_resolution(
    good: Good, amount: float, _: np.random.Generator
) -> tuple[Picture, Box] | None:
    factor = 1.0 / (amount * max(1.0, good.enlargement))
    small = cv2.resize(good.picture.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    size = (good.mask.shape[1], good.mask.shape[0])
    coarse = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return _mixed(good, coarse, _soft(good.mask)), _box(good.mask)


def _small_file(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    def shrunk(image: Pixels) -> Pixels:
        return cv2.resize(image, None, fx=amount, fy=amount, interpolation=cv2.INTER_AREA)

    alpha = None if good.picture.alpha is None else shrunk(good.picture.alpha)
    return Picture(shrunk(good.picture.rgb), alpha), WHOLE_BOX


def _wrong_product(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    if amount == 2.0:
        return _mirrored(good)
    other = good.sibling if amount == 0.0 else good.stranger
    if good.shot is Shot.CUTOUT:
        return other, WHOLE_BOX
    plain = _without_product(good)
    x, y, across, down = cv2.boundingRect(good.mask.astype(np.uint8))
    rgb, alpha = _fitted(other, (across, down))
    room = np.zeros(good.mask.shape, np.float32)
    canvas = np.zeros(good.picture.rgb.shape, np.uint8)
    left, top = x + (across - rgb.shape[1]) // 2, y + (down - rgb.shape[0])
    window = (slice(top, top + rgb.shape[0]), slice(left, left + rgb.shape[1]))
    canvas[window], room[window] = rgb, alpha.astype(np.float32) / 255.0
    picture = _mixed(replace(good, picture=plain), canvas, room[..., None])
    return picture, _box(room > 0.5)


def _mirrored(good: Good) -> tuple[Picture, Box] | None:
    """The product turned into its mirror image, unless nobody could tell the difference."""
    x, y, across, down = cv2.boundingRect(good.mask.astype(np.uint8))
    own = good.picture.rgb[y : y + down, x : x + across]
    if np.abs(own.astype(int) - own[:, ::-1]).mean() < 12.0:
        return None
    if good.shot is Shot.SCENE:
        return None
    alpha = (
        None if good.picture.alpha is None else np.ascontiguousarray(good.picture.alpha[:, ::-1])
    )
    return Picture(np.ascontiguousarray(good.picture.rgb[:, ::-1]), alpha), WHOLE_BOX


def _without_product(good: Good) -> Picture:
    """The ground alone: white, or the scene grown over the product."""
    if good.shot is Shot.PACKSHOT:
        return Picture(np.full(good.picture.rgb.shape, 255, np.uint8), None)
    factor = 200.0 / max(good.mask.shape)
    small = cv2.resize(good.picture.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    size = (small.shape[1], small.shape[0])
    hole = cv2.resize(good.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    filled = cv2.inpaint(small, cv2.dilate(hole, np.ones((5, 5), np.uint8)), 3, cv2.INPAINT_TELEA)
    grown = cv2.resize(filled, (good.mask.shape[1], good.mask.shape[0]))
    near = _soft(cv2.dilate(good.mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0, 5.0)
    return _mixed(good, grown, near)


def _fitted(picture: Picture, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """A cut-out scaled to fit (width, height): colours and alpha."""
    scale = min(size[0] / picture.width_px, size[1] / picture.height_px)
    target = (max(2, int(picture.width_px * scale)), max(2, int(picture.height_px * scale)))
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    alpha = picture.alpha
    if alpha is None:
        alpha = np.full(picture.rgb.shape[:2], 255, np.uint8)
    return (
        cv2.resize(picture.rgb, target, interpolation=flags),
        cv2.resize(alpha, target, interpolation=flags),
    )


def _off_white(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    if good.shot is not Shot.PACKSHOT:
        return None
    level = np.array([255.0 - amount, 255.0 - amount, 255.0 - 1.2 * amount]) / 255.0
    dimmed = good.picture.rgb.astype(np.float32) * level
    return _mixed(good, dimmed, 1.0 - _soft(good.mask)), WHOLE_BOX


def _off_white_patch(
    good: Good, amount: float, _: np.random.Generator
) -> tuple[Picture, Box] | None:
    if good.shot is not Shot.PACKSHOT:
        return None
    spot = _free_spot(good, amount)
    if spot is None:
        return None
    left, top, side = spot
    patch = np.zeros(good.mask.shape, bool)
    patch[top : top + side, left : left + side] = True
    dimmed = np.minimum(good.picture.rgb, 248)
    return _mixed(good, dimmed, _soft(patch, 3.0)), _box(patch)


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


def _second_object(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    if good.shot is Shot.SCENE:
        return None
    height, width = good.mask.shape
    side = round(amount * max(height, width))
    rgb, alpha = _fitted(good.stranger, (min(side, width), min(side, height)))
    found = _emptiest(good, (rgb.shape[1], rgb.shape[0]))
    left, top = found
    window = (slice(top, top + rgb.shape[0]), slice(left, left + rgb.shape[1]))
    room = np.zeros(good.mask.shape, np.float32)
    canvas = np.zeros(good.picture.rgb.shape, np.uint8)
    canvas[window], room[window] = rgb, alpha.astype(np.float32) / 255.0
    room[good.mask] = 0.0
    if (room > 0.5).sum() < max(0.3 * (alpha > 127).sum(), 0.003 * good.mask.sum()):
        return None
    picture = _mixed(good, canvas, room[..., None])
    if good.picture.alpha is not None:
        raised = np.maximum(good.picture.alpha, (255 * room).astype(np.uint8))
        picture = Picture(picture.rgb, raised)
    return picture, _box(room > 0.5)


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


def _garbled_label(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    lines = [
        line
        for line in good.lines
        if min(line[2] - line[0], line[3] - line[1]) >= _LEAST_LETTERS_PX
    ]
    if not lines:
        return None
    x0, y0, x1, y1 = max(lines, key=lambda line: (line[2] - line[0]) * (line[3] - line[1]))
    rgb = good.picture.rgb.copy()
    label = rgb[y0:y1, x0:x1]
    rgb[y0:y1, x0:x1] = _garbled(label, int(amount))
    return Picture(rgb, good.picture.alpha), share_box(
        (x0, y0, x1 - x0, y1 - y0), (rgb.shape[1], rgb.shape[0])
    )


def _garbled(label: Pixels, how: int) -> Pixels:
    """The line with two letters swapped (0), half of it mirrored (1), or smeared in waves (2)."""
    across = label.shape[1] >= label.shape[0]
    line = label if across else np.ascontiguousarray(label.transpose(1, 0, 2))
    height, width = line.shape[:2]
    done = line.copy()
    if how == 0:
        part = max(2, min(width // 4, height))
        done[:, part : 2 * part], done[:, -2 * part : -part] = (
            line[:, -2 * part : -part].copy(),
            line[:, part : 2 * part].copy(),
        )
    elif how == 1:
        done[:, : width // 2] = line[:, : width // 2][:, ::-1]
    else:
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        wave = 0.22 * height * np.sin(columns / (0.35 * height))
        shear = 0.25 * height * np.sin(rows / (0.18 * height))
        spots = (columns + shear).astype(np.float32), (rows + wave).astype(np.float32)
        done = cv2.remap(line, *spots, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return done if across else np.ascontiguousarray(done.transpose(1, 0, 2))


_PLANTS: Mapping[str, Plant] = {
    "halo": _halo,
    "crop": _crop,
    "missing": _missing,
    "tint": _tint,
    "blur": _blur,
    "wrong_product": _wrong_product,
    "off_white": _off_white,
    "off_white_patch": _off_white_patch,
    "second_object": _second_object,
    "low_resolution": _low_resolution,
    "small_file": _small_file,
    "garbled_label": _garbled_label,
}
