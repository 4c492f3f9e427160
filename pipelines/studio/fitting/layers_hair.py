"""Hair in front of a garment, and the worn cloth that was taken for hair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.layers_masks import grown, opened

HAIR_WISP_U = 0.024
"""Hair thinner than this, in body units, is a wisp: it counts beside hair that is not."""

BESIDE_U = 0.035
"""So far from the top a line of its colour may be the rim of its collar, in body units."""

CLEARLY = 0.6
"""A colour so much nearer to the cloth's than to the skin's is cloth. By eye on 16 people."""

COLLAR_NECK_U = 0.04
"""What hangs on the head's hair by less than this, in body units, is no lock but something else."""

COLLAR_HIGHEST_U = 0.2
"""How high a collar's inside, dark as hair, stands beside a neck at the most, in body units."""

HUES_APART = 0.07
"""Chromaticities (r, b) of cloth and hair at least so far apart tell shaded cloth from hair: brown
hair and a blue top lie .25 apart, brown and black .03."""

DARKEST = 0.012
"""Mean sRGB below which a pixel has no hue."""

BLACKER, HAIR_CORE_U = 0.25, 0.03
"""What is joined to shaded cloth and has less than this share of the light of the hair, so deep
inside it in body units, is the same shadow. Source: the shadow below one curl, 0.05 to 0.23 of it,
and nine people's hair, whose darkest hundredth has 0.2 to 0.7."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hair:
    """`share` (h, w) float32 0..1 of hair in each pixel; `cloth` (h, w) bool: worn, not hair."""

    share: np.ndarray
    cloth: np.ndarray


def hair_of(
    photo: np.ndarray,
    parts: np.ndarray,
    matte: np.ndarray,
    *,
    chin: tuple[float, float],
    unit_px: float,
) -> Hair:
    """The hair that hangs on the head; the rest of what was taken for hair below the chin.

    `photo` (h, w, 3) float32 sRGB, `parts` (h, w) of `Part`, `matte` (h, w) float32 0..1.
    """
    chin_y = chin[1]
    share = _hanging(matte, chin_y=chin_y, unit_px=unit_px)
    below = np.zeros(parts.shape, bool)
    below[max(0, round(chin_y - 0.12 * unit_px)) :] = True
    top = parts == Part.TOP.value
    if not top.any():
        return Hair(share=share, cloth=np.zeros(parts.shape, bool))
    beside = grown(top, max(2, round(BESIDE_U * unit_px))) & below
    skin = parts == Part.SKIN.value
    cloth = ((parts == Part.HAIR.value) & (share < 0.2)) | (
        skin & _beside_neck(skin.shape, chin, unit_px)
    )
    cloth &= beside
    cloth &= _nearer(photo, top, skin, where=cloth)
    cloth |= _collars(share, top, below, chin_y=chin_y, unit_px=unit_px)
    cloth |= _shaded_cloth(photo, share, top, below, unit_px=unit_px)
    if not cloth.any():
        return Hair(share=share, cloth=cloth)
    soft = cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), 1.0)
    return Hair(share=share * (1 - np.clip(1.6 * soft, 0, 1)), cloth=cloth)


def _beside_neck(shape: tuple[int, ...], chin: tuple[float, float], unit_px: float) -> np.ndarray:
    """The box (h, w) bool in which a collar stands."""
    near = np.zeros(shape, bool)
    x, y = chin
    rows = slice(max(0, round(y)), max(0, round(y + 0.5 * unit_px)))
    near[rows, max(0, round(x - 0.45 * unit_px)) : max(0, round(x + 0.45 * unit_px))] = True
    return near


def _nearer(
    photo: np.ndarray, one: np.ndarray, other: np.ndarray, *, where: np.ndarray
) -> np.ndarray:
    """Where the photo's colour is clearly nearer to the median of one region than of another."""
    if not (other.any() and where.any()):
        return where
    middles = [np.median(photo[mask], axis=0) for mask in (one, other)]
    away = [np.linalg.norm(photo[where] - middle, axis=-1) for middle in middles]
    nearer = np.zeros(where.shape, bool)
    nearer[where] = away[0] < CLEARLY * away[1]
    return nearer


