"""How fast a feed is accepted, and in how much memory: each run in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from content_engine.batches import Batch, FeedLine
from content_engine.feeds import FeedFault, feed_lines
from content_engine.intake import take_in
from content_engine.ledger import Ledger
from content_engine.types import Brief, Kind, Product, TextSpec
from serving.bench.bulk_feed import feed_stream

TENANT = "bench"
_PRODUCT = Product(sku="-", title="-", brand="", category=(), facts=(), photos=())
_LOCALES = ("en", "de", "fr", "es", "it", "pt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One run: `briefs` accepted in `wall_s`; `grown_mb` is how much the process grew by it."""

    lines: int
    faults: int
    briefs: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    grown_mb: float

    @property
    def briefs_per_s(self) -> float:
        """Briefs accepted a second of wall time."""
        return self.briefs / self.wall_s

    @property
    def cpu_us_per_brief(self) -> float:
        """What one brief takes of a core."""
        return self.cpu_s / self.briefs * 1e6

    @property
    def lines_per_s(self) -> float:
        """Lines accepted a second of wall time."""
        return self.lines / self.wall_s


def orders(count: int) -> tuple[Brief, ...]:
    """So many briefs for each line: copy in so many languages."""
    return tuple(
        Brief(kind=Kind.TEXT, product=_PRODUCT, spec=TextSpec(), locale=locale)
        for locale in _LOCALES[:count]
    )


def write_feed(path: Path, lines: int) -> None:
    """A feed of so many lines in a file."""
    with path.open("wb") as file:
        stream = feed_stream(lines)
        while piece := stream.read(1 << 20):
            file.write(piece)


def whole(url: str, feed: Path, *, briefs: int) -> Intake:
    """The feed's file accepted as the door accepts it: read, looked at, kept."""
    return _alone(_whole, url, feed, briefs)


def bare(url: str, feed: Path, *, lines: int) -> Intake:
    """The ledger alone: so many lines that were read before, one brief each."""
    return _alone(_bare, url, feed, lines)


def again(url: str, feed: Path, *, briefs: int) -> Intake:
    """The same batch sent again: everything is read, nothing added."""
    return _alone(_whole, url, feed, briefs)


def _alone(run: object, url: str, feed: Path, count: int) -> Intake:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(run, url, feed, count).result()  # type: ignore[arg-type]


def _whole(url: str, feed: Path, briefs: int) -> Intake:
    ledger = Ledger.open(url)
    with feed.open("rb") as file:
        batch = ledger.start_batch(orders(briefs), tenant=TENANT, key=feed.name)
        return _timed(ledger, batch, feed_lines(file, name=feed.name))


def _bare(url: str, feed: Path, lines: int) -> Intake:
    ledger = Ledger.open(url)
    with feed.open("rb") as file:
        read = list(islice(feed_lines(file, name=feed.name), lines))
    return _timed(ledger, ledger.start_batch(orders(1), tenant=TENANT), iter(read))


def _timed(ledger: Ledger, batch: Batch, lines: Iterator[FeedLine | FeedFault]) -> Intake:
    before_mb, wall_s, cpu_s = _peak_mb(), time.perf_counter(), time.process_time()
    *_, last = take_in(batch, lines, ledger=ledger)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    ledger.close()
    return Intake(
        lines=last.lines,
        faults=last.faults,
        briefs=last.briefs,
        wall_s=wall_s,
        cpu_s=cpu_s,
        peak_mb=_peak_mb(),
        grown_mb=_peak_mb() - before_mb,
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
