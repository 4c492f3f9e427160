"""What each pixel of a photo is: background, skin, hair, top, lower; by colours and by place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from qa.fitting.palette import (
    NOTHING,
    Colours,
    Palette,
    colours_of,
    guide_of,
    joined,
    lab8,
    lab_of,
    ones_inside,
    palette,
)
from qa.fitting.person import Part
from qa.fitting.stance import Stance, polygon
from qa.vision.arrays import Mask, Numbers, Pixels

_RADIUS_PX, _SOFTNESS = 3, 4e-4
_CRUMB = 0.006
_OTHER_HUE, _OTHER_SHADE = 14.0, 38.0
_BROW = 0.4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Look:
    """What the costs of the parts are computed from."""

    lab: Numbers
    colours: Colours
    body: Mask
    stance: Stance
    oval: Numbers
    along: tuple[Numbers, Numbers]


def parse(
    rgb: Pixels, *, body: Mask, stance: Stance, oval: Numbers
) -> tuple[Pixels, tuple[Palette, ...]]:
    """(h, w) uint8 of `Part`, and the palette of each.

    Source: research 2026-11, tryon section 1.3: costs of five parts, each smoothed along the
    picture's edges, the silhouette alone deciding the background.
    """
    lab = lab8(rgb)
    look = _Look(
        lab=lab_of(lab),
        colours=colours_of(lab),
        body=body,
        stance=stance,
        oval=oval,
        along=stance.along(body.shape),
    )
    found = _palettes(look)
    guide = guide_of(rgb, radius=_RADIUS_PX, softness=_SOFTNESS)
    costs = [guide.smoothed(cost) for cost in _costs(look, found)]
    parts = (1 + np.argmin(np.stack(costs), axis=0)).astype(np.uint8)
    parts = np.where(body, parts, np.uint8(Part.BACKGROUND))
    return _without_crumbs(parts, stance.unit_px), found


def _palettes(look: _Look) -> tuple[Palette, ...]:
    skin = _skin_colours(look)
    top = palette(look.lab[_top_seed(look)], clusters=4, spread=(4.0, 2.5, 2.5))
    top = joined(top, palette(look.lab[_sleeve_seed(look, skin)], clusters=2, spread=(4, 2.5, 2.5)))
    lower_seed = _lower_seed(look)
    own = lower_seed & (look.colours.costs(top) > 11.0)
    lower = palette(look.lab[own if own.sum() > 150 else lower_seed], clusters=3, spread=(4, 3, 3))
    hair = palette(look.lab[_hair_seed(look, skin)], clusters=2, spread=(4.0, 3.0, 3.0))
    outside = cv2.erode(ones_inside(~look.body), _disc(4)) > 0
    ground = palette(look.lab[outside], clusters=3, spread=(2.0, 1.5, 1.5))
    return ground, skin, hair, top, lower


def _skin_colours(look: _Look) -> Palette:
    """From the face's inner half; without a face from the hands' and forearms' middles."""
    if len(look.oval):
        middle = look.oval.mean(axis=0)
        seed = polygon(look.body.shape, middle + (look.oval - middle) * 0.8)
    else:
        seed = np.zeros(look.body.shape, bool)
        for side in (0, 1):
            seed |= look.stance.arm_mask(look.body.shape, side, span=(1.9, 2.6), wide=0.5)
    seed &= look.body
    colours = look.lab[seed]
    if len(colours) < 40:
        return NOTHING
    away = np.abs(colours - np.median(colours, axis=0))
    kept = colours[(away < (28.0, 12.0, 14.0)).all(axis=1)]
    return palette(kept, clusters=1, spread=(7.0, 2.5, 2.8))


def _top_seed(look: _Look) -> Mask:
    """The trunk between shoulders and hips, and upper arms, less the forearms before it."""
    stance, shape = look.stance, look.body.shape
    flat = stance.flat
    left, right = flat[12], flat[11]
    low_left, low_right = flat[24], flat[23]
    span = stance.hip - stance.shoulder
    corners = [
        stance.shoulder + (left - stance.shoulder) * 0.65 + span * 0.18,
        stance.shoulder + (right - stance.shoulder) * 0.65 + span * 0.18,
        stance.hip + (low_right - stance.hip) * 0.8 - span * 0.15,
        stance.hip + (low_left - stance.hip) * 0.8 - span * 0.15,
    ]
    trunk = polygon(shape, np.array(corners)) & look.body
    fore = np.zeros(shape, bool)
    for side in (0, 1):
        fore |= stance.arm_mask(shape, side, span=(0.9, 3.0), wide=1.1)
    clear = trunk & ~fore
    return clear if clear.sum() > 0.25 * trunk.sum() else trunk


def _sleeve_seed(look: _Look, skin: Palette) -> Mask:
    """The middles of the upper arms that are covered: of another hue than the skin, as a whole."""
    seed = np.zeros(look.body.shape, bool)
    for side in (0, 1):
        arm = look.stance.arm_mask(look.body.shape, side, span=(0.2, 0.95), wide=0.45) & look.body
        if arm.any() and len(skin.means):
            away = np.abs(np.median(look.lab[arm], axis=0) - skin.means[0])
            covered = np.hypot(away[1], away[2]) > _OTHER_HUE or away[0] > _OTHER_SHADE
            seed |= arm & bool(covered)
    return seed & (look.colours.costs(skin) > skin.offsets.min(initial=0.0) + 4.5)


