"""One kind's backends in the order of policy: models first, the studio when they fail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from content_engine.errors import BackendUnavailable, InvalidBrief
from content_engine.flow import Pipeline, Planner, Stop, never
from content_engine.review import Correction, FallBack, Replace, Trim
from content_engine.types import Attempt, Brief, Candidate, Recipe

_OF_THE_STUDIO = (Replace, Trim, FallBack)
"""Corrections that cut or replace a file, whoever made it."""


class ChoosingPipeline:
    """Plans with every usable backend of a kind, best first. Implements `flow.Pipeline`.

    Recipes of models come first, `tries` of each; then the studio's. So the flow itself falls back
    to the studio when a model's recipe fails or is rejected; and when repairs are at their end, the
    studio's recipe is the last rung. What models plan is made on the device, not here.
    """

    def __init__(
        self,
        planners: Mapping[str, Planner],
        *,
        studio: Pipeline,
        tries: int,
    ) -> None:
        self._planners = planners
        self._studio = studio
        self._tries = tries

    def plan(self, brief: Brief) -> Iterator[Recipe]:
        """The models' recipes, then the studio's. Raises InvalidBrief when nobody has one."""
        own = list(self._of_models(brief))
        fallback = _planned(self._studio, brief)
        if not isinstance(fallback, InvalidBrief):
            return chain(own, fallback)
        if not own:
            raise fallback
        return iter(own)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The next rung of the backend's own ladder; at its end, for a model's, the studio."""
        planner = self._planners.get(attempt.candidate.recipe.backend)
        if planner is None:
            return self._studio.repair(brief, attempt)
        return planner.repair(brief, attempt) or self._last_rung(brief, attempt)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `flow.Pipeline.correct`: by the backend that made it, files by the studio."""
        planner = self._planners.get(attempt.candidate.recipe.backend)
        if planner is None or isinstance(correction, _OF_THE_STUDIO):
            return self._studio.correct(brief, attempt, correction)
        return planner.correct(brief, attempt, correction)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """See `flow.Pipeline.generate`. Raises BackendUnavailable for what models planned."""
        if recipe.backend in self._planners:
            raise BackendUnavailable(f"{recipe.backend} runs on the device, not in this process")
        return self._studio.generate(recipe, stop=stop)

    def _of_models(self, brief: Brief) -> Iterator[Recipe]:
        for planner in self._planners.values():
            recipes = _planned(planner, brief)
            if not isinstance(recipes, InvalidBrief):
                yield from islice(recipes, self._tries * brief.count)

    def _last_rung(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The studio's recipe for that place in the plan, so that two are not the same one."""
        recipes = _planned(self._studio, brief)
        if isinstance(recipes, InvalidBrief):
            return None
        failed = attempt.candidate.recipe
        own = [_idea(each) for each in self._of_models(brief) if each.backend == failed.backend]
        place = own.index(_idea(failed)) % brief.count if _idea(failed) in own else 0
        return next(islice(recipes, place, None), None)


def _idea(recipe: Recipe) -> tuple[int, str]:
    """What repairs leave as it is: the seed, and the setting where there is one."""
    return recipe.seed, str(json.loads(recipe.parameters).get("setting", ""))


def _planned(planner: Planner, brief: Brief) -> Iterable[Recipe] | InvalidBrief:
    """The planner's recipes, or why there are none: some planners say so at the first one only."""
    try:
        recipes = iter(planner.plan(brief))
        first = next(recipes, None)
    except InvalidBrief as error:
        return error
    return () if first is None else chain((first,), recipes)
