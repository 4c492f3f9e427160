"""Named statements in one transaction: at once on SQLite, in few round trips on Postgres.

A server is asked across a socket. There a statement is only sent, and goes on its way with the next
one that somebody waits for, the last ones with the COMMIT: so whoever writes a transaction asks for
all that it may need before it reads the first answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from content_engine.ledger.dialects import Statement, copy_of, insert_of

if TYPE_CHECKING:
    import psycopg

Row = sa.Row[*tuple[Any, ...]]
"""One row of an answer, its columns by place or by name."""
Values = Mapping[str, Any]
Statements = Mapping[str, Statement]
_NOTHING: Values = {}


class Answer(Protocol):
    """What a statement answers, once somebody looks; also after its transaction has ended."""

    def rows(self) -> list[Row]:
        """Every row."""
        ...

    def changed(self) -> int:
        """How many rows the statement changed."""
        ...


class Session:
    """Named statements in one transaction."""

    def __init__(self, ask: Callable[[str, Values], Answer]) -> None:
        self._ask = ask
        self.has_news = True

    def stay_silent(self) -> None:
        """Nothing was written after all: nobody needs to hear of this transaction."""
        self.has_news = False

    def ask(self, name: str, values: Values = _NOTHING) -> Answer:
        """The statement's answer, to be looked at later: until then nobody waits for it."""
        return self._ask(name, values)

    def rows(self, name: str, values: Values = _NOTHING) -> list[Row]:
        """Every row of a statement."""
        return self.ask(name, values).rows()

    def row(self, name: str, values: Values = _NOTHING) -> Row | None:
        """The first row, or None."""
        found = self.rows(name, values)
        return found[0] if found else None

    def value(self, name: str, values: Values = _NOTHING) -> Any:
        """The first column of the first row, or None."""
        row = self.row(name, values)
        return None if row is None else row[0]

    def run(self, name: str, values: Values = _NOTHING) -> int:
        """How many rows a statement changed."""
        return self.ask(name, values).changed()

    def send(self, name: str, values: Values = _NOTHING) -> None:
        """Runs a statement before the transaction ends and before any that comes after it."""
        self.ask(name, values)

    def run_many(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Runs a statement once for each row of values, before the transaction ends."""
        for values in rows:
            self.ask(name, values)

    def expect(self, name: str, values: Values, error: Exception) -> None:
        """Raises the error, before the next answer, unless one row was changed or found."""
        raise NotImplementedError

    def add_rows(
        self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Adds many rows by the shortest way that the database has (COPY on Postgres)."""
        raise NotImplementedError

    def script(self, statements: Sequence[str]) -> None:
        """Runs statements that make or change tables."""
        raise NotImplementedError


class EmbeddedSession(Session):
    """On SQLite, within this process: an answer is there when its statement returns."""

    def __init__(self, connection: sa.Connection, statements: Statements) -> None:
        super().__init__(self._run)
        self._connection = connection
        self._statements = statements

    def run_many(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Runs a statement once for each row of values."""
        if rows:
            self._connection.exec_driver_sql(self._statements[name].driver_sql, rows)

    def expect(self, name: str, values: Values, error: Exception) -> None:
        """Raises the error unless one row was changed or found."""
        answer = self.ask(name, values)
        if 1 not in (answer.changed(), len(answer.rows())):
            raise error

    def add_rows(
        self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Adds many rows by one call of the driver."""
        cursor = self._connection.connection.cursor()
        try:
            cursor.executemany(insert_of(table, columns), rows)
        finally:
            cursor.close()

    def script(self, statements: Sequence[str]) -> None:
        """Runs statements that make or change tables."""
        for statement in statements:
            self._connection.exec_driver_sql(statement)

    def _run(self, name: str, values: Values) -> Answer:
        statement = self._statements[name]
        if statement.clause is None:
            result = self._connection.exec_driver_sql(statement.driver_sql, dict(values))
        else:
            result = self._connection.execute(statement.clause, values)
        return _Here(list(result) if result.returns_rows else [], result.rowcount)


class _Here:
    """An answer that has arrived."""

    def __init__(self, rows: list[Row], changed: int) -> None:
        self._rows = rows
        self._changed = changed

    def rows(self) -> list[Row]:
        """Every row."""
        return self._rows

    def changed(self) -> int:
        """How many rows the statement changed."""
        return self._changed


class ServerSession(Session):
    """On Postgres: statements are sent one after the other, answers fetched when they are needed.

    `driver` is in autocommit mode: what begins and ends the transaction is sent like the rest.
    """

    def __init__(
        self, driver: psycopg.Connection[Any], statements: Statements, *, begin: bytes
    ) -> None:
        from psycopg.rows import namedtuple_row

        super().__init__(self._send)
        self._driver = driver
        self._statements = statements
        self._by_name = namedtuple_row
        self._expected: list[tuple[Answer, Exception]] = []
        self._piped = ExitStack()
        self._pipeline = self._piped.enter_context(driver.pipeline())
        driver.execute(begin)

    def expect(self, name: str, values: Values, error: Exception) -> None:
        """Raises the error at the next answer, at the latest at the commit."""
        self._expected.append((self._send(name, values), error))

    def add_rows(
        self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Adds many rows by COPY, which must go alone."""
        self._sync()
        self._piped.close()
        with self._driver.cursor() as cursor, cursor.copy(copy_of(table, columns).encode()) as out:
            for row in rows:
                out.write_row(row)
        self._pipeline = self._piped.enter_context(self._driver.pipeline())

    def script(self, statements: Sequence[str]) -> None:
        """Runs statements that make or change tables."""
        for statement in statements:
            self._driver.execute(statement.encode())
        self._sync()

    def commit(self) -> None:
        """Ends the transaction; when this returns, it is on the server's disk."""
        if self._expected:
            self._sync()
        self._driver.execute(b"COMMIT")
        self._piped.close()

    def roll_back(self) -> None:
        """Ends the transaction as if it had never been."""
        # Who rolls back knows why; what was sent after that went wrong with it.
        with suppress(self._driver.Error):
            self._piped.close()
        if not self._driver.closed:
            self._driver.rollback()

    def _send(self, name: str, values: Values) -> Answer:
        cursor = self._driver.cursor(row_factory=self._by_name)
        cursor.execute(self._statements[name].wire, values)
        return _Awaited(cursor, self._sync)

    def _sync(self) -> None:
        self._pipeline.sync()
        expected, self._expected = self._expected, []
        for answer, error in expected:
            if answer.changed() != 1:
                raise error


class _Awaited:
    """An answer that is fetched when somebody looks, with all that were sent before it."""

    def __init__(self, cursor: psycopg.Cursor[Any], sync: Callable[[], None]) -> None:
        self._cursor = cursor
        self._sync = sync

    def rows(self) -> list[Row]:
        """Every row."""
        return self._arrived().fetchall()

    def changed(self) -> int:
        """How many rows the statement changed."""
        return self._arrived().rowcount

    def _arrived(self) -> psycopg.Cursor[Any]:
        if self._cursor.pgresult is None:
            self._sync()
        return self._cursor


def answer(driver: psycopg.Connection[Any], statement: Statement, values: Values) -> list[Row]:
    """The rows of one statement, a transaction of its own on a connection in autocommit mode."""
    from psycopg.rows import namedtuple_row

    with driver.cursor(row_factory=namedtuple_row) as cursor:
        found: Any = cursor.execute(statement.wire, values).fetchall()
    return found