def _hanging(hair: np.ndarray, *, chin_y: float, unit_px: float) -> np.ndarray:
    """The hair (h, w) that hangs on the head: a seam's shade and dark cloth do not."""
    found = opened(hair > 0.2, max(1, round(HAIR_WISP_U * unit_px / 2)))
    keep = _reaching(found, chin_y=chin_y)
    return hair * grown(keep, max(3, round(HAIR_WISP_U * unit_px)))


def _reaching(mask: np.ndarray, *, chin_y: float) -> np.ndarray:
    """The mask's pieces that reach above the chin."""
    count, labels, _, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    names, keep = np.asarray(labels, np.int32), np.zeros(count, bool)
    keep[np.unique(names[: max(1, round(chin_y))])] = True
    keep[0] = False
    return keep[names]


def _collars(
    share: np.ndarray, top: np.ndarray, below: np.ndarray, *, chin_y: float, unit_px: float
) -> np.ndarray:
    """A collar's inside: low pieces beside the top that hang on the hair by a thread."""
    solid = share > 0.3
    locks = opened(solid, max(2, round(COLLAR_NECK_U * unit_px / 2)))
    locks = _reaching(locks, chin_y=chin_y)
    loose = solid & below & ~grown(locks, 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(loose.astype(np.uint8))
    names, by_top = np.asarray(labels, np.int32), grown(top, 3)
    found = np.zeros(share.shape, bool)
    for name in range(1, count):
        tall = stats[name, cv2.CC_STAT_HEIGHT] > COLLAR_HIGHEST_U * unit_px
        large = stats[name, cv2.CC_STAT_AREA] > 0.0005 * unit_px**2
        piece = names == name
        if large and not tall and (piece & by_top).sum() > 0.08 * piece.sum():
            found |= piece
    return grown(found, 4) & (share > 0.05) & ~locks if found.any() else found


def _shaded_cloth(
    photo: np.ndarray, share: np.ndarray, top: np.ndarray, below: np.ndarray, *, unit_px: float
) -> np.ndarray:
    """Hair beside the top that has the cloth's hue, however dark: cloth in the hair's shadow."""
    here, hair = (share > 0.05) & below, share > 0.9
    if not (here.any() and hair.any()):
        return np.zeros(share.shape, bool)
    own, worn = (_chromaticity(photo[mask].mean(axis=0)[None, None]) for mask in (hair, top))
    if np.linalg.norm(own - worn) < HUES_APART:
        return np.zeros(share.shape, bool)
    x, y, width, height = cv2.boundingRect(here.astype(np.uint8))
    place = (slice(y, y + height), slice(x, x + width))
    part = cv2.GaussianBlur(photo[place], (0, 0), 1.2)
    hue = _chromaticity(part)
    as_worn = np.linalg.norm(hue - worn, axis=-1) < 0.8 * np.linalg.norm(hue - own, axis=-1)
    seen = np.zeros(share.shape, bool)
    light = part.mean(axis=-1)
    seen[place] = as_worn & (light > DARKEST) & here[place]
    seen = opened(seen, max(1, round(0.008 * unit_px)))
    core = grown(hair, -max(2, round(HAIR_CORE_U * unit_px)))
    if core.any() and seen.any():
        black = np.zeros(share.shape, bool)
        usual = float(np.median(photo[core].mean(axis=-1)))
        black[place] = (light < BLACKER * usual) & here[place]
        seen |= _joined(opened(black, 1), grown(seen, 2))
    return seen


def _joined(mask: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mask's pieces that touch the other mask."""
    count, labels, _, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    names, keep = np.asarray(labels, np.int32), np.zeros(count, bool)
    keep[np.unique(names[mask & other])] = True
    keep[0] = False
    return keep[names]


def _chromaticity(colours: np.ndarray) -> np.ndarray:
    """Red and blue over the sum of sRGB (h, w, 3): (h, w, 2)."""
    total = np.maximum(colours.sum(axis=-1, keepdims=True), 1e-3)
    return colours[..., [0, 2]] / total
