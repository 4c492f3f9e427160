"""What each pixel costs as each part: colour models seeded by the body's points, and places."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part
from pipelines.studio.fitting.body_frame import SIDES, Frame
from pipelines.studio.fitting.body_shapes import capsule, polygon
from pipelines.studio.fitting.parts_models import COST_MAX, ColourModel, mixture, skin_model

LABELS = (Part.SKIN, Part.HAIR, Part.TOP, Part.BOTTOM)

NO_BOTTOM_SEEN = 15.0
"""Cost of "lower garment" where none was found to learn from: below COST_MAX, for 40 turned
every pair of shorts into top. Source: tryon.md §1.3."""

SKIN_LIMIT = 4.5
"""Nats over the skin model's best at which a colour may no longer be skin. Source: tryon.md."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """Places on the body, (h, w) bool each."""

    face: np.ndarray
    arms: np.ndarray
    forearms: np.ndarray
    hands: np.ndarray
    neck: np.ndarray
    legs: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Costs:
    """Colour costs `skin`, `hair`, `top`, `bottom` (h, w) in nats, and their sum with the places.

    `total` (h, w, 4) in the order of LABELS; `skin_lab` is the skin's median colour.
    """

    skin: np.ndarray
    hair: np.ndarray
    top: np.ndarray
    total: np.ndarray
    zones: Zones
    skin_lab: np.ndarray


def costs(lab: np.ndarray, *, frame: Frame, person: np.ndarray) -> Costs:
    """The costs of a small (h, w, 3) float32 Lab picture in which the `person` (h, w) is known."""
    zones = _zones(frame)
    skin, skin_lab = _skin(lab, frame=frame, person=person, zones=zones)
    limit = SKIN_LIMIT + float(skin.min())
    top = _top(lab, frame=frame, person=person, unlike_skin=skin > limit, zones=zones)
    bottom = _bottom(lab, frame=frame, person=person, top=top, zones=zones)
    hair = _hair(lab, frame=frame, person=person, unlike_skin=skin > limit - 1)
    placed = _places(frame, zones)
    colours = np.stack([skin, hair, top, bottom], axis=-1)
    total = np.minimum(np.minimum(colours, COST_MAX) + placed, COST_MAX + 6)
    return Costs(
        skin=skin,
        hair=hair,
        top=top,
        total=total.astype(np.float32),
        zones=zones,
        skin_lab=skin_lab,
    )


def _zones(frame: Frame) -> Zones:
    def joined(masks: list[np.ndarray]) -> np.ndarray:
        return np.logical_or.reduce(masks)

    unit = frame.unit_px
    base = frame.mid_shoulder + frame.axis * 0.05 * frame.trunk_px
    return Zones(
        face=frame.face(1.06),
        arms=joined(
            [frame.arm(s, (0.17, 0.15, 0.12)) | frame.hand(s, (0.13, 0.15)) for s in SIDES]
        ),
        forearms=joined(
            [frame.forearm(s, (0.12, 0.10)) | frame.hand(s, (0.13, 0.13)) for s in SIDES]
        ),
        hands=joined([frame.hand(s, (0.14, 0.16)) for s in SIDES]),
        neck=capsule(frame.shape, frame.chin, base, (0.30 * unit, 0.42 * unit)),
        legs=joined([frame.leg(s, (0.25, 0.18, 0.12)) for s in SIDES]),
    )


def _skin(
    lab: np.ndarray, *, frame: Frame, person: np.ndarray, zones: Zones
) -> tuple[np.ndarray, np.ndarray]:
    """From the face; else from hands and bare forearms; else from a broad prior."""
    core = frame.face(0.8) & person
    if core.sum() > 60:
        model, middle = skin_model(lab[core])
        return model.cost(lab), middle
    likely = _broad_skin(lab) & person & (zones.forearms | zones.neck | zones.arms)
    if likely.sum() < 60:
        likely = _broad_skin(lab) & person
    colours = lab[likely] if likely.sum() > 60 else np.array([[60.0, 14.0, 18.0]] * 80, np.float32)
    model, middle = skin_model(colours)
    return model.cost(lab), middle


def _broad_skin(lab: np.ndarray) -> np.ndarray:
    """Colours that skin of any tone may have: hue 25°..80° in Lab, chroma 8..45, not black."""
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return (hue > 25) & (hue < 80) & (chroma > 8) & (chroma < 45) & (lab[..., 0] > 15)


