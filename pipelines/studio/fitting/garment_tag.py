"""A hang tag that the garment wears in its picture: found, and covered with the cloth below it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.garment_view import TorsoMarks

LOOK_SIDE_PX = 420

APART_HUE = 25.0
"""How far in a*b* a card lies from the cloth: printed card is brighter than any shading."""

SWING_DEG = (3.0, 30.0)
"""A card on a string hangs a little askew; a print is set straight. That tells them apart."""

WIDTH, TALLER, FILLED, ASIDE = (0.06, 0.22), (1.2, 2.6), 0.8, 0.25
"""The card's width in chest widths, its height in widths, the share of its own box that it fills,
and how far from the garment's middle it hangs, in chest widths."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tagless:
    """The garment without its tag, (H, W, 4) float32 premultiplied, and where the tag was."""

    rgba: np.ndarray
    box: tuple[int, int, int, int] | None


def without_tag(rgba: np.ndarray, torso: TorsoMarks) -> Tagless:
    """The garment with a hang tag on its front covered; as it was when none is found."""
    card = _card(rgba, torso)
    if card is None:
        return Tagless(rgba=rgba, box=None)
    mask = np.zeros(rgba.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(card).astype(np.int32), 255)
    x, y, width, height = cv2.boundingRect(np.rint(card).astype(np.int32))
    grown = max(3, round(0.2 * width)) | 1
    mask = cv2.dilate(mask, np.ones((grown, grown), np.uint8))
    soft = cv2.GaussianBlur(mask, (0, 0), grown / 4).astype(np.float32)[..., None] / 255
    down = np.roll(rgba, -round(1.35 * height), axis=0)
    covered = rgba + soft * (down - rgba)
    return Tagless(rgba=covered, box=(x, y, x + width, y + height))


def _card(rgba: np.ndarray, torso: TorsoMarks) -> np.ndarray | None:
    """The card's four corners (4, 2) px."""
    scale = LOOK_SIDE_PX / max(rgba.shape[:2])
    small = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    colours = np.clip(small[..., :3] / np.maximum(small[..., 3:], 1e-3), 0, 1)
    lab = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)
    front = np.zeros(lab.shape[:2], np.uint8)
    rim = np.vstack([torso.neck, torso.side_right, torso.hem[::-1], torso.side_left[::-1]])
    cv2.fillPoly(front, [np.rint(rim * scale).astype(np.int32)], 1)
    if not front.any():
        return None
    off = lab[..., 1:] - np.median(lab[front > 0][:, 1:], axis=0)
    apart = ((np.hypot(off[..., 0], off[..., 1]) > APART_HUE) & (front > 0)).astype(np.uint8)
    apart = cv2.morphologyEx(apart, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    apart = cv2.morphologyEx(apart, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(apart, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cards = [contour for contour in contours if _hangs(contour, torso, scale)]
    if len(cards) != 1:
        return None
    return cv2.boxPoints(cv2.minAreaRect(cards[0])) / scale


def _hangs(contour: np.ndarray, torso: TorsoMarks, scale: float) -> bool:
    """True when the contour is a card's: upright, a little askew, near the garment's middle."""
    (x, y), (a, b), angle = cv2.minAreaRect(contour)
    short, long = min(a, b), max(a, b)
    if short < 3 or not TALLER[0] <= long / short <= TALLER[1]:
        return False
    upright = ((angle if a == short else angle - 90) + 90) % 180 - 90
    chest = torso.chest_px * scale
    middle = float((torso.neck[0, 0] + torso.neck[-1, 0]) / 2) * scale
    lowest = float(torso.neck[:, 1].max() + 0.6 * torso.length_px) * scale
    return (
        cv2.contourArea(contour) >= FILLED * short * long
        and WIDTH[0] * chest <= short <= WIDTH[1] * chest
        and abs(x - middle) < ASIDE * chest
        and y < lowest
        and SWING_DEG[0] <= abs(upright) <= SWING_DEG[1]
    )
