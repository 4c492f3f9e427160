"""Faults of the product: fringe, tint, blur, another product, letters garbled, parts gone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from assets.media import Picture
from content_engine.types import Shot
from qa.vision.arrays import Mask, Pixels
from qa.vision.observed import WHOLE, Box, share_box
from serving.bench.image_goods import Good, box_of, fitted, mixed, pixel_unit, soft

_LEAST_LETTERS_PX = 14.0


def halo(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    """A ring around the product, between its own rim and a light grey."""
    reach = max(1, round(amount * pixel_unit(good)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(good.mask.astype(np.uint8), kernel) > 0
    ring = grown & ~good.mask
    rim = np.median(good.picture.rgb[good.mask & ~_eroded(good.mask)], axis=0)
    grey = rng.uniform(165, 225)
    picture = mixed(
        good, np.broadcast_to(0.25 * rim + 0.75 * grey, good.picture.rgb.shape), soft(ring)
    )
    if good.picture.alpha is not None:
        raised = np.maximum(good.picture.alpha, (255 * soft(grown)[..., 0]).astype(np.uint8))
        picture = Picture(picture.rgb, raised)
    return picture, box_of(grown)


def _eroded(mask: Mask) -> Mask:
    return cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


def missing(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    """One side of the product lost by the cut-out; None in a scene."""
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
        return Picture(good.picture.rgb, alpha), box_of(lost)
    return mixed(good, np.full((1, 1, 3), 255.0), soft(lost)), box_of(lost)


def tint(good: Good, amount: float, rng: np.random.Generator) -> tuple[Picture, Box] | None:
    """The product shifted along one axis of CIELAB."""
    lab = cv2.cvtColor(good.picture.rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    channel, sign = int(rng.integers(0, 3)), float(rng.choice([-1.0, 1.0]))
    lab[..., channel] += sign * amount
    shifted = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0) * 255.0
    return mixed(good, shifted, soft(good.mask)), box_of(good.mask)


def blur(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """The product out of focus."""
    sigma = amount * max(1.0, good.enlargement)
    blurred = cv2.GaussianBlur(good.picture.rgb, (0, 0), sigma)
    return mixed(good, blurred, soft(good.mask)), box_of(good.mask)


def low_resolution(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """The product as if it had far fewer pixels."""
    factor = 1.0 / (amount * max(1.0, good.enlargement))
    small = cv2.resize(good.picture.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    size = (good.mask.shape[1], good.mask.shape[0])
    coarse = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return mixed(good, coarse, soft(good.mask)), box_of(good.mask)


def wrong_product(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """Another product in its place, or its mirror image."""
    if amount == 2.0:
        return _mirrored(good)
    other = good.sibling if amount == 0.0 else good.stranger
    if good.shot is Shot.CUTOUT:
        return other, WHOLE
    plain = _without_product(good)
    x, y, across, down = cv2.boundingRect(good.mask.astype(np.uint8))
    rgb, alpha = fitted(other, (across, down))
    room = np.zeros(good.mask.shape, np.float32)
    canvas = np.zeros(good.picture.rgb.shape, np.uint8)
    left, top = x + (across - rgb.shape[1]) // 2, y + (down - rgb.shape[0])
    window = (slice(top, top + rgb.shape[0]), slice(left, left + rgb.shape[1]))
    canvas[window], room[window] = rgb, alpha.astype(np.float32) / 255.0
    picture = mixed(replace(good, picture=plain), canvas, room[..., None])
    return picture, box_of(room > 0.5)


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
    return Picture(np.ascontiguousarray(good.picture.rgb[:, ::-1]), alpha), WHOLE


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
    near = soft(cv2.dilate(good.mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0, 5.0)
    return mixed(good, grown, near)


def garbled_label(good: Good, amount: float, _: np.random.Generator) -> tuple[Picture, Box] | None:
    """The largest line of letters made nonsense; None without letters."""
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
