"""When a message that failed is tried again, read from `schedule.toml`."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The numbers of `schedule.toml`; what each means stands there."""

    delays_s: tuple[float, ...]
    jitter_share: float
    retry_after_most_s: float
    total_s: float
    idle_s: float
    lease_s: float
    most_at_once: int
    most_of_one: int
    look_every_s: float
    again_s: float
    batches_every_s: float
    kept_s: float

    def next_in_s(self, tries: int, *, chance: float, asked_s: float = 0.0) -> float | None:
        """Seconds until the next try, after so many; None after the last.

        Never sooner than the schedule says nor, within a day, than the receiver asked.
        `chance` (0 to 1) spreads the tries of messages that failed together.
        """
        if tries > len(self.delays_s):
            return None
        planned_s = self.delays_s[max(tries, 1) - 1] * (1 + self.jitter_share * chance)
        return max(planned_s, min(asked_s, self.retry_after_most_s))


@cache
def schedule() -> Schedule:
    """The schedule of `schedule.toml`."""
    text = Path(__file__).with_name("schedule.toml").read_text(encoding="utf-8")
    return TypeAdapter(Schedule).validate_python(tomllib.loads(text))


def asked_s(retry_after: str, *, now: datetime) -> float:
    """Seconds that a `Retry-After` asks for; 0 for none, a bad one, or a time that is over.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
