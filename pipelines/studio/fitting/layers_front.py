"""What stays in front of a garment: hair, face, forearms and hands, with soft and clean edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Arm, Part, Side
from pipelines.studio.fitting.erase import Undressed
from pipelines.studio.fitting.erase_fill import around
from pipelines.studio.fitting.fit_pieces import SleeveTarget
from pipelines.studio.fitting.layers import Scene, soft
from pipelines.studio.fitting.layers_fingers import fingers
from pipelines.studio.fitting.layers_glimpses import glimpses
from pipelines.studio.fitting.layers_masks import disc, grown, opened

HAIR_GAP_U = 0.03
"""Gaps in hair narrower than this are its own dark places, or cloth that it half hides."""

CLOTH_LEAST_PX = 50

HUES_APART = 25.0
"""Lab a and b: cloth and hair at least so far apart are told from each other by hue alone.
Source: by eye, a turquoise top behind a brown plait (38)."""

FRONT_FROM_T = 0.3
"""From here on an arm is beside the trunk, no longer a shoulder that the garment covers."""

KNUCKLES: Mapping[Side, tuple[int, int]] = {"left": (18, 20), "right": (17, 19)}
"""BlazePose's knuckles of the little and the first finger, by the side of the picture."""

KNUCKLES_U = (0.04, 0.4)
"""How far from the wrist knuckles may lie: nearer they tell no direction, farther they are wrong.
Source: 0.14 to 0.30 on 32 hands of 16 people."""

HAND_U = 0.3
"""From the wrist so far, and half of it beyond, a hand is looked for. Source: by eye, the finger
tips of four hands on hips lie 0.41 from the wrist at most."""

STAIRS_U = 0.016
"""Bends in a limb's outline narrower than about this are the parts' own stairs."""

BROAD_U = 0.045
"""Half of a wrist's width and less; no finger is so thick, and fingers' outlines are left alone."""

CROTCH_U = 0.07
"""So far from fingers the cloth between them may reach into the hand. By eye, a hand on a hip."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Front:
    """Something in front: how much of each pixel it is, (h, w) 0..1, and its colours (h, w, 3)."""

    share: np.ndarray
    colours: np.ndarray


def limbs(scene: Scene, undressed: Undressed, *, sleeves: Mapping[str, SleeveTarget]) -> Front:
    """Arms and hands beyond the sleeves, as the canvas shows them, those made up included."""
    canvas, bare = undressed.canvas, undressed.bare
    zone, hands = np.zeros(scene.shape, np.uint8), np.zeros(scene.shape, np.uint8)
    for side, arm in scene.body.arms.items():
        covered_t = sleeves[side].end_t if side in sleeves else 0.0
        _draw_arm(zone, scene, arm, from_t=max(FRONT_FROM_T, covered_t - 0.03))
        _draw_hand(hands, scene, arm)
        _draw_bent_hand(hands, scene, side)
    skin = scene.is_part(Part.SKIN, Part.OTHER) & ((zone > 0) | (hands > 0))
    skin = fingers(scene, skin, hands=hands > 0)
    skin &= ~glimpses(scene, skin, hands=hands > 0, removed=undressed.removed)
    # Fingers are thin: what is too thin to be an arm may be one, beside the wrist.
    seen = opened(skin, scene.px(0.014)) | (opened(skin, 1) & (hands > 0))
    # The parts' stairs along worn cloth would show beside the new one.
    stairs = _stairs(scene, seen, hands=hands > 0, removed=undressed.removed)
    seen = np.where(stairs, soft(seen, STAIRS_U * scene.unit_px) > 0.5, seen)
    # A finger's rim may have been taken away with the cloth.
    canvas = np.where((seen & (hands > 0))[..., None], scene.photo, canvas)
    colours = _clean(canvas, seen, near=grown(undressed.removed, 3))
    share = np.maximum(_edge(seen), bare)
    made = (bare > _edge(seen))[..., None]
    return Front(share=share, colours=np.where(made, canvas, colours))


def _stairs(
    scene: Scene, seen: np.ndarray, *, hands: np.ndarray, removed: np.ndarray
) -> np.ndarray:
    """Where a limb's outline against cloth is the parts' alone: all but fingers, (h, w) bool."""
    beside = grown(removed | scene.is_part(Part.TOP, Part.BOTTOM), 3)
    broad = opened(seen, scene.px(BROAD_U))
    spread = opened(seen & hands & ~broad, scene.px(0.01))
    return beside & (~hands | (grown(broad, 3) & ~grown(spread, scene.px(CROTCH_U))))


def head(scene: Scene, *, neck: np.ndarray) -> np.ndarray:
    """The share (h, w) of head and neck: what stands before the collar's inner back."""
    above = np.zeros(scene.shape, bool)
    shoulder = scene.local([scene.body.mid_shoulder])[0, 1]
    above[: max(0, int(shoulder + 0.1 * scene.unit_px))] = True
    skin = scene.is_part(Part.SKIN) & above
    share = np.maximum(soft(skin, 1.0), soft((neck > 0.5) & (scene.alpha > 0.5), 1.0))
    return np.clip(np.maximum(np.maximum(share, scene.hair), face(scene)), 0, 1)


