"""How a value moves in time: eased curves between keys, without jumps in speed."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Ease = Callable[[float], float]
"""A curve from (0, 0) to (1, 1)."""


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
    """Nearly even speed with soft ends: for a camera that never quite stops; u and result 0..1.

    The speed rises over the first sixth and falls over the last one by half a cosine.
    Source: trapezoidal speed profile with cosine ramps, own integration.
    """
    u = min(max(u, 0.0), 1.0)
    ramp = 1 / 6
    top = 1 / (1 - ramp)
    if u < ramp:
        return top * (u - ramp / math.pi * math.sin(math.pi * u / ramp)) / 2
    if u > 1 - ramp:
        return 1 - drift(1 - u)
    return top * (u - ramp / 2)


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


def steady(value: float) -> Track:
    """A value that does not change."""
    return Track((Key(0.0, value),))


def in_and_out(*, start_s: float, stop_s: float, fade_s: float = 0.4) -> Track:
    """An opacity: 0 before `start_s`, 1 within, 0 after `stop_s`; the fades lie within."""
    fade = min(fade_s, (stop_s - start_s) / 2.5)
    return track(
        (start_s, 0.0), (start_s + fade, 1.0, glide), (stop_s - fade, 1.0, linear),
        (stop_s, 0.0, glide),
    )  # fmt: skip


def beats(count: int, *, start_s: float, stop_s: float) -> Sequence[tuple[float, float]]:
    """`count` spans of equal length that fill the time: (start, stop) in seconds."""
    step = (stop_s - start_s) / max(count, 1)
    return [(start_s + index * step, start_s + (index + 1) * step) for index in range(count)]
