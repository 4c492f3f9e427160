"""Glimpses of wall and dark clefts beside a limb, which the body's parts take for its skin."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.erase_fill import around, smoothly_continued
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown, opened

CLEFT_U = 0.08
"""So wide a cleft between an arm and the worn cloth may pass for skin, in body units."""

WALL_APART = 6.0
"""Lab distance within which a pixel beside a hand is wall; nails lie 9 and more off. By eye."""

LIMB_APART = 24.0
"""Lab distance from the limb nearby at which its rim is none of it. Source: by eye, glimpses of
wall beside three arms 26 and more, a cleft 35, skin in red shade 15 at most."""

MIXED_PX, MIXED_APART = 2, 12.0
"""Beside a glimpse pixels are mixed from it and from the limb: so far, and so far off."""


def glimpses(
    scene: Scene, skin: np.ndarray, *, hands: np.ndarray, removed: np.ndarray
) -> np.ndarray:
    """What passes for skin between a limb and the worn cloth and is none of it: (h, w) bool.

    In the `hands` (h, w) bool it is wall alone, elsewhere a dark cleft too. `removed` (h, w) bool
    is the worn cloth.
    """
    found = np.zeros(scene.shape, bool)
    core = grown(skin, -scene.px(0.035))
    rim = skin & ~core & grown(removed, scene.px(CLEFT_U))
    if not (rim.any() and core.any()):
        return found
    place = around(rim, margin_px=scene.px(0.1))
    lab = cv2.cvtColor(np.ascontiguousarray(scene.photo[place]), cv2.COLOR_RGB2LAB)
    # Between fingers it is dark where they touch, and nails shine: only the wall itself is told.
    air = lab[scene.parts[place] == Part.BACKGROUND.value]
    wall = np.median(air, axis=0) if len(air) else np.full(3, np.inf)
    as_wall = np.linalg.norm(lab - wall, axis=-1) < WALL_APART
    asked = rim[place] & (as_wall | ~hands[place])
    if not asked.any():
        return found
    apart = np.linalg.norm(lab - smoothly_continued(lab, source=core[place]), axis=-1)
    told = asked & (apart > LIMB_APART)
    # A nail's gleam of a pixel is as light as the wall, and mixed with nothing.
    mixed = grown(opened(told, 1), MIXED_PX) & rim[place] & (apart > MIXED_APART)
    found[place] = told | mixed
    return found
