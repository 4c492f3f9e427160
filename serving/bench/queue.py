"""What a claim costs with much behind it, beside procrastinate on the same Postgres."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from content_engine.codec import to_json, to_plain
from content_engine.errors import BackendUnavailable
from content_engine.ledger import Ledger
from content_engine.types import Brief, Kind, Lane, Product, TextSpec
from serving.bench.meter import Meter, Spent

if TYPE_CHECKING:
    from procrastinate.manager import JobManager

_TENANT = "bench"
_BRIEF = Brief(
    kind=Kind.TEXT,
    product=Product(sku="b", title="Mug", brand="", category=(), facts=(), photos=()),
    spec=TextSpec(),
    locale="en",
)
# Half of what lies behind is done, half waits, as in the middle of a long batch.
_FILL = """
WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO job (id, tenant, submission_key, batch, kind, sku, lane, wanted, status,
  created_at_us, updated_at_us)
SELECT 'fill-' || i, 'bench', '', '', 'text', 'sku-' || i, 1, 1,
  CASE WHEN mod(i, 2) = 0 THEN 'succeeded' ELSE 'queued' END, i, i FROM n
"""
_FILL_AT_ONCE = 250_000
_CLAIMED_MOST = 5_000
_WARM, _ENDED = 100, 1_000
"""Jobs before measuring begins, when statements are not prepared yet, and jobs measured."""
# Only what will be claimed needs a brief: the oldest.
_BRIEFS = sa.text(
    "INSERT INTO brief (job_id, body) SELECT id, :body FROM job ORDER BY sequence LIMIT :most"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Single claims with `behind` jobs in the ledger: times, and the CPU of each on both sides."""

    behind: int
    p50_ms: float
    p95_ms: float
    client_ms: float
    server_ms: float

    @property
    def cpu_ms(self) -> float:
        """Of both sides."""
        return self.client_ms + self.server_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Jobs put into the queue a thousand at once, and what `ended` jobs took from claim to end."""

    queued_per_s: float
    ended: int
    spent: Spent

    @property
    def ended_per_s(self) -> float:
        """Jobs claimed and ended a second of wall time."""
        return self.ended / self.spent.wall_s


def claim_times(url: str, depths: Sequence[int], *, claims: int = 300) -> Iterator[Claims]:
    """What claiming one job costs at each depth, smallest first, filling the ledger on the way."""
    ledger = Ledger.open(url)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    behind = 0
    for depth in sorted(depths):
        behind = _filled(engine, behind, depth)
        yield _claimed(ledger, url, depth, claims=claims)
    engine.dispose()
    ledger.close()


def ledger_rates(url: str, *, jobs: int, at_once: int) -> Rates:
    """The ledger's own rates of plain jobs, claimed so many at once and ended one by one."""
    ledger = Ledger.open(url)
    began = time.perf_counter()
    for start in range(0, jobs, 1000):
        ledger.submit([_BRIEF] * 1000, tenant=_TENANT, key=f"k{start}")
    queued = jobs / (time.perf_counter() - began)
    _end(ledger, most=_WARM, at_once=at_once)
    meter = Meter(url)
    ended = _end(ledger, most=_ENDED, at_once=at_once)
    spent = meter.spent()
    ledger.close()
    return Rates(queued_per_s=queued, ended=ended, spent=spent)


def _end(ledger: Ledger, *, most: int, at_once: int) -> int:
    ended = 0
    while ended < most:
        # As a dispatcher asks: for one lane.
        claims = ledger.claim("w", kinds=(Kind.TEXT,), limit=at_once, lease_s=60.0, lane=Lane.BULK)
        if not claims:
            break
        for claim in claims:
            ledger.fail(claim, "bench")
        ended += len(claims)
    return ended


def procrastinate_rates(url: str, *, jobs: int) -> Rates:
    """Procrastinate's rates of jobs that carry the same brief, fetched and ended one by one."""
    return asyncio.run(_procrastinate(url, jobs=jobs))


async def _procrastinate(url: str, *, jobs: int) -> Rates:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    body = to_plain(_BRIEF)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        task = app.configure_task("bench", allow_unknown=True)
        began = time.perf_counter()
        for _ in range(0, jobs, 1000):
            await task.batch_defer_async(*({"brief": body} for _ in range(1000)))
        queued = jobs / (time.perf_counter() - began)
        worker = await app.job_manager.register_worker()
        await _finish(app.job_manager, worker, most=_WARM)
        meter = Meter(url)
        ended = await _finish(app.job_manager, worker, most=_ENDED)
        spent = meter.spent()
    return Rates(queued_per_s=queued, ended=ended, spent=spent)


async def _finish(manager: JobManager, worker: int, *, most: int) -> int:
    from procrastinate.jobs import Status

    for ended in range(most):
        job = await manager.fetch_job(None, worker)
        if job is None or job.id is None:
            return ended
        await manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
    return most


def _filled(engine: sa.Engine, behind: int, depth: int) -> int:
    first = behind == 0
    while behind < depth:
        last = min(depth, behind + _FILL_AT_ONCE)
        with engine.begin() as connection:
            connection.exec_driver_sql(_FILL.format(first=behind + 1, last=last))
        behind = last
    with engine.begin() as connection:
        if first:
            connection.execute(_BRIEFS, {"body": to_json(_BRIEF), "most": _CLAIMED_MOST})
        connection.exec_driver_sql("ANALYZE job")
    return behind


def _claimed(ledger: Ledger, url: str, depth: int, *, claims: int) -> Claims:
    _take(ledger, _WARM)
    meter = Meter(url)
    took = sorted(_take(ledger, claims))
    spent = meter.spent()
    return Claims(
        behind=depth,
        p50_ms=took[len(took) // 2] * 1e3,
        p95_ms=took[len(took) * 95 // 100] * 1e3,
        client_ms=spent.client_s / claims * 1e3,
        server_ms=spent.server_s / claims * 1e3,
    )


def _take(ledger: Ledger, claims: int) -> list[float]:
    """Seconds that each claim of one job took."""
    took: list[float] = []
    for _ in range(claims):
        began = time.perf_counter()
        got = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=3600.0, lane=Lane.BULK)
        took.append(time.perf_counter() - began)
        if not got:
            raise BackendUnavailable("the ledger gave no job though many wait")
    return took
