"""Which clips are drawn by rule, and so are no matter of the rank among generated ones."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def drawn_by_rule() -> frozenset[str]:
    """The backends whose clips are not ranked among generated ones."""
    path = Path(__file__).with_name("drawn.toml")
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))["backends"])
