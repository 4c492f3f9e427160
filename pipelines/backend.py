"""The seam: one call shape for CPU renderers and GPU models alike. Backends advance in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from content_engine.flow import Stop
from content_engine.types import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The bytes of a recipe's ingredients, by role; several photos are `photo`, `photo.1`, …."""

    assets: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One finished, encoded, not yet signed output of a backend.

    `role` names it among a candidate's assets (`packshot-1x1`). `width_px`, `height_px` are 0 for
    text. `composite` says truthfully how it was made: True when the product's own pixels were
    composed with others, False when nothing but the photo was cut or scaled. `steps` says in words
    what was done, for the credentials and the reader.
    """

    role: str
    data: bytes
    media_type: str
    width_px: int = 0
    height_px: int = 0
    composite: bool = True
    steps: tuple[str, ...] = ()


class Run(Protocol):
    """One recipe on its way through a backend. `done` is True when `finish` may be called."""

    @property
    def done(self) -> bool:
        """True when no step is left."""
        ...


R = TypeVar("R", bound=Run)


class Backend(Protocol[R]):
    """Renders recipes. Deterministic: same recipe and inputs, same bytes."""

    def start(self, recipe: Recipe, inputs: Inputs) -> R:
        """Decodes, allocates, seeds. Raises GenerationFailed when the inputs can't serve."""
        ...

    def step(self, runs: Sequence[R]) -> None:
        """Advances each run by one step (one denoising step, one chunk, one layer)."""
        ...

    def finish(self, run: R) -> tuple[Media, ...]:
        """The run's outputs, encoded."""
        ...


def rendered(
    backend: Backend[R], recipe: Recipe, inputs: Inputs, *, stop: Stop
) -> tuple[Media, ...]:
    """What the backend makes of the recipe; `stop` is asked before each step and may raise."""
    run = backend.start(recipe, inputs)
    while not run.done:
        stop()
        backend.step([run])
    return backend.finish(run)
