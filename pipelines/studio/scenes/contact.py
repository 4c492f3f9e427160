"""The contact shadow's core: the thin dark line where a standing product touches its ground."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import F32
from pipelines.studio.scenes.overlap import overlap
from pipelines.studio.scenes.staging import Stage

# How much light is lost where the product touches, and how far (shares of its longer side) the
# line reaches: by eye, on the sample catalog, 2026-11-22. The rays' sum is too coarse to draw it.
DARKEST = 0.55
REACH = 0.011


def with_contact(room: F32, stage: Stage) -> F32:
    """The room with the thin dark line where the product touches; changed in place."""
    placed, stance = stage.placed, stage.stance
    width, height = placed.size
    reach = max(1.5, REACH * max(width, height))
    low = int(max(0, stance.outline.max() - 0.12 * max(width, height)))
    pad = int(4 * reach)
    rows = np.arange(low, height + pad, dtype=np.float32)[:, None] + 0.5
    below = rows - stance.outline[None, :]
    dark = stance.foot[None, :] * np.exp(-np.maximum(below, 0) / np.float32(reach))
    dark = np.where(below > -3, dark, 0.0).astype(np.float32)
    dark = cv2.copyMakeBorder(dark, 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=0)
    dark = cv2.GaussianBlur(dark, (0, 0), reach * 0.5, sigmaY=reach * 0.2)
    top, left = placed.top_px + low, placed.left_px - pad
    here, there = overlap(dark.shape, room.shape[:2], top=top, left=left)
    room[there] *= 1 - np.float32(DARKEST) * dark[here][..., None]
    return room
