"""How long steps take, by shape and company: the table first, then what steps really took."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.backend import Load
from pipelines.stepping.table import STILL_WORTH, WORTH, BatchTable

_SLOWER, _FASTER = 0.1, 0.5
"""Weights of a new time: a busy machine makes steps longer, nothing makes them shorter."""
_WILDEST = 2.0  # a neighbour on the machine doubles a step now and then; it shall not count more
_HOPE = 0.95  # what a size never tried is taken to cost per run: little enough to be tried
_TRIALS = 2  # the first step at a new size warms caches up
_AGAIN_AFTER = 500
"""After so many steps a refused size gets one more trial, and so does plain when it was not seen:
0.4 % of the steps keep the comparison true."""
_CLOSE, _SOON = 1.25, 50
"""Where the best size gains less than that, plain is seen so often: a close comparison must not be
made with what plain took when the machine was slower. It costs 2 % of the gain. House limits."""
_MIXTURES_MOST = 512


@dataclass(slots=True)
class _Taken:
    seconds: float
    trials: int = 1

    def add(self, seconds: float) -> None:
        if self.trials < _TRIALS:
            self.seconds = min(self.seconds, seconds)
        else:
            tame = min(max(seconds, self.seconds / _WILDEST), self.seconds * _WILDEST)
            weight = _FASTER if tame < self.seconds else _SLOWER
            self.seconds += weight * (tame - self.seconds)
        self.trials += 1


@dataclass(slots=True)
class _Curve:
    """One shape's step times by batch size."""

    tokens: int
    taken: dict[int, _Taken] = field(default_factory=dict)
    steps: int = 0
    since_plain: int = 0
    in_use: set[int] = field(default_factory=set)

    def seconds(self, size: int) -> float:
        """What a step of `size` runs takes: measured, between two measured, or hoped for."""
        known = self.taken.get(size)
        if known is not None:
            hoped = self._hoped(size) if known.trials < _TRIALS and size > 1 else known.seconds
            return min(known.seconds, hoped)
        return self._between(size) if any(s > size for s in self.taken) else self._hoped(size)

    def most(self) -> int:
        """The largest size worth trying: twice the largest that paid; now and then plain."""
        gains = {size: self.gain(size) for size in self.taken if size > 1}
        paid = {size: gain for size, gain in gains.items() if gain >= self.worth(size)}
        is_close = max(paid.values(), default=1.0) < _CLOSE
        if self.since_plain >= (_SOON if is_close else _AGAIN_AFTER):
            return 1
        return 2 * max(paid, default=1)

    def worth(self, size: int) -> float:
        """What `gain` must be for this size to be used: less for one that is in use already."""
        return STILL_WORTH if size in self.in_use else WORTH

    def gain(self, size: int) -> float:
        return size * self.seconds(1) / max(self.seconds(size), 1e-9)

    def add(self, size: int, seconds: float) -> None:
        if size in self.taken:
            self.taken[size].add(seconds)
        else:
            self.taken[size] = _Taken(seconds)
        self._judge(size)
        self.steps += 1
        self.since_plain = 0 if size == 1 else self.since_plain + 1
        if self.steps % _AGAIN_AFTER == 0:
            self._forgive()

    def _judge(self, size: int) -> None:
        """After a step of this size: whether it is in use from now on; after plain, any size."""
        for one in self.taken if size == 1 else (size,):
            is_known = self.taken[one].trials >= _TRIALS
            if is_known and self.gain(one) >= self.worth(one):
                self.in_use.add(one)
            else:
                self.in_use.discard(one)

    def _forgive(self) -> None:
        for size, taken in self.taken.items():
            if size > 1 and self.gain(size) < self.worth(size):
                taken.trials = 1

    def _between(self, size: int) -> float:
        below = max(s for s in (0, *self.taken) if s < size)
        above = min(s for s in self.taken if s > size)
        low = self.taken[below].seconds if below else 0.0
        return low + (self.taken[above].seconds - low) * (size - below) / (above - below)

    def _hoped(self, size: int) -> float:
        below = max((s for s in self.taken if s < size), default=0)
        each = self.taken[below].seconds / below if below else self.taken[size].seconds / size
        return size * each * _HOPE


