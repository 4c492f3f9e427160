"""The ledgers that the contract holds for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from content_engine.ledger import Ledger
from tests.contract.ledger_kit import Clock


@pytest.fixture
def clock() -> Clock:
    """Time that the test moves."""
    return Clock()


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """Where an empty ledger may be made."""
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(ledger_url: str, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger that lives in the test's time."""
    opened = Ledger.open(ledger_url, clock=clock)
    yield opened
    opened.close()
