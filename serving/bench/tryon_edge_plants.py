"""Faults of the new outline: teeth, fringes, nicks."""

from __future__ import annotations

import cv2
import numpy as np

from serving.bench.tryon_goods import Good, box_of, disc, grown, laid, shifted, soft
from serving.bench.tryon_person_plants import Planted, ground


def jagged(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """The garment's outline against the background in teeth of that many px."""
    noise = cv2.GaussianBlur(rng.normal(size=good.cloth.shape).astype(np.float32), (0, 0), 2.5)
    noise *= amount / noise.std()
    edge = grown(good.cloth, round(2 * amount) + 2)
    share = soft(edge & grown(~good.cloth, round(2 * amount) + 2), 2.0)[..., 0]
    over = shifted(good.rgb, noise * share, np.roll(noise, 37, axis=0) * share)
    free = grown(good.body.alpha < 20, round(2 * amount) + 4)
    mask = edge & free
    if mask.sum() < 200:
        return None
    return laid(good, over, mask, sigma=0.5), box_of(mask)


def halo(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """A fringe of the old cloth's or a grey colour along the garment's outline."""
    ring = grown(good.cloth, round(amount)) & ~grown(good.cloth, 0)
    bare = good.body.alpha < 20
    cloth = cv2.absdiff(good.rgb, ground(good)).max(axis=2) < 10
    mask = ring & bare & cloth
    if mask.sum() < 0.01 * good.unit_px**2:
        return None
    behind = np.median(ground(good)[mask], axis=0)
    fringe = (behind * 0.6 if behind.mean() > 100 else behind + 80).astype(np.uint8)
    return laid(good, np.broadcast_to(fringe, good.rgb.shape).copy(), mask, sigma=0.5), box_of(mask)


def nick(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A nick in a shoulder: background bites into the cloth."""
    side = "left" if rng.integers(2) else "right"
    shoulder = np.array(good.body.arms[side].shoulder)
    rim = good.cloth & grown(cv2.absdiff(good.rgb, ground(good)).max(axis=2) < 10, 2)
    rim &= disc(rim.shape, shoulder, 0.3 * good.unit_px)
    spots = np.argwhere(rim)
    if len(spots) < 10:
        return None
    y, x = spots[rng.integers(len(spots))]
    mask = disc(rim.shape, np.array([x, y]), amount)
    return laid(good, ground(good), mask, sigma=0.5), box_of(mask)
