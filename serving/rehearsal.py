"""A rehearsal of the reviewers' queue: a share of the clips is spoilt on purpose, and says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assets.store import AssetStore
from content_engine.flow import Pipeline, Stop, never
from content_engine.known import KnownFault
from content_engine.review import Correction
from content_engine.types import Asset, Attempt, Brief, Candidate, Digest, Recipe
from serving.bench.video.plants import spoil


class SpoilingPipeline:
    """A maker of clips, some of which get a fault that a judge should find and a person mend.

    Which ones follows from the recipe: the same recipe is spoilt each time, in the same way. What a
    person cut or uploaded is left alone; a clip made anew takes its chance like every other.
    """

    def __init__(
        self, pipeline: Pipeline, *, store: AssetStore, share: float, backends: frozenset[str]
    ) -> None:
        self._pipeline = pipeline
        self._store = store
        self._share = share
        self._backends = backends

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """See `flow.Pipeline.plan`."""
        return self._pipeline.plan(brief)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """See `flow.Pipeline.repair`."""
        return self._pipeline.repair(brief, attempt)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `flow.Pipeline.correct`."""
        return self._pipeline.correct(brief, attempt, correction)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The recipe's candidate; its clip spoilt if the lot falls on it. See `Pipeline`."""
        candidate = self._pipeline.generate(recipe, stop=stop)
        if recipe.backend not in self._backends or _lot(recipe) >= self._share:
            return candidate
        return _spoilt(candidate, store=self._store)


def _lot(recipe: Recipe) -> float:
    """A number from 0 to 1 that the recipe alone decides."""
    return int(recipe.digest[:8], 16) / 2**32


def _spoilt(candidate: Candidate, *, store: AssetStore) -> Candidate:
    notes: list[str] = []
    assets: list[Asset] = []
    for asset in candidate.assets:
        if not asset.media_type.startswith("video/"):
            assets.append(asset)
            continue
        planted = spoil(store.get(asset.digest), seed=int(candidate.recipe.digest[8:16], 16))
        notes.append(KnownFault(kind=planted.kind, frames=planted.frames).note())
        digest = Digest(store.put(planted.data))
        assets.append(replace(asset, digest=digest, size_bytes=len(planted.data)))
    return replace(candidate, assets=tuple(assets), notes=(*candidate.notes, *notes))
