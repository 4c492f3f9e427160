"""How a value moves in time: eased curves between keys, without jumps in speed."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Ease = Callable[[float], float]
"""A curve from (0, 0) to (1, 1)."""


SWELL = 0.2
"""How much `drift` swells: 0 would be even speed, 1 would start from rest."""


def glide(u: float) -> float:
    """Rest to rest, with the least jerk: a hand's own movement; u and result 0..1.

    Source: Flash and Hogan, "The Coordination of Arm Movements", J. Neurosci. 5(7), 1985, eq. 2.
    """
    u = min(max(u, 0.0), 1.0)
    return u * u * u * (10 - 15 * u + 6 * u * u)


def arrive(u: float) -> float:
    """Fast at first, then long settling: for what comes in; u and result 0..1.

    Source: Penner, "Robert Penner's Programming Macromedia Flash MX", 2002, quintic ease-out.
    """
    u = min(max(u, 0.0), 1.0)
    return 1 - (1 - u) ** 5


def depart(u: float) -> float:
    """Slow at first, then away: for what goes out; `arrive` run backwards, cubic."""
    u = min(max(u, 0.0), 1.0)
    return u**3


def drift(u: float) -> float:
    """Slow, faster, slow, never at rest: for a camera that goes on as long as the clip does.

    The speed swells from four fifths to six fifths of its mean: at rest a coder repeats frames, and
    repeated frames look like a fault. Source: a cosine about an even speed, own integration.
    """
    u = min(max(u, 0.0), 1.0)
    return u - SWELL * math.sin(2 * math.pi * u) / (2 * math.pi)


def linear(u: float) -> float:
    """Even speed; for opacities that nobody reads as motion."""
    return min(max(u, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Key:
    """A value at a time; `ease` leads to it from the key before."""

    at_s: float
    value: float
    ease: Ease = glide


@dataclass(frozen=True, slots=True)
class Track:
    """A value over time: held before the first key and after the last one."""

    keys: tuple[Key, ...]

    def __call__(self, time_s: float) -> float:
        """The value at that time."""
        index = bisect.bisect_right([key.at_s for key in self.keys], time_s)
        if index == 0:
            return self.keys[0].value
        if index == len(self.keys):
            return self.keys[-1].value
        before, after = self.keys[index - 1], self.keys[index]
        share = (time_s - before.at_s) / (after.at_s - before.at_s)
        return before.value + (after.value - before.value) * after.ease(share)


def track(first: tuple[float, float], *rest: tuple[float, float, Ease]) -> Track:
    """A track from (time, value) over (time, value, ease) keys; times must rise.

    Raises ValueError when they don't.
    """
    keys = (Key(*first), *(Key(*each) for each in rest))
    if any(b.at_s <= a.at_s for a, b in itertools.pairwise(keys)):
        raise ValueError(f"the keys' times must rise: {[key.at_s for key in keys]}")
    return Track(keys)


def curve(times_s: Sequence[float], values: Sequence[float]) -> Callable[[float], float]:
    """A smooth way through all values at their times, held at both ends; no stop in between.

    Source: Fritsch and Carlson, "Monotone Piecewise Cubic Interpolation", SIAM J. Numer. Anal.
    17(2), 1980, with speeds by central differences, limited so that nothing overshoots.
    """
    steps = [(b - a) for a, b in itertools.pairwise(times_s)]
    slopes = [(b - a) / h for (a, b), h in zip(itertools.pairwise(values), steps, strict=True)]
    inner = [
        0.0 if a * b <= 0 else math.copysign(min(abs(a + b) / 2, 3 * abs(a), 3 * abs(b)), a)
        for a, b in itertools.pairwise(slopes)
    ]
    speeds = [slopes[0], *inner, 0.4 * slopes[-1]]

    def value(time_s: float) -> float:
        index = min(max(bisect.bisect_right(times_s, time_s) - 1, 0), len(steps) - 1)
        h = steps[index]
        u = min(max((time_s - times_s[index]) / h, 0.0), 1.0)
        a, b = values[index], values[index + 1]
        p, q = speeds[index] * h, speeds[index + 1] * h
        return a + u * (p + u * (3 * (b - a) - 2 * p - q + u * (p + q - 2 * (b - a))))

    return value
