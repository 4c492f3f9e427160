"""Do sleeves and hem end where the garment's own proportions say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from content_engine.types import Severity
from qa.fitting.outside import grown, upper_index
from qa.fitting.person import Part
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Box, Reading, fault

_LONG = 1.0
_NONE = 0.3
_LONG_ENDS = 1.75, 2.5
_STEPS = np.linspace(0.05, 2.6, 52)
_CLOTH = 0.5
_FEWEST_PX = 6
_UNLIKE = 0.15
_HEM_REACH, _HIDDEN = 0.42, 0.3
_HEM_BINS = np.linspace(-_HEM_REACH, _HEM_REACH, 29)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sleeve:
    """Where a sleeve ends on its arm (t 0 shoulder, 1 elbow, 2 wrist) and where it should."""

    end: float
    expected: tuple[float, float]
    place: Numbers

    @property
    def off(self) -> float:
        """How far the end is outside what is expected, in parts of the arm; 0 is right."""
        low, high = self.expected
        return max(0.0, low - self.end, self.end - high)

    @property
    def from_middle(self) -> float:
        """How far the end is from the middle of what is expected."""
        return abs(self.end - sum(self.expected) / 2)


def sleeves(seen: Worn) -> Reading:
    """How far a sleeve's end is from where it should be, or the two from each other; 0 is best.

    In parts of the arm: 1 is from shoulder to elbow or from elbow to wrist.
    """
    found = worn_sleeves(seen)
    if not found:
        return Reading(value=0.0)
    worst = max(found, key=lambda sleeve: (sleeve.off, sleeve.from_middle))
    value = max(worst.off, _apart(found) - _UNLIKE)
    message = f"a sleeve ends at {worst.end:.2f} of the arm, expected {worst.expected[0]:.2f} to "
    message += f"{worst.expected[1]:.2f}; the two are {_apart(found):.2f} apart"
    box = _around(seen, worst.place)
    return Reading(
        value=value,
        evidence=fault("sleeve", message, severity=Severity.MAJOR, box=box, number=value),
    )


def _apart(found: list[Sleeve]) -> float:
    return abs(found[0].end - found[-1].end)


def worn_sleeves(seen: Worn) -> list[Sleeve]:
    """The sleeves of the outermost garment on the trunk, on arms that are in the picture."""
    index = upper_index(seen)
    if index is None:
        return []
    region = seen.region(index)
    truth = seen.pieces[index].truth
    found = []
    for side in (0, 1):
        expected = _expected(seen, truth.sleeve, side=side, chest=chest_px(seen, region))
        end = _end(seen, region, side)
        if end is not None:
            place = seen.person.stance.on_arm(side, np.array([end]))[0]
            found.append(Sleeve(end=end, expected=expected, place=place))
    return found


def chest_px(seen: Worn, region: Mask) -> float:
    """The garment's width on the body between chest and waist, arms aside."""
    t, s = seen.along
    trunk = np.flatnonzero(region & (np.abs(s) < 0.62))
    down, across = t.ravel()[trunk], s.ravel()[trunk]
    rows = []
    for low in (0.35, 0.45, 0.55, 0.65):
        strip = across[(down > low) & (down < low + 0.1)]
        if len(strip):
            rows.append(float(np.ptp(strip)))
    return float(np.median(rows)) * seen.unit_px if rows else seen.unit_px


def _expected(seen: Worn, sleeve: float, *, side: int, chest: float) -> tuple[float, float]:
    if sleeve < _NONE:
        return 0.0, 0.45
    if sleeve > _LONG:
        return _LONG_ENDS
    joints = seen.person.stance.arm(side)
    upper = max(float(np.linalg.norm(joints[1] - joints[0])), 0.55 * seen.unit_px)
    middle = min(0.62 * sleeve * chest / upper + 0.2, 1.3)
    return max(0.3, middle - 0.3), middle + 0.3


