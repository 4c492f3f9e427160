"""Faults of the garment: colour, print, lengths, holes, fold-overs, outline."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lab import delta_e2000
from serving.bench.tryon_goods import Good, box_of, disc, grown, laid, shifted
from serving.bench.tryon_person_plants import Planted, cloth_like, ground
from serving.bench.tryon_shown import LEAST_SHARE, seen_change, shown_share

_VISIBLE = 14
_LINES = 24


def colour(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """The garment in another shade, that many CIEDE2000 away."""
    lab = cv2.cvtColor(good.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    angle = rng.uniform(0, 2 * np.pi)
    step = np.array([0.45, np.cos(angle), np.sin(angle)], np.float32)
    middle = np.median(lab[good.cloth], axis=0)
    lengths = np.linspace(1.0, 60.0, 119)[:, None]
    seen = np.clip(middle + lengths * step, (2, -100, -110), (98, 95, 95))
    far = int(np.abs(delta_e2000(seen, middle[None]) - amount).argmin())
    other = cv2.cvtColor(lab + (seen[far] - middle).astype(np.float32), cv2.COLOR_Lab2RGB)
    over = np.clip(np.rint(other * 255), 0, 255).astype(np.uint8)
    if cv2.absdiff(over, good.rgb)[good.cloth].mean() < amount / 2:
        return None
    return laid(good, over, good.cloth), box_of(good.cloth)


def print_blur(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The print out of focus."""
    mask = _print_mask(good)
    if mask is None:
        return None
    return laid(good, cv2.GaussianBlur(good.rgb, (0, 0), amount), mask, sigma=2.0), box_of(mask)


