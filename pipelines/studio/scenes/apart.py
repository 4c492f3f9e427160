"""A scene taken apart: what a moving camera needs to put it together anew in every frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.lens import blur_rows, develop, shoulder, vignette
from pipelines.studio.scenes.lie import lit_table
from pipelines.studio.scenes.placement import Placed
from pipelines.studio.scenes.plinth import plinth_body, with_plinth, with_plinth_shade
from pipelines.studio.scenes.reflection import with_gloss
from pipelines.studio.scenes.room import floor_and_wall
from pipelines.studio.scenes.spec import Plinth, Setting
from pipelines.studio.scenes.staging import Stage, set_stage
from pipelines.studio.scenes.stand import focus

CALM_GRAIN = 0.35
"""Grain that goes with a moving ground shimmers and costs bits: a third of a still's is kept,
enough that nothing bands. By eye, 2026-11-22."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apart:
    """A standing scene in layers, all of the same frame.

    `room` (H, W, 3) uint8 sRGB is floor and wall with the product's shade and mirror image, without
    the product itself and without the thin dark line under it (see `contact.py`). `block` is the
    plinth as a cut-out of the frame, or None. `stage` holds the camera and the places in metres.
    """

    room: U8
    block: Placed | None
    stage: Stage


def stand_apart(
    placed: Placed, *, setting: Setting, size_px: tuple[int, int], seed: int, cast: bool = True
) -> Apart:
    """The layers of a standing product's scene; without `cast` the room knows no product."""
    stage = set_stage(placed, setting=setting, size_px=size_px, seed=seed)
    shown = stage if cast else _without_product(stage)
    room = floor_and_wall(shown)
    plinth = setting.plinth
    room = blur_rows(with_gloss(room, shown), focus(shown))
    if plinth is None:
        return Apart(room=_film(room, setting, seed=seed), block=None, stage=stage)
    full = with_plinth(room.copy(), plinth, stage=shown)
    full = _film(full, setting, seed=seed)
    bare = _film(with_plinth_shade(room, plinth, stage=shown), setting, seed=seed)
    return Apart(room=bare, block=_block(full, plinth, stage=stage), stage=stage)


def lie_apart(
    placed: Placed, *, setting: Setting, size_px: tuple[int, int], seed: int, cast: bool = True
) -> U8:
    """The table of a lying product's scene, without the product: (H, W, 3) uint8 sRGB.

    Its shade is there unless `cast` is False.
    """
    table = lit_table(placed, setting=setting, size_px=size_px, seed=seed, cast=cast)
    return develop(table, grain=setting.lens.grain * CALM_GRAIN, seed=seed)


def _without_product(stage: Stage) -> Stage:
    empty = replace(stage.placed, alpha=np.zeros_like(stage.placed.alpha))
    return replace(stage, placed=empty)


def _film(room: F32, setting: Setting, *, seed: int) -> U8:
    height, width = room.shape[:2]
    lens = setting.lens
    shaded = room * vignette(width, height, strength=lens.vignette)
    return develop(shoulder(shaded), grain=lens.grain * CALM_GRAIN, seed=seed)


def _block(full: U8, plinth: Plinth, *, stage: Stage) -> Placed:
    """The plinth cut out of the finished picture along its outline."""
    body = plinth_body(plinth, stage)
    mask = np.zeros(full.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(body * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.6)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return Placed(
        rgb=np.ascontiguousarray(full[box]),
        alpha=np.ascontiguousarray(mask[box]),
        left_px=int(columns[0]),
        top_px=int(rows[0]),
    )
