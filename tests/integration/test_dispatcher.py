"""Jobs through ledger, dispatcher and Ray Serve: done once, also across crashes and drains."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Brief, Claim, JobStatus, Kind, Product, TextSpec
from serving.bench.noop import NoopMaker, accept
from serving.deployments import Cluster
from serving.dispatcher import Dispatcher, Limits
from serving.executors import PlannerByKind
from serving.news import News
from tests.ledgers import empty_ledger

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
    ledger, news = Ledger.open(empty_ledger(tmp_path)), News()
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
    ledger = Ledger.open(empty_ledger(tmp_path))
    ledger.submit([brief(1)], tenant="default")
    ledger.claim("dead", kinds=[Kind.TEXT], limit=1, lease_s=0.2)
    asyncio.run(until_done(ledger, works(ledger, cluster, News()), jobs=1))
    names = [e.name for e in ledger.events(ledger.job_rows("default").items[0].id, "default")]
    assert names.count("succeeded") == 1, names


@pytest.mark.parametrize(
    ("sku", "problem"),
    [("broken", "broken: told to"), ("bug", "internal error (ZeroDivisionError)")],
)
def test_what_fails_says_why(tmp_path: Path, cluster: Cluster, sku: str, problem: str) -> None:
    ledger = Ledger.open(empty_ledger(tmp_path))
    (job,) = ledger.submit([replace(brief(1), product=replace(PRODUCT, sku=sku))], tenant="default")

    async def run() -> None:
        stop, news = asyncio.Event(), News()
        running = asyncio.create_task(works(ledger, cluster, news).run(stop, kinds=[Kind.TEXT]))
        with news.watch_job(job.id) as watch:
            await watch.wait(20)
        stop.set()
        await running

    asyncio.run(run())
    ended = ledger.job_row(job.id, "default")
    assert ended.status is JobStatus.FAILED
    assert problem in ended.problem


def test_a_stop_in_the_middle_gives_the_job_back(tmp_path: Path) -> None:
    ledger = Ledger.open(empty_ledger(tmp_path))
    (job,) = ledger.submit([brief(1)], tenant="default")

    async def endless(claim: Claim) -> JobStatus:
        await asyncio.sleep(3600)
        return JobStatus.FAILED

    async def run() -> None:
        stop = asyncio.Event()
        dispatcher = Dispatcher(
            ledger,
            endless,
            news=News(),
            metrics=Metrics(),
            limits=Limits(drain_s=0.1),
            worker="test",
        )
        running = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TEXT]))
        while ledger.job_row(job.id, "default").status is not JobStatus.RUNNING:
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.wait_for(running, 60)

    asyncio.run(run())
    assert ledger.job_row(job.id, "default").status is JobStatus.QUEUED


def test_a_cancelled_job_is_left_alone(tmp_path: Path) -> None:
    ledger = Ledger.open(empty_ledger(tmp_path))
    (job,) = ledger.submit([brief(1)], tenant="default")

    async def cancelled_midway(claim: Claim) -> JobStatus:
        ledger.cancel(job.id, "default")
        return ledger.settle(claim)

    async def run() -> None:
        stop, news = asyncio.Event(), News()
        dispatcher = Dispatcher(
            ledger,
            cancelled_midway,
            news=news,
            metrics=Metrics(),
            limits=Limits(),
            worker="test",
        )
        running = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TEXT]))
        with news.watch_job(job.id) as watch:
            await watch.wait(20)
        stop.set()
        await running

    asyncio.run(run())
    assert ledger.job_row(job.id, "default").status is JobStatus.CANCELLED


CANCEL = """
import sys
from content_engine.ledger import Ledger
Ledger.open(sys.argv[1]).cancel(sys.argv[2], "default")
"""


@pytest.mark.parametrize("elsewhere", [False, True], ids=["this process", "another process"])
def test_the_work_of_a_cancelled_job_ends_at_once(tmp_path: Path, elsewhere: bool) -> None:
    url = empty_ledger(tmp_path)
    ledger = Ledger.open(url)
    job, other = ledger.submit([brief(1), brief(2)], tenant="default")
    ended: set[str] = set()

    async def forever(claim: Claim) -> JobStatus:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.add(claim.job.id)
        raise AssertionError("nobody cancelled it")

    async def run() -> None:
        stop, metrics = asyncio.Event(), Metrics()
        limits = Limits(drain_s=0, lease_s=3600)  # no renewal would notice the cancelling
        dispatcher = Dispatcher(
            ledger, forever, news=News(), metrics=metrics, limits=limits, worker="test"
        )
        running = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TEXT]))
        while ledger.counts("default").get(JobStatus.RUNNING, 0) < 2:
            await asyncio.sleep(0.01)
        if elsewhere:
            await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", CANCEL, url, job.id], check=True
            )
        else:
            await asyncio.to_thread(ledger.cancel, job.id, "default")
        async with asyncio.timeout(30):
            while job.id not in ended:
                await asyncio.sleep(0.002)
        assert other.id not in ended, "the other job goes on"
        stop.set()
        await running

    asyncio.run(run())
    assert ledger.job_row(job.id, "default").status is JobStatus.CANCELLED
    assert ledger.job_row(other.id, "default").status is JobStatus.QUEUED
