"""Every backend of one device behind one seam: each recipe goes to the one that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content_engine.errors import GenerationFailed
from content_engine.types import Recipe
from pipelines.backend import Inputs, Load, Media, SteppedBackend


@dataclass(slots=True, eq=False)
class Named:
    """A run and the backend that it is of."""

    backend: SteppedBackend[Any]
    run: Any

    @property
    def done(self) -> bool:
        """True when no step is left."""
        return self.run.done

    @property
    def load(self) -> Load:
        """What the run's next step asks of the device; backends' groups have names of their own."""
        return self.run.load

    @property
    def steps_left(self) -> int:
        """How many steps are left, 0 when done."""
        return self.run.steps_left


class ByName:
    """Implements `SteppedBackend` over several. `broken` says of a name why it can't be used."""

    def __init__(
        self, backends: Mapping[str, SteppedBackend[Any]], *, broken: Mapping[str, str]
    ) -> None:
        self._backends = dict(backends)
        self._broken = dict(broken)

    @property
    def names(self) -> tuple[str, ...]:
        """The backends that work."""
        return tuple(self._backends)

    def start(self, recipe: Recipe, inputs: Inputs) -> Named:
        """See `Backend`. Raises GenerationFailed when the named backend can't be used here."""
        backend = self._named(recipe)
        return Named(backend, backend.start(recipe, inputs))

    def step(self, runs: Sequence[Named]) -> None:
        """See `SteppedBackend`: the runs are of one group, so of one backend."""
        runs[0].backend.step([each.run for each in runs])

    def finish(self, run: Named) -> tuple[Media, ...]:
        """See `Backend`."""
        return run.backend.finish(run.run)

    def save(self, run: Named) -> bytes:
        """See `SteppedBackend`."""
        return run.backend.save(run.run)

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> Named:
        """See `SteppedBackend`."""
        backend = self._named(recipe)
        return Named(backend, backend.resume(recipe, inputs, saved))

    def _named(self, recipe: Recipe) -> SteppedBackend[Any]:
        name = recipe.backend
        if name in self._broken:
            raise GenerationFailed(f"{name} can't be used: {self._broken[name]}")
        if name not in self._backends:
            raise GenerationFailed(f"no model {name!r} is loaded on this device")
        return self._backends[name]
