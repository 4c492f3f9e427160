"""Trousers or a skirt from a picture that shows legs alone."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body_shapes import largest
from pipelines.studio.fitting.parts_costs import broad_skin, lab_of
from pipelines.studio.fitting.parts_models import mixture
from pipelines.studio.fitting.silhouette import soft_alpha, solid
from pipelines.studio.fitting.silhouette_guided import Guide

SMALL_PX = 400

CORE = (0.25, 0.7)
"""Rows of the outline, 0 top to 1 bottom, that surely show trousers: above may be a shirt, below
shoes."""

UNLIKE = 9.0
"""Nats from the trousers' colours at which a pixel is something else: shoe, hand, shirt."""

SKIN_COST = 6.0
"""Nats added to colours that skin of any tone may have, at the ends: hands and ankles."""

LENGTH_MIN = 0.45
"""Least share of the picture's height: less is not the whole garment."""


def lower_of_legs(rgb: np.ndarray, *, guess: np.ndarray) -> np.ndarray:
    """The lower garment's alpha (H, W) uint8 in a (H, W, 3) sRGB picture of legs.

    `guess` (H, W) uint8 is where a person is likely. Colours are learnt from the outline's middle
    rows; what is unlike them above and below is left out.
    """
    scale = min(1.0, SMALL_PX / max(rgb.shape[:2]))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = (small.shape[1], small.shape[0])
    person = solid(small, masks=(cv2.resize(guess, size, interpolation=cv2.INTER_AREA),))
    rows = np.flatnonzero(person.any(axis=1))
    if len(rows) < 20:
        return np.zeros(rgb.shape[:2], np.uint8)
    lab = lab_of(small)
    place = (np.arange(size[1]) - rows[0]) / len(rows)
    core = person & ((place > CORE[0]) & (place < CORE[1]))[:, None]
    cost = np.minimum(mixture(lab[core], count=4).cost(lab), 22.0)
    # Ripped knees and seams lie inside; the ends must earn their place by colour.
    inner = ((place > CORE[0] - 0.1) & (place < CORE[1] + 0.05))[:, None]
    cost = np.where(inner, cost - 8.0, cost + SKIN_COST * broad_skin(lab))
    guide = Guide(small, radius_px=5, epsilon=4e-4)
    smooth = guide.filtered(cost[..., None].astype(np.float32))[..., 0]
    garment = largest(person & (smooth < UNLIKE))
    if np.count_nonzero(garment.any(axis=1)) < LENGTH_MIN * size[1]:
        return np.zeros(rgb.shape[:2], np.uint8)
    return (soft_alpha(rgb, person=garment) * 255 + 0.5).astype(np.uint8)
