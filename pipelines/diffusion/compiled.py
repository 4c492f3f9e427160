"""Compiled blocks, only where a measurement on this very device says that they win."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
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

    def __init__(
        self, family: Family[G], timings: Sequence[Timing], *, blocks: CompiledBlocks
    ) -> None:
        self._family = family
        self._blocks = blocks
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
        if self._family.load(runs[0]).shape not in self._wins:
            return self._family.predict(runs)
        with self._blocks.at_work():
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
    blocks = CompiledBlocks(family.pipe, compiler=compiler)
    timings: list[Timing] = []
    with torch.inference_mode():
        for run in map(family.prepare, asks):
            if time.monotonic() < ends:
                timings += _compared(family, run, blocks)
    for timing in timings:
        _log.info("%s: %s", family.title, timing)
    wins = any(timing.wins for timing in timings)
    return Compiled(family, timings, blocks=blocks) if wins else family


class CompiledBlocks:
    """The repeated blocks of a model's transformers, plain but within `at_work`.

    torch compiles a module for good; `Module.__call__` asks for this attribute, so taking it away
    leaves the block as it was, at no cost.
    """

    def __init__(self, pipe: Any, *, compiler: str | Callable[..., object]) -> None:
        models = [getattr(pipe, name, None) for name in _BLOCKS]
        for model in (model for model in models if model is not None):
            model.compile_repeated_blocks(backend=compiler)
        self._calls = [
            (module, module._compiled_call_impl)
            for model in models
            if model is not None
            for module in model.modules()
            if module._compiled_call_impl is not None
        ]
        self._rest()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within it the blocks run compiled. For the thread that steps."""
        for module, call in self._calls:
            module._compiled_call_impl = call
        try:
            yield
        finally:
            self._rest()

    def _rest(self) -> None:
        for module, _ in self._calls:
            module._compiled_call_impl = None


def _compared(family: Family[G], run: Denoising[G], blocks: CompiledBlocks) -> list[Timing]:
    """Plain and compiled in turns, the least of each; empty when the compiler failed."""
    begun = time.monotonic()
    try:
        with blocks.at_work():
            family.predict([run])
            start_s = time.monotonic() - begun
            _, compiled = _timed(family, run)
    except RuntimeError as error:  # every error of torch's compilers is one
        _log.warning("%s cannot be compiled here: %s", family.title, error)
        return []
    _, plain = _timed(family, run)
    plain_ms: list[float] = []
    compiled_ms: list[float] = []
    for _ in range(_REPEATS):
        plain_ms.append(_timed(family, run)[0])
        with blocks.at_work():
            compiled_ms.append(_timed(family, run)[0])
    return [
        Timing(
            shape=family.load(run).shape,
            plain_ms=min(plain_ms),
            compiled_ms=min(compiled_ms),
            start_s=start_s,
            off=float((compiled - plain).abs().max() / plain.abs().max()),
        )
    ]


def _timed(family: Family[G], run: Denoising[G]) -> tuple[float, torch.Tensor]:
    """The milliseconds of one forward, and what it predicted."""
    _wait()
    begun = time.perf_counter()
    predicted = family.predict([run])[0]
    _wait()
    return (time.perf_counter() - begun) * 1000, predicted


def _wait() -> None:
    import torch

    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
