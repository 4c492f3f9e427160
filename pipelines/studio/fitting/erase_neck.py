"""The neck: where it shows above a neckline, and its skin."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.erase_fill import around, smoothly_continued
from pipelines.studio.fitting.erase_skin import plain_skin, skin_texture
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown

NECK_REACH_U = 0.3
"""So far from the skin that is seen, in body units, made-up skin has the body's own tone."""

CHIN_SHADOW_U = 0.16

NECK_FLARE = (0.12, 0.66)
"""A neck goes down two thirds of its way to the neck point before it spreads to the shoulder."""

COLLAR_AROUND_U = 0.035
"""A collar that stands off the neck stands no farther off, in body units."""


def neck_zone(scene: Scene, fitted: Fitted) -> np.ndarray:
    """Where neck shows above the neckline: (h, w) float32 0..1, from jaw to neck points."""
    neck = scene.local(fitted.target.neck)
    if len(neck) < 2:
        return np.zeros(scene.shape, np.float32)
    sides = neck_sides(scene, neck)
    return scene.polygon(np.vstack([sides[0], neck, sides[1][::-1]]).astype(np.float32))


def neck_sides(scene: Scene, neck: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The neck's edges, (n, 2) each, from the jaw down to both ends of a neckline (m, 2)."""
    chin, unit = scene.local([scene.body.chin])[0], scene.unit_px
    half = min(0.4 * _face_width(scene), 0.48 * float(np.linalg.norm(neck[-1] - neck[0])))
    left = chin + np.array([-half, -0.12 * unit], np.float32)
    right = chin + np.array([half, -0.12 * unit], np.float32)
    return _neck_side(scene, left, neck[0]), _neck_side(scene, right, neck[-1])


def _neck_side(scene: Scene, jaw: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The neck's edge from the jaw down to the neck point, (n, 2).

    It follows the neck down to the worn collar and runs from there as a trapezius does; a collar
    that stands off the neck is none of it.
    """
    flare = np.array(NECK_FLARE, np.float32)
    collar = _collar_at(scene, jaw, end)
    if collar is None:
        return np.array([jaw, jaw + flare * (end - jaw)])
    bend = collar + flare * (end - collar)
    share = np.linspace(0, 1, 8)[:, None]
    slope = (1 - share) ** 2 * collar + 2 * share * (1 - share) * bend + share**2 * end
    return np.vstack([jaw[None], slope[:-1]])


def _collar_at(scene: Scene, jaw: np.ndarray, end: np.ndarray) -> np.ndarray | None:
    """Where the neck's edge meets the worn collar, None where hair or nothing hides that place."""
    sign = 1 if end[0] > scene.local([scene.body.chin])[0, 0] else -1
    middle = int(np.clip(round((3 * jaw[0] + end[0]) / 4 - sign * 0.14 * scene.unit_px), 0, 1e5))
    middle = min(middle, scene.shape[1] - 1)
    rows = slice(max(0, int(jaw[1])), min(scene.shape[0], int(end[1])))
    cloth = (scene.is_part(Part.TOP) | scene.cloth_as_hair)[rows, middle::sign]
    other = (scene.parts[rows, middle::sign] != Part.SKIN.value) | cloth
    before: np.ndarray | None = None
    for at, row in enumerate(other):
        edge = int(np.argmax(row))
        if edge == 0:
            continue
        if cloth[at, edge : edge + scene.px(COLLAR_AROUND_U)].any():
            return before
        before = np.array([middle + sign * edge, rows.start + at], np.float32)
    return None


def neck_skin(scene: Scene, zone: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The colours (h, w, 3) of neck skin, continued from what skin of neck and jaw is seen.

    They are there around the hole and may be black elsewhere.
    """
    near = grown(zone > 0.5, scene.px(0.12))
    seen = scene.is_part(Part.SKIN) & near & ~grown(hole, scene.px(0.02))
    below_mouth = np.zeros(scene.shape, bool)
    below_mouth[max(0, int(scene.local([scene.body.chin])[0, 1] - 0.1 * scene.unit_px)) :] = True
    source = grown(seen & below_mouth, -scene.px(0.012))
    if np.count_nonzero(source) < 0.004 * scene.unit_px**2:
        source = grown(scene.is_part(Part.SKIN) & near, -scene.px(0.012))
    plain = plain_skin(scene)
    if not source.any():
        return np.broadcast_to(plain, (*scene.shape, 3)).astype(np.float32)
    # Only around the hole: the smooth parts of the whole crop cost ten times as much.
    place = around(source | hole, margin_px=scene.px(0.1))
    shade = _neck_shade(scene, zone, place=place)[..., None]
    # What is seen of the neck is shaded already: its shade goes out of it before it is continued.
    near_skin = smoothly_continued(scene.photo[place] / shade, source=source[place])
    away = cv2.distanceTransform((~source[place]).astype(np.uint8), cv2.DIST_L2, 3)
    share = np.clip(away / (scene.unit_px * NECK_REACH_U), 0, 1)[..., None] * np.float32(0.6)
    skin = near_skin * (1 - share) + plain * share
    colours = np.zeros((*scene.shape, 3), np.float32)
    colours[place] = np.clip(skin * shade, 0, 1)
    return colours


def _neck_shade(scene: Scene, zone: np.ndarray, *, place: tuple[slice, slice]) -> np.ndarray:
    """Light on a neck in `place`: round from side to side, darker in the shadow of the chin."""
    columns = np.flatnonzero((zone > 0.5).any(0))
    middle = float(columns.mean()) if len(columns) else scene.shape[1] / 2
    half = max(float(np.ptp(columns)) / 2, 1.0) if len(columns) else 1.0
    chin = scene.local([scene.body.chin])[0, 1]
    rows, columns = (np.arange(size, dtype=np.float32) for size in scene.shape)
    side = np.clip(np.abs(columns[place[1]] - middle) / half, 0, 1) ** 2
    below = np.clip((rows[place[0]] - chin) / scene.unit_px, 0, None)
    under_chin = np.exp(-((below / CHIN_SHADOW_U) ** 2))
    shade = 1.03 - 0.10 * side[None] - 0.13 * under_chin[:, None]
    grainy = 1 + 0.5 * skin_texture(shade.shape)
    return (shade * grainy).astype(np.float32)


def _face_width(scene: Scene) -> float:
    oval = scene.body.face_oval
    return 0.6 * scene.unit_px if oval is None else float(np.ptp(oval[:, 0]))
