"""A door over a real ledger and store in a temporary folder, asked through ASGI."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from assets.fetch import Fetcher
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.costs import Tariff
from content_engine.errors import InvalidBrief
from content_engine.ledger import Ledger
from content_engine.review import Correction, Edit, Regenerate, Replace
from content_engine.telemetry import Metrics
from content_engine.types import Attempt, Brief, Recipe
from serving.api import Door, create_app
from serving.news import News
from tests.ledgers import empty_ledger

Client = Callable[[], httpx.AsyncClient]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(empty_ledger(tmp_path))
    yield opened
    opened.close()


def corrected(brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
    """The same recipe made anew; nothing else can be ordered here."""
    if not isinstance(correction, Regenerate | Replace | Edit):
        raise InvalidBrief(f"{correction.action} can't be done with copy")
    seed = correction.seed if isinstance(correction, Regenerate) else 77
    return replace(attempt.candidate.recipe, seed=seed)


def door_over(ledger: Ledger, folder: Path) -> Door:
    return Door(
        ledger=ledger,
        store=AssetStore.open(str(folder / "assets")),
        vault=Vault.open(folder / "vault", keys=folder / "vault-keys"),
        fetcher=Fetcher(base_dir=folder),
        news=News(),
        metrics=Metrics(),
        body_max_bytes=2_000_000,
        locales=("en", "de"),
        check=lambda brief: None,
        check_correction=corrected,
        models=({"name": "realiser", "kind": "text"},),
        checks={"replicas": lambda: True},
        tariff=Tariff(per_s={"cpu": 0.001}),
    )


def client_of(door: Door) -> Client:
    app = create_app(door)

    def make() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://door")

    return make


@pytest.fixture
def door(tmp_path: Path, ledger: Ledger) -> Door:
    return door_over(ledger, tmp_path)


@pytest.fixture
def client(door: Door) -> Client:
    return client_of(door)


@pytest.fixture(scope="module")
def calm_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One door for the tests of a module that leave nothing behind it."""
    folder = tmp_path_factory.mktemp("calm")
    ledger = Ledger.open(empty_ledger(folder))
    yield door_over(ledger, folder)
    ledger.close()


@pytest.fixture(scope="module")
def calm_client(calm_door: Door) -> Client:
    """The client of the calm door."""
    return client_of(calm_door)
