"""Jobs through ledger, dispatcher and Ray Serve: done once, also across crashes and drains."""

import asyncio
from pathlib import Path

import pytest

from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Brief, JobStatus, Kind, Product, TextSpec
from serving.bench_noop import NoopMaker, accept
from serving.deployments import Cluster
from serving.dispatcher import Dispatcher, Limits
from serving.executors import PlannerByKind
from serving.news import News

pytestmark = pytest.mark.cluster
PRODUCT = Product(sku="MUG-1", title="Mug", brand="", category=(), facts=(), photos=())


def brief(seed: int) -> Brief:
    return Brief(kind=Kind.TEXT, product=PRODUCT, spec=TextSpec(), locale="en", seed=seed)


def works(ledger: Ledger, cluster: Cluster, news: News) -> Dispatcher:
    engine = Engine(
        record=ledger,
        planner=PlannerByKind({Kind.TEXT: NoopMaker()}),
        executor=cluster.executor([Kind.TEXT]),
        decide=accept,
    )
    return Dispatcher(
        ledger,
        engine.produce,
        news=news,
        metrics=Metrics(),
        limits=Limits(lease_s=1.0),
        worker="test",
    )


async def until_done(ledger: Ledger, dispatcher: Dispatcher, *, jobs: int) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TEXT]))
    try:
        async with asyncio.timeout(60):
            while ledger.counts("default").get(JobStatus.SUCCEEDED, 0) < jobs:
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await running


def test_jobs_submitted_before_and_while_it_runs_succeed(tmp_path: Path, cluster: Cluster) -> None:
    ledger, news = Ledger.open(f"sqlite:///{tmp_path / 'l.db'}"), News()
    ledger.submit([brief(seed) for seed in range(10)], tenant="default")

    async def run() -> None:
        done = asyncio.create_task(until_done(ledger, works(ledger, cluster, news), jobs=20))
        await asyncio.sleep(0.2)
        # Written behind the dispatcher's back, as another process would: no news is given.
        await asyncio.to_thread(
            ledger.submit, [brief(seed) for seed in range(10, 20)], tenant="default"
        )
        await done

    asyncio.run(run())
    page = ledger.job_rows("default", limit=50)
    assert {row.status for row in page.items} == {JobStatus.SUCCEEDED}
    assert all(len(ledger.attempts(row.id, "default")) == 1 for row in page.items)


def test_what_a_dead_worker_held_is_taken_over(tmp_path: Path, cluster: Cluster) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'l.db'}")
    ledger.submit([brief(1)], tenant="default")
    ledger.claim("dead", kinds=[Kind.TEXT], limit=1, lease_s=0.2)
    asyncio.run(until_done(ledger, works(ledger, cluster, News()), jobs=1))
    names = [e.name for e in ledger.events(ledger.job_rows("default").items[0].id, "default")]
    assert names.count("succeeded") == 1, names
