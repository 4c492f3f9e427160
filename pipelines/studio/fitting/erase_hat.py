"""Hair under a hat: what would stand out above its rim is pressed down, so it is taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene, coverage
from pipelines.studio.fitting.layers_masks import grown

OVER_HAIR = frozenset({GarmentKind.HEAD})
"""What is worn over hair and face; all else lies below them."""

PRESSED_U = 0.1
"""Farther out, in body units, hair is a tail or a bun, which no hat presses down."""

RIM_SHARE = 0.12
"""A hat's rim is told at its outer columns, this share of its width on each side."""


def is_hat(item: Fitted) -> bool:
    """True for what is worn over the hair."""
    return item.kind in OVER_HAIR


def pressed_hair(scene: Scene, hats: Sequence[Fitted]) -> np.ndarray:
    """The hair (h, w) bool beside and above the hats, down to their rims."""
    pressed = np.zeros(scene.shape, bool)
    for hat in hats:
        cover = coverage(hat.pieces, scene) > 0.5
        columns = np.flatnonzero(cover.any(0))
        if not len(columns):
            continue
        edge = max(1, round(RIM_SHARE * len(columns)))
        lowest = cover.shape[0] - 1 - np.argmax(cover[::-1], axis=0)
        sides = np.concatenate([lowest[columns[:edge]], lowest[columns[-edge:]]])
        above = np.arange(scene.shape[0])[:, None] < np.median(sides) - 0.02 * scene.unit_px
        beside = grown(cover, scene.px(PRESSED_U))
        pressed |= above & beside & ~cover & (scene.hair > 0.02)
    return pressed
