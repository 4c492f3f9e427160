"""All diffusion families of one device behind the seam that the step loop drives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from content_engine.errors import GenerationFailed
from content_engine.types import Recipe
from pipelines.backend import DeviceFull, Inputs, Load, Media
from pipelines.diffusion.ask import Ask
from pipelines.diffusion.family import Family
from pipelines.diffusion.run import Denoising, Moment, restore, saved
from pipelines.diffusion.run_output import media_of

T = TypeVar("T")


class Adapters(Protocol):
    """Puts LoRA adapters on a family's model."""

    def check(self, family: str, lora: str) -> None:
        """Returns when there is such an adapter for this family, else raises GenerationFailed."""
        ...

    def wear(self, family: Family[Any], lora: str) -> None:
        """The model wears this adapter and no other from now on; empty: none."""
        ...


class NoAdapters:
    """For a device without adapters: recipes that ask for one fail."""

    def check(self, family: str, lora: str) -> None:
        """Raises GenerationFailed: there is none."""
        raise GenerationFailed(f"{family} has no adapter {lora!r} on this device")

    def wear(self, family: Family[Any], lora: str) -> None:
        """Returns: models wear nothing anyway."""


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
        """What the next step asks of the device: only one family and adapter go together."""
        load = self.family.load(self.denoising)
        owner = f"{self.recipe.backend}+{self.denoising.ask.lora}"
        return replace(load, group=f"{owner}/{load.group}", shape=f"{owner}/{load.shape}")


class DiffusionBackend:
    """Implements `SteppedBackend`: recipes go to the family that `recipe.backend` names.

    `start` and `finish` may run on side threads while `step` is at work.
    """

    def __init__(
        self, families: Mapping[str, Family[Any]], *, adapters: Adapters | None = None
    ) -> None:
        self._families = dict(families)
        self._adapters = adapters or NoAdapters()
        self._worn = dict.fromkeys(families, "")

    def start(self, recipe: Recipe, inputs: Inputs) -> DiffusionRun:
        """The run: conditions encoded or taken from earlier runs, noise drawn.

        Raises GenerationFailed when the recipe or its pictures cannot serve, DeviceFull.
        """
        family = self._families.get(recipe.backend)
        if family is None:
            raise GenerationFailed(f"no model {recipe.backend!r} is loaded on this device")
        ask = Ask.of(recipe, inputs)
        if ask.task not in family.tasks:
            raise GenerationFailed(f"{family.title} does not do {ask.task}")
        if ask.lora:
            self._adapters.check(recipe.backend, ask.lora)
        return DiffusionRun(
            recipe=recipe, family=family, denoising=_on_device(lambda: family.prepare(ask))
        )

    def step(self, runs: Sequence[DiffusionRun]) -> None:
        """One denoising step for all; DeviceFull leaves every run as it was."""
        groups = {run.load.group for run in runs}
        if len(groups) != 1:
            raise ValueError(f"runs of unlike groups cannot share a step: {sorted(groups)}")
        self._dress(runs[0])
        moments = [Moment.of(run.denoising) for run in runs]
        try:
            _on_device(lambda: _advance(runs))
        except DeviceFull:
            for moment, run in zip(moments, runs, strict=True):
                moment.put_back(run.denoising)
            raise

    def finish(self, run: DiffusionRun) -> tuple[Media, ...]:
        """One lossless PNG (role `picture`) or one MP4 (role `clip`), of the asked size."""
        frames = _on_device(lambda: run.family.decode(run.denoising))
        return (media_of(run.denoising, frames, title=run.family.title),)

    def save(self, run: DiffusionRun) -> bytes:
        """The run's moment as a safetensors file."""
        return saved(run.denoising, recipe=run.recipe.digest)

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> DiffusionRun:
        """The run as it was when saved. Raises ValueError for damaged or another recipe's bytes."""
        run = self.start(recipe, inputs)
        restore(run.denoising, saved, recipe=recipe.digest)
        return run

    def _dress(self, run: DiffusionRun) -> None:
        """Puts the run's adapter on its model, if the model does not wear it already."""
        name, lora = run.recipe.backend, run.denoising.ask.lora
        if self._worn.get(name) == lora:
            return
        self._worn.pop(name, None)  # if this fails, nobody knows what the model wears
        _within_memory(lambda: self._adapters.wear(run.family, lora))
        self._worn[name] = lora


def _advance(runs: Sequence[DiffusionRun]) -> None:
    import torch

    family = runs[0].family
    predicted = family.predict([run.denoising for run in runs])
    for run, velocity in zip(runs, predicted, strict=True):
        family.advance(run.denoising, velocity)
    latents = runs[0].denoising.latents
    if latents.is_cuda:  # a step loop times steps by the wall, and side threads use the device too
        torch.cuda.current_stream(latents.device).record_event().synchronize()


def _on_device(work: Callable[[], T]) -> T:
    """What the work gives, computed without the means to learn. Raises DeviceFull."""
    import torch

    with torch.inference_mode():
        return _within_memory(work)


def _within_memory(work: Callable[[], T]) -> T:
    """What the work gives. Raises DeviceFull when the memory did not suffice, and frees it first.

    The new error must not be chained to the old: its traceback holds the tensors of the work.
    """
    import torch

    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not _is_full(error):
            raise
        message = str(error).partition("\n")[0]
    torch.cuda.empty_cache()
    raise DeviceFull(f"the device's memory does not hold this work: {message}")


def _is_full(error: Exception) -> bool:
    """True for a device's and the computer's own memory errors.

    Source of the texts: `c10/core/impl/alloc_cpu.cpp` of torch, `cudaGetErrorString`, cuBLAS.
    """
    import torch

    texts = ("can't allocate memory", "not enough memory", "out of memory", "STATUS_ALLOC_FAILED")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        text in str(error) for text in texts
    )
