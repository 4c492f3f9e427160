"""Compiled blocks, only where a measurement on this very device says that they win."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Self, TypeVar

from content_engine.errors import BackendUnavailable
from pipelines.backend import Load
from pipelines.diffusion.ask import Ask
from pipelines.diffusion.family import Family
from pipelines.diffusion.run import Denoising

if TYPE_CHECKING:
    import numpy as np
    import torch

G = TypeVar("G")

_REPEATS = 5
_WORTH = 0.97
"""A gain of less than 3 % is not worth another compiler's risk; repeats of one forward differ by as
much on two shared cores (measured 2026-11-22)."""
_ALIKE = 2e-2
"""How far a compiled prediction may be off, relative to the plain one's largest value: bfloat16
keeps 8 bits, and fused sums are rounded elsewhere."""
_BLOCKS = ("transformer", "transformer_2")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One forward of one shape, plain and compiled. `start_s` is what compiling it took.

    `off` is the largest difference of the two predictions, relative to the plain one's largest.
    """

    shape: str
    plain_ms: float
    compiled_ms: float
    start_s: float
    off: float

    @property
    def wins(self) -> bool:
        """True when the compiled blocks are faster by more than noise, and right."""
        return self.compiled_ms <= self.plain_ms * _WORTH and self.off <= _ALIKE


class Compiled(Family[G]):
    """A family whose blocks run compiled at the shapes where that was measured to be faster."""

    def __init__(self, family: Family[G], timings: Sequence[Timing]) -> None:
        self._family = family
        self.pipe, self.reuse = family.pipe, family.reuse
        self.title, self.tasks = family.title, family.tasks
        self.timings = tuple(timings)
        self._wins = frozenset(timing.shape for timing in timings if timing.wins)

    @classmethod
    def load_from(cls, folder: Path, *, preset: str, device: str) -> Self:
        """Never: a family is loaded first and measured then. Raises BackendUnavailable."""
        raise BackendUnavailable(
            f"{folder.name} ({preset}, {device}): load the family, then use worth_compiling"
        )

    def prepare(self, ask: Ask) -> Denoising[G]:
        """As the family does."""
        return self._family.prepare(ask)

    def load(self, run: Denoising[G]) -> Load:
        """As the family does."""
        return self._family.load(run)

    def predict(self, runs: Sequence[Denoising[G]]) -> Sequence[torch.Tensor]:
        """As the family does, compiled where it wins."""
        with _blocks(compiled=self._family.load(runs[0]).shape in self._wins):
            return self._family.predict(runs)

    def advance(self, run: Denoising[G], predicted: torch.Tensor) -> None:
        """As the family does."""
        self._family.advance(run, predicted)

    def decode(self, run: Denoising[G]) -> np.ndarray:
        """As the family does."""
        return self._family.decode(run)


def worth_compiling(
    family: Family[G],
    asks: Sequence[Ask],
    *,
    budget_s: float,
    compiler: str | Callable[..., object] = "inductor",
) -> Family[G]:
    """The family with compiled blocks where they win, or the family itself where they never do.

    Each ask is measured at its own shape, plain and compiled, one forward at a time; what the
    budget leaves unmeasured stays plain. A compile that was begun is not cut short. A compiler
    that fails leaves the family as it is. Source for not trusting compilers: Z-Image at 1024² took
    13.3 s compiled and 9.5 s plain on an H100 (SGLang, issue 35755).
    """
    import torch

    ends = time.monotonic() + budget_s
    with torch.inference_mode():
        runs = [family.prepare(ask) for ask in asks]
        plain = [_timed(family, run) for run in runs]
        _compile(family, compiler)
        timings: list[Timing] = []
        for run, (milliseconds, predicted) in zip(runs, plain, strict=True):
            if time.monotonic() < ends:
                timings += _compared(family, run, milliseconds, predicted)
    for timing in timings:
        _log.info("%s: %s", family.title, timing)
    if any(timing.wins for timing in timings):
        return Compiled(family, timings)
    _undo(family)
    return family


def _compared(
    family: Family[G], run: Denoising[G], plain_ms: float, plain: torch.Tensor
) -> list[Timing]:
    """The compiled timing beside the plain one; empty when the compiler failed."""
    begun = time.monotonic()
    try:
        with _blocks(compiled=True):
            family.predict([run])
            start_s = time.monotonic() - begun
            compiled_ms, predicted = _timed(family, run)
    except RuntimeError as error:  # every error of torch's compilers is one
        _log.warning("%s cannot be compiled here: %s", family.title, error)
        return []
    off = float((predicted - plain).abs().max() / plain.abs().max())
    return [
        Timing(
            shape=family.load(run).shape,
            plain_ms=plain_ms,
            compiled_ms=compiled_ms,
            start_s=start_s,
            off=off,
        )
    ]


def _timed(family: Family[G], run: Denoising[G]) -> tuple[float, torch.Tensor]:
    """The median milliseconds of one forward, and what it predicted."""
    taken_ms: list[float] = []
    predicted = family.predict([run])[0]
    for _ in range(_REPEATS):
        _wait()
        begun = time.perf_counter()
        predicted = family.predict([run])[0]
        _wait()
        taken_ms.append((time.perf_counter() - begun) * 1000)
    return median(taken_ms), predicted


def _wait() -> None:
    import torch

    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _models(family: Family[Any]) -> Iterator[Any]:
    """The transformers of a family: one, or one for each expert."""
    found = (getattr(family.pipe, name, None) for name in _BLOCKS)
    return (model for model in found if model is not None)


def _compile(family: Family[Any], compiler: str | Callable[..., object]) -> None:
    for model in _models(family):
        model.compile_repeated_blocks(backend=compiler)


def _undo(family: Family[Any]) -> None:
    """Makes the blocks plain again: even a compiled block that is told to be plain costs a look.

    torch offers no call for it; `Module.__call__` asks for this attribute.
    """
    for model in _models(family):
        for module in model.modules():
            module._compiled_call_impl = None


@contextmanager
def _blocks(*, compiled: bool) -> Iterator[None]:
    """Within it blocks run compiled, or plain though they were compiled."""
    import torch

    if compiled:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
