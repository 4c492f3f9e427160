"""One recipe on its way through the loop, and those who wait for it."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Generic

from content_engine.flow import Stop
from content_engine.types import Digest, Lane, Recipe, canonical_json
from pipelines.backend import Inputs, Load, Media, S

Result = Future[tuple[Media, ...]]


_UNKNOWN = Load(group="", shape="", tokens=0)  # until the run has begun


class Stage(Enum):
    """Where a ticket is: its run belongs to nobody, a head thread, the loop, or a tail thread."""

    WAITING = auto()
    HEAD = auto()
    READY = auto()
    TAIL = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Wish:
    """One caller who waits for a recipe's media. `due_at` is on the loop's clock, or None."""

    result: Result
    lane: Lane
    due_at: float | None
    stop: Stop
    private: bool


@dataclass(slots=True, eq=False, kw_only=True)
class Ticket(Generic[S]):
    """One recipe on its way: the run, those who wish for it, and what the loop knows of it.

    `kin` names recipes that need the same memory. `alone` says that it must step without company,
    `lonely_since` that it waits for the device to itself. `saved` is the state of a run set aside.
    `kept_at` and `unkept_steps` count towards the next checkpoint, `kept` is the last one written.
    """

    recipe: Recipe
    digest: Digest
    inputs: Inputs
    order: int
    arrived_at: float
    kin: str
    alone: bool
    lonely_since: float | None = None
    wishes: list[Wish] = field(default_factory=list)
    stage: Stage = Stage.WAITING
    run: S | None = None
    load: Load = _UNKNOWN
    is_done: bool = False
    steps_left: int = 0
    steps_in_all: int = 0
    lane: Lane = Lane.BULK
    due_at: float | None = None
    private: bool = False
    saved: bytes | None = None
    kept_at: float = 0.0
    unkept_steps: int = 0
    kept: Future[None] | None = None
    side_since: float | None = None

    @property
    def lonely(self) -> bool:
        """True when the run was found not to fit beside others."""
        return self.lonely_since is not None

    @property
    def going(self) -> S:
        """The run. Raises RuntimeError when it is not on the device: a bug of the loop."""
        if self.run is None:
            raise RuntimeError(f"the run of recipe {self.digest} is not on the device")
        return self.run

    def join(self, wish: Wish) -> None:
        """Adds a caller: the run hurries as its most urgent caller wants."""
        self.wishes.append(wish)
        self.private = self.private or wish.private
        self._weigh()

    def leave(self, wish: Wish) -> None:
        """Takes a caller away who no longer waits."""
        self.wishes.remove(wish)
        self._weigh()

    def look(self) -> None:
        """Reads what the run's next step asks, by whoever owns the run."""
        self.is_done = self.going.done
        if self.is_done:
            self.steps_left = 0
        else:
            self.load, self.steps_left = self.going.load, self.going.steps_left
            self.steps_in_all = max(self.steps_in_all, self.steps_left)

    def _weigh(self) -> None:
        urgent = any(wish.lane is Lane.INTERACTIVE for wish in self.wishes)
        self.lane = Lane.INTERACTIVE if urgent else Lane.BULK
        self.due_at = min((w.due_at for w in self.wishes if w.due_at is not None), default=None)


def ticket(recipe: Recipe, inputs: Inputs, *, order: int, now: float) -> Ticket[Any]:
    """A ticket that nobody wishes for yet."""
    parameters = json.loads(recipe.parameters)
    return Ticket(
        recipe=recipe,
        digest=recipe.digest,
        inputs=inputs,
        order=order,
        arrived_at=now,
        kin=_kin(recipe, parameters),
        alone=parameters.get("strict") is True,
        private=parameters.get("private") is True,
    )


def _kin(recipe: Recipe, parameters: dict[str, object]) -> str:
    """What decides how much memory a recipe needs: sizes and counts, not words nor seeds."""
    sizes = {
        name: value
        for name, value in parameters.items()
        if isinstance(value, int | float) and name not in ("seed", "steps")
    }
    return f"{recipe.backend} {len(recipe.ingredients)} {canonical_json(sizes)}"
