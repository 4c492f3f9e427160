"""Whether two surprises at one place are the onset and the end of one fault.

A fault changes the same pixels at its onset and at its end, as much, and while it lasts it is one
picture that moves with what is around it and surprises nobody. Limbs, water and wheels surprise
between their ends too, and never twice alike. What was there before need not be there again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qa.film.places.maps import median_of
from qa.film.places.patches import OUTSIDE, Patch, cut, unlike
from qa.film.places.surprise import Surprise
from qa.vision.arrays import Mask, Numbers

# Source for the constants: 144 planted and 155 clean clips (2026-11-23), see docs/video-judge.md.
# From not at all to surely one happening.
_AGREE = (0.45, 0.7)
_BETWEEN = (0.8, 0.4)
# How much of the fault's surprise there is beside it both shortly before and shortly after: a limb
# that rests for two frames shows 0.9, faults on water up to 0.66.
_BESIDE = (0.85, 0.7)
_BESIDE_FRAMES = 3
_USUAL_FRAMES = 6
# As many frames apart as `unlike` looks 12 px and 6 px around for.
_FAR_FRAMES, _NEAR_FRAMES = 16, 4
_NOISE_LEVELS = 1.0
_FEWEST_FRAMES, _MOST_WITHIN = 2, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How a place fared during a fault.

    `levels` is its lesser end: how unlike the first wrong frame is to the one before, moved or not;
    `near_levels` is the same, hardly moved. `within_levels` is what changed most within.
    """

    levels: float
    near_levels: float
    within_levels: float

    @property
    def share(self) -> float:
        """What changed most within, as a share of the lesser end."""
        return self.within_levels / (self.levels + _NOISE_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How alike a fault's onset and end are (0..1), and what else surprises, as shares of them.

    `within` is in its place between its ends, `beside` around it both shortly before and after.
    """

    agreement: float
    within: float
    beside: float

    def sureness(self) -> float:
        """0..1: how surely both are ends of one fault, `held` aside."""
        return (
            ramp(self.agreement, _AGREE) * ramp(self.within, _BETWEEN) * ramp(self.beside, _BESIDE)
        )


def ends_of(seen: Surprise, steps: list[Patch], region: Mask, around: Mask) -> Ends | None:
    """The ends of a place's two surprises; None for a fault of one frame.

    `steps` is the place from the frame after the fault back to the one before it (`trail`);
    `region` its cells, `around` these and some beside.
    """
    first, after = steps[-2].frame, steps[0].frame
    if after - first < _FEWEST_FRAMES:
        return None
    excess = _excess(seen, first, after)
    onset, end = excess[first], excess[after]
    least = max(min(float(onset[region].max()), float(end[region].max())), 1e-3)
    between = max(float(excess[at][region].max()) for at in range(first + 1, after))
    return Ends(
        agreement=_agreement(onset[around], end[around]),
        within=between / least,
        beside=_passing(excess, first, after, around & ~region) / least,
    )


def held(seen: Surprise, steps: list[Patch]) -> Held | None:
    """How the place fared between its ends; None where it leaves the picture.

    Nothing changes within a fault of one frame. At most eight steps within are looked at.
    """
    if len(steps) - 2 < _FEWEST_FRAMES:
        return Held(levels=0.0, near_levels=0.0, within_levels=0.0)
    pairs = list(pairwise(steps[1:-1]))
    both = ((steps[-2], steps[-1]), (steps[1], steps[0]))
    far, near = (
        [unlike(cut(seen, one), seen, two, gap=gap) for one, two in both]
        for gap in (_FAR_FRAMES, 0)
    )
    within = [
        unlike(cut(seen, one), seen, two, gap=_NEAR_FRAMES)
        for one, two in pairs[:: -(-len(pairs) // _MOST_WITHIN)]
    ]
    if OUTSIDE in (*far, *within):
        return None
    return Held(
        levels=min(far),
        near_levels=min(far if OUTSIDE in near else near),
        within_levels=max(within),
    )


def _excess(seen: Surprise, first: int, after: int) -> dict[int, Numbers]:
    """Levels beyond what is usual there around that time, frame by frame, some beside the fault."""
    count = len(seen.residual)
    usual = median_of(seen.residual[max(1, first - _USUAL_FRAMES) : after + _USUAL_FRAMES + 1])
    frames = range(max(1, first - _BESIDE_FRAMES), min(count, after + _BESIDE_FRAMES + 1))
    return {frame: np.maximum(seen.residual[frame] - usual, 0.0) for frame in frames}


def _passing(excess: dict[int, Numbers], first: int, after: int, ring: Mask) -> float:
    """The most levels beyond the usual in the ring before the fault or after it, the lesser one."""
    before = (float(now[ring].max()) for at, now in excess.items() if at < first)
    later = (float(now[ring].max()) for at, now in excess.items() if at > after)
    return min(max(before, default=0.0), max(later, default=0.0)) if ring.any() else 0.0


def _agreement(one: Numbers, two: Numbers) -> float:
    """0..1: how alike two changes are, cell by cell (cosine)."""
    return float(one @ two) / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-3)


def ramp(value: float, ends: tuple[float, float]) -> float:
    """0 at the first end and beyond, 1 at the second."""
    return float(np.clip((value - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0))
