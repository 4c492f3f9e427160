"""An instrument's reading as a score, with the limit in its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from content_engine.errors import ScorerFailed
from content_engine.types import Score
from qa.fitting.sight import Sight
from qa.gate import Bound
from qa.vision.failures import OPENCV_ERRORS, measuring
from qa.vision.observed import Reading


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric, the `name@version` of what measures it, and the measuring itself.

    `applies` says whether the result has what it measures: a face, a garment on the trunk.
    """

    metric: str
    name: str
    read: Callable[[Sight], Reading]
    applies: Callable[[Sight], bool]


def measured(instrument: Instrument, sight: Sight, *, bound: Bound, role: str) -> Score:
    """The instrument's score, with evidence where the limit is missed; unscored where it broke."""
    try:
        with measuring(instrument.name, breaks_with=OPENCV_ERRORS):
            reading = instrument.read(sight)
    except ScorerFailed as error:
        return Score(
            metric=instrument.metric,
            value=None,
            instrument=instrument.name,
            asset=role,
            note=str(error),
        )
    met = bound.meets(reading.value, bound.accept)
    evidence = (
        replace(item, asset=role, threshold=bound.accept) for item in reading.evidence if not met
    )
    return Score(
        metric=instrument.metric,
        value=reading.value,
        instrument=instrument.name,
        asset=role,
        evidence=tuple(evidence),
    )
