"""Faults of the product: its shape or colour drifts away, its outline is dented."""

from __future__ import annotations

import cv2
import numpy as np

from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.light_plants import shifted
from serving.bench.video.places import Box, Flows, Span, ramp, span, spot_at
from serving.bench.video.spoilt import Order, Spoilt, changed
from serving.bench.video.subject import Subject

_DRIFT_FROM = (0.2, 0.4)
_DRIFT_LASTS = 0.75
_AGAINST = 0.7


def product_drift(footage: Footage, order: Order) -> Spoilt | None:
    """The product slowly grows one way and shrinks the other, until the clip ends."""
    stretch = _till_end(footage, order.rng)
    if stretch is None:
        return None
    subject = Subject(footage, stretch)
    box = _grown(subject.box(range(stretch[0], stretch[1] + 1)), order.amount)
    if box is None:
        return None
    wide = order.rng.random() < 0.5
    rates = (order.amount, -_AGAINST * order.amount)
    across, down = rates if wide else rates[::-1]

    def stretched(at: int) -> int | Pixels:
        mask = subject.mask(at)
        if mask is None:
            return at
        level = ramp(at, stretch, rise=round(_DRIFT_LASTS * (stretch[1] - stretch[0])))
        return _stretched(footage.rgb(at), mask, (across * level, down * level))

    return changed(footage, stretch, stretched, box=box)


def colour_drift(footage: Footage, order: Order) -> Spoilt | None:
    """The product's colour slowly goes elsewhere, until the clip ends."""
    stretch = _till_end(footage, order.rng)
    if stretch is None:
        return None
    subject = Subject(footage, stretch)
    box = subject.box(range(stretch[0], stretch[1] + 1))
    if box is None:
        return None
    angle = order.rng.uniform(0, 2 * np.pi)
    goal = np.array([0.25, float(np.cos(angle)), float(np.sin(angle))]) * order.amount

    def coloured(at: int) -> int | Pixels:
        mask = subject.whole_mask(at)
        if mask is None:
            return at
        level = ramp(at, stretch, rise=round(_DRIFT_LASTS * (stretch[1] - stretch[0])))
        red, green, blue = (goal * level).tolist()
        return shifted(footage.rgb(at), (red, green, blue), share=mask)

    return changed(footage, stretch, coloured, box=box)


def silhouette(footage: Footage, order: Order) -> Spoilt | None:
    """The product's outline is pushed in or pulled out at one place, for a while."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=6))
    if stretch is None:
        return None
    middle = (stretch[0] + stretch[1]) // 2
    mask = Subject(footage, (middle, middle)).mask(middle)
    edge = None if mask is None else _edge_point(mask, order.rng)
    if mask is None or edge is None:
        return None
    place, outward = edge
    product = float(np.sqrt((mask > 0.5).sum() / mask.size)) * max(footage.size_px)
    far = order.amount * product * (-1.0 if order.rng.random() < 0.5 else 1.0)
    radius = 2.2 * abs(far) / min(footage.size_px)
    spot = spot_at(Flows(footage), order.rng, stretch=stretch, start=place, radius=radius)
    quick = footage.frames_in(0.12)

    def dented(at: int) -> Pixels:
        level = far * ramp(at, stretch, rise=quick, fall=quick)
        rows, columns = spot.window(at)
        bump = spot.share(at)[..., 0]
        bump = bump * bump * (3.0 - 2.0 * bump)
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        picture = footage.rgb(at)
        moved = cv2.remap(
            picture,
            x - outward[0] * level * bump,
            y - outward[1] * level * bump,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        picture = picture.copy()
        picture[rows, columns] = moved
        return picture

    return changed(footage, stretch, dented, box=spot.box())


def _till_end(footage: Footage, rng: np.random.Generator) -> Span | None:
    """From an early frame to the last; None for a clip with cuts: other shots, other products."""
    if footage.cuts:
        return None
    return round(footage.count * rng.uniform(*_DRIFT_FROM)), footage.count - 1


def _grown(box: Box | None, amount: float) -> Box | None:
    """The box as wide as the product becomes."""
    if box is None:
        return None
    across, down = (amount * (box[2] - box[0]) / 2, amount * (box[3] - box[1]) / 2)
    x0, y0, x1, y1 = box[0] - across, box[1] - down, box[2] + across, box[3] + down
    return (max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1))


def _stretched(picture: Pixels, mask: np.ndarray, rates: tuple[float, float]) -> Pixels:
    """The picture with the masked thing scaled about its middle; its surroundings give way."""
    height, width = mask.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    weight = mask + 1e-6
    middle = (float((x * weight).sum() / weight.sum()), float((y * weight).sum() / weight.sum()))
    reach = 0.12 * max(height, width)
    wide = cv2.dilate(mask, np.ones((5, 5), np.uint8), iterations=max(1, round(reach / 4)))
    near = cv2.GaussianBlur(wide, (0, 0), reach / 3)
    near = np.maximum(near, mask)
    away_x = (1.0 / (1.0 + rates[0]) - 1.0) * (x - middle[0]) * near
    away_y = (1.0 / (1.0 + rates[1]) - 1.0) * (y - middle[1]) * near
    size = (picture.shape[1], picture.shape[0])
    scale = size[0] / width
    whole_x = cv2.resize(away_x, size, interpolation=cv2.INTER_CUBIC) * scale
    whole_y = cv2.resize(away_y, size, interpolation=cv2.INTER_CUBIC) * scale
    whole_x += np.arange(size[0], dtype=np.float32)[None]
    whole_y += np.arange(size[1], dtype=np.float32)[:, None]
    return cv2.remap(picture, whole_x, whole_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _edge_point(
    mask: np.ndarray, rng: np.random.Generator
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """A point (0..1) of the outline away from the frame's edges, and the way outward there."""
    outlines, _ = cv2.findContours(
        (mask > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not outlines:
        return None
    height, width = mask.shape
    points = max(outlines, key=len)[:, 0, :]
    inner = (points > (0.12 * width, 0.12 * height)) & (points < (0.88 * width, 0.88 * height))
    points = points[inner.all(axis=1)]
    if not len(points):
        return None
    x, y = points[int(rng.integers(len(points)))].tolist()
    soft = cv2.GaussianBlur(mask, (0, 0), 3)
    slope = (
        float(soft[y, min(x + 2, width - 1)] - soft[y, max(x - 2, 0)]),
        float(soft[min(y + 2, height - 1), x] - soft[max(y - 2, 0), x]),
    )
    length = float(np.hypot(*slope)) or 1.0
    return (x / width, y / height), (-slope[0] / length, -slope[1] / length)
