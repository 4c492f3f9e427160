"""The text pipeline: one candidate is the whole copy set of one product in one locale."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from assets.store import AssetStore
from content_engine.channels import TextLimits, channel
from content_engine.codec import from_plain, to_plain
from content_engine.errors import InvalidBrief
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Kind,
    Product,
    Recipe,
    TextSpec,
    canonical_json,
)
from pipelines.language.compose import CopySet
from pipelines.language.realiser import Realiser

BACKEND = "realiser"
MODEL = "grounded-realiser@1"

_SPARE = 2
"""How many wordings are planned beyond those wanted: each may be rejected once."""

_RUNG = 1000
_RUNGS = 2
"""Each repair is another wording: the seed moves on by one rung, at most so many times."""


class TextPipeline:
    """Plans and writes copy sets. Implements `flow.Pipeline`."""

    def __init__(self, *, store: AssetStore) -> None:
        self._store = store
        self._realiser = Realiser.load()

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe a wording, `count` and a few to spare. Raises InvalidBrief."""
        if not isinstance(brief.spec, TextSpec):
            raise InvalidBrief(f"a text brief needs a TextSpec, not {type(brief.spec).__name__}")
        self._realiser.check(locale=brief.locale, voice=brief.spec.voice)
        parameters = canonical_json(
            {
                "product": to_plain(brief.product),
                "locale": brief.locale,
                "channel": brief.channel,
                "voice": brief.spec.voice,
                "limits": asdict(channel(brief.channel).text),
            }
        )
        first = brief.seed * _RUNG * (_RUNGS + 1)
        return (_recipe(parameters, first + index) for index in range(brief.count + _SPARE))

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The same copy in another wording, twice at most."""
        recipe = attempt.candidate.recipe
        seed = recipe.seed + _RUNG
        same_block = _RUNG * (_RUNGS + 1)
        return replace(recipe, seed=seed) if seed // same_block == brief.seed else None

    def generate(self, recipe: Recipe) -> Candidate:
        """The copy set as canonical JSON in the store. Raises GenerationFailed, InvalidBrief."""
        began = time.perf_counter()
        wanted = json.loads(recipe.parameters)
        copy = self._realiser.write(
            from_plain(Product, wanted["product"]),
            locale=wanted["locale"],
            voice=wanted["voice"],
            limits=from_plain(TextLimits, wanted["limits"]),
            seed=recipe.seed,
        )
        data = canonical_json(_plain(copy, locale=wanted["locale"])).encode()
        asset = Asset(
            role="copy",
            digest=Digest(self._store.put(data)),
            media_type="application/json",
            size_bytes=len(data),
        )
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=(asset,), seconds=seconds, notes=copy.notes)


def _recipe(parameters: str, seed: int) -> Recipe:
    return Recipe(
        kind=Kind.TEXT, backend=BACKEND, model=MODEL, prompt="", seed=seed, parameters=parameters
    )


def _plain(copy: CopySet, *, locale: str) -> dict[str, Any]:
    """The copy set's JSON object; the slots are those that `Evidence.field` names."""
    return {
        "locale": locale,
        "title": copy.title,
        "description": copy.description,
        "bullets": list(copy.bullets),
        "seo_title": copy.seo_title,
        "meta_description": copy.meta_description,
        "alt_texts": list(copy.alt_texts),
        "ads": [{"voice": voice, "text": text} for voice, text in copy.ads],
    }