def print_turned(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The print mirrored (0), upside down (1), half mirrored (2), or turned by 14° (3)."""
    mask = _print_mask(good)
    if mask is None or good.printed is None:
        return None
    x0, y0, x1, y1 = good.printed
    part, over = good.rgb[y0:y1, x0:x1], good.rgb.copy()
    half = (x1 - x0) // 2
    if amount == 0:
        over[y0:y1, x0:x1] = part[:, ::-1]
    elif amount == 1:
        over[y0:y1, x0:x1] = part[::-1]
    elif amount == 2:
        over[y0:y1, x0 : x0 + half] = part[:, :half][:, ::-1]
    else:
        turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), 14.0, 1.0)
        over = cv2.warpAffine(good.rgb, turn, good.rgb.shape[1::-1], flags=cv2.INTER_CUBIC)
    return laid(good, over, mask), box_of(mask)


def print_lost(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A share of the print painted over with plain cloth."""
    mask = _print_mask(good)
    if mask is None or good.printed is None:
        return None
    x0, y0, x1, y1 = good.printed
    wide = max(8, round((x1 - x0) * amount))
    left = x0 + int(rng.integers(0, max(1, x1 - x0 - wide)))
    gone = np.zeros(mask.shape, bool)
    gone[y0:y1, left : left + wide] = True
    gone &= mask
    plain = cv2.medianBlur(good.rgb, 51)
    if cv2.absdiff(plain, good.rgb).max(axis=2)[gone].mean() < _VISIBLE:
        return None
    return laid(good, plain, gone, sigma=1.5), box_of(gone)


def print_waved(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The print in waves of that many px."""
    mask = _print_mask(good)
    if mask is None:
        return None
    rows, columns = np.mgrid[: good.rgb.shape[0], : good.rgb.shape[1]].astype(np.float32)
    share = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 8.0)
    wave = amount * np.sin(columns / 11.0) * share
    return shifted(good.rgb, 0.5 * amount * np.sin(rows / 9.0) * share, wave), box_of(mask)


def print_stretched(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The print drawn out downwards about its middle."""
    mask = _print_mask(good)
    if mask is None or good.printed is None:
        return None
    y0, y1 = good.printed[1], good.printed[3]
    zone = cv2.blur(grown(mask, round(0.3 * (y1 - y0))).astype(np.float32), (31, 31))
    rows = np.arange(good.rgb.shape[0], dtype=np.float32)[:, None]
    pull = (rows - (y0 + y1) / 2) * (1 / amount - 1)
    down = np.repeat(pull, good.rgb.shape[1], axis=1) * zone
    over = shifted(good.rgb, np.zeros_like(down), down)
    inside = grown(mask, round(0.3 * (y1 - y0))) & grown(good.cloth, 2)
    return laid(good, over, inside), box_of(mask)


def sleeve_long(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A sleeve that goes on down a bare arm."""
    arm_side = "left" if rng.integers(2) else "right"
    zone = _arm_beyond(good, arm_side, amount)
    if zone is None:
        return None
    return laid(good, _shaded(good, zone), zone), box_of(zone)


def sleeve_short(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A sleeve cut shorter: bare skin where it was."""
    side = "left" if rng.integers(2) else "right"
    arm = good.body.arms[side]
    start, elbow = np.array(arm.shoulder), np.array(arm.elbow)
    own = good.sleeves & _half(good, side)
    if own.sum() < 0.02 * good.unit_px**2:
        return None
    rows, columns = np.nonzero(own)
    axis = (elbow - start) / max(float(np.linalg.norm(elbow - start)), 1.0)
    along = (np.column_stack([columns, rows]) - start) @ axis
    cut = along > np.percentile(along, 97) - amount * float(np.linalg.norm(elbow - start))
    mask = np.zeros(own.shape, bool)
    mask[rows[cut], columns[cut]] = True
    lab = np.array(good.body.skin_lab, np.float32).reshape(1, 1, 3)
    skin = np.rint(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * 255).astype(np.uint8)
    return laid(good, np.broadcast_to(skin, good.rgb.shape).copy(), mask), box_of(mask)


def hem_short(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The garment ends higher: what lies below it goes on upwards."""
    trunk = float(np.linalg.norm(np.subtract(good.body.mid_hip, good.body.mid_shoulder)))
    zone = _trunk_cloth(good)
    end = int(np.flatnonzero(zone.any(axis=1))[-1])
    high = round(amount * trunk)
    rows = np.arange(zone.shape[0])[:, None]
    gone = zone & (rows > end - high)
    lower = (good.body.parts == Part.BOTTOM) & (rows > end + 8) & (rows < end + 8 + high)
    if lower.sum() < 0.3 * gone.sum():
        return None
    legs = np.median(good.rgb[lower], axis=0).astype(np.uint8)
    return laid(good, np.broadcast_to(legs, good.rgb.shape).copy(), gone), box_of(gone)


def hem_slant(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """The hem slants: one side hangs lower by a share of the trunk."""
    return _hem_moved(good, amount, np.linspace(-0.5, 0.5, 64) * (1 if rng.integers(2) else -1))


def hem_waved(good: Good, amount: float, _: np.random.Generator) -> Planted:
    """The hem goes up and down."""
    return _hem_moved(good, amount, 0.5 * np.sin(np.linspace(0, 5 * np.pi, 64)))


def _hem_moved(good: Good, amount: float, shape: Numbers) -> Planted:
    zone = _trunk_cloth(good)
    trunk = float(np.linalg.norm(np.subtract(good.body.mid_hip, good.body.mid_shoulder)))
    across = np.flatnonzero(zone.any(axis=0))
    end = int(np.flatnonzero(zone.any(axis=1))[-1])
    if end > zone.shape[0] - 0.12 * trunk:
        return None
    columns = np.arange(zone.shape[1])
    move = np.interp(columns, np.linspace(across[0], across[-1], len(shape)), shape)
    rows = np.arange(zone.shape[0], dtype=np.float32)[:, None]
    near = np.clip(1 - np.abs(rows - end) / (0.35 * trunk), 0, 1)
    sides = np.clip(np.minimum(columns - across[0], across[-1] - columns) / 12.0, 0, 1)
    down = (-amount * trunk * move * sides)[None] * near
    over = shifted(good.rgb, np.zeros_like(down), down.astype(np.float32))
    box = np.zeros(zone.shape, bool)
    box[max(0, end - 40) : end + 40, across[0] : across[-1]] = True
    return over, box_of(box)


def hole(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A hole through which the background or skin is seen."""
    inner = ~grown(~_trunk_cloth(good), round((amount + 0.06) * good.unit_px))
    spots = np.argwhere(inner)
    if not len(spots):
        return None
    y, x = spots[rng.integers(len(spots))]
    mask = disc(inner.shape, np.array([x, y]), amount * good.unit_px)
    over = ground(good)
    if cv2.absdiff(over, good.rgb).max(axis=2)[mask].mean() < 2 * _VISIBLE:
        return None
    return laid(good, over, mask), box_of(mask)


def fold(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """A strip that shows its neighbour mirrored, as where a warp folds over itself."""
    zone = _trunk_cloth(good)
    across = np.flatnonzero(zone.any(axis=0))
    wide = round(amount * good.unit_px)
    middle = (across[0] + across[-1]) / 2
    left = round(middle + rng.uniform(-0.18, 0.18) * good.unit_px) - wide // 2
    over = good.rgb.copy()
    over[:, left : left + wide] = good.rgb[:, left + wide : left + 2 * wide][:, ::-1]
    mask = np.zeros(zone.shape, bool)
    mask[:, left : left + wide] = True
    mask &= zone & np.roll(zone, -wide, axis=1)
    seen = cv2.absdiff(over, good.rgb).max(axis=2)[mask]
    if seen.size < 200 or (seen > 2 * _VISIBLE).mean() < 0.08:
        return None
    return laid(good, over, mask, sigma=0.5), box_of(mask)


def torn(good: Good, amount: float, rng: np.random.Generator) -> Planted:
    """The lower part of the garment slipped sideways along the first of some lines that shows."""
    zone = _trunk_cloth(good)
    rows = np.flatnonzero(zone.any(axis=1))
    over = np.roll(good.rgb, round(amount), axis=1)
    moved = zone & np.roll(zone, round(amount), axis=1)
    change = seen_change(good.rgb, over)
    for _ in range(_LINES):
        line = round(rng.uniform(0.3, 0.6) * rows[-1] + rng.uniform(0.0, 0.1) * rows[0])
        line = int(np.clip(line, rows[0] + 40, rows[-1] - 40))
        if shown_share(change, moved, row=line) >= LEAST_SHARE:
            mask = moved & (np.arange(zone.shape[0])[:, None] > line)
            return laid(good, over, mask, sigma=0.5), box_of(mask)
    return None


def _print_mask(good: Good) -> Mask | None:
    if good.printed is None:
        return None
    x0, y0, x1, y1 = good.printed
    mask = np.zeros(good.cloth.shape, bool)
    mask[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = True
    return mask & good.cloth


def _trunk_cloth(good: Good) -> Mask:
    return good.cloth & ~good.sleeves


def _half(good: Good, side: str) -> Mask:
    columns = np.arange(good.cloth.shape[1])[None]
    middle = good.body.mid_shoulder[0]
    return np.broadcast_to(
        (columns < middle) if side == "left" else (columns >= middle), good.cloth.shape
    )


def _arm_beyond(good: Good, side: str, amount: float) -> Mask | None:
    """The bare arm from the cuff on, for a share of its length."""
    arm = good.body.arms["left" if side == "left" else "right"]
    joints = np.array([arm.shoulder, arm.elbow, arm.wrist])
    t = np.linspace(0, 2, 81)
    points = np.stack([np.interp(t, (0, 1, 2), joints[:, axis]) for axis in (0, 1)], axis=1)
    rows, columns = np.rint(points[:, 1]).astype(int), np.rint(points[:, 0]).astype(int)
    height, width = good.cloth.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    covered = np.zeros(len(t), bool)
    covered[inside] = good.cloth[rows[inside], columns[inside]]
    if not covered.any() or t[covered][-1] > 1.2:
        return None
    end = float(t[covered][-1])
    drawn = np.zeros(good.cloth.shape, np.uint8)
    chosen = points[(t >= end - 0.05) & (t <= end + amount)]
    for first, second in pairwise(chosen):
        ends = [tuple(np.rint(point).astype(int).tolist()) for point in (first, second)]
        cv2.line(drawn, ends[0], ends[1], 1, round(0.3 * good.unit_px))
    mask = (drawn > 0) & (good.body.parts == Part.SKIN) & ~good.cloth
    return mask if mask.sum() > 0.02 * good.unit_px**2 else None


def _shaded(good: Good, zone: Mask) -> Pixels:
    """Cloth with the arm's own light and shade."""
    gray = cv2.cvtColor(good.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = np.clip(gray / max(float(np.median(gray[zone])), 1.0), 0.7, 1.2)[..., None]
    return np.clip(cloth_like(good) * light, 0, 255).astype(np.uint8)
