"""Empty ledgers: a copy of one that was made once costs 3 ms, making one 38 ms of disk."""

import tempfile
from functools import cache
from pathlib import Path

from content_engine.ledger import Ledger


def empty_ledger(folder: Path) -> str:
    """The address of an empty ledger in a folder of the test's own."""
    file = folder / "ledger.db"
    file.write_bytes(_blank())
    return f"sqlite:///{file}"


@cache
def _blank() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        Ledger.open(f"sqlite:///{file}").close()
        return file.read_bytes()
