"""Skin where cloth was: the zones of bared arms, and how a round limb is shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Arm, Body, Part
from pipelines.studio.fitting.cuff import cuff_reach_t
from pipelines.studio.fitting.erase_fill import around
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_masks import grown

ARM_T = (-0.2, 0.35, 0.7, 0.95, 1.25, 1.6, 1.85, 2.05, 2.4)
ARM_RADIUS_U = (0.150, 0.136, 0.118, 0.106, 0.112, 0.092, 0.073, 0.068, 0.066)
"""A bare arm's half width along it, in body units: upper arm, elbow, the forearm's swell, wrist.
Source: research/tryon, 1.7, step 3, and the bare arms of 12 people.
"""

ARM_SHADE = 0.38
"""How much darker a bare arm is at its edges. Source: as above, .34 for 12 people by eye."""

SLEEVE_APART_T = 0.06
"""A new sleeve that ends so much before the worn one leaves bare arm to be made up."""


WRIST_T = 1.75
"""Of two sleeves that end at the wrist the worn cuff may reach farther, over the hand."""

HAND_LEAST_U2 = 0.02
"""Square body units of skin beyond the wrist that a hand shows at the least."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinZone:
    """A region of made-up skin: `share` (h, w) float32 0..1, its colours (h, w, 3) float32."""

    share: np.ndarray
    colours: np.ndarray


def arm_zone(scene: Scene, arm: Arm, *, from_t: float) -> SkinZone | None:
    """The bare arm from `from_t` on: a round limb in the arm's own skin colours."""
    axis, radius = _tube(scene, arm, from_t=from_t)
    share = scene.polygon(_outline(axis, radius))
    if not share.any():
        return None
    place = around(share > 0, margin_px=2)
    across, along = _limb_coordinates(share[place].shape, place, axis=axis, radius=radius)
    # A round limb in soft light from the front: what faces the camera is lit, the sides are not.
    facing = np.sqrt(np.clip(1 - np.clip(across, 0, 0.97) ** 2, 0, 1))
    shade = (1.02 - ARM_SHADE) + ARM_SHADE * facing**0.9
    shade = shade * (1 + skin_texture(shade.shape))
    tone = _arm_tone(scene, axis, radius, along=along)
    # Shaded skin is redder: the light that comes back from below it has lost its blue and green.
    warm = np.stack([shade**0.85, shade**1.05, shade**1.12], axis=-1)
    colours = np.zeros((*scene.shape, 3), np.float32)
    colours[place] = np.clip(tone * warm, 0, 1)
    return SkinZone(share=share, colours=colours)


