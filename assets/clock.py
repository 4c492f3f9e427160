"""When a clip's frames are shown, read from its packets: rate, regularity, key frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

_RATES = (
    *(Fraction(rate) for rate in (8, 10, 12, 15, 16, 20, 24, 25, 30, 48, 50, 60)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 60)),
)
_RATE_TOLERANCE = 5e-4  # a clock of milliseconds gives 30.003 for 30 over ten seconds


@dataclass(frozen=True, slots=True)
class Clock:
    """The times of all frames shown, in order and in ticks of `tick_s`, and which are keys.

    `last_ticks` is how long the last frame stands.
    """

    tick_s: Fraction
    ticks: tuple[int, ...]
    keys: tuple[int, ...]
    last_ticks: int

    @property
    def frames(self) -> int:
        """How many frames are shown."""
        return len(self.ticks)

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        return float((self.ticks[-1] - self.ticks[0] + self._last) * self.tick_s)

    @property
    def fps(self) -> Fraction:
        """Frames a second on the mean; a common rate where the clock is too coarse to say it."""
        span = (self.ticks[-1] - self.ticks[0] + self._last) * self.tick_s
        mean = self.frames / span if span else Fraction(0)
        near = min(_RATES, key=lambda rate: abs(rate - mean))
        return near if abs(near - mean) <= near * _RATE_TOLERANCE else mean.limit_denominator(1001)

    @property
    def is_constant(self) -> bool:
        """True when every frame stands where its number says, to a tick."""
        step = 1 / (self.fps * self.tick_s) if self.fps else Fraction(0)
        # In whole numbers: fractions take 40 µs a frame.
        way, parts = step.numerator, step.denominator
        start = self.ticks[0]
        return all(
            abs((tick - start) * parts - index * way) <= parts
            for index, tick in enumerate(self.ticks)
        )

    @property
    def longest_gop_s(self) -> float:
        """The longest way from one key frame to the next, or to the end."""
        ends = (*sorted(self.keys), self.ticks[-1] + self._last)
        return float(max((b - a for a, b in pairwise(ends)), default=0) * self.tick_s)

    @property
    def _last(self) -> int:
        """A last frame without a length stands as long as the one before it."""
        if self.last_ticks > 0 or self.frames < 2:
            return self.last_ticks
        return self.ticks[-1] - self.ticks[-2]
