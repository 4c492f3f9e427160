"""What each pixel costs as each part: colour models seeded by the body's points, and places."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.fitting.body import Part, Side
from pipelines.studio.fitting.body_frame import SIDES, Frame
from pipelines.studio.fitting.body_shapes import capsule, dilated, eroded, polygon
from pipelines.studio.fitting.parts_hem import guessed_hem
from pipelines.studio.fitting.parts_models import COST_MAX, ColourModel, mixture, skin_model

LABELS = (Part.SKIN, Part.HAIR, Part.TOP, Part.BOTTOM)

NO_BOTTOM_SEEN = 15.0
"""Cost of "lower garment" where none was found to learn from: below COST_MAX, for 40 turned
every pair of shorts into top. Source: tryon.md §1.3."""

RIM_SIDE_PX = 5
"""The disc that takes the rim away: 2 px of the small picture, 5 of the photo."""

HAIR_LIGHTNESS = 12.0
"""Spread of L at the first look: long hair is lighter at its tips than on the crown."""

SLEEVE_SHARE = 0.35
"""Least share of an upper arm (or forearm) unlike skin at which it wears a sleeve: less is shade.
By eye on 39 photos."""

SKIN_LIMIT = 4.5
"""Nats over the skin model's best at which a colour may no longer be skin. Source: tryon.md."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """Places on the body, (h, w) bool each."""

    face: np.ndarray
    arms: np.ndarray
    forearms: np.ndarray
    hands: np.ndarray
    fingers: np.ndarray
    neck: np.ndarray
    legs: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A small photo's body: its `frame` and the `person` (h, w) bool.

    `hair` (h, w) bool is hair already found, to learn its colours from; None at first.
    """

    frame: Frame
    person: np.ndarray
    hair: np.ndarray | None = None


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


def costs(lab: np.ndarray, *, scene: Scene) -> Costs:
    """The costs of the small (h, w, 3) float32 Lab picture."""
    frame, person = scene.frame, scene.person
    zones = _zones(frame)
    model, skin_lab = _skin(lab, frame=frame, person=person, zones=zones)
    skin = model.cost(lab)
    limit = SKIN_LIMIT + float(skin.min())
    cloth = person & (skin > limit)
    # Legs are often lighter than the face: below the hips any skin's hue counts as skin here.
    bare = broad_skin(lab) & (frame.along > 1.15) & (skin < 3 * limit)
    hem = guessed_hem(lab, frame=frame, cloth=cloth & ~bare)
    top = _top(lab, scene=scene, cloth=cloth, hem=hem, skin=(model, limit), zones=zones)
    bottom = _bottom(lab, scene=scene, cloth=cloth, hem=hem, zones=zones)
    hair = _hair(lab, scene=scene, unlike_skin=skin > limit - 1)
    placed = _places(scene, zones)
    colours = np.minimum(np.stack([skin, hair, top, bottom], axis=-1), COST_MAX)
    total = np.minimum(_from_within(colours, person=person) + placed, COST_MAX + 6)
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
        fingers=frame.fingers(0.04),
        neck=capsule(frame.shape, frame.chin, base, (0.30 * unit, 0.42 * unit)),
        legs=joined([frame.leg(s, (0.25, 0.18, 0.12)) for s in SIDES]),
    )


def _skin(
    lab: np.ndarray, *, frame: Frame, person: np.ndarray, zones: Zones
) -> tuple[ColourModel, np.ndarray]:
    """From the face; else from hands and bare forearms; else from a broad prior."""
    core = frame.face(0.8) & person
    if core.sum() > 60:
        return skin_model(lab[core], hands=lab[frame.fingers(0.015) & person])
    likely = broad_skin(lab) & person & (zones.forearms | zones.neck | zones.arms)
    if likely.sum() < 60:
        likely = broad_skin(lab) & person
    colours = lab[likely] if likely.sum() > 60 else np.array([[60.0, 14.0, 18.0]] * 80, np.float32)
    return skin_model(colours, hands=np.zeros((0, 3), np.float32))


def broad_skin(lab: np.ndarray) -> np.ndarray:
    """Colours that skin of any tone may have: hue 25°..80° in Lab, chroma 8..45, not black."""
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return (hue > 25) & (hue < 80) & (chroma > 8) & (chroma < 45) & (lab[..., 0] > 15)


def _top(
    lab: np.ndarray,
    *,
    scene: Scene,
    cloth: np.ndarray,
    hem: float,
    skin: tuple[ColourModel, float],
    zones: Zones,
) -> np.ndarray:
    """`skin` is the skin's model with its limit: hair and hands over the chest are no cloth."""
    frame = scene.frame
    # At first from the middle alone: long hair falls beside it.
    wide = (0.35, 0.5) if scene.hair is None else (0.6, 0.8)
    low = min(hem - 0.06, 0.85)
    torso = frame.torso(shoulder=wide[0], hip=wide[1], top=0.15, bottom=low) & scene.person
    seed = torso & ~zones.forearms & ~zones.fingers
    if scene.hair is not None:
        seed &= ~dilated(scene.hair, 5)
    if seed.sum() < 0.25 * torso.sum():
        seed = torso
    if seed.sum() < 40:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    model = mixture(lab[seed], count=4).without(skin[0], limit=skin[1], share_max=0.3)
    cost = model.cost(lab)
    if scene.hair is None:
        return cost
    for side in SIDES:
        sleeve = _sleeve(side, frame=frame, person=scene.person, cloth=cloth & ~scene.hair)
        if sleeve.sum() > 0.005 * frame.unit_px**2:
            cost = np.minimum(cost, mixture(lab[sleeve], count=2).cost(lab) + 0.5)
    return cost


