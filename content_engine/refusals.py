"""Why a try-on is refused, in words for shoppers: `refusals.toml`, typed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason: its title, and the advice that helps the shopper on."""

    reason: str
    title: str
    advice: str


def refusals() -> Mapping[str, Refusal]:
    """Every reason, by its key."""
    return _read()


def refusal_of(problem: str) -> Refusal | None:
    """The reason that a recorded failure names (`turned: …`), or None when it names none."""
    return _read().get(problem.partition(":")[0])


@cache
def _read() -> Mapping[str, Refusal]:
    text = files("content_engine").joinpath("refusals.toml").read_text(encoding="utf-8")
    return {
        reason: Refusal(reason=reason, **words) for reason, words in tomllib.loads(text).items()
    }
