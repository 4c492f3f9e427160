"""The empty room: floor and wall painted, lit, shaded by the product, before lens and product."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.backdrop import paint_backdrop
from pipelines.studio.scenes.camera import Camera, Patch, patch
from pipelines.studio.scenes.lens import blur, blur_rows
from pipelines.studio.scenes.noise import step
from pipelines.studio.scenes.painting import paint
from pipelines.studio.scenes.shadow import Slice, disc_rays, floor_shade, sky_rays, wall_shade
from pipelines.studio.scenes.spec import Surface
from pipelines.studio.scenes.staging import Stage

LIGHT_MAP_PX = 420  # light and shade are soft: their maps are made at this size and enlarged
KEY_RAYS = 28
SKY_RAYS = 44
CORNER_REACH = 0.30  # subject sizes: how far the corner between floor and wall darkens both


def floor_and_wall(stage: Stage) -> F32:
    """The room behind and under the product: (H, W, 3) float32 linear, everything in focus."""
    camera = stage.camera
    seam = stage.seam_px
    canvas = np.empty((camera.height_px, camera.width_px, 3), np.float32)
    size = camera.width_px, camera.height_px
    lit_floor = cv2.resize(
        plane_light(stage, y_m=stage.ground_m), size, interpolation=cv2.INTER_LINEAR
    )
    canvas[seam:] = _floor(stage, seam) * lit_floor[seam:]
    if stage.setting.backdrop is not None and seam > 0:
        canvas[:seam] = paint_backdrop(stage.setting.backdrop, size_px=size, seed=stage.seed)[:seam]
    elif stage.setting.wall is not None and seam > 0:
        wall = _wall(stage, stage.setting.wall)
        lit_wall = cv2.resize(_wall_light(stage), size, interpolation=cv2.INTER_LINEAR)
        canvas[:seam] = wall[:seam] * lit_wall[:seam]
    return _swept(canvas, seam=seam, stage=stage)


def _floor(stage: Stage, seam: int) -> F32:
    camera, setting = stage.camera, stage.setting
    place = patch(
        camera.floor(stage.ground_m), rows=(seam, camera.height_px), width_px=camera.width_px
    )
    towards = stage.lamp.towards
    here = Patch(
        x=place.x - np.float32(stage.base[0]),
        y=place.y - np.float32(stage.base[1]),
        pixel_m=place.pixel_m,
    )
    return paint(
        setting.floor,
        here,
        product=stage.product,
        seed=stage.seed,
        light=(float(towards[0]), -float(towards[2])),
    )


def _wall(stage: Stage, surface: Surface) -> F32:
    """The wall's albedo over the whole frame, made smaller where the lens will blur it anyway."""
    camera = stage.camera
    sigma = wall_blur_px(stage)
    factor = 0.25 if sigma > 8 else 0.5 if sigma > 2.5 else 1.0
    small = camera.scaled(factor)
    place = patch(small.wall(stage.wall_m), rows=(0, small.height_px), width_px=small.width_px)
    towards = stage.lamp.towards
    wall = paint(
        surface,
        place,
        product=stage.product,
        seed=stage.seed,
        light=(float(towards[0]), -float(towards[1])),
    )
    size = camera.width_px, camera.height_px
    return wall if factor == 1 else cv2.resize(wall, size, interpolation=cv2.INTER_LINEAR)


def wall_blur_px(stage: Stage) -> float:
    """The blur (sigma) of things at the wall's distance."""
    lens = stage.setting.lens
    return lens.blur * stage.camera.height_px * (1 - stage.base[1] / stage.wall_m)


def plane_light(stage: Stage, *, y_m: float) -> F32:
    """The light on a level plane with the product's shade in it: a small (h, w, 3) float32 map.

    The map covers the whole frame. The room's floor also gets the plinth's shade.
    """
    camera = _map_camera(stage)
    slices = _casters(stage, camera, on_floor=y_m == stage.ground_m)
    shade = floor_shade(slices, _key_rays(stage), camera=camera, y_m=y_m)
    hidden = floor_shade(slices[::2], sky_rays(SKY_RAYS), camera=camera, y_m=y_m)
    place = patch(camera.floor(y_m), rows=(0, camera.height_px), width_px=camera.width_px)
    near = (place.y > 0) & (place.y < stage.wall_m * 1.5)
    z = np.where(near, place.y, np.float32(stage.wall_m)).astype(np.float32)
    key = stage.lamp.key(place.x, np.full_like(z, y_m), z, normal=(0, 1, 0))
    sky = 1 - _corner(stage, stage.wall_m - z)
    light = stage.lamp.sum(key * (1 - blur(shade, 0.8)), sky * (1 - hidden))
    bounce = hidden[..., None] * stage.product.mean * np.float32(0.35)
    return (light + bounce).astype(np.float32)


def _map_camera(stage: Stage) -> Camera:
    largest = max(stage.camera.width_px, stage.camera.height_px)
    return stage.camera.scaled(min(1.0, LIGHT_MAP_PX / largest))


def _key_rays(stage: Stage) -> np.ndarray:
    softness = stage.setting.light.softness_deg
    return disc_rays(stage.lamp.towards, softness_deg=softness, count=KEY_RAYS)


def _casters(stage: Stage, camera: Camera, *, on_floor: bool) -> tuple[Slice, ...]:
    slices = stage.slices(camera.width_px / stage.camera.width_px)
    return slices + stage.plinth_slices() if on_floor else slices


def _wall_light(stage: Stage) -> F32:
    """The light on the wall with the product's shade in it: a small (h, w, 3) float32 map."""
    camera = _map_camera(stage)
    casters = _casters(stage, camera, on_floor=True)
    shade = wall_shade(casters, _key_rays(stage), camera=camera, wall_m=stage.wall_m)
    place = patch(camera.wall(stage.wall_m), rows=(0, camera.height_px), width_px=camera.width_px)
    depth = np.full_like(place.x, stage.wall_m)
    key = stage.lamp.key(place.x, place.y, depth, normal=(0, 0, -1))
    sky = 1 - _corner(stage, place.y - np.float32(stage.ground_m))
    return stage.lamp.sum(key * (1 - blur(shade, 0.8)), sky * np.float32(0.94))


def _corner(stage: Stage, away_m: F32) -> F32:
    """How much of the sky the corner hides at a distance from it."""
    if stage.setting.wall is None:
        return np.zeros_like(away_m)
    reach = CORNER_REACH * stage.setting.view.subject_m
    depth = 0.42 * (1 - stage.setting.sweep)
    return np.float32(depth) * np.exp(-np.abs(away_m) / np.float32(reach))


def _swept(canvas: F32, *, seam: int, stage: Stage) -> F32:
    """The corner rounded into a sweep: rows near the seam flow into each other."""
    if stage.setting.sweep <= 0:
        return canvas
    height = canvas.shape[0]
    reach = stage.setting.sweep * 0.16 * height
    away = np.abs(np.arange(height, dtype=np.float32) - seam) / np.float32(reach)
    sigma = np.float32(reach * 0.6) * (1 - step(0.0, 2.2, away))
    smooth = blur_rows(canvas, sigma)
    return smooth.astype(np.float32)
