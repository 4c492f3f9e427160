"""The made-up slope between neck and shoulder: one smooth edge that runs into the collar."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.erase_fill import around, continued
from pipelines.studio.fitting.erase_neck import neck_sides
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene, coverage, mix, soft
from pipelines.studio.fitting.layers_masks import grown, opened

BESIDE_U = 0.07
"""So far from the slope's line its outline is looked for, in body units."""

NOTCH_U = 0.04
"""Radius of the largest disc that stays out of the corner between skin and collar. By eye."""

SMOOTH_U = 0.016
"""Sigma of the slope's outline: the worn collar's teeth are 2 to 3 px at 0.003 units a px."""

EDGE_PX = 1.6
"""How wide the slope's edge against the wall is, as the photos' own edges are."""

INTO_PX = 5.0
"""From the photo's own outline on the smoothed one takes over within this length."""

SHORT_U = 0.067
"""Shorter slopes stay as they are: a collar close to the neck. By eye: polos .065, tees .068 on."""

CRACK_U = 0.012
"""Half of what is no gap between neck and worn collar but a wrong outline."""

TEETH_U = 0.02
"""So far out of the slope's outline the worn collar's rim may still stand."""

COVERED = 0.98
"""From this cover on nothing behind a garment shows."""

SPIKE_U = 0.009
"""Skin narrower than twice this is a spike of the parts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slope:
    """Where the slope is drawn anew, and the skin's share (h, w) float32 there.

    `place` (h, w) bool is skin, wall or both; in its `hole` (h, w) bool the wall was hidden.
    """

    place: np.ndarray
    hole: np.ndarray
    share: np.ndarray


def neck_slope(scene: Scene, fitted: Fitted, *, neck: np.ndarray, removed: np.ndarray) -> Slope:
    """The made-up part of both slopes below the garment's own edge, empty where none is seen.

    `neck` (h, w) float32 is where neck shows, `removed` (h, w) bool what was taken away.
    """
    zone, corners = _zones(scene, fitted)
    cover = coverage(fitted.pieces, scene)
    skin = ((neck > 0.5) | scene.is_part(Part.SKIN) | ~removed) & (scene.alpha > 0.5)
    skin = opened(skin, scene.px(SPIKE_U))
    whole = skin | (cover > 0.5)
    # Made up is what was taken away, and the wall in the collar's corner.
    free = (removed & (zone > 0)) | ((corners > 0) & (scene.alpha < 0.5))
    notch = _closed(whole, scene.px(NOTCH_U)) & (corners > 0)
    filled = whole | ((notch | _closed(whole, scene.px(CRACK_U))) & free)
    share = _smooth_edge(scene, filled, kept=(scene.alpha > 0.5) & ~removed)
    made = skin | (filled & ~whole)
    deep = grown(skin & (cover < 0.02), -4) & grown(filled, -5)
    place = free & (cover < COVERED) & (scene.hair < 0.2) & grown(made, scene.px(TEETH_U)) & ~deep
    # Under the garment's outer edge is the wall.
    return Slope(place=place, hole=place & removed, share=share * soft(grown(made, 2), 1.0))


def with_slope(
    scene: Scene, canvas: np.ndarray, *, slope: Slope, colours: np.ndarray
) -> np.ndarray:
    """The canvas (h, w, 3) with the slope in skin `colours` over the wall, its own elsewhere."""
    if not slope.place.any():
        return canvas
    source = grown(scene.alpha < 0.02, -scene.px(0.02))
    wall = continued(canvas, source=source, hole=slope.hole)
    drawn = mix(wall, colours, slope.share * slope.place)
    return mix(canvas, drawn, soft(slope.place, 1.0) * slope.place)


def _closed(mask: np.ndarray, radius_px: int) -> np.ndarray:
    return grown(grown(mask, radius_px), -radius_px)


def _zones(scene: Scene, fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Beside the slopes, and around the corners of the collar: (h, w) uint8 each, 0 elsewhere."""
    zone, corners = np.zeros(scene.shape, np.uint8), np.zeros(scene.shape, np.uint8)
    neck = scene.local(fitted.target.neck)
    if len(neck) < 2:
        return zone, corners
    radius = scene.px(BESIDE_U)
    for side, end in zip(neck_sides(scene, neck), (neck[0], neck[-1]), strict=True):
        if len(side) < 3 or np.linalg.norm(end - side[1]) < SHORT_U * scene.unit_px:
            continue
        line = np.round(np.vstack([side[1:], end[None]])).astype(np.int32)
        cv2.polylines(zone, [line], isClosed=False, color=1, thickness=2 * radius)
        cv2.circle(corners, (int(line[-1, 0]), int(line[-1, 1])), radius, 1, -1)
    return zone, corners


def _smooth_edge(scene: Scene, filled: np.ndarray, *, kept: np.ndarray) -> np.ndarray:
    """The shape (h, w) bool as float32 0..1, its outline smooth away from what is `kept`."""
    share = soft(filled, 1.0)
    place = around(filled & ~kept, margin_px=2)
    sigma_px = SMOOTH_U * scene.unit_px
    field = cv2.GaussianBlur(filled[place].astype(np.float32), (0, 0), sigma_px)
    # Across a straight edge a blurred mask rises by 1 / (sigma * sqrt(2 pi)) a pixel.
    rise = np.sqrt(2 * np.pi) * sigma_px / EDGE_PX
    smooth = np.clip((field - 0.5) * rise + 0.5, 0, 1)
    away = cv2.distanceTransform((~kept[place]).astype(np.uint8), cv2.DIST_L2, 3)
    part = np.clip(away / INTO_PX, 0, 1)
    share[place] = share[place] * (1 - part) + smooth * part
    return share
