"""The ledger's database: connections, transactions and named statements.

Knows with `dialects.py`, and nothing else does, which database it stands on.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from content_engine.errors import InvalidBrief, InvalidSettings, LedgerUnavailable
from content_engine.ledger.dialects import SQLITE, open_engine, script, statements, triggers
from content_engine.ledger.sessions import (
    EmbeddedSession,
    Row,
    ServerSession,
    Session,
    Values,
    answer,
)

__all__ = ["VERSION", "Database", "Row", "Session"]

VERSION = 7
"""Of the schema. A ledger of a newer one is refused: its rows may mean something else."""

_MAKING_TABLES = 0x636F6E74
"""Postgres's advisory lock while tables are made: doors and dispatchers may start together."""

# Every statement of a look sees the same moment, as in SQLite's own reading transactions.
_READING, _WRITING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", b"BEGIN"
_NOTHING: Values = {}
_REMEDIES = {
    "disk is full": "; free some space, it goes on by itself",
    "readonly database": "; make its folder writable, it goes on by itself",
    "disk I/O error": "; look at its disk, it goes on by itself",
}
"""By SQLite's words. Source: sqlite.org/rescode.html."""


class Database:
    """Reads and writes by statement name. Safe to use from many threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == SQLITE
        self._statements = statements(engine.dialect.name)
        # SQLite's own waiting sleeps up to 100 ms; threads of one process queue here instead.
        self._writing = threading.Lock()
        self._pulse_lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._pulse_connection: sa.PoolProxiedConnection | None = None

    @classmethod
    def open(cls, url: str, *, migrations: Mapping[int, Callable[[Session], None]]) -> Database:
        """The database at a URL, its schema made where it is new, moved on where it is older.

        `migrations` holds, by version, the step that fills what the next one added; the tables'
        own change stands in `upgrade_<version>.sql`. One transaction in all. Raises
        InvalidSettings for an unknown kind of database or a newer schema, LedgerUnavailable
        when it can't be reached.
        """
        database = cls(open_engine(url))
        ready = False
        try:
            database._prepare(migrations)
            ready = True
        finally:
            if not ready:
                database.close()
        return database

    @property
    def is_embedded(self) -> bool:
        """True where no server is asked: several looks cost less than a transaction around them."""
        return self._sqlite

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent look; nothing can be written through it."""
        if not self._sqlite:
            with self._told(), self._served(_READING) as session:
                yield session
            return
        with self._told(), self._engine.connect() as connection:
            # Given back to the pool, the connection ends its transaction.
            connection.exec_driver_sql("BEGIN")
            yield EmbeddedSession(connection, self._statements)

    def rows(self, name: str, values: Values) -> list[Row]:
        """Every row of one statement; on Postgres in one round trip, `read` takes two."""
        if self._sqlite:
            with self.read() as session:
                return session.rows(name, values)
        with self._told(), closing(self._engine.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            return answer(driver, self._statements[name], values)

    def look(self, name: str, values: Values) -> tuple[Any, ...] | None:
        """The first row of a statement without lists, by the shortest way: for what is polled.

        About 25 µs on SQLite, a third of what the same row costs through `read`; on Postgres one
        round trip instead of two.
        """
        statement = self._statements[name]
        with self._told(), closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(statement.driver_sql if self._sqlite else statement.wire, values)
                return cursor.fetchone()
            finally:
                cursor.close()

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        """One transaction: all of it or, when the block raises, nothing.

        `durable`: on SQLite, too, it is on the disk when this returns and outlives a power cut;
        on Postgres that is the server's own promise. Raises LedgerUnavailable when the ledger
        can't be reached or another process has kept it locked for 30 s.
        """
        transaction = self._embedded(durable=durable) if self._sqlite else self._served(_WRITING)
        with self._told(), transaction as session:
            yield session
        if session.has_news:
            for listener in tuple(self._listeners):
                listener()

    @contextmanager
    def _embedded(self, *, durable: bool) -> Iterator[Session]:
        with self._writing, self._engine.connect() as connection:
            self._begin(connection, durable=durable)
            whole = False
            try:
                yield EmbeddedSession(connection, self._statements)
                whole = True
            finally:
                self._end(connection, commit=whole, durable=durable)

    @contextmanager
    def _served(self, begin: bytes) -> Iterator[Session]:
        with closing(self._engine.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            whole, session = False, ServerSession(driver, self._statements, begin=begin)
            try:
                yield session
                session.commit()
                whole = True
            finally:
                if not whole:
                    session.roll_back()
                if driver.closed:
                    connection.invalidate()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each write of this process, in its thread; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def pulse(self) -> int:
        """A number that is another one after any process has written; 5 µs on SQLite.

        0.2 ms on Postgres: its snapshot changes exactly when a transaction becomes visible.
        """
        if not self._sqlite:
            seen = self.look("snapshot", _NOTHING) or ("",)
            return int.from_bytes(hashlib.blake2b(str(seen[0]).encode(), digest_size=8).digest())
        with self._pulse_lock, self._told():
            # `data_version` tells of the writes of other connections: this one never writes.
            if self._pulse_connection is None:
                self._pulse_connection = self._engine.raw_connection()
            cursor = self._pulse_connection.cursor()
            try:
                return int(cursor.execute("PRAGMA data_version").fetchone()[0])
            finally:
                cursor.close()

    def close(self) -> None:
        """Gives every connection back to the system."""
        if self._pulse_connection is not None:
            self._pulse_connection.close()
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says what the database's own errors mean to whoever asked.

        Some come from the driver itself: where SQLAlchemy's way would be too long.
        """
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            yield
        except (DataError, driver.DataError) as error:
            raise InvalidBrief(f"a value can't be stored: {_reason(error)}") from error
        except (OperationalError, driver.OperationalError) as error:
            said = f"the ledger can't be used just now: {_reason(error)}"
            raise LedgerUnavailable(said) from error
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise LedgerUnavailable(f"the ledger's connection broke: {_reason(error)}") from error

    def _begin(self, connection: sa.Connection, *, durable: bool) -> None:
        try:
            if durable:
                connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            raise LedgerUnavailable(f"the ledger can't be written: {_reason(error)}") from error

    def _end(self, connection: sa.Connection, *, commit: bool, durable: bool) -> None:
        driver: Any = connection.connection.driver_connection
        # SQLite itself rolls back when the disk is full: again would hide that reason.
        if commit or driver.in_transaction:
            connection.exec_driver_sql("COMMIT" if commit else "ROLLBACK")
        if durable:
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        (connection.commit if commit else connection.rollback)()

    def _prepare(self, migrations: Mapping[int, Callable[[Session], None]]) -> None:
        with self.write() as session:
            if not self._sqlite:
                session.send("make_tables_alone", {"lock": _MAKING_TABLES})
            self._run_file(session, "version.sql")
            found = session.value("version")
            if found is not None and found not in (VERSION, *migrations):
                raise InvalidSettings(
                    f"the ledger has schema {found}, this engine knows {VERSION}: "
                    "run the engine that wrote it, or a newer one"
                )
            if found == VERSION:
                return
            older = range(found, VERSION) if found else ()
            for version in older:
                self._run_file(session, f"upgrade_{version}.sql")
            self._run_file(session, "schema.sql")
            session.script(triggers(self._engine.dialect.name))
            for version in older:
                migrations[version](session)
            session.send("move_version" if found else "set_version", {"version": VERSION})

    def _run_file(self, session: Session, name: str) -> None:
        session.script(script(name, self._engine.dialect.name))


def _reason(error: Exception) -> str:
    """The database's own words, and what to do about those that an operator can mend."""
    said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    remedy = next((each for words, each in _REMEDIES.items() if words in said), "")
    return f"{said}{remedy}"
