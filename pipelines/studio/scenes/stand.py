"""Scenes of things that stand: room, reflection, lens, and the product before it all."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.color import to_linear
from pipelines.studio.scenes.composite import over_developed
from pipelines.studio.scenes.lens import blur_rows, shoulder, vignette
from pipelines.studio.scenes.placement import place
from pipelines.studio.scenes.plinth import with_plinth
from pipelines.studio.scenes.reflection import fresnel, ground_line, mirrored, soften
from pipelines.studio.scenes.room import floor_and_wall
from pipelines.studio.scenes.spec import Setting
from pipelines.studio.scenes.staging import Stage, set_stage

# Below this blur (sigma, px) a picture counts as sharp: the circle of confusion of a pixel.
SHARP_PX = 0.6


def render_standing(cutout: CutOut, *, setting: Setting, size_px: tuple[int, int], seed: int) -> U8:
    """The product standing in the setting: (H, W, 3) uint8 sRGB."""
    placed = place(cutout, view=setting.view, size_px=size_px, seed=seed)
    stage = set_stage(placed, setting=setting, size_px=size_px, seed=seed)
    room = floor_and_wall(stage)
    plinth = setting.plinth
    if plinth is None:
        room = _contact(room, stage)
    room = _gloss(room, stage)
    room = blur_rows(room, _focus(stage))
    if plinth is not None:
        room = _contact(with_plinth(room, plinth, stage=stage), stage)
    room *= vignette(size_px[0], size_px[1], strength=setting.lens.vignette)
    return over_developed(shoulder(room), placed, grain=setting.lens.grain, seed=seed)


def _focus(stage: Stage) -> F32:
    """The blur (sigma, px) of each row by the distance of what it shows."""
    camera, lens = stage.camera, stage.setting.lens
    rows = np.arange(camera.height_px, dtype=np.float32) + 0.5
    away = np.minimum(camera.distance_of(rows, stage.ground_m), stage.wall_m)
    sigma = lens.blur * camera.height_px * np.abs(1 - stage.base[1] / away)
    return np.maximum(sigma - SHARP_PX, 0).astype(np.float32)


def _contact(room: F32, stage: Stage) -> F32:
    """The thin dark line where the product touches: light cannot creep under it."""
    placed, stance = stage.placed, stage.stance
    width, height = placed.size
    reach = max(1.5, 0.011 * max(width, height))
    low = int(max(0, stance.outline.max() - 0.12 * max(width, height)))
    pad = int(4 * reach)
    rows = np.arange(low, height + pad, dtype=np.float32)[:, None] + 0.5
    below = rows - stance.outline[None, :]
    dark = stance.foot[None, :] * np.exp(-np.maximum(below, 0) / np.float32(reach))
    dark = np.where(below > -3, dark, 0.0).astype(np.float32)
    dark = cv2.copyMakeBorder(dark, 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=0)
    dark = cv2.GaussianBlur(dark, (0, 0), reach * 0.5, sigmaY=reach * 0.2)
    return _darken(
        room, dark * np.float32(0.55), top=placed.top_px + low, left=placed.left_px - pad
    )


def _darken(room: F32, dark: F32, *, top: int, left: int) -> F32:
    """The room with `dark` (share of light lost) laid over it at (left, top), clipped; in place."""
    height, width = room.shape[:2]
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(height, top + dark.shape[0]), min(width, left + dark.shape[1])
    if y1 > y0 and x1 > x0:
        room[y0:y1, x0:x1] *= 1 - dark[y0 - top : y1 - top, x0 - left : x1 - left, None]
    return room


def _gloss(room: F32, stage: Stage) -> F32:
    """The room with what its polished floor mirrors."""
    floor = stage.setting.floor
    if floor.polish <= 0:
        return room
    camera = stage.camera
    seam = int(np.clip(round(camera.row_of(stage.wall_m, stage.ground_m)), 0, camera.height_px - 1))
    rows = np.arange(seam, camera.height_px, dtype=np.float32) + 0.5
    shine = (fresnel(camera, rows) * np.float32(floor.polish))[:, None, None]
    above = np.clip(2 * seam - np.arange(seam, camera.height_px) - 1, 0, max(0, seam - 1))
    mirror = room[above]
    mirror = blur_rows(mirror, (rows - seam) * np.float32(floor.rough * 0.5) + np.float32(1.0))
    mirror = _with_product(mirror, stage, seam=seam)
    room[seam:] = room[seam:] * (1 - shine) + mirror * shine
    return room


def _with_product(mirror: F32, stage: Stage, *, seam: int) -> F32:
    """The mirrored room with the mirrored product before it."""
    placed = stage.placed
    alpha = placed.alpha.astype(np.float32)[..., None] / 255.0
    layer = np.concatenate([to_linear(placed.rgb) * alpha, alpha], axis=2)
    image = mirrored(layer, ground_line(stage.stance))
    image = soften(
        image, start_row=float(stage.stance.outline.max()), rough=stage.setting.floor.rough
    )
    height, width = mirror.shape[:2]
    top, left = placed.top_px - seam, placed.left_px
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(height, top + image.shape[0]), min(width, left + image.shape[1])
    if y1 > y0 and x1 > x0:
        part = image[y0 - top : y1 - top, x0 - left : x1 - left]
        mirror[y0:y1, x0:x1] = mirror[y0:y1, x0:x1] * (1 - part[..., 3:]) + part[..., :3]
    return mirror
