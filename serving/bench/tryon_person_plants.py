"""Faults of the person: face, background, limbs, hands, hair, and old clothes left."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box
from serving.bench.tryon_goods import Good, box_of, disc, grown, laid, shifted

Planted = tuple[Pixels, Box] | None


def face_shape(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The face drawn wider or narrower about its middle by a share."""
    oval = good.body.face_oval
    if oval is None:
        return None
    centre, radius = oval.mean(axis=0), np.ptp(oval, axis=0).max() * 0.55
    rows, columns = np.mgrid[: good.rgb.shape[0], : good.rgb.shape[1]].astype(np.float32)
    x, y = columns - centre[0], rows - centre[1]
    near = np.clip(1 - np.hypot(x, y) / radius, 0, 1) ** 0.7
    return shifted(good.rgb, -amount * x * near, amount * 0.6 * y * near), box_of(
        np.hypot(x, y) < radius
    )


def face_blur(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The face smoothed, as by a model that draws it anew."""
    oval = good.body.face_oval
    if oval is None:
        return None
    inside = np.zeros(good.rgb.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.rint(oval).astype(np.int32)], (1,))
    mask = inside > 0
    return laid(good, cv2.GaussianBlur(good.rgb, (0, 0), amount), mask, sigma=3.0), box_of(mask)


def background(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A smear on the background beside the body."""
    free = ~grown((good.body.alpha > 20) | good.cloth, round(0.12 * good.unit_px))
    spots = np.argwhere(free[30:-30, 30:-30]) + 30
    if len(spots) < 100:
        return None
    y, x = spots[rng.integers(len(spots))]
    mask = disc(good.rgb.shape, np.array([x, y]), amount * good.unit_px)
    shade = np.clip(good.rgb.astype(np.int16) - (28, 24, 18), 0, 255).astype(np.uint8)
    return laid(good, shade, mask & free, sigma=3.0), box_of(mask)


def arm_moved(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A forearm pushed aside by a share of the body's measure."""
    side = "left" if rng.integers(2) else "right"
    arm = good.body.arms[side]
    wrist = np.array(arm.wrist)
    if arm.visibility < 0.7 or not _within(wrist, good):
        return None
    rows, columns = np.mgrid[: good.rgb.shape[0], : good.rgb.shape[1]].astype(np.float32)
    away = np.hypot(columns - wrist[0], rows - wrist[1])
    near = np.clip(1 - away / (0.75 * good.unit_px), 0, 1)
    near = near * near * (3 - 2 * near)
    outward = -1.0 if side == "left" else 1.0
    push = -outward * amount * good.unit_px * near
    return shifted(good.rgb, push, 0.5 * np.abs(push)), box_of(near > 0.3)


def hand_over(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """Cloth painted over a share of a hand."""
    hands = [_hand(good, side) for side in ("left", "right")]
    seen = [hand for hand in hands if hand.sum() > 0.01 * good.unit_px**2]
    if not seen or not good.cloth.any():
        return None
    hand = seen[int(rng.integers(len(seen)))]
    rows = np.argwhere(hand)
    order = rows @ np.array([np.sin(0.7), np.cos(0.7)])
    taken = rows[order >= np.quantile(order, 1 - amount)]
    mask = np.zeros(hand.shape, bool)
    mask[taken[:, 0], taken[:, 1]] = True
    return laid(good, cloth_like(good), grown(mask, 2)), box_of(mask)


def hair_over(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """Background painted over hair at its rim."""
    hair = (good.body.parts == Part.HAIR) & _kept(good)
    if hair.sum() < 0.05 * good.unit_px**2:
        return None
    rim = hair & grown(~(good.body.alpha > 128), 5)
    spots = np.argwhere(rim if rim.any() else hair)
    y, x = spots[rng.integers(len(spots))]
    mask = disc(hair.shape, np.array([x, y]), amount * good.unit_px) & hair
    if mask.sum() < 0.004 * good.unit_px**2:
        return None
    return laid(good, ground(good), mask, sigma=1.5), box_of(mask)


def residue_collar(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The old collar left: what was worn about the neck stands above the new neckline."""
    centre = np.array(good.body.mid_shoulder) - (0, 0.12 * good.unit_px)
    return _left_over(good, disc(good.cloth.shape, centre, amount * good.unit_px))


def residue_sleeve(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A part of an old sleeve left on an arm."""
    side = "left" if rng.integers(2) else "right"
    arm = good.body.arms[side]
    middle = np.array(arm.shoulder) + (np.array(arm.elbow) - np.array(arm.shoulder)) * 0.35
    return _left_over(good, disc(good.cloth.shape, middle, amount * good.unit_px))


def residue_hem(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The old hem left above the new one's end."""
    hip = np.array(good.body.mid_hip)
    rows = np.arange(good.cloth.shape[0])[:, None]
    end = float(np.flatnonzero(good.cloth.any(axis=1))[-1])
    band = (rows > end - amount * good.unit_px) & (rows <= end)
    columns = np.arange(good.cloth.shape[1])[None]
    near = np.abs(columns - hip[0]) < 0.45 * good.unit_px
    return _left_over(good, band & near)


def residue_rim(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A piece of the old collar's rim left beside the neck, above the new neckline."""
    chin, middle = np.array(good.body.chin), np.array(good.body.mid_shoulder)
    rows, columns = np.mgrid[: good.cloth.shape[0], : good.cloth.shape[1]]
    above = (rows > chin[1]) & (rows < middle[1]) & good.worn & ~grown(good.cloth, 2)
    side = columns < chin[0] if rng.integers(2) else columns > chin[0]
    spots = np.argwhere(above & side)
    if not len(spots):
        return None
    nearest = spots[np.hypot(*(spots[:, ::-1] - chin).T).argmin()][::-1]
    zone = disc(good.cloth.shape, nearest, amount * good.unit_px) & above
    return _left_over(good, zone, least_u2=_LEAST_RIM)


def _left_over(good: Good, zone: Mask, *, least_u2: float = 0.012) -> Planted:
    mask = zone & good.worn
    away = cv2.absdiff(good.photo, good.rgb).max(axis=2)
    if (mask & (away > _TO_BE_SEEN)).sum() < least_u2 * good.unit_px**2:
        return None
    return laid(good, good.photo, mask, sigma=0.6), box_of(mask)


_TO_BE_SEEN = 45
_LEAST_RIM = 0.0012
_REACHED = 0.5


def _hand(good: Good, side: str) -> Mask:
    arm = good.body.arms["left" if side == "left" else "right"]
    wrist, end = np.array(arm.wrist), np.array(arm.hand_end)
    reach = disc(good.cloth.shape, wrist + 0.6 * (end - wrist), 0.2 * good.unit_px)
    beyond = np.argwhere(reach)[:, ::-1] - wrist
    mask = np.zeros(reach.shape, bool)
    rows, columns = np.nonzero(reach)
    ahead = beyond @ (end - wrist) > 0.25 * float((end - wrist) @ (end - wrist))
    mask[rows[ahead], columns[ahead]] = True
    return mask & (good.body.parts == Part.SKIN) & _kept(good)


def _kept(good: Good) -> Mask:
    """What is still as in the photo."""
    return cv2.blur(cv2.absdiff(good.rgb, good.photo).max(axis=2), (3, 3)) < 8


def cloth_like(good: Good) -> Pixels:
    """The garment's own colours grown over the whole picture."""
    return _grown_from(good.rgb, good.cloth)


def ground(good: Good) -> Pixels:
    """The background grown over the whole picture."""
    return _grown_from(good.photo, ~grown(good.body.alpha > 10, 6))


def _grown_from(rgb: Pixels, source: Mask) -> Pixels:
    weight = source.astype(np.float32)
    sums: Numbers = rgb.astype(np.float32) * weight[..., None]
    for reach in (12.0, 60.0):
        mass = cv2.blur(weight, (round(4 * reach) | 1,) * 2)
        mean = cv2.blur(sums, (round(4 * reach) | 1,) * 2) / np.maximum(mass, 1e-4)[..., None]
        fresh = (weight < 0.5) & (mass > 1e-3)
        sums[fresh] = mean[fresh]
        weight[fresh] = 1.0
    sums[weight < _REACHED] = np.median(rgb[source], axis=0) if source.any() else 128.0
    return np.clip(sums, 0, 255).astype(np.uint8)


def _within(point: Numbers, good: Good) -> bool:
    height, width = good.rgb.shape[:2]
    return bool(0 < point[0] < width - 1 and 0 < point[1] < height - 1)
