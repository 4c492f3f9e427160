"""The seam of optional instruments: what they look at, and that they can only add a score.

The gate takes the worst outcome of all scores, so one score more never betters a verdict. Optional
metrics are `conditional` and not `mandatory` in the policy: where one is missing or broken, the
verdict is that of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from content_engine.errors import ScorerFailed
from content_engine.types import Score
from qa.gate import Policy
from qa.vision.arrays import Pixels
from qa.vision.observed import Reading


class Frames(Protocol):
    """Gives pictures of an asset at full size, by frame; a still picture is its only frame, 0."""

    def __call__(self, wanted: Sequence[int], /) -> Mapping[int, Pixels]:
        """The frames (H, W, 3) uint8 sRGB; frames that the asset does not have are left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """The product as the asset shows it and as its photo does, (h, w, 3) uint8 sRGB each."""

    seen: Pixels
    photo: Pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """One asset after all other instruments have read it.

    `kind` is the kind of media and the first half of metrics' names. `pairs` has an entry for each
    place where the product was found. `found` are the other instruments' scores.
    """

    kind: str
    channel: str
    role: str
    frames: Frames
    pairs: tuple[Pair, ...]
    found: tuple[Score, ...]


class Scorer(Protocol):
    """An optional instrument."""

    @property
    def name(self) -> str:
        """What measures, as `name@version`."""
        ...

    def metric(self, kind: str) -> str:
        """The metric that it scores in a kind of media, a key of the policy."""
        ...

    def read(self, sight: Sight) -> Reading | None:
        """What it read; None where there is nothing for it to look at. Raises ScorerFailed."""
        ...


def looked(scorers: Sequence[Scorer], sight: Sight, *, policy: Policy) -> list[Score]:
    """The scores of optional instruments; without a value where one broke."""
    scores = (_score(scorer, sight, policy) for scorer in scorers)
    return [score for score in scores if score is not None]


def _score(scorer: Scorer, sight: Sight, policy: Policy) -> Score | None:
    metric = scorer.metric(sight.kind)
    score = Score(metric=metric, value=None, instrument=scorer.name, asset=sight.role)
    try:
        reading = scorer.read(sight)
    except ScorerFailed as error:
        return replace(score, note=str(error))
    if reading is None:
        return None
    bound = policy.bound(metric, sight.channel)
    if bound.meets(reading.value, bound.accept):
        return replace(score, value=reading.value)
    evidence = tuple(
        replace(item, asset=sight.role, threshold=bound.accept) for item in reading.evidence
    )
    return replace(score, value=reading.value, evidence=evidence)
