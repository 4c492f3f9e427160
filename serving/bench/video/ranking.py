"""How well a score ranks bad before good: AUROC, its intervals, recall at false alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

FALSE_ALARMS = (0.05, 0.10, 0.20)

_RESAMPLES = 1000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Scores (n,) float of clips, which of them are bad (n,) bool, and their sources."""

    scores: np.ndarray
    bad: np.ndarray
    sources: tuple[str, ...]

    @property
    def auroc(self) -> float | None:
        """The chance that a bad clip scores above a good one, ties half; None without both."""
        return auroc(self.scores, self.bad)

    def over_clips(self) -> tuple[float, float] | None:
        """95 % interval of the AUROC by resampling clips."""
        everyone = np.arange(len(self.scores))
        return self._interval(lambda rng: rng.choice(everyone, len(everyone)))

    def over_sources(self) -> tuple[float, float] | None:
        """95 % interval of the AUROC by resampling whole sources; None with one source."""
        names = sorted(set(self.sources))
        if len(names) < 2:
            return None
        members = [np.flatnonzero(np.array(self.sources) == name) for name in names]
        return self._interval(
            lambda rng: np.concatenate(
                [members[i] for i in rng.integers(0, len(names), len(names))]
            )
        )

    def within_sources(self) -> float | None:
        """AUROC over pairs of one source only, each pair counting once; None without any."""
        pairs, wins = 0, 0.0
        for name in set(self.sources):
            own = np.array(self.sources) == name
            count = int(self.bad[own].sum()) * int((~self.bad[own]).sum())
            value = auroc(self.scores[own], self.bad[own])
            if value is not None:
                pairs, wins = pairs + count, wins + count * value
        return wins / pairs if pairs else None

    def recall(self, false_alarms: float) -> float | None:
        """The share of bad clips above the score that this share of good clips exceeds."""
        if self.auroc is None:
            return None
        limit = np.quantile(self.scores[~self.bad], 1.0 - false_alarms)
        return float((self.scores[self.bad] > limit).mean())

    def _interval(
        self, drawn: Callable[[np.random.Generator], np.ndarray]
    ) -> tuple[float, float] | None:
        rng = np.random.default_rng(0)
        draws = (drawn(rng) for _ in range(_RESAMPLES))
        values = [auroc(self.scores[draw], self.bad[draw]) for draw in draws]
        held = [value for value in values if value is not None]
        if not held:
            return None
        low, high = np.percentile(held, _PERCENTILES)
        return float(low), float(high)


def auroc(scores: np.ndarray, bad: np.ndarray) -> float | None:
    """The chance that a bad one scores above a good one, ties half; None without both."""
    worse, better = scores[bad], scores[~bad]
    if not len(worse) or not len(better):
        return None
    difference = worse[:, None] - better[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def share(flags: Sequence[bool]) -> float | None:
    """The share of True; None of nothing."""
    return sum(flags) / len(flags) if flags else None
