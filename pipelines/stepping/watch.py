"""The watch: tells from outside whether a step, a head or a tail hangs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.ticket import Ticket


class Watch:
    """Notes when a step began and how long it may take. Read from other threads while it hangs."""

    def __init__(self, limits: LoopLimits) -> None:
        self._limits = limits
        self._step: tuple[float, float] | None = None  # one value: it is read without a lock
        self._died = ""

    def begin(self, now: float, *, expected_s: float) -> None:
        """A step begins; `expected_s` is 0.0 when just this was never timed."""
        limits = self._limits
        known_s = max(limits.hung_least_s, limits.hung_factor * expected_s)
        self._step = (now, known_s if expected_s else limits.first_step_most_s)

    def end(self) -> None:
        """The step came back."""
        self._step = None

    def died(self, why: str) -> None:
        """The loop's own thread ended."""
        self._died = why

    def step_age_s(self, now: float) -> float:
        """How long the running step takes already; 0.0 between steps."""
        step = self._step
        return now - step[0] if step else 0.0

    def why_stuck(self, now: float, tickets: Iterable[Ticket[Any]]) -> str:
        """Why this process should be replaced; empty when all is well."""
        step = self._step
        if self._died:
            return self._died
        if step and now - step[0] > step[1]:
            return f"a step takes {now - step[0]:.1f} s already, {step[1]:.1f} s are allowed"
        since = [ticket.side_since for ticket in tickets]
        age = max((now - at for at in since if at is not None), default=0.0)
        if age > self._limits.side_most_s:
            return f"a head or tail takes {age:.0f} s already"
        return ""
