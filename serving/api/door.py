"""What the door's routes work with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assets.fetch import Fetcher
from assets.looks import Looker, LookHere
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.config import Shop
from content_engine.costs import Tariff
from content_engine.ledger import Ledger
from content_engine.review import Correction
from content_engine.telemetry import Metrics
from content_engine.types import Attempt, Brief, Recipe
from serving.api.gate import Keys, NoKeys
from serving.api.sessions import Sessions
from serving.news import News
from serving.webhooks.post import Poster
from serving.webhooks.signing import Seal

HOUSE = "default"
"""The tenant of whoever needs no key."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the door's routes work with.

    `check` gives the first recipe that will be tried and raises InvalidBrief for what no maker can
    plan; `check_correction` the recipe of a correction, or raises it for one that none can carry
    out. `designs` are the motion designs that a clip can fall back to. `checks` must be True to be
    ready. `vault` keeps shoppers' photos, for `photo_ttl_s` unless their shop says otherwise;
    `shops` may ask for try-ons; with `keys` every call needs one that opens it, sent along or in
    the cookie of one of the `sessions`. The routes see what is `tenant`'s and nothing else.
    `looker` decodes what strangers send. `poster` says where webhooks may lead, `seal` closes their
    secrets.
    """

    ledger: Ledger
    store: AssetStore
    vault: Vault
    fetcher: Fetcher
    news: News
    metrics: Metrics
    body_max_bytes: int
    locales: tuple[str, ...]
    check: Callable[[Brief], Recipe | None]
    check_correction: Callable[[Brief, Attempt, Correction], Recipe]
    designs: tuple[str, ...] = ()
    models: Sequence[Mapping[str, Any]] = ()
    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    tenant: str = HOUSE
    shops: tuple[Shop, ...] = ()
    keys: Keys = field(default_factory=NoKeys)
    sessions: Sessions = field(default_factory=lambda: Sessions(secrets.token_bytes(32)))
    photo_ttl_s: float = 900.0
    tariff: Tariff = field(default_factory=Tariff)
    looker: Looker = field(default_factory=LookHere)
    poster: Poster = field(default_factory=Poster)
    seal: Seal = field(default_factory=lambda: Seal(secrets.token_bytes(32)))
