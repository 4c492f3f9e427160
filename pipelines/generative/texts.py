"""Copy made on a device by a chat model."""

from __future__ import annotations

import time

from assets.store import AssetStore
from content_engine.types import Asset, Candidate, Digest, Recipe
from pipelines.backend import Inputs
from pipelines.generative.claims import made_by
from pipelines.generative.device import Asking, Wish
from pipelines.text_llm import written


class TextMaker:
    """Makes the copy sets of `llm` recipes. Any thread may use it."""

    def __init__(self, *, store: AssetStore) -> None:
        self._store = store

    def make(self, recipe: Recipe, ask: Asking) -> Candidate:
        """The copy set in the store. Raises GenerationFailed when the answer is none."""
        began = time.perf_counter()
        data = written(recipe, tuple(ask([Wish(recipe, Inputs(assets={}))])))
        copy = Asset(
            role="copy",
            digest=Digest(self._store.put(data)),
            media_type="application/json",
            size_bytes=len(data),
        )
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=(copy,), seconds=seconds, notes=(made_by(recipe),))