def _top(
    lab: np.ndarray, *, frame: Frame, person: np.ndarray, unlike_skin: np.ndarray, zones: Zones
) -> np.ndarray:
    torso = frame.torso(shoulder=0.6, hip=0.8, top=0.18, bottom=0.85) & person
    seed = torso & ~zones.forearms
    if seed.sum() < 0.25 * torso.sum():
        seed = torso
    if seed.sum() < 40:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    cost = mixture(lab[seed], count=3).cost(lab)
    cores = [frame.upper_arm(s, (0.06, 0.06)) | frame.forearm(s, (0.05, 0.05)) for s in SIDES]
    sleeves = np.logical_or.reduce(cores) & person & unlike_skin
    if sleeves.sum() > 0.01 * frame.unit_px**2:
        cost = np.minimum(cost, mixture(lab[sleeves], count=2).cost(lab) + 0.5)
    return cost


def _bottom(
    lab: np.ndarray, *, frame: Frame, person: np.ndarray, top: np.ndarray, zones: Zones
) -> np.ndarray:
    unit, deep = frame.unit_px, float(frame.shape[0])
    seed = _below(frame, start=0.32, side=0.3 * unit, depth=deep) & person & ~zones.forearms
    if seed.sum() < 0.12 * unit**2:
        higher = _below(frame, start=0.17, side=0.15 * unit, depth=deep) & person
        seed = (seed | (higher & ~zones.forearms)) & (top > 13)
    if seed.sum() < 0.01 * unit**2:
        return np.full(lab.shape[:2], NO_BOTTOM_SEEN, np.float32)
    return mixture(lab[seed], count=3).cost(lab) + 0.3


def _below(frame: Frame, *, start: float, side: float, depth: float) -> np.ndarray:
    """The band under the hips: from `start` trunks below them, `side` px wider on each side."""
    left, right = frame.at(24), frame.at(23)
    down, out = frame.axis * frame.trunk_px * start, np.array([side, 0.0])
    far = np.array([0.0, depth])
    corners = np.array([left + down - out, right + down + out, right + out + far, left - out + far])
    return polygon(frame.shape, corners)


def _hair(
    lab: np.ndarray, *, frame: Frame, person: np.ndarray, unlike_skin: np.ndarray
) -> np.ndarray:
    if frame.oval is None:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    crown = frame.face_centre - np.array([0, 0.35 * frame.face_size[1]])
    radius = 0.75 * float(frame.face_size[0])
    head = capsule(frame.shape, crown, crown, (radius, radius))
    above_chin = np.arange(frame.shape[0])[:, None] < frame.chin[1]
    seed = head & person & ~frame.face(1.0) & unlike_skin & above_chin
    if seed.sum() < 0.006 * frame.unit_px**2:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    return mixture(lab[seed], count=2).cost(lab)


def _places(frame: Frame, zones: Zones) -> np.ndarray:
    """Extra cost of each label by place. Source of the numbers: tryon.md §1.3, by eye on 39."""
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(np.float32)
    along = frame.along
    ladder = ((zones.face, -5.0), (zones.hands, -2.0), (zones.arms, -1.0), (zones.neck, -0.5))
    skin = np.select([m for m, _ in ladder], [v for _, v in ladder], default=3.5)
    away = np.hypot(columns - frame.face_centre[0], (rows - frame.face_centre[1]) * 0.8)
    hair = np.clip((away / frame.face_size[1] - 0.9) * 5, 0, 12)
    hair += 2.0 * zones.face + 10.0 * (along > 0.55)
    over_chin = np.clip((frame.chin[1] - rows) / (0.1 * frame.face_size[1]), 0, 1)
    top = 8.0 * (along < -0.42) + 10 * over_chin + 5.0 * zones.face
    top += np.clip((along - 1.0) * 12, 0, 14) * ~zones.hands
    bottom = np.clip((0.92 - along) * 22, 0, 14) - np.clip((along - 1.05) * 4, 0, 3)
    return np.stack([skin, hair, top, bottom], axis=-1)


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """The (h, w, 3) uint8 sRGB picture in Lab: L 0..100, a and b about -128..127, float32."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


__all__ = ["LABELS", "ColourModel", "Costs", "Zones", "costs", "lab_of"]
