"""Meshes between a garment's picture and its place on a body."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.mesh_raster import Sheet, cell_areas

ROWS, COLUMNS = 31, 33
DECAY_NECK, DECAY_SIDE, DECAY_HEM = 3.4, 2.2, 4.4
"""How fast the boundary's curvature dies out inwards, as powers. A plain Coons patch (1.0) bends
every print into neckline and waist: anisotropy 3.0 against 2.0 on a hoodie (a prototype's
measurement); much higher folds under a deep neckline."""

PRINT_SCALES = (0.8, 1.25)
"""Ratio of a print's width scale to its height scale that a body may force upon it."""


def patch(top: np.ndarray, bottom: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The grid (rows, columns, 2) that four boundary curves span, nearly affine in the middle.

    Bilinear on the corners plus each boundary's deviation, which decays inwards. The same formula
    in picture and photo makes equal boundaries give the identity.
    """
    rows, columns = len(left), len(top)
    u = np.linspace(0, 1, columns)[None, :, None]
    v = np.linspace(0, 1, rows)[:, None, None]
    c00, c10, c01, c11 = top[0], top[-1], bottom[0], bottom[-1]
    base = (1 - u) * (1 - v) * c00 + u * (1 - v) * c10 + (1 - u) * v * c01 + u * v * c11
    off_top = top[None] - ((1 - u) * c00 + u * c10)
    off_bottom = bottom[None] - ((1 - u) * c01 + u * c11)
    off_left = left[:, None] - ((1 - v) * c00 + v * c01)
    off_right = right[:, None] - ((1 - v) * c10 + v * c11)
    return (
        base
        + off_top * (1 - v) ** DECAY_NECK
        + off_bottom * v**DECAY_HEM
        + off_left * (1 - u) ** DECAY_SIDE
        + off_right * u**DECAY_SIDE
    )


def turned(target: np.ndarray, *, towards: np.ndarray, shift_px: float) -> np.ndarray:
    """The target grid with its middle column moved by `shift_px` along `towards`, edges kept.

    A chest turned aside shows its middle off centre: the near half wide, the far half narrow.
    """
    rows, columns = target.shape[:2]
    bulge = 1 - np.linspace(-1, 1, columns)[None, :, None] ** 2
    ramp = np.clip(np.linspace(0, 1.8, rows), 0, 1)[:, None, None]
    return target + towards * shift_px * bulge * ramp


def keep_print(sheet: Sheet, box: tuple[int, int, int, int]) -> Sheet:
    """The sheet with the print inside the source box nearly a similarity: letters stay letters.

    The best turn, shift and two scales for the box replace the mesh inside it and fade out to
    nothing at the mesh's rim.
    """
    weight = _print_weight(sheet, box)
    inside = weight > 0.6
    if np.count_nonzero(inside) < 6:
        return sheet
    straight = _straightened(sheet.source, sheet.target, inside)
    share = weight[..., None]
    eased = sheet.target + share * (straight - sheet.target)
    kept = unfolded(Sheet(source=sheet.source, target=eased))
    return kept if kept.folds() <= sheet.folds() else sheet


def _print_weight(sheet: Sheet, box: tuple[int, int, int, int]) -> np.ndarray:
    """1 in the box, falling smoothly to 0 at the rim, (rows, columns)."""
    x0, y0, x1, y1 = box
    x, y = sheet.source[..., 0], sheet.source[..., 1]
    inside = ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).astype(np.uint8)
    rows, columns = inside.shape
    rim = np.minimum.outer(
        np.minimum(np.arange(rows), np.arange(rows)[::-1]),
        np.full(columns, max(rows, columns)),
    )
    rim = np.minimum(rim, np.minimum(np.arange(columns), np.arange(columns)[::-1])[None])
    away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    share = rim / np.maximum(rim + 1.6 * away, 1e-6)
    share = share * np.clip(rim / 3, 0, 1)
    eased = cv2.GaussianBlur((share * share * (3 - 2 * share)).astype(np.float32), (0, 0), 1.0)
    return np.where(rim > 0, eased, 0)


def _straightened(source: np.ndarray, target: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The whole target grid under the turn, two scales and shift that fit the cells inside best."""
    ours, theirs = source[inside], target[inside]
    from_, to = ours.mean(axis=0), theirs.mean(axis=0)
    fitted, *_ = np.linalg.lstsq(ours - from_, theirs - to, rcond=None)
    turn, scales, back = np.linalg.svd(fitted)
    spin = turn @ back
    wide = float(np.linalg.norm(fitted[0]))
    tall = float(np.linalg.norm(fitted[1]))
    mean = float(np.sqrt(wide * tall))
    ratio = float(np.clip(wide / max(tall, 1e-6), *PRINT_SCALES))
    stretch = np.diag([mean * np.sqrt(ratio), mean / np.sqrt(ratio)])
    del scales
    return (source - from_) @ stretch @ spin + to


def anisotropy(sheet: Sheet, box: tuple[int, int, int, int]) -> float:
    """The 90th percentile, over the box's cells, of the larger local scale over the smaller."""
    x0, y0, x1, y1 = box
    s, t = sheet.source, sheet.target
    x, y = s[:-1, :-1, 0], s[:-1, :-1, 1]
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    if not inside.any():
        return 1.0
    ours = np.stack([s[:-1, 1:] - s[:-1, :-1], s[1:, :-1] - s[:-1, :-1]], axis=-1)[inside]
    theirs = np.stack([t[:-1, 1:] - t[:-1, :-1], t[1:, :-1] - t[:-1, :-1]], axis=-1)[inside]
    change = theirs @ np.linalg.inv(ours + 1e-9 * np.eye(2))
    scales = np.linalg.svd(change, compute_uv=False)
    return float(np.percentile(scales[:, 0] / np.maximum(scales[:, 1], 1e-6), 90))


ROUNDS = 150
"""Most rounds of ironing; the first sixth leaves the whole rim where it is. 39 people × 12 tops
needed at most 40."""


def unfolded(sheet: Sheet) -> Sheet:
    """The sheet with folds ironed out: inner points relax to their neighbours' mean where needed.

    Where that is not enough the far edges near the folds are drawn in.
    """
    return Sheet(source=_ironed(sheet.source), target=_ironed(sheet.target))


def _ironed(grid: np.ndarray) -> np.ndarray:
    """One grid without folds: the first row stays, other edges give way as a last resort."""
    found = np.asarray(grid, np.float64)
    for round_ in range(ROUNDS):
        areas = cell_areas(found)
        folded = areas * np.sign(np.median(areas)) <= 0
        if not folded.any():
            return found
        whole = round_ < ROUNDS // 6
        found = _relaxed(found, np.ones(found.shape[:2], bool) if whole else _around(folded))
        if whole:
            found[:, [0, -1]], found[-1] = grid[:, [0, -1]], grid[-1]
    return found


def _around(folded: np.ndarray) -> np.ndarray:
    """The points (rows, columns) within two steps of a folded cell."""
    points = np.zeros((folded.shape[0] + 1, folded.shape[1] + 1), np.uint8)
    for down in (0, 1):
        for right in (0, 1):
            points[down : points.shape[0] - 1 + down, right : points.shape[1] - 1 + right] |= folded
    return cv2.dilate(points, np.ones((5, 5), np.uint8)) > 0


def _relaxed(grid: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The grid with the chosen points drawn half-way to the mean of their neighbours."""
    padded = np.pad(grid, ((1, 1), (1, 1), (0, 0)), mode="edge")
    mean = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) / 4
    moved = np.where(where[..., None], grid + 0.5 * (mean - grid), grid)
    moved[0] = grid[0]
    return moved
