"""What a worn cuff leaves at the wrist: its dark inside, its shade, rims that pass for skin."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.cuff import AT_WRIST_T
from pipelines.studio.fitting.erase_fill import around, smoothly_continued
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown, opened

WRIST_U = 0.3
"""So far around the wrist and the hand a cuff leaves anything, in body units. By eye, 7 people."""

SPECK_U = 0.012
"""Half of a line of dark inside or shade that passes for trousers. Source: as above."""

BESIDE_U, CORE_U = 0.06, 0.02
"""So near to the cloth such a line lies; so far inside, cloth and skin show their own colour."""

SPUR_U = (0.018, 0.04)
"""Half of a horn's width at a hand's outline, and how near to cuff and air it is. By eye."""

TOUCHES_PX = 3
"""A line so near to the cuff is its shade, whatever its colour."""

ISLAND_U2 = 0.003
"""Skin of fewer square body units that hangs on no hand is a cuff's. Source: as above: 0.0014 at
most, a thumb's tip is 0.006."""

LIGHT_SHARE = 0.5
"""How much of a difference in L counts: a hand throws shadows, and a cuff is dark inside."""


def cuff_scraps(scene: Scene, worn: np.ndarray) -> np.ndarray:
    """What goes with the `worn` (h, w) bool cloth where a long sleeve ends: (h, w) bool."""
    zone = covered_wrists(scene)
    if not (zone & worn).any():
        return np.zeros(scene.shape, bool)
    skin, trousers = scene.is_part(Part.SKIN), scene.is_part(Part.BOTTOM, Part.OTHER)
    lines = trousers & ~opened(trousers, scene.px(SPECK_U)) & grown(worn, scene.px(BESIDE_U))
    as_cloth = _as_cloth(scene, worn, skin=skin & zone) | grown(worn, TOUCHES_PX)
    told = zone & as_cloth & (lines | (scene.is_part(Part.TOP) & ~worn))
    spurs = zone & _spurs(scene, skin) & grown(worn, scene.px(SPUR_U[1]))
    return told | spurs | _islands(scene, skin & zone, as_cloth=as_cloth)


def covered_wrists(scene: Scene) -> np.ndarray:
    """Around the hands of arms whose worn sleeve ends at the wrist: (h, w) bool."""
    zone = np.zeros(scene.shape, np.uint8)
    for arm in scene.body.arms.values():
        if arm.worn_sleeve_t > AT_WRIST_T:
            for x, y in np.round(scene.local([arm.wrist, arm.hand_end])).astype(int):
                cv2.circle(zone, (int(x), int(y)), scene.px(WRIST_U), 1, -1)
    return zone > 0


def _spurs(scene: Scene, skin: np.ndarray) -> np.ndarray:
    """Horns of the skin (h, w) bool into the air: a cuff's corner that passes for the hand's."""
    radius = scene.px(SPUR_U[0])
    blunt = grown(grown(skin, -radius), radius)
    return skin & ~blunt & grown(scene.alpha < 0.1, scene.px(SPUR_U[1]))


def _islands(scene: Scene, skin: np.ndarray, *, as_cloth: np.ndarray) -> np.ndarray:
    """Pieces of the skin (h, w) bool too small to be a hand's and mostly of the cloth's colour."""
    place = around(skin, margin_px=0)
    found = np.zeros(scene.shape, bool)
    if not skin.any():
        return found
    count, told, stats, _ = cv2.connectedComponentsWithStats(skin[place].astype(np.uint8))
    labels = np.asarray(told, np.int32)
    area = stats[:, cv2.CC_STAT_AREA]
    cloth = np.bincount(labels.ravel(), as_cloth[place].ravel(), minlength=count)
    small = (area < ISLAND_U2 * scene.unit_px**2) & (cloth > 0.5 * area)
    small[0] = False
    found[place] = small[labels]
    return found


def _as_cloth(scene: Scene, worn: np.ndarray, *, skin: np.ndarray) -> np.ndarray:
    """Where the photo is rather as the worn cloth nearby than as the skin: (h, w) bool."""
    radius = scene.px(CORE_U)
    cores = grown(worn, -radius), grown(skin, -radius)
    found = np.ones(scene.shape, bool)
    if not (cores[0].any() and cores[1].any()):
        return found
    place = around(skin, margin_px=scene.px(0.1))
    lab = cv2.cvtColor(np.ascontiguousarray(scene.photo[place]), cv2.COLOR_RGB2LAB)
    lab *= np.array([LIGHT_SHARE, 1, 1], np.float32)
    cloth, hand = (
        np.linalg.norm(lab - smoothly_continued(lab, source=core[place]), axis=-1) for core in cores
    )
    found[place] = cloth < hand
    return found
