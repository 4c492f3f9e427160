"""`content-engine bench bulk`: feeds accepted, claims with much behind them, another queue."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from content_engine.ledger import Ledger
from serving.bench import bulk_intake, queue
from serving.bench.bulk_intake import Intake
from serving.bench.postgres import binaries, postgres
from serving.bench.queue import Claims, Rates

BRIEFS_PER_LINE = 6
_BARE_LINES = 200_000
_JOBS = 10_000
_AT_ONCE = 8
"""Jobs a dispatcher claims together when nothing else runs. Source: its limits' default."""
_FEED_S, _MILLION = 120.0, 1_000_000
_PEAK_MB = 400.0
_LEAST = {"SQLite": 50_000, "Postgres": 20_000}
"""Briefs a second; with the other limits Source: issue 6, item 1."""
_SLOWER_MOST = 3.0
"""A claim with the most behind it beside one with the least: the logarithm may show, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is run: SKUs of the feed (0: none), depths of the queue, a server other than our own."""

    skus: int = 100_000
    depths: tuple[int, ...] = (10_000, 1_000_000)
    postgres_url: str = ""


def run(options: Options) -> int:
    """Prints each figure, as it comes, with its promise; the exit code is 1 when one is missed."""
    console = Console(width=160, highlight=False)
    missed = 0

    def tell(what: str, on: str, measured: str, promised: str = "", *, held: bool = True) -> None:
        nonlocal missed
        missed += not held
        mark = "" if not promised else "ok" if held else "MISSED"
        console.print(f"{on:9}{what:46}{measured:68}{promised:20}{mark}")

    load = os.getloadavg()[0]
    console.print(
        f"{os.cpu_count()} cores, load {load:.1f} before: what others take, wall time loses"
    )
    with tempfile.TemporaryDirectory(prefix="ce-bulk-") as name:
        folder = Path(name)
        feed = folder / "feed.jsonl"
        bulk_intake.write_feed(feed, options.skus)
        for on, url, fresh in _databases(folder, options):
            if options.skus:
                _intake(on, url, feed, tell=tell)
                fresh()
            _claims(on, url, options.depths, tell=tell)
            fresh()
            _others(on, url, tell=tell)
    return 1 if missed else 0


Tell = Callable[..., None]


def _intake(on: str, url: str, feed: Path, *, tell: Tell) -> None:
    whole = bulk_intake.whole(url, feed, briefs=BRIEFS_PER_LINE)
    size = feed.stat().st_size / 1e6
    tell(
        f"{whole.lines + whole.faults:,} SKUs ({size:.0f} MB), {BRIEFS_PER_LINE} briefs each",
        on,
        f"{whole.wall_s:.1f} s wall, {whole.cpu_s:.1f} s CPU; {whole.lines_per_s:,.0f} lines/s",
        f"1,000,000 in {_FEED_S:.0f} s",
        held=whole.wall_s / (whole.lines + whole.faults) * _MILLION < _FEED_S,
    )
    _memory(on, whole, tell=tell)
    _rate("briefs of that feed accepted", on, whole, tell=tell)
    again = bulk_intake.again(url, feed, briefs=BRIEFS_PER_LINE)
    added = again.lines - whole.lines
    tell("the same batch again", on, f"{again.wall_s:.1f} s, {added} added", "0", held=not added)
    bare = bulk_intake.bare(url, feed, lines=_BARE_LINES)
    _rate(f"{bare.lines:,} lines read before, one brief each", on, bare, tell=tell)


def _memory(on: str, intake: Intake, *, tell: Tell) -> None:
    tell(
        "most memory of that process",
        on,
        f"{intake.peak_mb:.0f} MB, {intake.grown_mb:.0f} MB of it for the feed",
        f"< {_PEAK_MB:.0f} MB",
        held=intake.peak_mb < _PEAK_MB,
    )


def _rate(what: str, on: str, intake: Intake, *, tell: Tell) -> None:
    least = _LEAST[on]
    tell(
        what,
        on,
        f"{intake.briefs_per_s:,.0f} briefs/s ({intake.cpu_us_per_brief:.1f} us CPU each)",
        f">= {least:,}/s",
        held=intake.briefs_per_s >= least,
    )


def _claims(on: str, url: str, depths: Sequence[int], *, tell: Tell) -> None:
    """What lies behind is made by statements over whole sets of rows, half of it done."""
    first: Claims | None = None
    for claims in queue.claim_times(url, depths):
        first = first or claims
        growth = claims.cpu_ms / first.cpu_ms
        tell(
            f"one claim, {claims.behind:,} jobs behind it",
            on,
            f"{claims.cpu_ms:.2f} ms CPU ({claims.client_ms:.2f} + {claims.server_ms:.2f}), "
            f"{growth:.1f} x the first; p50 {claims.p50_ms:.1f}, p95 {claims.p95_ms:.1f} ms",
            f"<= {_SLOWER_MOST:.0f} x the first",
            held=growth <= _SLOWER_MOST,
        )


def _others(on: str, url: str, *, tell: Tell) -> None:
    single, several = (queue.ledger_rates(url, jobs=_JOBS, at_once=n) for n in (1, _AT_ONCE))
    tell("plain jobs queued, 1,000 a call", on, f"{single.queued_per_s:,.0f}/s")
    other = queue.procrastinate_rates(url, jobs=_JOBS) if on != "SQLite" else None
    if other is not None:
        tell("procrastinate: queued, 1,000 a call", on, f"{other.queued_per_s:,.0f}/s")
        tell("procrastinate: fetched and ended one by one", on, _ended(other))
    most_us = _us_each(other) if other else None
    for what, own in (("one by one", single), (f"{_AT_ONCE} claimed at once", several)):
        tell(
            f"plain jobs claimed and ended, {what}",
            on,
            _ended(own),
            f"<= {most_us:,.0f} us CPU" if most_us else "",
            held=most_us is None or _us_each(own) <= most_us,
        )


def _ended(rates: Rates) -> str:
    spent, jobs = rates.spent, rates.ended
    return (
        f"{_us_each(rates):,.0f} us CPU ({spent.client_s / jobs * 1e6:,.0f} + "
        f"{spent.server_s / jobs * 1e6:,.0f}), {spent.waits / jobs:.1f} waits; "
        f"{rates.ended_per_s:,.0f}/s"
    )


def _us_each(rates: Rates) -> float:
    return rates.spent.cpu_s / rates.ended * 1e6


def _databases(folder: Path, options: Options) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Each database with its address and what empties it."""
    file = folder / "ledger.db"

    def fresh_file() -> None:
        for path in folder.glob("ledger.db*"):
            path.unlink()

    yield "SQLite", f"sqlite:///{file}", fresh_file
    fresh_file()
    with _server(options.postgres_url) as url:
        if url:
            yield "Postgres", url, lambda: _empty(url)


@contextmanager
def _server(url: str) -> Iterator[str]:
    programs = binaries()
    if url or programs is None:
        yield url
        return
    with postgres(programs, options=("shared_buffers=256MB", "max_wal_size=4GB")) as own:
        yield own


def _empty(url: str) -> None:
    """Takes every table of the ledger away and makes it anew."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    Ledger.open(url).close()