def _end(seen: Worn, region: Mask, side: int) -> float | None:
    """The last t at which the arm is covered, None where the arm cannot be followed."""
    radius = max(2, round(0.045 * seen.unit_px))
    body = seen.parts != Part.BACKGROUND
    shares = np.full(len(_STEPS), np.nan)
    for at, (x, y) in enumerate(np.rint(seen.person.stance.on_arm(side, _STEPS)).astype(int)):
        rows, columns = (
            slice(max(0, y - radius), y + radius + 1),
            slice(max(0, x - radius), x + radius + 1),
        )
        there = body[rows, columns]
        if there.sum() >= _FEWEST_PX:
            shares[at] = (there & region[rows, columns]).sum() / there.sum()
    known = ~np.isnan(shares)
    if not known[: len(_STEPS) // 4].any():
        return None
    after = np.flatnonzero(known & (shares < _CLOTH) & (_STEPS > 0.25))
    return float(_STEPS[known][-1]) if not len(after) else float(_STEPS[after[0]])


def _around(seen: Worn, place: Numbers) -> Box:
    height, width = seen.person.shape
    reach = 0.2 * seen.unit_px
    x0, y0 = np.clip((place - reach) / (width, height), 0, 1)
    x1, y1 = np.clip((place + reach) / (width, height), 0, 1)
    return float(x0), float(y0), float(x1), float(y1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hem:
    """The lower edge over the body: `s` (n,) across in units, `t` (n,) down; 1 is the hips."""

    s: Numbers
    t: Numbers

    @property
    def middle(self) -> float:
        """Where the hem is."""
        return float(np.median(self.t))


def worn_hem(seen: Worn) -> Hem | None:
    """The hem of the outermost garment on the trunk, hands before it left out; None unseen."""
    index = upper_index(seen)
    if index is None:
        return None
    t, s = seen.along
    zone = np.flatnonzero((np.abs(s) < _HEM_REACH) & (t > 0.2))
    down, across = t.ravel()[zone], s.ravel()[zone]
    cloth, hidden = seen.region(index).ravel()[zone], _before_the_hem(seen, index).ravel()[zone]
    place = np.digitize(across, _HEM_BINS)
    found_s, found_t = [], []
    for number in range(1, len(_HEM_BINS)):
        own = place == number
        here = down[own]
        lowest = here[cloth[own]]
        if not len(lowest):
            continue
        end = float(np.percentile(lowest, 99.0))
        near = np.abs(here - end) < 0.05
        if hidden[own][near].mean() < _HIDDEN:
            found_s.append(float(_HEM_BINS[number - 1 : number + 1].mean()))
            found_t.append(end)
    if len(found_t) < 6:
        return None
    return Hem(s=np.array(found_s), t=np.array(found_t))


def _before_the_hem(seen: Worn, index: int) -> Mask:
    """Where a forearm or hand lies before the garment."""
    region = seen.region(index)
    hands = np.zeros(region.shape, bool)
    for side in (0, 1):
        hands |= seen.person.stance.arm_mask(region.shape, side, span=(0.8, 3.0), wide=1.3)
    return grown(hands & ~region, 2.0)


def hem(seen: Worn, found: Hem | None) -> Reading:
    """How far the hem is from where the garment's proportions put it; 0 is best.

    In lengths of the trunk. A hem below the picture's edge is right.
    """
    index = upper_index(seen)
    if found is None or index is None:
        return Reading(value=0.0)
    chest = chest_px(seen, seen.region(index))
    trunk = max(seen.person.stance.trunk_px, 1.0)
    wanted = seen.pieces[index].truth.length * chest / trunk - 0.2
    low, high = min(max(wanted - 0.25, 0.5), 0.92), max(wanted + 0.3, 1.35)
    t, _ = seen.along
    high = max(high, 0.0)
    low = min(low, float(t[-1].min()) - 0.03)
    value = max(0.0, low - found.middle, found.middle - high)
    message = f"the hem is at {found.middle:.2f} of the trunk, expected {low:.2f} to {high:.2f}"
    return Reading(
        value=value,
        evidence=fault(
            "hem", message, severity=Severity.MAJOR, box=_hem_box(seen, found), number=value
        ),
    )


def hem_line(seen: Worn, found: Hem | None) -> Reading:
    """How far the hem strays from a smooth curve, P90 in lengths of the trunk; 0 is best."""
    if found is None or len(found.t) < 12:
        return Reading(value=0.0)
    curve = np.polyfit(found.s, found.t, 2)
    away = np.abs(found.t - np.polyval(curve, found.s))
    tilt = abs(float(np.polyfit(found.s, found.t, 1)[0]))
    value = max(float(np.percentile(away, 90.0)), 0.25 * tilt)
    message = f"the hem strays from a smooth line by {value:.3f} of the trunk (slope {tilt:.2f})"
    return Reading(
        value=value,
        evidence=fault(
            "hem", message, severity=Severity.MAJOR, box=_hem_box(seen, found), number=value
        ),
    )


def _hem_box(seen: Worn, found: Hem) -> Box:
    stance = seen.person.stance
    ends = [
        stance.shoulder
        + stance.down * float(t) * stance.trunk_px
        + stance.across * float(s) * stance.unit_px
        for s, t in ((found.s[0], found.t.min() - 0.05), (found.s[-1], found.t.max() + 0.05))
    ]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    height, width = seen.person.shape
    x0, y0 = np.clip(low / (width, height), 0, 1)
    x1, y1 = np.clip(high / (width, height), 0, 1)
    return float(x0), float(y0), float(x1), float(y1)
