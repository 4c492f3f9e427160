"""The ledgers that the contract holds for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from content_engine.ledger import Ledger
from tests.contract.ledger_kit import Clock
from tests.ledgers import empty_ledger


@pytest.fixture
def clock() -> Clock:
    """Time that the test moves."""
    return Clock()


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """Where an empty ledger lies."""
    return empty_ledger(tmp_path)


@pytest.fixture
def ledger(ledger_url: str, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger that lives in the test's time."""
    opened = Ledger.open(ledger_url, clock=clock)
    yield opened
    opened.close()
