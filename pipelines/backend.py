"""The seam: one call shape for CPU renderers and GPU models alike. Backends advance in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from content_engine.errors import BackendUnavailable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run's next step asks of the device.

    Runs of one `group` may step together (same model, same adapter, same expert). `shape` names
    what costs alike (`1024x1024/2refs`): times and memory are learned by it. `tokens` is the
    length of the sequence that one forward reads for this run.
    """

    group: str
    shape: str
    tokens: int


class SteppedRun(Run, Protocol):
    """A run that can wait between two steps while others go on."""

    @property
    def load(self) -> Load:
        """What the next step asks of the device; it may change from step to step."""
        ...

    @property
    def steps_left(self) -> int:
        """How many steps are left, 0 when done."""
        ...


S = TypeVar("S", bound=SteppedRun)


class SteppedBackend(Backend[S], Protocol):
    """A backend whose runs a step loop may mix, set aside, save and take up again.

    `step` gets runs of one group only. It raises DeviceFull when the device's memory does not
    hold them together; every run is then as it was before the call.
    """

    def save(self, run: S) -> bytes:
        """All that the run needs to go on elsewhere: latents, scheduler, random numbers."""
        ...

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> S:
        """The run as it was when saved: it ends in the same bytes."""
        ...


class DeviceFull(BackendUnavailable):
    """The device's memory does not hold this work beside what is there."""

    code = "device-full"


def rendered(
    backend: Backend[R], recipe: Recipe, inputs: Inputs, *, stop: Stop
) -> tuple[Media, ...]:
    """What the backend makes of the recipe; `stop` is asked before each step and may raise."""
    run = backend.start(recipe, inputs)
    while not run.done:
        stop()
        backend.step([run])
    return backend.finish(run)
