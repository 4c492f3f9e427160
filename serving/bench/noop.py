"""A maker and a judge that do nothing: what remains of a job's time is the engine's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from content_engine.errors import InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Correction
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Kind,
    Outcome,
    Recipe,
    Score,
    Verdict,
)


class NoopMaker:
    """Plans one recipe a brief and makes an asset of no bytes from it."""

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe, told apart from others by the brief's seed."""
        yield Recipe(
            kind=brief.kind,
            backend="noop",
            model="noop@1",
            prompt=brief.product.sku,
            seed=brief.seed,
            parameters="{}",
        )

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:  # noqa: ARG002
        """None: there is nothing to repair."""
        return None

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:  # noqa: ARG002
        """Raises InvalidBrief: nobody reviews nothing."""
        raise InvalidBrief("the maker that does nothing corrects nothing")

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """A candidate whose asset is named by the recipe."""
        stop()
        asset = Asset(
            role="copy", digest=recipe.digest, media_type="application/json", size_bytes=0
        )
        return Candidate(recipe=recipe, assets=(asset,), seconds=0.0)


class NoopJudge:
    """Finds every candidate good."""

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:  # noqa: ARG002
        """One score of 1."""
        return (Score(metric="noop.good", value=1.0, instrument="noop@1"),)


def noop_judges() -> Mapping[Kind, NoopJudge]:
    """The judge for copy."""
    return {Kind.TEXT: NoopJudge()}


def accept(brief: Brief, scores: Sequence[Score]) -> Verdict:  # noqa: ARG001
    """A gate that lets everything through."""
    return Verdict(outcome=Outcome.ACCEPT)
