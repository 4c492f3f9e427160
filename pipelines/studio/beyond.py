"""Colours carried on beyond the outline of a cut-out, where its photo may hold anything."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.scenes.arrays import U8


def extended(rgb: U8, alpha: U8) -> U8:
    """The colours (H, W, 3) carried on beyond the outline, as far as a warp or a network looks."""
    share = alpha.astype(np.float32) / 255
    ready, known = rgb.astype(np.float32), share
    for sigma in (2.0, 6.0):
        under = cv2.GaussianBlur(known, (0, 0), sigma)
        over = cv2.GaussianBlur(ready * known[..., None], (0, 0), sigma)
        near = over / np.maximum(under, 1e-4)[..., None]
        outside = (known < 0.02)[..., None]
        ready = np.where(outside, near, ready)
        known = np.where(under > 0.01, 1.0, known).astype(np.float32)
    return np.where(alpha[..., None] > 4, rgb, np.clip(ready, 0, 255).astype(np.uint8))
