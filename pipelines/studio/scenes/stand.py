"""Scenes of things that stand: room, reflection, lens, and the product before it all."""

from __future__ import annotations

import numpy as np

from pipelines.studio.cutout import CutOut
from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.composite import over_developed
from pipelines.studio.scenes.contact import with_contact
from pipelines.studio.scenes.lens import blur_rows, shoulder, vignette
from pipelines.studio.scenes.placement import place
from pipelines.studio.scenes.plinth import with_plinth
from pipelines.studio.scenes.reflection import with_gloss
from pipelines.studio.scenes.room import floor_and_wall
from pipelines.studio.scenes.spec import Setting
from pipelines.studio.scenes.staging import Stage, set_stage

# Below this blur (sigma, in frame heights) a picture counts as sharp.
# Source: a circle of confusion of 1/1500 of the frame, the classic bound for prints.
SHARP = 1 / 1500
# The near side of the focus blurs this much as fast as the far side: the floor before the product
# is where its material is seen.
NEAR_SIDE = 0.4


def render_standing(cutout: CutOut, *, setting: Setting, size_px: tuple[int, int], seed: int) -> U8:
    """The product standing in the setting: (H, W, 3) uint8 sRGB."""
    placed = place(cutout, view=setting.view, size_px=size_px, seed=seed)
    stage = set_stage(placed, setting=setting, size_px=size_px, seed=seed)
    room = floor_and_wall(stage)
    plinth = setting.plinth
    if plinth is None:
        room = with_contact(room, stage)
    room = with_gloss(room, stage)
    room = blur_rows(room, focus(stage))
    if plinth is not None:
        room = with_contact(with_plinth(room, plinth, stage=stage), stage)
    room *= vignette(size_px[0], size_px[1], strength=setting.lens.vignette)
    return over_developed(shoulder(room), placed, grain=setting.lens.grain, seed=seed)


def focus(stage: Stage) -> F32:
    """The blur (sigma, px) of each row by the distance of what it shows."""
    camera, lens = stage.camera, stage.setting.lens
    rows = np.arange(camera.height_px, dtype=np.float32) + 0.5
    away = np.minimum(camera.distance_of(rows, stage.ground_m), stage.wall_m)
    defocus = 1 - stage.base[1] / away
    defocus = np.where(defocus < 0, -NEAR_SIDE * defocus, defocus)
    sigma = lens.blur * np.maximum(defocus, 0) - SHARP
    return (np.maximum(sigma, 0) * camera.height_px).astype(np.float32)
