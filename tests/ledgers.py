"""Empty ledgers: a copy of one that was made once costs 3 ms, making one 38 ms of disk."""

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy as sa

from content_engine.ledger import Ledger
from content_engine.ledger.dialects import statements


def empty_ledger(folder: Path) -> str:
    """The address of an empty ledger in a folder of the test's own."""
    file = folder / "ledger.db"
    file.write_bytes(_blank())
    return f"sqlite:///{file}"


def emptied(url: str) -> str:
    """The address of a Postgres ledger, now empty: its tables were made once."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = sorted(row[0] for row in found if row[0] != "ledger_version")
        if names:
            connection.execute("".join(f"DELETE FROM {name};" for name in names).encode())
    return url


def run_sql(url: str, *statements: str) -> list[tuple[object, ...]]:
    """What the last of these statements gives, run past the engine."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            for statement in statements[:-1]:
                connection.exec_driver_sql(statement)
            result = connection.exec_driver_sql(statements[-1])
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def plan_of(url: str, table: str, name: str, values: Mapping[str, object]) -> str:
    """How the database would carry out a named statement of the ledger, in its own words."""
    statement = statements("sqlite")[name].driver_sql
    for key, value in values.items():
        statement = statement.replace(f":{key}", repr(value))
    if url.startswith("sqlite"):
        found = run_sql(url, f"ANALYZE {table}", f"EXPLAIN QUERY PLAN {statement}")
        return "; ".join(str(row[3]) for row in found)
    found = run_sql(url, f"ANALYZE {table}", f"EXPLAIN (COSTS OFF) {statement}")
    return "; ".join(str(row[0]).strip() for row in found)


@cache
def _blank() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        Ledger.open(f"sqlite:///{file}").close()
        return file.read_bytes()
