"""What the door's routes work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assets.fetch import Fetcher
from assets.store import AssetStore
from content_engine.ledger import Ledger
from content_engine.review import Correction
from content_engine.telemetry import Metrics
from content_engine.types import Attempt, Brief, Recipe
from serving.news import News


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the door's routes work with.

    `check` raises InvalidBrief for what no maker can plan, `check_correction` for a correction that
    none can carry out; else it gives the recipe. `designs` are the motion designs that a clip can
    fall back to. `checks` must be True to be ready.
    """

    ledger: Ledger
    store: AssetStore
    fetcher: Fetcher
    news: News
    metrics: Metrics
    body_max_bytes: int
    locales: tuple[str, ...]
    check: Callable[[Brief], None]
    check_correction: Callable[[Brief, Attempt, Correction], Recipe]
    designs: tuple[str, ...] = ()
    models: Sequence[Mapping[str, Any]] = ()
    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    tenant: str = "default"
