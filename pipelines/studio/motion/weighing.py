"""Windows on a product's photo weighed as a photographer would: ground, cut details, blanks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.motion.details import Detail, details_of
from pipelines.studio.motion.route import Bounds, Look
from pipelines.studio.scenes.arrays import F64, U8

MAP_PX = 200
"""Longer side of the map that windows are weighed on."""

NEARER = 1.25
"""Least ratio of a close look's scale to the last one's: below it nothing opens."""

GROUND_MAX = 1 / 3
"""Ground in a window up to this share is no fault, if it lies evenly around."""

UNEVEN, LOST, CUT = 2.5, 5.0, 2.2
"""What one-sided ground costs, what too much of it costs where it lies so, and a detail cut in two.
Chosen so that ways cost in the order in which they please, by eye on 36 products, 2026-11-23."""

LINES_MIN, SWING_MIN = 0.1, 10
"""A window is dull with lines in a smaller share of it: a line is a swing of so many levels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighing:
    """A small map of the photo around the product, on which windows are weighed.

    `unit` is map pixels for each photo pixel, `origin` the map's corner in photo pixels. `sums` are
    tables of partial sums (n, H + 1, W + 1): product, product · x, product · y, lines on it, then
    each detail.
    """

    unit: float
    origin: tuple[float, float]
    sums: F64
    details: tuple[Detail, ...]
    box: tuple[int, int, int, int]
    bounds: Bounds
    last: Look

    @classmethod
    def of(
        cls,
        rgb: U8,
        shape: U8,
        *,
        box: tuple[int, int, int, int],
        bounds: Bounds,
        last: Look,
    ) -> Weighing:
        """The map: it holds the product and the last look's window."""
        half = [side / 2 / last.scale for side in bounds.window_px]
        x0, y0 = min(box[0], last.x - half[0]), min(box[1], last.y - half[1])
        x1, y1 = max(box[2], last.x + half[0]), max(box[3], last.y + half[1])
        unit = MAP_PX / max(x1 - x0, y1 - y0)
        size = math.ceil((x1 - x0) * unit), math.ceil((y1 - y0) * unit)
        to_map = np.array([[unit, 0, -x0 * unit], [0, unit, -y0 * unit]])
        soft = max(1, 2 * round(0.5 / unit) + 1)
        small = cv2.warpAffine(
            cv2.blur(rgb, (soft, soft)), to_map, size, borderMode=cv2.BORDER_REPLICATE
        )
        mask = cv2.warpAffine(cv2.blur(shape, (soft, soft)), to_map, size) > 127
        details = tuple(details_of(small, mask))
        return cls(
            unit=unit,
            origin=(x0, y0),
            sums=_sums(mask, _lines(small, mask), details),
            details=details,
            box=box,
            bounds=bounds,
            last=last,
        )

    def costs(self, looks: Sequence[Look]) -> F64:
        """What is wrong with each look: uneven or too much ground, details cut by its edge."""
        windows = self._windows(looks)
        empty, uneven = self.ground(windows)
        excess = np.maximum(0, empty - GROUND_MAX)
        faults = excess * (0.3 + LOST * uneven) + UNEVEN * uneven * empty
        return faults + CUT * self.cut(windows) + self.dull(windows)

    def ground(self, windows: F64) -> tuple[F64, F64]:
        """The share of each window (n, 4) that is ground, and how far to one side it lies, 0..1."""
        body, at_x, at_y = (self._within(table, windows) for table in self.sums[:3])
        wide, high = windows[:, 2] - windows[:, 0], windows[:, 3] - windows[:, 1]
        solid = np.maximum(body, 1e-6)
        x = np.abs(at_x / solid - (windows[:, 0] + windows[:, 2]) / 2) / (wide / 2)
        y = np.abs(at_y / solid - (windows[:, 1] + windows[:, 3]) / 2) / (high / 2)
        empty = np.clip(1 - body / (wide * high), 0, 1)
        return empty, np.clip(np.maximum(x, y), 0, 1)

    def cut(self, windows: F64) -> F64:
        """How much the windows (n, 4) cut details in two that could be whole, by their weights."""
        total = np.zeros(len(windows))
        for detail, seen in zip(self.details, self._seen(windows), strict=True):
            total += detail.weight * 4 * seen * (1 - seen) * self._fits(detail)
        return total

    def dull(self, windows: F64) -> F64:
        """How near to a blank each window (n, 4) is, 0..1: nothing in it has a line or a fold."""
        area = (windows[:, 2] - windows[:, 0]) * (windows[:, 3] - windows[:, 1])
        return np.maximum(0, 1 - self._within(self.sums[3], windows) / area / LINES_MIN)

    def shown(self, looks: Sequence[Look]) -> F64:
        """How much of all detail each look shows whole, 0..1."""
        windows = self._windows(looks)
        seen = self._seen(windows)
        return sum(
            (
                detail.weight * (share > 0.98)
                for detail, share in zip(self.details, seen, strict=True)
            ),
            start=np.zeros(len(windows)),
        )

    def apart(self, one: Look, other: Look, *, across: float = 1.0) -> float:
        """The way between two looks in windows; what goes across a long product counts less."""
        scale = math.sqrt(one.scale * other.scale)
        x = abs(one.x - other.x) * scale / self.bounds.window_px[0]
        y = abs(one.y - other.y) * scale / self.bounds.window_px[1]
        wide, high = self.box[2] - self.box[0], self.box[3] - self.box[1]
        if wide > 1.3 * high:
            y *= across
        elif high > 1.3 * wide:
            x *= across
        return math.hypot(x, y)

    def middle(self, detail: Detail) -> tuple[float, float]:
        """The middle (x, y) of a detail, in photo pixels."""
        x0, y0, x1, y1 = detail.box
        return (
            self.origin[0] + (x0 + x1) / 2 / self.unit,
            self.origin[1] + (y0 + y1) / 2 / self.unit,
        )

    def _windows(self, looks: Sequence[Look]) -> F64:
        """The windows (n, 4) of looks, x0, y0, x1, y1 on the map."""
        at = np.array([(look.x, look.y) for look in looks]) - self.origin
        half = np.array(self.bounds.window_px) / 2 / np.array([[look.scale] for look in looks])
        return np.hstack([at - half, at + half]) * self.unit

    def _within(self, table: F64, windows: F64) -> F64:
        """The sum of what a table of partial sums holds within each window."""
        high, wide = table.shape
        x0, x1 = (np.clip(np.rint(windows[:, i]), 0, wide - 1).astype(int) for i in (0, 2))
        y0, y1 = (np.clip(np.rint(windows[:, i]), 0, high - 1).astype(int) for i in (1, 3))
        return table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]

    def _seen(self, windows: F64) -> list[F64]:
        """For each detail, the share of it that the windows show, less a little air at the edge."""
        air = 0.05 * (windows[:, 2:] - windows[:, :2])
        inner = np.hstack([windows[:, :2] + air, windows[:, 2:] - air])
        return [self._within(table, inner) / table[-1, -1] for table in self.sums[4:]]

    def _fits(self, detail: Detail) -> float:
        """1 for a detail that a close look can show whole, a third for one too large for any."""
        x0, y0, x1, y1 = detail.box
        wide, high = (side / (NEARER * self.last.scale) for side in self.bounds.window_px)
        fits = x1 - x0 < 0.92 * wide * self.unit and y1 - y0 < 0.92 * high * self.unit
        return 1.0 if fits else 1 / 3


def _sums(mask: np.ndarray, lines: np.ndarray, details: Sequence[Detail]) -> F64:
    y, x = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]] + 0.5
    layers = [mask, mask * x, mask * y, lines, *(detail.region for detail in details)]
    tables = np.cumsum(np.cumsum(np.array(layers, np.float64), axis=1), axis=2)
    return np.pad(tables, ((0, 0), (1, 0), (1, 0)))


def _lines(rgb: U8, mask: np.ndarray) -> np.ndarray:
    """Where a product has an edge, a fold, a weave within its outline: (H, W) bool."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    swing = cv2.dilate(grey, np.ones((3, 3), np.uint8)) - cv2.erode(grey, np.ones((3, 3), np.uint8))
    return (swing >= SWING_MIN) & (cv2.erode(mask.astype(np.uint8), np.ones((5, 5))) > 0)