class Pace:
    """Step times that began with the table and follow what steps take."""

    def __init__(self, table: BatchTable) -> None:
        self._curves: dict[str, dict[str, _Curve]] = {}
        self._mixed: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._observed = 0
        for row in table.rows:
            curve = self._curve_of(row.group, row.shape, tokens=row.tokens)
            curve.taken[row.batch] = _Taken(row.step_s, trials=_TRIALS)

    def knows(self, load: Load) -> bool:
        """True when this shape, or another of its group, was timed."""
        return self._like(load) is not None

    def alone_s(self, load: Load) -> float:
        """How long one step takes without company; 0.0 when nothing like it was timed."""
        taken = self._taken(load, 1)
        return taken.seconds if taken else self.together_s((load,))

    def together_s(self, loads: Sequence[Load]) -> float:
        """How long one step of these runs takes; 0.0 when one of them is unknown."""
        first = loads[0]
        if len(loads) == 1 or all(load.shape == first.shape for load in loads):
            return self._share_s(first, len(loads)) * len(loads)
        parts = [self._share_s(load, len(loads)) for load in loads]
        return sum(parts) * self._mixed.get(_mixture(loads), 1.0) if all(parts) else 0.0

    def gain(self, loads: Sequence[Load]) -> float:
        """How much faster together than one after another; 0.0 when it can't be told."""
        together = self.together_s(loads)
        return sum(self.alone_s(load) for load in loads) / together if together else 0.0

    def worth(self, loads: Sequence[Load]) -> float:
        """What `gain` must be for these to step together: less where they already do."""
        first = loads[0]
        curve = self._curves.get(first.group, {}).get(first.shape)
        if curve is None or any(load.shape != first.shape for load in loads):
            return WORTH
        return curve.worth(len(loads))

    def expected_s(self, loads: Sequence[Load]) -> float:
        """How long this very company took before; 0.0 when it never stepped: it may compile."""
        first = loads[0]
        if len(loads) > 1 and any(load.shape != first.shape for load in loads):
            return self.together_s(loads) if _mixture(loads) in self._mixed else 0.0
        taken = self._taken(first, len(loads))
        return taken.seconds if taken else 0.0

    def most(self, load: Load) -> int:
        """The most runs in a step with this one; 1 as long as it was not timed alone."""
        like = self._like(load)
        return like[0].most() if like else 1

    def observe(self, loads: Sequence[Load], seconds: float) -> None:
        """Learns from a step that really happened."""
        self._observed += 1
        if self._observed % _AGAIN_AFTER == 0:  # mixtures that were slow get one more trial, too
            self._mixed.update({m: min(ratio, 1.0) for m, ratio in self._mixed.items()})
        first = loads[0]
        if len(loads) == 1 or all(load.shape == first.shape for load in loads):
            curve = self._curve_of(first.group, first.shape, tokens=first.tokens)
            curve.add(len(loads), seconds)
            return
        expected = self.together_s(loads)
        if expected:
            self._learn_mixture(_mixture(loads), seconds / expected)

    def _learn_mixture(self, mixture: tuple[str, ...], ratio: float) -> None:
        known = self._mixed.pop(mixture, 1.0)
        tame = min(max(ratio, 1 / _WILDEST), _WILDEST)
        self._mixed[mixture] = known * (1 + _SLOWER * (tame - 1))
        while len(self._mixed) > _MIXTURES_MOST:
            self._mixed.popitem(last=False)

    def _share_s(self, load: Load, size: int) -> float:
        like = self._like(load)
        if like is None:
            return 0.0
        curve, scale = like
        return curve.seconds(size) / size * scale

    def _like(self, load: Load) -> tuple[_Curve, float] | None:
        """The curve of this shape, or the one of its group nearest in tokens, and its scale."""
        curves = self._curves.get(load.group)
        if not curves:
            return None
        own = curves.get(load.shape)
        if own is not None and 1 in own.taken:
            return own, 1.0
        timed = [curve for curve in curves.values() if 1 in curve.taken]
        if not timed:
            return None
        near = min(timed, key=lambda curve: abs(curve.tokens - load.tokens))
        return near, max(load.tokens, 1) / max(near.tokens, 1)

    def _taken(self, load: Load, size: int) -> _Taken | None:
        curve = self._curves.get(load.group, {}).get(load.shape)
        return curve.taken.get(size) if curve else None

    def _curve_of(self, group: str, shape: str, *, tokens: int) -> _Curve:
        return self._curves.setdefault(group, {}).setdefault(shape, _Curve(tokens))


def _mixture(loads: Sequence[Load]) -> tuple[str, ...]:
    return (loads[0].group, *sorted(load.shape for load in loads))
