"""A device's makers around one step loop: recipes in, signed candidates out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from assets.errors import AssetError
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.flow import Stop, never
from content_engine.types import Candidate, Kind, Lane, Recipe
from pipelines.generative.device import Asking, Device, Turn, asking
from pipelines.generative.made import MadeBefore
from pipelines.stepping.limits import LoopFacts


class Loop(Device, Protocol):
    """What is needed of a `StepLoop`."""

    def start(self) -> None:
        """Begins to step."""
        ...

    def facts(self) -> LoopFacts:
        """What the loop did and does."""
        ...

    def close(self, *, drain_s: float) -> None:
        """Ends the loop."""
        ...


class KindMaker(Protocol):
    """Makes the recipes of one kind, asking the device for what they need."""

    def make(self, recipe: Recipe, ask: Asking) -> Candidate:
        """The recipe's candidate, its assets stored."""
        ...


class GenerativePipeline:
    """Everything that one device makes, of every kind. Any number of threads may ask at once.

    Implements `serving.deployments.LoopMaker` and the making half of `flow.Pipeline`. The same
    recipe is made once; what is private is never remembered.
    """

    def __init__(
        self, *, loop: Loop, makers: Mapping[Kind, KindMaker], made: MadeBefore | None = None
    ) -> None:
        self._loop = loop
        self._makers = makers
        self._made = made

    def start(self) -> None:
        """Begins to step."""
        self._loop.start()

    def close(self, *, drain_s: float = 0.0) -> None:
        """Ends the loop: what does not end in `drain_s` leaves a checkpoint and fails."""
        self._loop.close(drain_s=drain_s)

    def facts(self) -> LoopFacts:
        """The loop's state now."""
        return self._loop.facts()

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """See `flow.Pipeline.generate`: in the bulk lane."""
        return self.make(recipe, lane=Lane.BULK, due_in_s=None, stop=stop)

    def make(self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop) -> Candidate:
        """The recipe's candidate; waits while the loop steps it among others.

        Raises GenerationFailed, BackendUnavailable, and what `stop` raises.
        """
        maker = self._makers.get(recipe.kind)
        if maker is None:
            raise GenerationFailed(f"no model makes {recipe.kind.value} on this device")
        if self._made is not None and (known := self._made.get(recipe)):
            return known
        private = is_private(recipe)
        turn = Turn(lane=lane, due_in_s=due_in_s, stop=stop)
        try:
            candidate = maker.make(recipe, asking(self._loop, turn, private=private))
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else GenerationFailed
            raise cause(f"{error}") from error
        if self._made is not None and not private:
            self._made.put(candidate)
        return candidate


def is_private(recipe: Recipe) -> bool:
    """True when a shopper's photo is in the recipe. Text recipes have none."""
    parameters = json.loads(recipe.parameters)
    asked = parameters.get("asked", parameters)
    return bool(asked.get("private", False))
