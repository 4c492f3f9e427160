"""The contact shadow's core: the thin dark line where a standing product touches its ground."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.overlap import overlap
from pipelines.studio.scenes.staging import Stage

# (share of the light lost where the product touches, how far that reaches as a share of its longer
# side): a fine line and a soft skirt. By eye, on the sample catalogs, 2026-11-22; the sum over the
# rays, made on a small map, is too coarse to draw them.
LOBES = ((0.60, 0.007), (0.34, 0.030))


def with_contact(room: F32, stage: Stage) -> F32:
    """The room with the dark line where the product touches its ground; changed in place."""
    longer = max(stage.placed.size)
    for strength, reach in LOBES:
        _darken(room, stage, strength=strength, reach_px=max(1.2, reach * longer))
    return room


def _darken(room: F32, stage: Stage, *, strength: float, reach_px: float) -> None:
    placed, stance = stage.placed, stage.stance
    width, height = placed.size
    low = int(max(0, stance.outline.max() - 0.3 * max(width, height)))
    pad = int(4 * reach_px) + 2
    rows = np.arange(low, height + pad, dtype=np.float32)[:, None] + 0.5
    below = rows - stance.outline[None, :]
    dark = stance.foot[None, :] * np.exp(-np.maximum(below, 0) / np.float32(reach_px))
    dark = np.where(below > -3, dark, 0.0).astype(np.float32)
    dark = cv2.copyMakeBorder(dark, 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=0)
    dark = cv2.GaussianBlur(dark, (0, 0), reach_px * 0.6, sigmaY=max(0.6, reach_px * 0.15))
    top, left = placed.top_px + low, placed.left_px - pad
    here, there = overlap(dark.shape, room.shape[:2], top=top, left=left)
    room[there] *= 1 - np.float32(strength) * dark[here][..., None]
