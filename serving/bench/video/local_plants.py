"""Faults of one place: things bend, jump, vanish and appear, moving with what is there."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.places import Span, Spot, first_seen, ramp, span, spots
from serving.bench.video.spoilt import Order, Spoilt, changed

_MORPH_RADIUS = 0.16
_POP_RADIUS = 0.13
_PLACES_TRIED = 12
_DIRECTIONS = 12

Change = Callable[[Spot, int], Pixels]


def morph(footage: Footage, order: Order) -> Spoilt | None:
    """A region bends out of shape more and more, and comes back quickly."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=8))
    if stretch is None:
        return None
    field = _smooth_field(order.rng)
    length = stretch[1] - stretch[0] + 1

    def bent(spot: Spot, at: int) -> Pixels:
        level = ramp(at, stretch, rise=round(0.7 * length), fall=max(1, length // 10))
        rows, columns = spot.window(at)
        whole = cv2.resize(field, (_around(spot, 0), _around(spot, 1)))
        share = spot.share(at)
        waves = _cropped(whole, spot, at, share.shape[:2])
        return _bent(
            footage.rgb(at),
            (rows, columns),
            waves * share * level * order.amount * min(spot.radii_px),
        )

    return _planted(footage, order, stretch, bent, radius=_MORPH_RADIUS)


def pop(footage: Footage, order: Order) -> Spoilt | None:
    """A thing jumps aside for some frames, and back."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=2))
    if stretch is None:
        return None
    angle = order.rng.uniform(0, 2 * np.pi)
    way = (float(np.cos(angle)), float(np.sin(angle)))

    def jumped(spot: Spot, at: int) -> Pixels:
        far = order.amount * min(spot.radii_px)
        return _laid(footage.rgb(at), spot, at, (way[0] * far, way[1] * far))

    return _planted(footage, order, stretch, jumped, radius=_POP_RADIUS)


def vanish(footage: Footage, order: Order) -> Spoilt | None:
    """A thing is gone: what lies beside it is drawn in its place, seam and light adapted."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=5))
    if stretch is None:
        return None

    def gone(spot: Spot, at: int) -> Pixels:
        return _healed(footage.rgb(at), spot, at, _offset(footage, spot, alike=True))

    return _planted(footage, order, stretch, gone, radius=order.amount)


def appear(footage: Footage, order: Order) -> Spoilt | None:
    """A thing from elsewhere in the picture stands where it was not."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=5))
    if stretch is None:
        return None

    def there(spot: Spot, at: int) -> Pixels:
        return _laid(footage.rgb(at), spot, at, _offset(footage, spot, alike=False))

    return _planted(footage, order, stretch, there, radius=order.amount)


def _planted(
    footage: Footage, order: Order, stretch: Span, change: Change, *, radius: float
) -> Spoilt | None:
    """The change at the first place where it shows, in every frame of the stretch."""
    places = spots(footage, order.rng, stretch=stretch, radius=radius, tries=_PLACES_TRIED)
    spot = first_seen(places, footage, change, levels=order.levels)
    if spot is None:
        return None
    return changed(footage, stretch, lambda at: change(spot, at), box=spot.box())


def _laid(picture: Pixels, spot: Spot, at: int, offset: tuple[float, float]) -> Pixels:
    """The picture with what lies at an offset from the blob drawn inside it."""
    rows, columns = spot.window(at)
    share = spot.share(at)
    matrix = _towards(offset, rows, columns)
    size = (share.shape[1], share.shape[0])
    other = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT)
    out = picture.copy()
    mixed = picture[rows, columns] * (1.0 - share) + other * share
    out[rows, columns] = np.rint(mixed).astype(np.uint8)
    return out


def _healed(picture: Pixels, spot: Spot, at: int, offset: tuple[float, float]) -> Pixels:
    """The picture with the blob filled from an offset, its seam evened out (Poisson).

    Source: Pérez, Gangnet, Blake (2003), Poisson image editing.
    """
    rows, columns = spot.window(at)
    share = spot.share(at)
    inner = np.zeros(share.shape[:2], np.uint8)
    inner[2:-2, 2:-2] = 255 * (share[2:-2, 2:-2, 0] > 0.02)
    if not inner.any():
        return picture
    laid = _laid(picture, spot, at, offset)
    left, top, across, down = cv2.boundingRect(inner)
    matrix = _towards(offset, rows, columns)
    source = cv2.warpAffine(
        picture, matrix, (share.shape[1], share.shape[0]), borderMode=cv2.BORDER_REFLECT
    )
    window = np.ascontiguousarray(picture[rows, columns])
    centre = (left + across // 2, top + down // 2)
    healed = cv2.seamlessClone(source, window, inner, centre, cv2.NORMAL_CLONE)
    laid[rows, columns] = healed
    return laid


def _towards(offset: tuple[float, float], rows: slice, columns: slice) -> np.ndarray:
    """(2, 3) float32: the way from the picture to a window of it, moved by an offset."""
    across, down = -offset[0] - columns.start, -offset[1] - rows.start
    return np.array([[1, 0, across], [0, 1, down]], np.float32)


def _offset(footage: Footage, spot: Spot, *, alike: bool) -> tuple[float, float]:
    """Where to take a filling from: the ring's neighbour most like the blob's rim, or least.

    Decided once, in the middle of the span, so that the filling stays the same.
    """
    at = sorted(spot.centres)[len(spot.centres) // 2]
    small = footage.small[at].astype(np.float32)
    width, _ = footage.size_px
    scale = small.shape[1] / width
    x, y = spot.centres[at]
    radius = max(spot.radii_px)
    found: list[tuple[float, tuple[float, float]]] = []
    rim = _patch(small, x * scale, y * scale, 1.35 * radius * scale)
    for turn in range(_DIRECTIONS):
        angle = 2 * np.pi * turn / _DIRECTIONS
        offset = (2.4 * radius * float(np.cos(angle)), 2.4 * radius * float(np.sin(angle)))
        there = _patch(small, (x + offset[0]) * scale, (y + offset[1]) * scale, radius * scale)
        if there.size and rim.size:
            far = abs(float(there.mean() - rim.mean()))
            unlike = far + (1 if alike else -1) * float(there.std())
            found.append((unlike, offset))
    found.sort(key=lambda pair: pair[0])
    return (found[0] if alike else found[-1])[1] if found else (2.4 * radius, 0.0)


def _patch(small: np.ndarray, x: float, y: float, radius: float) -> np.ndarray:
    """The square around a point, empty where it leaves the picture."""
    rows = slice(round(y - radius), round(y + radius) + 1)
    columns = slice(round(x - radius), round(x + radius) + 1)
    inside = rows.start >= 0 and columns.start >= 0
    if not inside or rows.stop > small.shape[0] or columns.stop > small.shape[1]:
        return np.zeros((0,), np.float32)
    return small[rows, columns]


def _smooth_field(rng: np.random.Generator) -> np.ndarray:
    """(64, 64, 2) float32 of smooth random displacement, the greatest length 1."""
    coarse = rng.normal(size=(4, 4, 2)).astype(np.float32)
    field = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC)
    return field / float(np.linalg.norm(field, axis=2).max())


def _around(spot: Spot, axis: int) -> int:
    return max(4, round(3.0 * spot.radii_px[axis]) + 2)


def _cropped(whole: np.ndarray, spot: Spot, at: int, shape: tuple[int, ...]) -> np.ndarray:
    """The part of a field around the blob that lies in its window, which the frame may cut."""
    rows, columns = spot.window(at)
    x, y = spot.centres[at]
    left = int(np.clip(columns.start - (x - 1.5 * spot.radii_px[0]), 0, whole.shape[1] - 1))
    top = int(np.clip(rows.start - (y - 1.5 * spot.radii_px[1]), 0, whole.shape[0] - 1))
    part = whole[top : top + shape[0], left : left + shape[1]]
    return cv2.resize(part, (shape[1], shape[0])) if part.shape[:2] != shape else part


def _bent(picture: Pixels, window: tuple[slice, slice], field: np.ndarray) -> Pixels:
    """The picture with the window's pixels taken from where the field (pixels) points."""
    rows, columns = window
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] + field[..., 0]
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + field[..., 1]
    out = picture.copy()
    out[rows, columns] = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return out