def face(scene: Scene) -> np.ndarray:
    """The face's oval down to the chin: (h, w) float32 0..1, zeros when no face is in frame."""
    oval = scene.body.face_oval
    if oval is None:
        return np.zeros(scene.shape, np.float32)
    return scene.polygon(scene.local(oval)) * scene.is_part(Part.SKIN, Part.HAIR, Part.OTHER)


def hair(scene: Scene, *, removed: np.ndarray) -> Front:
    """Hair with its own colours: where it is thin the worn cloth's share is taken out of it."""
    whole = disc(max(1, round(HAIR_GAP_U * scene.unit_px / 2)))
    share = cv2.morphologyEx(scene.hair, cv2.MORPH_CLOSE, whole) * scene.alpha
    sure = scene.hair > 0.9
    if not sure.any():
        return Front(share=share, colours=scene.photo)
    through = _seen_through(scene, share, sure=sure)
    if through.any():
        share = share * (1 - soft(through, 1.0))
    thin = (scene.hair < 0.97) & grown(removed | through, 4) & (share > 0)
    sigma_px = max(2.0, 0.012 * scene.unit_px)
    return Front(share=share, colours=_recoloured(scene.photo, thin, own=sure, sigma_px=sigma_px))


def _seen_through(scene: Scene, share: np.ndarray, *, sure: np.ndarray) -> np.ndarray:
    """Where the worn top shows through loops of the hair, by its hue: (h, w) bool."""
    through, hanging = np.zeros(scene.shape, bool), share > 0.05
    hanging[: max(0, int(scene.local([scene.body.chin])[0, 1]))] = False
    cloth = scene.is_part(Part.TOP)
    if cloth.sum() < CLOTH_LEAST_PX or not hanging.any():
        return through
    own, worn = (np.median(scene.photo[mask], axis=0)[None, None] for mask in (sure, cloth))
    own, worn = (cv2.cvtColor(colour, cv2.COLOR_RGB2LAB)[..., 1:] for colour in (own, worn))
    if np.linalg.norm(own - worn) < HUES_APART:
        return through
    place = around(hanging, margin_px=2)
    seen = cv2.cvtColor(np.ascontiguousarray(scene.photo[place]), cv2.COLOR_RGB2LAB)[..., 1:]
    as_worn = np.linalg.norm(seen - worn, axis=-1) < np.linalg.norm(seen - own, axis=-1)
    through[place] = as_worn & hanging[place]
    return through


def _draw_arm(zone: np.ndarray, scene: Scene, arm: Arm, *, from_t: float) -> None:
    """The arm from `from_t` on, cut straight across there: a sleeve hides what lies above."""
    shoulder, elbow, wrist, end = scene.local([arm.shoulder, arm.elbow, arm.wrist, arm.hand_end])
    if from_t < 1:
        start = shoulder + (elbow - shoulder) * from_t
        _draw(zone, (start, elbow), width_px=0.32 * scene.unit_px)
        _draw_joint(zone, elbow, width_px=0.31 * scene.unit_px)
    if from_t < 2:
        start = elbow + (wrist - elbow) * max(0.0, from_t - 1)
        _draw(zone, (start, wrist), width_px=0.30 * scene.unit_px)
        _draw_joint(zone, wrist, width_px=0.32 * scene.unit_px)
    _draw(zone, (wrist, end), width_px=0.38 * scene.unit_px)