def _lower_seed(look: _Look) -> Mask:
    """Below the hips, between the hands."""
    t, s = look.along
    fore = np.zeros(look.body.shape, bool)
    for side in (0, 1):
        fore |= look.stance.arm_mask(look.body.shape, side, span=(1.2, 3.0), wide=1.2)
    zone = look.body & ~fore & (np.abs(s) < 0.75)
    deep = zone & (t > 1.32)
    return deep if deep.sum() > 0.1 * look.stance.unit_px**2 else zone & (t > 1.15)


def _hair_seed(look: _Look, skin: Palette) -> Mask:
    """Above the brow, around the face, and not of the skin's colours: no hood lies there."""
    if not len(look.oval):
        return np.zeros(look.body.shape, bool)
    low, high = look.oval.min(axis=0), look.oval.max(axis=0)
    wide, tall = high - low
    centre = (low + high) / 2 - (0, 0.35 * tall)
    rows, columns = np.mgrid[: look.body.shape[0], : look.body.shape[1]]
    near = np.hypot(columns - centre[0], rows - centre[1]) < 0.78 * wide
    face = polygon(look.body.shape, look.oval)
    foreign = look.colours.costs(skin) > skin.offsets.min(initial=0.0) + 5.0
    return look.body & near & ~face & foreign & (rows < low[1] + _BROW * tall)


def _costs(look: _Look, found: tuple[Palette, ...]) -> list[Numbers]:
    """Costs of skin, hair, top and lower in nats: colours, and where such a part may be.

    Source of the priors: research 2026-11, tryon section 1.3.
    """
    _, skin, hair, top, lower = (look.colours.costs(each) for each in found)
    t, _ = look.along
    shape, stance = look.body.shape, look.stance
    arms = np.zeros(shape, bool)
    hands = np.zeros(shape, bool)
    for side in (0, 1):
        arms |= stance.arm_mask(shape, side, span=(0.0, 2.2))
        hands |= stance.arm_mask(shape, side, span=(2.0, 3.0), wide=1.2)
    face, distance, above = _head(look)
    neck = polygon(shape, _neck(look))
    skin = skin + np.select([face, hands, neck, arms], [-5.0, -2.0, -2.5, -1.0], 2.5)
    hair = hair + np.clip((distance - 0.9) * 5, 0, 12) + 2.0 * face + 10.0 * (t > 0.75)
    beyond = np.clip((t - 1.0) * 12, 0, 14) * ~hands
    top = top + beyond + 10.0 * above + 5.0 * face
    lower = (
        np.minimum(lower, 15.0) + np.clip((0.92 - t) * 22, 0, 14) - np.clip((t - 1.05) * 4, 0, 3)
    )
    return [skin, hair, top, lower]


def _head(look: _Look) -> tuple[Mask, Numbers, Numbers]:
    """The face; every pixel's distance from it in face heights; how far above the chin, 0..1."""
    shape = look.body.shape
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    if len(look.oval):
        low, high = look.oval.min(axis=0), look.oval.max(axis=0)
        face = polygon(shape, look.oval)
    else:
        unit = look.stance.unit_px
        middle = look.stance.shoulder - look.stance.down * 0.75 * unit
        reach = np.array((0.3, 0.45)) * unit
        low, high = middle - reach, middle + reach
        face = np.zeros(shape, bool)
    centre, tall = (low + high) / 2, max(float(high[1] - low[1]), 4.0)
    distance = np.hypot(columns - centre[0], 0.8 * (rows - centre[1])) / tall
    return face, distance, np.clip((high[1] - rows) / (0.15 * tall), 0.0, 1.0)


def _neck(look: _Look) -> Numbers:
    """The corners of the neck: from the jaw down to the collar bones."""
    stance, unit = look.stance, look.stance.unit_px
    jaw = stance.shoulder - stance.down * 0.35 * unit
    if len(look.oval):
        jaw = look.oval[int(look.oval[:, 1].argmax())] - stance.down * 0.08 * unit
    base = stance.shoulder + stance.down * 0.08 * unit
    half = stance.across * unit
    return np.array([jaw - 0.22 * half, jaw + 0.22 * half, base + 0.3 * half, base - 0.3 * half])


def _without_crumbs(parts: Pixels, unit_px: float) -> Pixels:
    """Specks of a part given to what surrounds them."""
    done = parts.copy()
    least = _CRUMB * unit_px**2
    for part in (Part.SKIN, Part.HAIR, Part.TOP, Part.LOWER):
        _, marks, stats, _ = cv2.connectedComponentsWithStats(ones_inside(done == part))
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        specks = small[np.asarray(marks, np.int32)]
        if specks.any():
            done[specks] = cv2.medianBlur(done, 15)[specks]
    return done


def _disc(radius: int) -> Pixels:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
