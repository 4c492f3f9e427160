"""Where a worn long sleeve ends at the wrist, and a new one that ends in the same line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.fit_pieces import Piece, SleeveTarget
from pipelines.studio.fitting.layers_masks import grown, opened
from pipelines.studio.fitting.mesh_curves import smooth
from pipelines.studio.fitting.target_frame import reach

AT_WRIST_T = 1.85
"""A worn sleeve that reaches so far down the arm (2: wrist) has its cuff at the hand."""

CUFF_HALF_U = 0.14
"""Half of a worn cuff's width in body units. Source: 7 people in long sleeves: 0.08 to 0.14."""

BEYOND_MOST_U = 0.23
"""A cuff reaches no farther beyond the wrist, in body units. Source: as above, 0.21 at most."""

CUFF_FROM_T, CUFF_MOST_U, COVER_U = 1.6, 0.3, 0.012
"""From here on an arm a new sleeve is as wide as the worn one, cuffs reach no farther from the
wrist that the pose says, and so much is covered more, in body units. Source: as above, by eye."""

POCKET_WINDOW_U = 0.04
"""Half of a window on the forearm's bone, all skin where an arm is bare. Source: 32 arms."""

BEFORE_U = 0.14
"""So long before the wrist the search for the worn cuff's end begins, in body units."""

BLEND_U, STANDS_OFF = 0.26, 0.45
"""So long before the wrist, in body units, a sleeve's own outline begins to give way to the worn
cuff's, and how far it may stand off it there, in that length: cuffs are drawn in gradually."""

EDGE_U = 0.016
"""How soft the worn cuff's outline is taken, in body units: the parts are known by pixels."""

SPECK_U = 0.02
"""Other cloth thinner than twice this at a cuff is the cuff's own shade, taken for trousers; gaps
and teeth of that size in its outline are no cloth's. Source: as above, by eye."""


def cuff_reach_t(body: Body, side: str) -> float:
    """Where the worn cuff ends on that arm at its farthest: 2 is the wrist, beyond it the hand.

    A bent hand leaves a slanting cuff, whose farther corner lies well beyond the wrist. The
    arm's `worn_sleeve_t` where that ends above the wrist or no end of a cuff is seen.
    """
    arm = body.arms["left" if side == "left" else "right"]
    if arm.worn_sleeve_t <= AT_WRIST_T:
        return arm.worn_sleeve_t
    wrist, run = _forearm(body, side)
    length = float(np.linalg.norm(run))
    along = run / max(length, 1e-6)
    across = np.array([-along[1], along[0]])
    offsets = np.linspace(-CUFF_HALF_U, CUFF_HALF_U, 17)[:, None] * body.unit_px
    starts = wrist - along * BEFORE_U * body.unit_px + across * offsets
    ways = np.repeat(along[None], len(starts), axis=0)
    limit = (BEFORE_U + BEYOND_MOST_U) * body.unit_px
    far = reach(body.parts == Part.TOP, starts, ways, limit_px=limit)
    if not np.any(far > 0):
        return arm.worn_sleeve_t
    beyond = float(np.nanmax(far)) - BEFORE_U * body.unit_px
    return max(arm.worn_sleeve_t, 2 + beyond / max(length, 1.0))


def pocket_t(body: Body, side: str) -> float:
    """Where on its forearm a bare hand goes into a pocket; 2.2 where it does not."""
    wrist, run = _forearm(body, side)
    half = max(1, round(POCKET_WINDOW_U * body.unit_px))
    for t in np.linspace(1.5, 2.15, 14):
        x, y = np.round(wrist + run * (t - 2)).astype(int)
        window = body.parts[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
        if window.size and np.mean(window == Part.SKIN) < 0.5:
            return float(t)
    return 2.2


def cuff_covered(
    body: Body, points: np.ndarray, out: np.ndarray, *, t: np.ndarray, widths: np.ndarray
) -> np.ndarray:
    """Half widths (2, n) px, outwards and inwards, that reach as far as a worn cuff at the wrist.

    `points` (n, 2) px run down the arm at the places `t` (n,), `out` (n, 2) points outwards,
    `widths` (2, n) are the sleeve's without a cuff below it. The wrist of a bent hand lies at the
    cuff's edge.
    """
    worn = body.parts == Part.TOP
    limit = CUFF_MOST_U * body.unit_px
    covered = []
    for way, half in zip((out, -out), widths, strict=True):
        far = reach(worn, points, way, limit_px=limit)
        wanted = np.where(np.isfinite(far) & (t > CUFF_FROM_T), far, 0.0) + COVER_U * body.unit_px
        more = np.maximum.accumulate(np.maximum(wanted - half, 0))
        covered.append(half + smooth(more, 2.0))
    return np.stack(covered)


def at_worn_cuffs(
    pieces: Sequence[Piece], body: Body, *, sleeves: Mapping[str, SleeveTarget]
) -> tuple[Piece, ...]:
    """The pieces with sleeves that reach a worn cuff cut along it: the hand stays as it was."""
    ends = {
        f"sleeve-{side}": side
        for side, target in sleeves.items()
        if min(target.end_t, cuff_reach_t(body, side)) > AT_WRIST_T
    }
    return tuple(
        _cut(piece, body, side=ends[piece.name]) if piece.name in ends else piece
        for piece in pieces
    )


def _cut(piece: Piece, body: Body, *, side: str) -> Piece:
    """One sleeve without what lies beyond the worn cuff's outline, from the wrist on."""
    x0, y0, x1, y1 = piece.box_px
    wrist, run = _forearm(body, side)
    run = run / max(float(np.linalg.norm(run)), 1e-6)
    rows, columns = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    along = ((columns - wrist[0]) * run[0] + (rows - wrist[1]) * run[1]) / body.unit_px
    cloth = _worn_cloth(body.parts[y0:y1, x0:x1], max(1, round(SPECK_U * body.unit_px)))
    edge = cv2.GaussianBlur(cloth, (0, 0), max(1.0, EDGE_U * body.unit_px))
    away = cv2.distanceTransform((cloth < 0.5).astype(np.uint8), cv2.DIST_L2, 5) / body.unit_px
    free = np.clip((-along * STANDS_OFF - away) * body.unit_px, 0, 1)
    share = np.where(along < -BLEND_U, 1, np.maximum(free, np.clip((edge - 0.36) / 0.16, 0, 1)))
    return replace(piece, rgba=piece.rgba * share[..., None].astype(np.float32))


def _worn_cloth(parts: np.ndarray, speck_px: int) -> np.ndarray:
    """The worn top (h, w) float32 0 or 1 with the specks at its rim, and that rim made even."""
    top, other = parts == Part.TOP, parts == Part.BOTTOM
    trousers = opened(other, speck_px)
    top |= other & ~trousers & grown(top, speck_px)
    even = grown(grown(top, speck_px), -speck_px)
    return (even & ~trousers & (parts != Part.SKIN)).astype(np.float32)


def _forearm(body: Body, side: str) -> tuple[np.ndarray, np.ndarray]:
    """The wrist and the way from the elbow to it, px."""
    arm = body.arms["left" if side == "left" else "right"]
    wrist = np.array(arm.wrist, float)
    return wrist, wrist - np.array(arm.elbow, float)