def _sleeve(side: Side, *, frame: Frame, person: np.ndarray, cloth: np.ndarray) -> np.ndarray:
    """The worn sleeve's core, from the shoulder on as long as most of the arm is no skin."""
    core = np.zeros(frame.shape, bool)
    for limb in (frame.upper_arm(side, (0.06, 0.06)), frame.forearm(side, (0.05, 0.05))):
        seen = limb & person
        covered = limb & cloth
        if covered.sum() < SLEEVE_SHARE * max(int(seen.sum()), 1):
            break
        core |= covered
    return core


def _bottom(
    lab: np.ndarray, *, scene: Scene, cloth: np.ndarray, hem: float, zones: Zones
) -> np.ndarray:
    unit = scene.frame.unit_px
    # A hem band of another colour is no trousers: start below it if there is enough.
    for start in (max(hem + 0.08, 1.15), hem + 0.08):
        below = _below(scene.frame, start=start - 1.0, side=0.25 * unit)
        seed = below & scene.person & ~zones.forearms & ~zones.fingers
        if seed.sum() > 0.05 * unit**2:
            break
    covered = seed & cloth
    # Bare legs below shorts: learn the shorts alone, unless all of it is as light as skin.
    if covered.sum() > 0.12 * seed.sum():
        seed = covered
    if seed.sum() < 0.01 * unit**2:
        return np.full(lab.shape[:2], NO_BOTTOM_SEEN, np.float32)
    return mixture(lab[seed], count=3).cost(lab) + 0.3


def _below(frame: Frame, *, start: float, side: float) -> np.ndarray:
    """The band under the hips: from `start` trunks below them, `side` px wider on each side."""
    left, right = frame.at(24), frame.at(23)
    down, out = frame.axis * frame.trunk_px * start, np.array([side, 0.0])
    far = np.array([0.0, float(frame.shape[0])])
    corners = np.array([left + down - out, right + down + out, right + out + far, left - out + far])
    return polygon(frame.shape, corners)


def _hair(lab: np.ndarray, *, scene: Scene, unlike_skin: np.ndarray) -> np.ndarray:
    frame = scene.frame
    if frame.oval is None:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    crown = frame.face_centre - np.array([0, 0.35 * frame.face_size[1]])
    radius = 0.75 * float(frame.face_size[0])
    head = capsule(frame.shape, crown, crown, (radius, radius))
    above_chin = np.arange(frame.shape[0])[:, None] < frame.chin[1]
    seed = head & scene.person & ~frame.face(1.0) & unlike_skin & above_chin
    if seed.sum() < 0.006 * frame.unit_px**2:
        return np.full(lab.shape[:2], COST_MAX, np.float32)
    loose = 3.0 if scene.hair is not None else HAIR_LIGHTNESS
    cost = mixture(lab[seed], count=2, lightness_min=loose).cost(lab)
    if scene.hair is not None and scene.hair.sum() > 0.01 * frame.unit_px**2:
        cost = np.minimum(cost, mixture(lab[scene.hair], count=3).cost(lab))
    return cost


def _places(scene: Scene, zones: Zones) -> np.ndarray:
    """Extra cost of each label by place. Source of the numbers: tryon.md §1.3, by eye on 39."""
    frame = scene.frame
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(np.float32)
    along = frame.along
    ladder = (
        (zones.face, -5.0),
        (zones.fingers, -4.0),
        (zones.hands, -2.0),
        (zones.arms, -1.0),
        (zones.neck, -0.5),
    )
    ladder += ((zones.legs & (along > 1.25), 1.0),)
    skin = np.select([m for m, _ in ladder], [v for _, v in ladder], default=3.5)
    skin += 4.0 * ((along > 0.3) & (along < 1.0) & (skin > 3))
    away = np.hypot(columns - frame.face_centre[0], (rows - frame.face_centre[1]) * 0.8)
    hair = np.clip((away / frame.face_size[1] - 0.9) * 5, 0, 12)
    if scene.hair is not None:
        hair = np.where(dilated(scene.hair, 9), 0.0, hair)
    hair += 2.0 * zones.face + 10.0 * (along > 0.9)
    over_chin = np.clip((frame.chin[1] - rows) / (0.1 * frame.face_size[1]), 0, 1)
    top = 8.0 * (along < -0.42) + 10 * over_chin + 20.0 * frame.face(0.9)
    top += np.clip((along - 1.0) * 12, 0, 14) * ~zones.hands
    bottom = np.clip((0.92 - along) * 22, 0, 14) - np.clip((along - 1.05) * 4, 0, 3)
    return np.stack([skin, hair, top, bottom], axis=-1)


def _from_within(colours: np.ndarray, *, person: np.ndarray) -> np.ndarray:
    """Costs (h, w, n) in which the person's rim, mixed with background, has its neighbour's."""
    inner = eroded(person, RIM_SIDE_PX)
    if not inner.any():
        return colours
    far, nearest = cv2.distanceTransformWithLabels(
        (~inner).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(nearest, np.int64)
    place = np.zeros(int(labels.max()) + 1, np.int64)
    inside = np.flatnonzero(inner.ravel())
    place[labels.ravel()[inside]] = inside
    rim = person & ~inner & (far < RIM_SIDE_PX - 1)
    mended = colours.copy()
    mended[rim] = colours.reshape(-1, colours.shape[2])[place[labels[rim]]]
    return mended


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """The (h, w, 3) uint8 sRGB picture in Lab: L 0..100, a and b about -128..127, float32."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


__all__ = ["LABELS", "ColourModel", "Costs", "Zones", "costs", "lab_of"]
