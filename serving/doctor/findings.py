"""What a check of the doctor says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from content_engine.config import Settings


class Health(StrEnum):
    """How a part of the machine is."""

    GOOD = "good"
    WEAK = "weak"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw; `mend` says what to do unless all is good."""

    name: str
    health: Health
    seen: str
    mend: str = ""


Check = Callable[[Settings], Finding]


def good(name: str, seen: str) -> Finding:
    """All is well."""
    return Finding(name=name, health=Health.GOOD, seen=seen)


def weak(name: str, seen: str, *, mend: str) -> Finding:
    """It works, but slowly or without a part that some can do without."""
    return Finding(name=name, health=Health.WEAK, seen=seen, mend=mend)


def broken(name: str, seen: str, *, mend: str) -> Finding:
    """The main job cannot be done."""
    return Finding(name=name, health=Health.BROKEN, seen=seen, mend=mend)
