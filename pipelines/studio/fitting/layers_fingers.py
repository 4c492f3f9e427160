"""Fingers on worn cloth: told from it pixel by pixel, finer than the body's parts are."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.erase_fill import around, smoothly_continued
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown

REACH_U = 0.04
"""So far from skin of a hand a pixel of cloth may be a finger's rim, in body units."""

BETWEEN_U = 0.1
"""So far from cloth it may be seen between fingers where the parts see skin alone. By eye."""

HUES_APART, CHROMA = 30.0, 15.0
"""Lab a and b: cloth so far from the hand's hue, and so coloured, is told from it by hue; nails
would be taken for grey cloth. Source: by eye, turquoise, green and blue cloth under hands."""

LIGHT_SHARE = 0.35
"""How much of a difference in L counts: a finger throws a shadow, on cloth and on the next one."""


def fingers(scene: Scene, skin: np.ndarray, *, hands: np.ndarray) -> np.ndarray:
    """The skin (h, w) bool, in the `hands` (h, w) bool on worn cloth parted by colour.

    As it was where the cloth has a hand's own hue, and where no cloth is near.
    """
    own = skin & hands
    cloth = scene.is_part(Part.TOP)
    beside = grown(own, scene.px(REACH_U)) & grown(cloth, scene.px(BETWEEN_U))
    near = hands & (own | cloth) & beside
    sources = grown(own, -scene.px(0.02)), grown(cloth, -scene.px(0.02))
    if not (near.any() and sources[0].any() and sources[1].any()):
        return skin
    place = around(near, margin_px=scene.px(0.15))
    if not (sources[0][place].any() and sources[1][place].any()):
        return skin
    lab = cv2.cvtColor(np.ascontiguousarray(scene.photo[place]), cv2.COLOR_RGB2LAB)
    lab *= np.array([LIGHT_SHARE, 1, 1], np.float32)
    hand, worn = (smoothly_continued(lab, source=source[place]) for source in sources)
    told = near[place] & (np.linalg.norm((hand - worn)[..., 1:], axis=-1) > HUES_APART)
    told &= np.linalg.norm(worn[..., 1:], axis=-1) > CHROMA
    as_hand = np.linalg.norm(lab - hand, axis=-1) < np.linalg.norm(lab - worn, axis=-1)
    as_hand &= own[place] | ~_as_trousers(scene, lab, hand=hand, place=place)
    parted = skin.copy()
    parted[place] = np.where(told, as_hand, skin[place])
    return parted


def _as_trousers(
    scene: Scene, lab: np.ndarray, *, hand: np.ndarray, place: tuple[slice, slice]
) -> np.ndarray:
    """Where the Lab colours in `place` are the trousers' rather than the hand's: (h, w) bool."""
    trousers = grown(scene.is_part(Part.BOTTOM)[place], -scene.px(0.01))
    if not trousers.any():
        return np.zeros(trousers.shape, bool)
    own = smoothly_continued(lab, source=trousers)
    return np.linalg.norm(lab - own, axis=-1) < np.linalg.norm(lab - hand, axis=-1)
