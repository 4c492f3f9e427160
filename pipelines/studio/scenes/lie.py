"""Scenes of things that lie flat, seen from above: cloth, board or paper, and an offset shadow."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.scenes.arrays import F32, F64, U8
from pipelines.studio.scenes.camera import Patch
from pipelines.studio.scenes.composite import over_developed
from pipelines.studio.scenes.lens import blur, shoulder, vignette
from pipelines.studio.scenes.light import Lamp
from pipelines.studio.scenes.painting import paint
from pipelines.studio.scenes.placement import Placed, place
from pipelines.studio.scenes.shadow import direction, disc_rays, sky_rays
from pipelines.studio.scenes.spec import Setting, Sheet
from pipelines.studio.scenes.tone import Palette, read_palette

LIGHT_MAP_PX = 560
KEY_RAYS = 36
SKY_RAYS = 40
LAYERS = (0.2, 0.6, 1.0)  # heights of the lying thing's rim at which it is cut, of its thickness
SHEET_THICKNESS = 0.0035  # of the subject's size: heavy paper, a folded cloth


def render_lying(cutout: CutOut, *, setting: Setting, size_px: tuple[int, int], seed: int) -> U8:
    """The product lying in the setting, seen from above: (H, W, 3) uint8 sRGB."""
    placed = place(cutout, view=setting.view, size_px=size_px, seed=seed)
    table = lit_table(placed, setting=setting, size_px=size_px, seed=seed)
    return over_developed(table, placed, grain=setting.lens.grain, seed=seed)


def lit_table(
    placed: Placed, *, setting: Setting, size_px: tuple[int, int], seed: int, cast: bool = True
) -> F32:
    """The table under a lying product, lit, its shade in it unless `cast` is False.

    (H, W, 3) float32 linear, without the product.
    """
    pixel_m = setting.view.subject_m / max(placed.size)
    product = read_palette(placed.rgb, placed.alpha)
    place_of = _patch(size_px, pixel_m)
    towards = direction(setting.light.azimuth_deg, setting.light.elevation_deg)
    lamp = Lamp(
        light=setting.light,
        towards=towards,
        origin=np.zeros(3),
        size_m=setting.view.subject_m,
        seed=seed,
    )
    slope = float(towards[0]), -float(towards[2])
    ground = paint(setting.floor, place_of, product=product, seed=seed, light=slope)
    if setting.sheet is not None:
        ground = _with_sheet(
            ground, setting.sheet, placed=placed, place_of=place_of, lamp=lamp, product=product
        )
    body = placed if cast else replace(placed, alpha=np.zeros_like(placed.alpha))
    thickness = setting.view.thickness
    ground *= _light(body, size_px=size_px, lamp=lamp, product=product, thickness=thickness)
    ground *= vignette(size_px[0], size_px[1], strength=setting.lens.vignette)
    return shoulder(ground)


def _patch(size_px: tuple[int, int], pixel_m: float) -> Patch:
    """The table under the frame, its origin in the middle, y up the picture."""
    width, height = size_px
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)) * np.float32(pixel_m)
    y = (np.float32(height / 2 - 0.5) - np.arange(height, dtype=np.float32)) * np.float32(pixel_m)
    shape = height, width
    return Patch(
        x=np.ascontiguousarray(np.broadcast_to(x[None, :], shape)),
        y=np.ascontiguousarray(np.broadcast_to(y[:, None], shape)),
        pixel_m=np.full((height, 1), pixel_m, np.float32),
    )


def _light(
    placed: Placed, *, size_px: tuple[int, int], lamp: Lamp, product: Palette, thickness: float
) -> F32:
    """The light on the table with the product's shade in it: (H, W, 3) float32."""
    factor = min(1.0, LIGHT_MAP_PX / max(size_px))
    small = max(1, round(size_px[0] * factor)), max(1, round(size_px[1] * factor))
    pixel_m = lamp.size_m / (max(placed.size) * factor)
    body = cv2.resize(_on_frame(placed, size_px), small, interpolation=cv2.INTER_AREA)
    rise_px = thickness * max(placed.size) * factor
    rays = disc_rays(lamp.towards, softness_deg=lamp.light.softness_deg, count=KEY_RAYS)
    shade = lying_shade(body, rays, rise_px=rise_px)
    hidden = lying_shade(body, sky_rays(SKY_RAYS), rise_px=rise_px)
    table = _patch(small, pixel_m)
    key = lamp.key(table.x, np.zeros_like(table.x), table.y, normal=(0, 1, 0))
    light = lamp.sum(key * (1 - shade), 1 - hidden)
    light = light + hidden[..., None] * product.mean * np.float32(0.3)
    return cv2.resize(light.astype(np.float32), size_px, interpolation=cv2.INTER_LINEAR)


def _on_frame(placed: Placed, size_px: tuple[int, int]) -> U8:
    """The product's alpha on the whole frame: (H, W) uint8."""
    move = np.array([[1.0, 0.0, placed.left_px], [0.0, 1.0, placed.top_px]])
    return cv2.warpAffine(placed.alpha, move, size_px)


def lying_shade(body: U8, rays: F64, *, rise_px: float) -> F32:
    """The share of the rays that a flat body of that thickness blocks around it: (H, W) 0..1.

    `body` (h, w) uint8 is its outline; `rise_px` its thickness in pixels of `body`.
    """
    height, width = body.shape
    total = np.zeros((height, width), np.uint16)
    for ray in rays:
        hull = body
        for layer in LAYERS:
            reach = rise_px * layer / float(ray[1])
            move = np.array([[1.0, 0.0, -ray[0] * reach], [0.0, 1.0, ray[2] * reach]])
            hull = cv2.max(hull, cv2.warpAffine(body, move, (width, height)))
        total += hull
    return total.astype(np.float32) / np.float32(255 * len(rays))


def _with_sheet(
    ground: F32, sheet: Sheet, *, placed: Placed, place_of: Patch, lamp: Lamp, product: Palette
) -> F32:
    """The table with a sheet of paper, cloth or board laid on it under the product."""
    height, width = ground.shape[:2]
    corners = _corners(sheet, placed)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.7)
    slope = float(lamp.towards[0]), -float(lamp.towards[2])
    top = paint(sheet.surface, place_of, product=product, seed=lamp.seed + 300, light=slope)
    factor = 0.5
    small = cv2.resize(mask, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    rays = disc_rays(lamp.towards, softness_deg=lamp.light.softness_deg, count=12)
    rise = SHEET_THICKNESS * max(placed.size) * factor
    shade = blur(lying_shade(small, rays, rise_px=rise), 1.2)
    shade = cv2.resize(shade, (width, height), interpolation=cv2.INTER_LINEAR)
    ground *= (1 - np.float32(0.8 * lamp.light.key) * shade)[..., None]
    share = mask.astype(np.float32)[..., None] / 255.0
    return ground + (top - ground) * share


def _corners(sheet: Sheet, placed: Placed) -> F64:
    """The sheet's corners in the frame: (4, 2) px, clockwise from the top left."""
    half = np.array(placed.size) * (sheet.width / 2, sheet.height / 2)
    middle = np.array([placed.left_px, placed.top_px]) + np.array(placed.size) / 2
    middle = middle + np.array(placed.size) * sheet.offset
    turn = math.radians(sheet.turn_deg)
    rotate = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    return middle + box @ rotate