def _limb_coordinates(
    shape: tuple[int, ...], place: tuple[slice, slice], *, axis: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the crop's `place` lies on the limb: across and along, (h, w) float32.

    Across is the distance from the axis over the half width there, along is 0..1.
    """
    corner = np.array([place[1].start, place[0].start], np.float32)
    size = (max(1, shape[1] // 2), max(1, shape[0] // 2))
    columns, rows = np.meshgrid(np.arange(size[0]) * 2 + 0.5, np.arange(size[1]) * 2 + 0.5)
    own = axis - corner
    away = np.hypot(columns[..., None] - own[:, 0], rows[..., None] - own[:, 1])
    nearest = away.argmin(-1)
    across = np.take_along_axis(away, nearest[..., None], -1)[..., 0] / radius[nearest]
    full = (shape[1], shape[0])
    along = (nearest / max(len(axis) - 1, 1)).astype(np.float32)
    return (
        cv2.resize(across.astype(np.float32), full, interpolation=cv2.INTER_LINEAR),
        cv2.resize(along, full, interpolation=cv2.INTER_LINEAR),
    )


def skin_texture(shape: tuple[int, ...], seed: int = 5) -> np.ndarray:
    """Pores and mottling as a small change of light: (h, w) float32 about 0."""
    draw = np.random.default_rng(seed)
    pores = cv2.GaussianBlur(draw.standard_normal(shape, np.float32), (0, 0), 0.9)
    patches = cv2.GaussianBlur(draw.standard_normal(shape, np.float32), (0, 0), 6.0)
    return 0.012 * pores / pores.std() + 0.012 * patches / patches.std()


def bared_arms(body: Body, fitted: Sequence[Fitted]) -> list[tuple[Arm, float]]:
    """The arms whose worn sleeve is longer than the new one, and where the new one ends."""
    bared: list[tuple[Arm, float]] = []
    if not any(item.kind in (GarmentKind.UPPER, GarmentKind.FULL) for item in fitted):
        return bared
    for side, arm in body.arms.items():
        ends = [item.target.sleeves[side].end_t for item in fitted if side in item.target.sleeves]
        end = max(ends, default=0.12)
        at_the_wrist = min(arm.worn_sleeve_t, end) > WRIST_T and end < cuff_reach_t(body, side)
        if not arm.bare and (at_the_wrist or arm.worn_sleeve_t > end + SLEEVE_APART_T):
            bared.append((arm, end))
    return bared


def sleeved_arms(scene: Scene, fitted: Sequence[Fitted]) -> np.ndarray:
    """Where a worn sleeve would stand out beside a jacket's: (h, w) bool along the arms in it."""
    zone = np.zeros(scene.shape, np.uint8)
    jackets = [item for item in fitted if item.kind is GarmentKind.OUTER]
    sleeves = [pair for item in jackets for pair in item.target.sleeves.items()]
    for side, target in sleeves:
        arm = next(arm for name, arm in scene.body.arms.items() if name == side)
        axis, _ = _tube(scene, arm, from_t=0.1)
        share = np.clip(target.end_t / 2.0, 0.1, 1.0)
        points = np.round(axis[: max(2, round(share * len(axis)))]).astype(np.int32)
        cv2.polylines(zone, [points], isClosed=False, color=1, thickness=scene.px(0.5))
    return zone > 0


def naked_arms(scene: Scene) -> np.ndarray:
    """Where the arms are bare in the photo: (h, w) bool, from the worn sleeves' ends on."""
    zone = np.zeros(scene.shape, np.uint8)
    for arm in scene.body.arms.values():
        from_t = 0.3 if arm.bare else arm.worn_sleeve_t + 0.15
        if from_t < WRIST_T:
            axis, _ = _tube(scene, arm, from_t=from_t)
            points = [np.round(axis).astype(np.int32)]
            cv2.polylines(zone, points, isClosed=False, color=1, thickness=scene.px(0.32))
    return zone > 0


def bared_area(body: Body, fitted: Sequence[Fitted]) -> float:
    """How much arm would have to be made up, in square body units."""
    area = 0.0
    for arm, end in bared_arms(body, fitted):
        steps = np.linspace(end, max(end, min(arm.worn_sleeve_t, 2.0)), 20)
        upper = np.hypot(arm.elbow[0] - arm.shoulder[0], arm.elbow[1] - arm.shoulder[1])
        lower = np.hypot(arm.wrist[0] - arm.elbow[0], arm.wrist[1] - arm.elbow[1])
        length = np.where(steps <= 1, upper, lower) * (steps[-1] - steps[0]) / body.unit_px
        area += float(np.mean(2 * np.interp(steps, ARM_T, ARM_RADIUS_U) * length))
    return area


def _tube(scene: Scene, arm: Arm, *, from_t: float) -> tuple[np.ndarray, np.ndarray]:
    """The arm's axis (n, 2) px from just before `from_t` to the hand, and its half widths."""
    until = 2.0 if arm.worn_sleeve_t < 1.9 else 2.3
    steps = np.linspace(from_t - 0.05, until, 60)
    shoulder, elbow, wrist = scene.local([arm.shoulder, arm.elbow, arm.wrist])
    upper = shoulder + (elbow - shoulder) * steps[:, None]
    lower = elbow + (wrist - elbow) * (steps[:, None] - 1)
    axis = np.where(steps[:, None] <= 1, upper, lower).astype(np.float32)
    axis = cv2.GaussianBlur(axis, (1, 9), 2.0, borderType=cv2.BORDER_REPLICATE)
    radius = np.interp(steps, ARM_T, ARM_RADIUS_U) * scene.unit_px
    return axis, radius.astype(np.float32)


def _outline(axis: np.ndarray, radius: np.ndarray) -> np.ndarray:
    along = np.gradient(axis, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    side = across * radius[:, None]
    return np.vstack([axis + side, (axis - side)[::-1]])


def shows_hand(scene: Scene, arm: Arm) -> bool:
    """True when skin is seen at the arm's end: a hand in a pocket has no wrist to be made up."""
    zone = np.zeros(scene.shape, np.uint8)
    wrist, end = scene.local([arm.wrist, arm.hand_end])
    for at in (wrist, end):
        centre = (round(float(at[0])), round(float(at[1])))
        cv2.circle(zone, centre, scene.px(0.16), 1, -1)
    seen = np.count_nonzero(scene.is_part(Part.SKIN) & (zone > 0))
    return bool(seen > HAND_LEAST_U2 * scene.unit_px**2)


def _arm_tone(
    scene: Scene, axis: np.ndarray, radius: np.ndarray, *, along: np.ndarray
) -> np.ndarray:
    """The skin's colours by how far `along` the arm (h, w): the face's above, the hand's below."""
    zone = np.zeros(scene.shape, np.uint8)
    thick = max(2, round(2.6 * float(np.median(radius))))
    points = [np.round(axis).astype(np.int32)]
    cv2.polylines(zone, points, isClosed=False, color=1, thickness=thick)
    cv2.circle(zone, tuple(int(v) for v in np.round(axis[-1])), scene.px(0.22), 1, -1)
    seen = grown(scene.is_part(Part.SKIN) & (zone > 0), -scene.px(0.02))
    plain = plain_skin(scene)
    hand = plain
    if np.count_nonzero(seen) >= 0.01 * scene.unit_px**2:
        hand = np.percentile(scene.photo[seen], 60, axis=0)
    share = (0.35 + 0.6 * np.clip(along, 0, 1))[..., None]
    return (plain * (1 - share) + hand * share).astype(np.float32)


def plain_skin(scene: Scene) -> np.ndarray:
    """The body's skin colour, (3,) float32 0..1 sRGB."""
    lab = np.asarray(scene.body.skin_lab, np.float32).reshape(1, 1, 3)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1)
