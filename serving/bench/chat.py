"""How fast a chat model answers: together beside one by one, and what a kept beginning saves.

`python -m serving.bench.chat FOLDER [--device cuda:0] [--tokens 64]` prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from content_engine.channels import channel
from content_engine.types import Kind, Recipe, canonical_json
from pipelines.backend import Inputs
from pipelines.language.llm.backend import LanguageBackend, LanguageRun
from pipelines.language.llm.copying import rules
from pipelines.language.llm.model import LanguageModel

_COMPANIES = (1, 2, 4, 8, 16)
_ALONE = 3
_STARTS = 5
_NONE = Inputs(assets={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """So many answers decoded together: tokens a second of all, and beside one by one."""

    answers: int
    tokens_per_s: float
    over_alone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured. On a CPU seconds are of process time, else of the wall."""

    model: str
    device: str
    alone_tokens_per_s: float
    together: tuple[Company, ...]
    prompt_tokens: int
    shared_tokens: int
    start_kept_s: float
    start_read_s: float

    @property
    def kept_saves(self) -> float:
        """How many times longer a start takes that reads the shared beginning anew."""
        return self.start_read_s / self.start_kept_s


def measured(folder: Path, *, device: str = "cpu", tokens: int = 64) -> Report:
    """The report of the chat model in a folder. Each answer has that many tokens."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    model = LanguageModel.load(folder, device=device)
    backend = LanguageBackend(model)
    _decoded(backend, _started(backend, 1, tokens), clock)
    alone = sum(_decoded(backend, _started(backend, 1, tokens), clock) for _ in range(_ALONE))
    alone /= _ALONE
    rates = {n: _decoded(backend, _started(backend, n, tokens), clock) for n in _COMPANIES}
    prompt = _started(backend, 1, tokens)[0].prompt
    fresh = (LanguageBackend(model) for _ in range(_STARTS))
    return Report(
        model=folder.name,
        device=device,
        alone_tokens_per_s=alone,
        together=tuple(
            Company(answers=n, tokens_per_s=rate, over_alone=rate / alone)
            for n, rate in rates.items()
        ),
        prompt_tokens=len(prompt.tokens),
        shared_tokens=prompt.shared,
        start_kept_s=_start_s([backend] * _STARTS, tokens, clock),
        start_read_s=_start_s(list(fresh), tokens, clock),
    )


def _started(backend: LanguageBackend, count: int, tokens: int) -> list[LanguageRun]:
    order = _order(tokens)
    return [backend.start(replace(order, prompt=f"mug {n}, 350 ml"), _NONE) for n in range(count)]


def _order(tokens: int) -> Recipe:
    """Plain text by the true rules of copy: a grammar would end answers at different lengths."""
    parameters = {
        "system": rules(locale="de", voice="plain", limits=channel("web").text),
        "max_tokens": tokens,
        "sampling": {"temperature": 1.0, "top_k": 20, "top_p": 1.0},
    }
    return Recipe(
        kind=Kind.TEXT,
        backend="llm",
        model="bench@1",
        prompt="",
        seed=0,
        parameters=canonical_json(parameters),
    )


def _decoded(
    backend: LanguageBackend, runs: Sequence[LanguageRun], clock: Callable[[], float]
) -> float:
    """Tokens a second of all runs together."""
    began = clock()
    while going := [run for run in runs if not run.done]:
        backend.step(going)
    return sum(len(run.answer) for run in runs) / (clock() - began)


def _start_s(backends: Sequence[LanguageBackend], tokens: int, clock: Callable[[], float]) -> float:
    """Seconds of a start, the median of so many backends'."""
    took = []
    for backend in backends:
        began = clock()
        _started(backend, 1, tokens)
        took.append(clock() - began)
    return sorted(took)[len(took) // 2]


def main(
    folder: Path, device: str = "cpu", tokens: Annotated[int, typer.Option(min=8)] = 64
) -> None:
    """Prints the report of the chat model in FOLDER as JSON."""
    report = measured(folder, device=device, tokens=tokens)
    said = asdict(report) | {"kept_saves": report.kept_saves}
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
