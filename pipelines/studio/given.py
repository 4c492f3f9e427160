"""The alpha that came with a photo: used as it is, without the shadow baked into it."""

from __future__ import annotations

import cv2
import numpy as np

OPAQUE_FROM = 128
"""Alpha from which a pixel is the product's, not its shadow's. Measured on 48 shop cut-outs: baked
shadows reach 91, tinted lenses of sunglasses start at 140."""


def has_real_alpha(alpha: np.ndarray | None) -> bool:
    """True when an alpha channel (H, W) cuts something out: at least 0.5 % is transparent."""
    return alpha is not None and float(np.mean(alpha < 16)) > 0.005


def without_baked_shadow(rgb: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours (H, W, 3) and matte (H, W) float32 0..1 of a given cut-out, free of shadow.

    A shadow is grey, dark, faint (alpha below 128) and more than 3 px away from opaque product.
    Coloured or bright veils (glass, gauze) stay.
    """
    opaque = (alpha >= OPAQUE_FROM).astype(np.uint8)
    near = cv2.dilate(opaque, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    brightest = rgb.max(axis=2)
    grey = (brightest < 140) & (brightest - rgb.min(axis=2) < 24)
    shadow = (near == 0) & (alpha < OPAQUE_FROM) & (grey | (alpha < 12))
    veil = np.where(shadow, alpha, 0).astype(np.uint8)
    # Where the shadow meets the product, its strength there is taken out of the soft edge too.
    veil = cv2.dilate(veil, np.ones((11, 11), np.uint8)).astype(np.float32)
    lifted = (alpha.astype(np.float32) - veil) / np.maximum(255 - veil, 1)
    matte = np.where(shadow, 0, np.where(opaque > 0, alpha / np.float32(255), lifted))
    return _own_edge_colours(rgb, alpha), np.clip(matte, 0, 1).astype(np.float32)


def _own_edge_colours(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours in which the faint rim takes the nearest opaque colour: a dark veil leaves no rim."""
    solid = (alpha >= 250).astype(np.float32)
    weight = cv2.blur(solid, (7, 7))
    mean = cv2.blur(rgb.astype(np.float32) * solid[..., None], (7, 7))
    mean /= np.maximum(weight, 1e-4)[..., None]
    rim = (alpha < OPAQUE_FROM) & (weight > 0)
    return np.where(rim[..., None], mean, rgb).astype(np.uint8)
