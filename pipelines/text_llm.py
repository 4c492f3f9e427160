"""Copy sets by a chat model: planned here, the realiser being the last rung of their ladder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from content_engine.channels import channel
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.flow import Planner
from content_engine.review import Correction
from content_engine.types import Attempt, Brief, Kind, Recipe, TextSpec, canonical_json
from pipelines.backend import Media
from pipelines.language.llm.copying import answer_schema, copy_of, facts_of, rules, wording
from pipelines.language.realiser import Realiser

BACKEND = "llm"

_RUNG = 1000
_SECOND = 500
"""Seeds: a block of 1000 a brief; second tries and the realiser's last rung take its upper half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """The chat model that writes: `model` is `repo@revision`; the rest bounds and draws answers.

    Source of `max_tokens`: the realiser's longest copy set of two catalogs in eight locales has
    1,432 characters (2026-11-22); at 1.5 characters a token, estimated for Arabic, twice that fits.
    """

    model: str
    max_tokens: int = 2048
    temperature: float = 0.7
    top_k: int = 20
    top_p: float = 0.8


class LanguagePlanner:
    """Plans copy sets for a chat model. Implements `flow.Planner`.

    What the judge refuses is tried once more, then given to `fallback`, the realiser's pipeline;
    people's corrections are the fallback's too.
    """

    def __init__(self, *, fallback: Planner, writer: Writer) -> None:
        self._fallback = fallback
        self._writer = writer
        self._realiser = Realiser.load()

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe for each wanted candidate. Raises InvalidBrief."""
        recipe = self._recipe(brief)
        return (replace(recipe, seed=recipe.seed + index) for index in range(brief.count))

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The model's second try; then the realiser's copy; then the realiser's own ladder."""
        recipe = attempt.candidate.recipe
        if recipe.backend != BACKEND:
            return self._fallback.repair(brief, attempt)
        index = recipe.seed % _RUNG
        if index < _SECOND:
            return replace(recipe, seed=recipe.seed + _SECOND)
        # Seeds apart from those that the fallback plans itself: no recipe is tried twice.
        planned = next(iter(self._fallback.plan(brief)), None)
        return planned and replace(planned, seed=planned.seed + index)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `TextPipeline.correct`."""
        return self._fallback.correct(brief, attempt, correction)

    def _recipe(self, brief: Brief) -> Recipe:
        if not isinstance(brief.spec, TextSpec):
            raise InvalidBrief(f"a text brief needs a TextSpec, not {type(brief.spec).__name__}")
        self._realiser.check(locale=brief.locale, voice=brief.spec.voice)
        return Recipe(
            kind=Kind.TEXT,
            backend=BACKEND,
            model=self._writer.model,
            prompt=facts_of(brief.product),
            seed=brief.seed * _RUNG,
            parameters=canonical_json(_parameters(brief, brief.spec, self._writer)),
        )


def written(recipe: Recipe, media: tuple[Media, ...]) -> bytes:
    """The copy document's bytes from what the device gave. Raises GenerationFailed."""
    if len(media) != 1:
        raise GenerationFailed(f"the chat model gave {len(media)} answers, wanted is one")
    locale = json.loads(recipe.parameters)["about"]["locale"]
    return copy_of(media[0].data, locale=locale).data


def _parameters(brief: Brief, spec: TextSpec, writer: Writer) -> dict[str, Any]:
    limits = channel(brief.channel).text
    return {
        "system": rules(locale=brief.locale, voice=spec.voice, limits=limits),
        "schema": answer_schema(limits, photos=len(brief.product.photos)),
        "max_tokens": writer.max_tokens,
        "sampling": {
            "temperature": writer.temperature,
            "top_k": writer.top_k,
            "top_p": writer.top_p,
        },
        "strict": False,
        "about": {
            "locale": brief.locale,
            "voice": spec.voice,
            "channel": brief.channel,
            "wording": wording().version,
        },
    }
