"""The product laid over the developed scene: its own pixels, untouched, and soft edges."""

from __future__ import annotations

import numpy as np

from pipelines.studio.scenes.arrays import F32, U8
from pipelines.studio.scenes.color import to_display, to_linear
from pipelines.studio.scenes.lens import develop
from pipelines.studio.scenes.overlap import overlap
from pipelines.studio.scenes.placement import Placed


def over_developed(linear: F32, placed: Placed, *, grain: float, seed: int) -> U8:
    """The scene as bytes with the product over it: (H, W, 3) uint8 sRGB.

    Edges are mixed in linear light; where alpha is 255 the product's bytes are copied as they are.
    """
    picture = develop(linear, grain=grain, seed=seed)
    here, there = overlap(
        placed.alpha.shape, picture.shape[:2], top=placed.top_px, left=placed.left_px
    )
    rgb, alpha, region = placed.rgb[here], placed.alpha[here], picture[there]
    edge = (alpha > 0) & (alpha < 255)
    share = alpha[edge].astype(np.float32)[:, None] / 255.0
    mixed = to_linear(rgb[edge]) * share + to_linear(region[edge]) * (1 - share)
    region[edge] = np.clip(to_display(mixed) + 0.5, 0, 255).astype(np.uint8)
    solid = alpha == 255
    region[solid] = rgb[solid]
    return picture
