"""A texture drawn through a mesh: every target pixel asks where in the source it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

CELL_PX = 7.0
"""Largest side of a mesh cell in the reduced map after refining: smaller costs more cells, larger
more wasted pixels in each cell's box. Fastest of 4, 6, 7, 8, 12 on a torso of 450 px."""

BEYOND_PX = 1.5
"""How far a triangle's affine map is believed outside it, in reduced px: what lies beyond the rim
is read, by interpolation, at the rim."""

REDUCED = 3
"""The map is solved at a third of the size and scaled up: it is affine in each cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """A mesh: `source` and `target` are (rows, columns, 2) px, point for point."""

    source: np.ndarray
    target: np.ndarray

    def folds(self) -> float:
        """The share of cells whose orientation turns over from source to target."""
        return float(np.mean(cell_areas(self.target) * np.median(cell_areas(self.target)) <= 0))

    def rim(self) -> np.ndarray:
        """The target's closed outline (n, 2)."""
        t = self.target
        return np.vstack([t[0], t[1:, -1], t[-1, -2::-1], t[-2:0:-1, 0]])


def cell_areas(grid: np.ndarray) -> np.ndarray:
    """The signed areas (rows - 1, columns - 1) px² of the cells."""
    across, down = grid[1:, 1:] - grid[:-1, :-1], grid[1:, :-1] - grid[:-1, 1:]
    return 0.5 * (across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0])


def inverse_map(
    values: np.ndarray, target: np.ndarray, box: tuple[int, int, int, int]
) -> np.ndarray:
    """The values at each pixel of the box (x0, y0, x1, y1), (h, w, k) float32.

    `values` (rows, columns, k), such as source coordinates, belong to the points of the mesh
    `target` (rows, columns, 2) px; between them they are affine. A little beyond the mesh its
    outer cells are carried on; farther out the nearest value is.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    small = (-(-width // REDUCED) + 1, -(-height // REDUCED) + 1)
    values, target = _refined(values, (target - [x0, y0]) / REDUCED)
    found, known = _filled_cells(values, target, small)
    found = _spread(found, known)
    # Pixel centres: reduced pixel i stands for full pixel REDUCED * i exactly.
    grid_x = (np.arange(width, dtype=np.float32) / REDUCED)[None].repeat(height, axis=0)
    grid_y = (np.arange(height, dtype=np.float32) / REDUCED)[:, None].repeat(width, axis=1)
    return cv2.remap(found, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _refined(values: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both grids with cells split until none is larger than CELL_PX in the target."""
    across = np.abs(np.diff(target, axis=1)).max(initial=0.0)
    down = np.abs(np.diff(target, axis=0)).max(initial=0.0)
    rows, columns = target.shape[:2]
    fine_rows = (rows - 1) * int(np.ceil(down / CELL_PX)) + 1 if down else rows
    fine_columns = (columns - 1) * int(np.ceil(across / CELL_PX)) + 1 if across else columns
    at_y = np.linspace(0, rows - 1, fine_rows, dtype=np.float32)
    at_x = np.linspace(0, columns - 1, fine_columns, dtype=np.float32)
    maps = np.meshgrid(at_x, at_y)
    both = np.concatenate([target, values], axis=2).astype(np.float32)
    fine = cv2.remap(both, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return fine[..., 2:], fine[..., :2]


def _filled_cells(
    values: np.ndarray, target: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The map (h, w, k) where cells lie and which pixels are known; all cells at once.

    Each triangle asks the pixels of a box of one size for all; those inside it (and a hair beyond)
    take its affine value.
    """
    width, height = size
    dst, src = _triangles(target), _triangles(values)
    edges = dst[:, 1:] - dst[:, :1]
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 1, 0] * edges[:, 0, 1]
    usable = np.abs(area) > 1e-4
    dst, src, edges, area = dst[usable], src[usable], edges[usable], area[usable][:, None]
    low = np.floor(dst.min(axis=1)).astype(np.int32) - 1
    span = int(np.ceil((dst.max(axis=1) - low).max())) + 2
    longest = np.linalg.norm(dst - np.roll(dst, 1, axis=1), axis=2).max(axis=1, keepdims=True)
    slack = np.minimum(BEYOND_PX * longest / np.abs(area), 3.0)
    box_y, box_x = (g.ravel().astype(np.float32) for g in np.mgrid[0:span, 0:span])
    px = box_x[None] + (low[:, :1] - dst[:, 0, :1])
    py = box_y[None] + (low[:, 1:] - dst[:, 0, 1:])
    w1 = (px * edges[:, 1, 1:] - edges[:, 1, :1] * py) / area
    w2 = (edges[:, 0, :1] * py - px * edges[:, 0, 1:]) / area
    depth = np.minimum(np.minimum(w1, w2), 1 - w1 - w2)
    which, at = np.nonzero(depth >= -slack)
    x, y = low[which, 0] + box_x[at].astype(np.int32), low[which, 1] + box_y[at].astype(np.int32)
    legs = src[:, 1:] - src[:, :1]
    value = src[which, 0] + w1[which, at][:, None] * legs[which, 0]
    value += w2[which, at][:, None] * legs[which, 1]
    within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    truly = depth[which, at] >= 0
    known = np.zeros((height, width), bool)
    found = np.zeros((height, width, values.shape[2]), np.float32)
    for chosen in (within & ~truly, within & truly):  # what truly lies inside is written last
        found[y[chosen], x[chosen]] = value[chosen]
        known[y[chosen], x[chosen]] = True
    return found, known


def _triangles(grid: np.ndarray) -> np.ndarray:
    """(n, 3, k): both triangles of each cell."""
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    upper, lower = np.stack([a, b, c], axis=2), np.stack([d, c, b], axis=2)
    shape = (-1, 3, grid.shape[2])
    return np.concatenate([upper.reshape(shape), lower.reshape(shape)]).astype(np.float32)


def _spread(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The map with unknown pixels given the nearest known one's value."""
    if not known.any() or known.all():
        return found
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    zone = np.asarray(labels, np.int64).ravel()
    flat = np.flatnonzero(known.ravel())
    where = np.zeros(int(zone.max()) + 1, np.int64)
    where[zone[flat]] = flat
    return found.reshape(-1, found.shape[2])[where[zone]].reshape(found.shape)


def drawn(polygon: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The polygon (n, 2) filled in the box, (h, w) float32 0..1, edges anti-aliased."""
    x0, y0, x1, y1 = box
    scale = 2
    canvas = np.zeros(((y1 - y0) * scale, (x1 - x0) * scale), np.uint8)
    points = np.rint(((polygon - [x0, y0] + 0.5) * scale - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [points], 255, cv2.LINE_AA, 4)
    small = cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255
