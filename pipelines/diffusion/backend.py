"""All diffusion families of one device behind the seam that the step loop drives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from content_engine.types import Recipe
from pipelines.backend import Inputs, Load, Media
from pipelines.diffusion.family import Family
from pipelines.diffusion.run import Denoising


class Adapters(Protocol):
    """Puts LoRA adapters on a family's model."""

    def wear(self, family: Family[Any], lora: str) -> None:
        """The model wears this adapter and no other from now on; empty: none.

        Raises GenerationFailed when there is no such adapter for this family.
        """
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class DiffusionRun:
    """A recipe on its way through its family."""

    recipe: Recipe
    family: Family[Any]
    denoising: Denoising[Any]

    @property
    def done(self) -> bool:
        """True when no step is left."""
        return self.steps_left == 0

    @property
    def steps_left(self) -> int:
        """How many steps are left, 0 when done."""
        return self.denoising.steps_left

    @property
    def load(self) -> Load:
        """What the next step asks of the device."""
        raise NotImplementedError


class DiffusionBackend:
    """Implements `SteppedBackend`: recipes go to the family that `recipe.backend` names."""

    def __init__(
        self, families: Mapping[str, Family[Any]], *, adapters: Adapters | None = None
    ) -> None:
        raise NotImplementedError

    def start(self, recipe: Recipe, inputs: Inputs) -> DiffusionRun:
        """The run, its conditions encoded and its noise drawn."""
        raise NotImplementedError

    def step(self, runs: Sequence[DiffusionRun]) -> None:
        """One denoising step for all; DeviceFull leaves every run as it was."""
        raise NotImplementedError

    def finish(self, run: DiffusionRun) -> tuple[Media, ...]:
        """One lossless PNG (role `picture`) or one MP4 (role `clip`), of the asked size."""
        raise NotImplementedError

    def save(self, run: DiffusionRun) -> bytes:
        """The run's moment as a safetensors file."""
        raise NotImplementedError

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> DiffusionRun:
        """The run as it was when saved. Raises ValueError for other bytes."""
        raise NotImplementedError