def _draw_hand(hands: np.ndarray, scene: Scene, arm: Arm) -> None:
    wrist, end = scene.local([arm.wrist, arm.hand_end])
    _draw_fingers(hands, (wrist + 0.3 * (wrist - end), end), wrist=wrist, unit_px=scene.unit_px)


def _draw_bent_hand(hands: np.ndarray, scene: Scene, side: Side) -> None:
    """The hand along its knuckles: on a hip it bends away from its forearm."""
    knuckles = scene.local(scene.body.pose.points[list(KNUCKLES[side]), :2])
    (wrist,) = scene.local([scene.body.arms[side].wrist])
    way = knuckles.mean(axis=0) - wrist
    length_u = float(np.hypot(*way)) / scene.unit_px
    if KNUCKLES_U[0] < length_u < KNUCKLES_U[1]:
        end = wrist + way * (HAND_U / length_u)
        _draw_fingers(hands, (wrist, end), wrist=wrist, unit_px=scene.unit_px)


def _draw_fingers(
    hands: np.ndarray, line: tuple[np.ndarray, np.ndarray], *, wrist: np.ndarray, unit_px: float
) -> None:
    """A broad band along the line and half a hand beyond it: fingers spread, and differ."""
    start, end = line
    _draw(hands, (start, end + 0.5 * (end - wrist)), width_px=0.5 * unit_px)
    _draw_joint(hands, end, width_px=0.5 * unit_px)


def _draw(zone: np.ndarray, line: tuple[np.ndarray, np.ndarray], *, width_px: float) -> None:
    first, last = line
    along = (last - first) / max(float(np.linalg.norm(last - first)), 1e-6)
    side = np.array([-along[1], along[0]], np.float32) * width_px / 2
    corners = np.array([first + side, last + side, last - side, first - side])
    cv2.fillPoly(zone, [np.round(corners).astype(np.int32)], 1)


def _draw_joint(zone: np.ndarray, at: np.ndarray, *, width_px: float) -> None:
    centre = (round(float(at[0])), round(float(at[1])))
    cv2.circle(zone, centre, max(1, round(width_px / 2)), 1, -1)


def _edge(mask: np.ndarray) -> np.ndarray:
    """A soft edge that lies half a pixel inside: the rim's mixed pixels are not trusted."""
    return np.clip((soft(mask, 1.0) - 0.3) / 0.55, 0, 1)


def _clean(picture: np.ndarray, mask: np.ndarray, *, near: np.ndarray) -> np.ndarray:
    """The picture with the mask's rim near something removed in the colours of its inside."""
    core = grown(mask, -2)
    rim = near & ~core
    if not (rim.any() and core.any()):
        return picture
    # Nobody sees the picture's colours beyond the mask's soft edge.
    return _recoloured(picture, rim & grown(mask, 4), own=core, sigma_px=2.0)


def _recoloured(
    picture: np.ndarray, where: np.ndarray, *, own: np.ndarray, sigma_px: float
) -> np.ndarray:
    """The picture with the mean colours of the `own` pixels around, there."""
    place = around(where, margin_px=round(4 * sigma_px))
    if not where.any():
        return picture
    changed = picture.copy()
    mean = _nearby(picture[place], own[place], sigma_px=sigma_px)
    np.copyto(changed[place], mean, where=where[place][..., None])
    return changed


def _nearby(picture: np.ndarray, source: np.ndarray, *, sigma_px: float) -> np.ndarray:
    """The mean colour of the source's pixels around each pixel; the picture where none is near."""
    mask = source.astype(np.float32)
    weight = cv2.GaussianBlur(mask, (0, 0), sigma_px)
    mean = cv2.GaussianBlur(picture * mask[..., None], (0, 0), sigma_px)
    mean /= np.maximum(weight, 1e-4)[..., None]
    return np.where((weight > 0.003)[..., None], mean, picture)
