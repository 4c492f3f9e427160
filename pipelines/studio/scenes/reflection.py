"""Mirror images in a glossy floor: product and wall, by Fresnel, blurring with distance."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.camera import Camera
from pipelines.studio.scenes.color import to_linear
from pipelines.studio.scenes.lens import blur_rows
from pipelines.studio.scenes.overlap import overlap
from pipelines.studio.scenes.staging import Stage
from pipelines.studio.scenes.stance import Stance

# Reflectance at normal incidence of glass, polished stone, lacquer (index about 1.5).
# Source: Fresnel, ((n - 1) / (n + 1))² with n = 1.5.
NORMAL_REFLECTANCE = 0.04


def fresnel(camera: Camera, rows: F32) -> F32:
    """The floor's mirror reflectance at each picture row: float32 0..1.

    Source: C. Schlick, "An Inexpensive BRDF Model for Physically-based Rendering", 1994.
    """
    down = camera.pitch_rad + np.arctan((rows - camera.height_px / 2) / camera.focal_px)
    grazing = (1.0 - np.sin(np.clip(down, 0.0, math.pi / 2))) ** 5
    return (NORMAL_REFLECTANCE + (1 - NORMAL_REFLECTANCE) * grazing).astype(np.float32)


def ground_line(stance: Stance) -> F32:
    """The row at which each column of the product meets its mirror image: (W,) float32.

    Feet mirror about their own lower edge; what hangs in the air (a handle) about the base's
    middle line.
    """
    lowest = float(stance.outline.max())
    air = lowest - stance.bend_px
    return stance.outline * stance.foot + air * (1 - stance.foot)


def mirrored(premultiplied: F32, ground: F32) -> F32:
    """The product upside down below `ground`: (2H, W, 4) float32, its row 0 is the product's top.

    `premultiplied` (H, W, 4) float32 linear colour times alpha, and alpha 0..1.
    """
    height, width = premultiplied.shape[:2]
    line = cv2.GaussianBlur(ground[None, :], (0, 0), max(1.0, width / 200))[0]
    rows = np.arange(2 * height, dtype=np.float32)[:, None]
    from_row = 2 * line[None, :] - rows - 1
    from_row = np.where(rows >= line[None, :] - 1, from_row, -10.0).astype(np.float32)
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), from_row.shape)
    return cv2.remap(
        premultiplied,
        np.ascontiguousarray(columns),
        from_row,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )


def _soften(image: F32, *, start_row: float, rough: float) -> F32:
    """The mirror image blurred more the farther it is from what it mirrors."""
    rows = np.arange(image.shape[0], dtype=np.float32)
    return blur_rows(image, np.maximum(rows - np.float32(start_row), 0) * np.float32(rough * 0.35))


def with_gloss(room: F32, stage: Stage) -> F32:
    """The room with what its polished floor mirrors; changed in place."""
    floor, camera = stage.setting.floor, stage.camera
    if floor.polish <= 0:
        return room
    seam = stage.seam_px
    rows = np.arange(seam, camera.height_px, dtype=np.float32)
    above = np.clip(2 * seam - rows.astype(int) - 1, 0, max(0, seam - 1))
    mirror = blur_rows(room[above], (rows - seam) * np.float32(floor.rough * 0.5) + np.float32(1))
    if stage.setting.plinth is None:
        mirror = with_mirrored_product(mirror, stage, first_row=seam, rough=floor.rough)
    shine = (fresnel(camera, rows + 0.5) * np.float32(floor.polish))[:, None, None]
    room[seam:] += (mirror - room[seam:]) * shine
    return room


def with_mirrored_product(mirror: F32, stage: Stage, *, first_row: int, rough: float) -> F32:
    """What a polished floor mirrors, with the mirrored product before it; changed in place.

    `mirror` (h, W, 3) holds the picture's rows from `first_row` on.
    """
    placed, stance = stage.placed, stage.stance
    alpha = placed.alpha.astype(np.float32)[..., None] / 255.0
    layer = np.concatenate([to_linear(placed.rgb) * alpha, alpha], axis=2)
    image = mirrored(layer, ground_line(stance))
    image = _soften(image, start_row=float(stance.outline.max()), rough=rough)
    top = placed.top_px - first_row
    here, there = overlap(image.shape[:2], mirror.shape[:2], top=top, left=placed.left_px)
    mirror[there] = mirror[there] * (1 - image[here][..., 3:]) + image[here][..., :3]
    return mirror
