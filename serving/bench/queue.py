"""What a claim costs with much behind it, beside procrastinate on the same Postgres."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from content_engine.codec import to_json, to_plain
from content_engine.errors import BackendUnavailable
from content_engine.ledger import Ledger
from content_engine.types import Brief, Kind, Product, TextSpec

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
# Only what will be claimed needs a brief: the oldest.
_BRIEFS = sa.text(
    "INSERT INTO brief (job_id, body) SELECT id, :body FROM job ORDER BY sequence LIMIT :most"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Times of single claims with `behind` jobs in the ledger, in milliseconds."""

    behind: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Jobs a second: put into the queue some thousand at once, and claimed then ended singly."""

    queued_per_s: float
    ended_per_s: float


def claim_times(url: str, depths: Sequence[int], *, claims: int = 300) -> list[Claims]:
    """What claiming one job costs at each depth, smallest first, filling the ledger on the way."""
    ledger = Ledger.open(url)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    behind, found = 0, []
    for depth in sorted(depths):
        behind = _filled(engine, behind, depth)
        found.append(_claimed(ledger, depth, claims=claims))
    engine.dispose()
    ledger.close()
    return found


def ledger_rates(url: str, *, jobs: int) -> Rates:
    """The ledger's own rates of plain jobs, the ones with an idempotency key each request."""
    ledger = Ledger.open(url)
    began = time.perf_counter()
    for start in range(0, jobs, 1000):
        ledger.submit([_BRIEF] * 1000, tenant=_TENANT, key=f"k{start}")
    queued = jobs / (time.perf_counter() - began)
    began, ended = time.perf_counter(), 0
    while ended < min(jobs, 2000):
        for claim in ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0):
            ledger.fail(claim, "bench")
            ended += 1
    rate = ended / (time.perf_counter() - began)
    ledger.close()
    return Rates(queued_per_s=queued, ended_per_s=rate)


def procrastinate_rates(url: str, *, jobs: int) -> Rates:
    """Procrastinate's rates of jobs that carry the same brief."""
    return asyncio.run(_procrastinate(url, jobs=jobs))


async def _procrastinate(url: str, *, jobs: int) -> Rates:
    import procrastinate
    from procrastinate.jobs import Status

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
        began, ended = time.perf_counter(), 0
        while ended < min(jobs, 2000):
            job = await app.job_manager.fetch_job(None, worker)
            if job is None or job.id is None:
                break
            await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
            ended += 1
        rate = ended / (time.perf_counter() - began)
    return Rates(queued_per_s=queued, ended_per_s=rate)


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


def _claimed(ledger: Ledger, depth: int, *, claims: int) -> Claims:
    took: list[float] = []
    cpu_s = time.process_time()
    for _ in range(claims):
        began = time.perf_counter()
        got = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
        took.append(time.perf_counter() - began)
        if not got:
            raise BackendUnavailable("the ledger gave no job though many wait")
    cpu_s = time.process_time() - cpu_s
    took.sort()
    return Claims(
        behind=depth,
        p50_ms=took[len(took) // 2] * 1e3,
        p95_ms=took[len(took) * 95 // 100] * 1e3,
        cpu_ms=cpu_s / claims * 1e3,
    )
