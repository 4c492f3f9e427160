"""What can go wrong with a call, as exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """What the door said (RFC 9457). `type` is stable; `errors` point at fields of the body."""

    type: str
    title: str
    status: int
    detail: str
    retryable: bool = False
    errors: Sequence[Mapping[str, str]] = field(default=())

    @property
    def code(self) -> str:
        """The last word of the type, such as `not-found` or `invalid-request`."""
        return self.type.rpartition(":")[2]


class EngineProblem(Exception):
    """The door refused or failed; `problem` says what was wrong and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


class EngineUnreachable(Exception):
    """No answer came, after every retry."""


class StillUnderWay(Exception):
    """The time to wait is over and the work is not; it goes on."""
