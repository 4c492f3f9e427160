"""Copy sets by a chat model on a device; the realiser's plan is the last rung of its ladder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol

from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Pipeline, Stop, never
from content_engine.review import Correction
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Kind,
    Lane,
    Recipe,
    TextSpec,
    canonical_json,
)
from pipelines.backend import Inputs, Media
from pipelines.language.llm.copying import answer_schema, copy_of, facts_of, rules, wording
from pipelines.language.realiser import Realiser

BACKEND = "llm"

_RUNG = 1000
_SECOND = 500
"""Seeds: a block of 1000 a brief; second tries and the realiser's last rung take its upper half."""


class Device(Protocol):
    """The device that the chat model is on: a step loop."""

    def submit(
        self,
        recipe: Recipe,
        inputs: Inputs,
        *,
        lane: Lane,
        due_in_s: float | None = None,
        stop: Stop = never,
    ) -> Future[tuple[Media, ...]]:
        """A future of what the recipe gives."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """The chat model that writes: `model` is `repo@revision`; the rest bounds and draws answers.

    A copy set of 2,300 characters, the longest of the realiser's, is about 1,000 tokens of
    Japanese or Arabic and 600 of English. Source: Qwen's tokenizer, 1.5 to 4 characters a token.
    """

    model: str
    max_tokens: int = 2048
    temperature: float = 0.7
    top_k: int = 20
    top_p: float = 0.8


class LanguagePipeline:
    """Plans copy sets for a chat model and writes them on its device. Implements `flow.Pipeline`.

    `device` is None where only plans are made. What the judge refuses is tried once more, then
    given to `fallback`, the realiser's pipeline; people's corrections are the fallback's too.
    """

    def __init__(
        self, *, store: AssetStore, fallback: Pipeline, writer: Writer, device: Device | None
    ) -> None:
        self._store = store
        self._fallback = fallback
        self._writer = writer
        self._device = device
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

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The copy set, written between the device's other work. See `make`."""
        return self.make(recipe, lane=Lane.BULK, due_in_s=None, stop=stop)

    def make(
        self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop = never
    ) -> Candidate:
        """The copy set as canonical JSON in the store, as the realiser's pipeline writes it.

        Raises GenerationFailed when the answer is no copy set, BackendUnavailable without a
        device.
        """
        if self._device is None:
            raise BackendUnavailable(f"{recipe.model} has no device here")
        began = time.perf_counter()
        coming = self._device.submit(
            recipe, Inputs(assets={}), lane=lane, due_in_s=due_in_s, stop=stop
        )
        data = written(recipe, coming.result())
        asset = Asset(
            role="copy",
            digest=Digest(self._store.put(data)),
            media_type="application/json",
            size_bytes=len(data),
        )
        notes = (f"written by {recipe.model}",)
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=(asset,), seconds=seconds, notes=notes)

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
