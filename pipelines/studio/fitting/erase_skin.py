"""Skin where cloth was: the zones of neck and arms, and how a round limb is shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Arm, Part
from pipelines.studio.fitting.erase_fill import smoothly_continued
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.layers import Scene, disc, grown, soft

ARM_T = (-0.2, 0.5, 1.0, 1.25, 2.0, 2.4)
ARM_RADIUS_U = (0.150, 0.130, 0.108, 0.104, 0.070, 0.066)
"""A bare arm's half width along it, in body units. Source: research/tryon, 1.7, step 3."""

ARM_SHADE = 0.30
"""How much darker a bare arm is at its edges. Source: as above, .34 for 12 people by eye."""

SLEEVE_APART_T = 0.06
"""A new sleeve that ends so much before the worn one leaves bare arm to be made up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinZone:
    """A region of made-up skin: `share` (h, w) float32 0..1, its colours (h, w, 3) float32."""

    share: np.ndarray
    colours: np.ndarray


def neck_zone(scene: Scene, fitted: Fitted) -> np.ndarray:
    """Where neck shows above the neckline: (h, w) float32 0..1, from jaw to neck points."""
    neck = scene.local(fitted.target.neck)
    if len(neck) < 2:
        return np.zeros(scene.shape, np.float32)
    chin, unit = scene.local([scene.body.chin])[0], scene.unit_px
    half = min(0.4 * _face_width(scene), 0.48 * float(np.linalg.norm(neck[-1] - neck[0])))
    left = chin + np.array([-half, -0.12 * unit], np.float32)
    right = chin + np.array([half, -0.12 * unit], np.float32)
    inwards = np.array([0.06 * half, 0], np.float32)
    curve = [
        left,
        left + 0.72 * (neck[0] - left) + inwards,
        *neck,
        right + 0.72 * (neck[-1] - right) - inwards,
        right,
    ]
    return scene.polygon(np.array(curve, np.float32))


def neck_skin(scene: Scene, zone: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The colours (h, w, 3) of neck skin, continued from what skin of neck and jaw is seen."""
    near = grown(zone > 0.5, scene.px(0.12))
    seen = scene.is_part(Part.SKIN) & near & ~grown(hole, scene.px(0.02))
    below_mouth = np.zeros(scene.shape, bool)
    below_mouth[max(0, int(scene.local([scene.body.chin])[0, 1] - 0.1 * scene.unit_px)) :] = True
    source = grown(seen & below_mouth, -scene.px(0.012))
    if np.count_nonzero(source) < 0.004 * scene.unit_px**2:
        source = grown(scene.is_part(Part.SKIN) & near, -scene.px(0.012))
    plain = _plain_skin(scene)
    if not source.any():
        return np.broadcast_to(plain, (*scene.shape, 3)).astype(np.float32)
    return smoothly_continued(scene.photo, source=source)


def arm_zone(scene: Scene, arm: Arm, *, from_t: float) -> SkinZone | None:
    """The bare arm from `from_t` on, as a shaded tube in the arm's own skin colour."""
    axis, radius = _tube(scene, arm, from_t=from_t)
    share = scene.polygon(_outline(axis, radius))
    if not share.any():
        return None
    across = cv2.distanceTransform((share > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    edge = np.clip(1 - across / max(float(np.median(radius)), 1.0), 0, 1)
    shade = 1 - ARM_SHADE * edge**2.2
    tone = _arm_tone(scene, axis, radius)
    # Shaded skin is redder: the light that comes back from below it has lost its blue and green.
    warm = np.stack([shade**0.85, shade**1.05, shade**1.12], axis=-1)
    return SkinZone(share=share, colours=(tone * warm).astype(np.float32))


def bared_arms(scene: Scene, fitted: Sequence[Fitted]) -> list[tuple[Arm, float]]:
    """The arms whose worn sleeve is longer than the new one, and where the new one ends."""
    bared: list[tuple[Arm, float]] = []
    for side, arm in scene.body.arms.items():
        ends = [item.target.sleeves[side].end_t for item in fitted if side in item.target.sleeves]
        end = max(ends, default=0.12)
        if not arm.bare and arm.worn_sleeve_t > end + SLEEVE_APART_T:
            bared.append((arm, end))
    return bared


def _tube(scene: Scene, arm: Arm, *, from_t: float) -> tuple[np.ndarray, np.ndarray]:
    """The arm's axis (n, 2) px from a little before `from_t` to the hand, and its half widths."""
    until = 2.0 if arm.worn_sleeve_t < 1.9 else 2.3
    steps = np.linspace(from_t - 0.2, until, 60)
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


def _arm_tone(scene: Scene, axis: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The skin's colours along the arm, (h, w, 3): what is seen of it, continued."""
    along = np.zeros(scene.shape, np.uint8)
    thick = max(2, round(2.6 * float(np.median(radius))))
    cv2.polylines(
        along, [np.round(axis).astype(np.int32)], isClosed=False, color=1, thickness=thick
    )
    end = tuple(int(v) for v in np.round(axis[-1]))
    cv2.circle(along, end, scene.px(0.22), 1, -1)
    seen = scene.is_part(Part.SKIN) & (along > 0)
    core = cv2.erode(seen.astype(np.uint8), disc(scene.px(0.02))) > 0
    plain = _plain_skin(scene)
    if np.count_nonzero(core) < 0.01 * scene.unit_px**2:
        return np.broadcast_to(plain, (*scene.shape, 3)).astype(np.float32)
    tone = np.median(scene.photo[core], axis=0)
    return np.broadcast_to(0.75 * tone + 0.25 * plain, (*scene.shape, 3)).astype(np.float32)


def _plain_skin(scene: Scene) -> np.ndarray:
    """The body's skin colour, (3,) float32 0..1 sRGB."""
    lab = np.asarray(scene.body.skin_lab, np.float32).reshape(1, 1, 3)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1)


def _face_width(scene: Scene) -> float:
    oval = scene.body.face_oval
    return 0.6 * scene.unit_px if oval is None else float(np.ptp(oval[:, 0]))


def softened(zone: np.ndarray, within: np.ndarray, sigma_px: float) -> np.ndarray:
    """The share (h, w) of a zone that is laid in: soft, and only where something is removed."""
    return soft(within, sigma_px) * zone
