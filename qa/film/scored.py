"""Readings of a clip's instruments as scores, and all of them in one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from content_engine.errors import ScorerFailed
from content_engine.types import Outcome, Score
from qa.film.odds import p_bad
from qa.film.screened import Screened
from qa.gate import Policy
from qa.vision.failures import OPENCV_ERRORS, measuring
from qa.vision.observed import Reading

OVERALL = "video.p_bad"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric, the `name@version` of what measures it, and the measuring itself."""

    metric: str
    name: str
    read: Callable[[Screened], Reading]


def measured(instrument: Instrument, seen: Screened, policy: Policy) -> Score:
    """The instrument's score, with the evidence that is past its limit; unscored where it broke."""
    try:
        with measuring(instrument.name, breaks_with=OPENCV_ERRORS):
            read = instrument.read(seen)
    except ScorerFailed as error:
        return Score(
            metric=instrument.metric, value=None, instrument=instrument.name, note=str(error)
        )
    bound = policy.bound(instrument.metric)
    evidence = (
        replace(item, threshold=bound.accept if item.threshold is None else item.threshold)
        for item in read.evidence
        if not bound.meets(read.value, bound.accept)
        and (
            item.number is None
            or item.threshold is not None
            or not bound.meets(item.number, bound.accept)
        )
    )
    return Score(
        metric=instrument.metric,
        value=read.value,
        instrument=instrument.name,
        evidence=tuple(evidence),
    )


def overall(scores: Sequence[Score], policy: Policy) -> Score:
    """All readings in one number; unscored when an instrument broke."""
    broken = [score.metric for score in scores if score.value is None]
    if broken:
        note = f"not measured: {', '.join(broken)}"
        return Score(metric=OVERALL, value=None, instrument="noisy-or@1", note=note)
    value = p_bad(dict(_excesses(scores, policy)))
    return Score(metric=OVERALL, value=round(value, 4), instrument="noisy-or@1")


def placed(score: Score, role: str) -> Score:
    """The score as one of the asset with that role."""
    evidence = tuple(replace(item, asset=role) for item in score.evidence)
    return replace(score, asset=role, evidence=evidence)


def _excesses(scores: Sequence[Score], policy: Policy) -> Iterator[tuple[str, float]]:
    """Each reading as a multiple of its limit; a rule without slack counts as twice its limit.

    What a new coding mends says nothing of the picture.
    """
    for score in scores:
        bound = policy.bound(score.metric)
        if bound.otherwise is Outcome.REVIEW and score.value is not None:
            limit = bound.accept
            yield score.metric, score.value / limit if limit > 0 else 2.0 * score.value
