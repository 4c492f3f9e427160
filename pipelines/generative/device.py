"""A device as makers see it: it takes recipes and gives futures of media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from content_engine.flow import Stop
from content_engine.types import Lane, Recipe
from pipelines.backend import Inputs, Media


class Device(Protocol):
    """The part of `StepLoop` that makers use."""

    def submit(
        self,
        recipe: Recipe,
        inputs: Inputs,
        *,
        lane: Lane,
        due_in_s: float | None,
        stop: Stop,
        private: bool,
    ) -> Future[tuple[Media, ...]]:
        """See `StepLoop.submit`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How one caller wants its recipe done: the lane, the time left, and whether still wanted."""

    lane: Lane
    due_in_s: float | None
    stop: Stop


@dataclass(frozen=True, slots=True)
class Wish:
    """One ask with its pictures."""

    recipe: Recipe
    inputs: Inputs


Asking = Callable[[Sequence[Wish]], list[Media]]
"""Carries out asks side by side on the device: one media each, in their order."""


def asking(device: Device, turn: Turn, *, private: bool) -> Asking:
    """The way to ask the device in one caller's turn.

    When one ask fails, the others are cancelled: half an order is of no use.
    """

    def ask(wishes: Sequence[Wish]) -> list[Media]:
        futures = [
            device.submit(
                wish.recipe,
                wish.inputs,
                lane=turn.lane,
                due_in_s=turn.due_in_s,
                stop=turn.stop,
                private=private,
            )
            for wish in wishes
        ]
        try:
            return [future.result()[0] for future in futures]
        finally:
            for future in futures:
                future.cancel()

    return ask
