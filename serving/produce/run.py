"""`content-engine produce`: a feed in; judged files, a manifest and a gallery out.

Streams: at most `_PRODUCTS_AT_ONCE` products are between the feed and the manifest, whatever the
feed's length. A second run of the same command goes on where the first one ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from assets.fetch import Fetcher
from content_engine.codec import to_json
from content_engine.feeds import FeedFault, FeedItem, read_feed
from content_engine.types import Brief, Job, Kind
from serving import app
from serving.produce.feed import Ingested, Order, briefs_of, ingest, jobs_to_come
from serving.produce.files import (
    Delivery,
    deliveries,
    remove_files,
    replaced_paths,
    write_files,
)
from serving.produce.gallery import preview_all, write_gallery
from serving.produce.gallery_views import ProductCard, card_of
from serving.produce.view import View

TENANT = "default"
_PRODUCTS_AT_ONCE = 24
_ASK_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One `produce` run: what to make, with what, where to put it, who watches.

    `ready` is called once the cluster runs.
    """

    feed: Path
    out: Path
    order: Order
    parts: app.Parts
    fetcher: Fetcher
    view: View
    ready: Callable[[], None] = lambda: None


async def produce(run: Run) -> int:
    """How many assets were made. Leaves `manifest.jsonl` and `index.html` in `run.out`.

    Ray starts while the feed is read. Whatever happens, no process of the cluster stays behind.
    """
    stop = asyncio.Event()
    serving = asyncio.create_task(_serve(run, stop))
    work = asyncio.create_task(_work(run))
    try:
        await asyncio.wait((serving, work), return_when=asyncio.FIRST_COMPLETED)
        await (work if work.done() else serving)
    finally:
        work.cancel()
        stop.set()
        await asyncio.gather(serving, work, return_exceptions=True)
    await asyncio.to_thread(write_gallery, run.out, run.parts.settings.data_dir / "cards.jsonl")
    return sum(tally.made for tally in run.view.tallies.values())


async def _work(run: Run) -> None:
    """Carries every product of the feed and writes the manifest."""
    finished: asyncio.Queue[asyncio.Task[ProductCard] | None] = asyncio.Queue()
    places = asyncio.Semaphore(_PRODUCTS_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        group.create_task(_count(run))
        group.create_task(_write_manifest(run, finished, places))
        await _read(run, finished, places, group)
        await finished.put(None)


async def _serve(run: Run, stop: asyncio.Event) -> None:
    kinds = run.order.kinds
    run.view.say("[dim]starting Ray Serve …[/dim]")
    planner = app.planner(run.parts.settings, kinds=kinds)
    cluster = await asyncio.to_thread(app.start_cluster, run.parts.settings, kinds)
    run.ready()
    run.view.say("[dim]Ray Serve is ready[/dim]")
    try:
        flow = app.engine(run.parts, cluster.executor(kinds), planner=planner)
        # Whoever presses Ctrl-C waits for nothing: what runs goes back to the queue.
        await app.dispatcher(run.parts, flow, drain_s=0.2).run(stop, kinds=kinds)
    finally:
        await asyncio.to_thread(cluster.close)


async def _count(run: Run) -> None:
    """Counts the jobs to come beside the work, so that the view can say what is left."""
    counts = await asyncio.to_thread(_jobs_to_come, run.feed, run.order)
    for kind, jobs in counts.items():
        run.view.expect(kind, jobs)


def _jobs_to_come(feed: Path, order: Order) -> dict[Kind, int]:
    return jobs_to_come(order, (item for item in read_feed(feed) if isinstance(item, FeedItem)))


async def _read(
    run: Run,
    finished: asyncio.Queue[asyncio.Task[ProductCard] | None],
    places: asyncio.Semaphore,
    group: asyncio.TaskGroup,
) -> None:
    """Starts a task a product, in the feed's order, as places become free."""
    entries = read_feed(run.feed)
    while (entry := await asyncio.to_thread(next, entries, None)) is not None:
        if isinstance(entry, FeedFault):
            run.view.fault(entry)
            continue
        await places.acquire()
        await finished.put(group.create_task(_make(run, entry)))


async def _make(run: Run, item: FeedItem) -> ProductCard:
    """Carries one product from its photos to its files."""
    ingested = await asyncio.to_thread(ingest, item, fetcher=run.fetcher, store=run.parts.store)
    for fault in ingested.faults:
        run.view.fault(fault)
    # The door knows the product too: the sample shop shows it, and jobs can be asked for it.
    await asyncio.to_thread(run.parts.ledger.put_product, ingested.product, TENANT)
    briefs = briefs_of(ingested.product, run.order)
    jobs = await asyncio.to_thread(_submit, run, briefs)
    run.parts.news.submitted()
    made = await asyncio.gather(*(_finish(run, job) for job in jobs))
    return await asyncio.to_thread(_card, run, ingested, made)


def _submit(run: Run, briefs: tuple[Brief, ...]) -> list[Job]:
    """A job a brief; the same brief is the same job, in this run and in every later one."""
    jobs: list[Job] = []
    for brief in briefs:
        key = hashlib.sha256(to_json(brief).encode()).hexdigest()
        jobs += run.parts.ledger.submit([brief], tenant=TENANT, key=key, batch=run.feed.name)
    return jobs


async def _finish(run: Run, job: Job) -> tuple[Job, list[Delivery]]:
    """Waits until machines are done with a job, then writes its files."""
    ledger = run.parts.ledger
    with run.parts.news.watch_job(job.id) as watch:
        while not (await asyncio.to_thread(ledger.job_row, job.id, TENANT)).status.is_final:
            await watch.wait(_ASK_AGAIN_S)
    job = await asyncio.to_thread(ledger.job, job.id, TENANT)
    attempts = await asyncio.to_thread(ledger.attempts, job.id, TENANT)
    delivered = await asyncio.to_thread(ledger.delivered, job.id)
    waiting = await asyncio.to_thread(ledger.waiting, job.id)
    items = list(deliveries(job, attempts, delivered=delivered, waiting=waiting))
    stale = replaced_paths(job, attempts, delivered=delivered, waiting=waiting)
    remove_files(stale, out=run.out)
    await asyncio.to_thread(write_files, items, store=run.parts.store, out=run.out)
    run.view.ended(job, items)
    return job, items


def _card(run: Run, ingested: Ingested, made: list[tuple[Job, list[Delivery]]]) -> ProductCard:
    items = [item for _, found in made for item in found]
    problems = [fault.message for fault in ingested.faults]
    problems += [
        f"{job.brief.kind} {job.brief.locale}: {job.problem}" for job, _ in made if job.problem
    ]
    preview_all(items, out=run.out, product=ingested.product, store=run.parts.store)
    return card_of(ingested.product, [item.line for item in items], problems=problems)


async def _write_manifest(
    run: Run,
    finished: asyncio.Queue[asyncio.Task[ProductCard] | None],
    places: asyncio.Semaphore,
) -> None:
    """Writes each product's lines in the feed's order; the old manifest stands until the end."""
    drafts = [run.out / f".{name}.part" for name in ("manifest.jsonl", "cards.jsonl")]
    with drafts[0].open("w", encoding="utf-8") as manifest, drafts[1].open("w") as cards:
        while (task := await finished.get()) is not None:
            card = await task
            _write_lines(manifest, iter(card.lines))
            cards.write(to_json(card) + "\n")
            places.release()
    drafts[0].replace(run.out / "manifest.jsonl")
    drafts[1].replace(run.parts.settings.data_dir / "cards.jsonl")


def _write_lines(file: TextIO, lines: Iterator[dict[str, Any]]) -> None:
    for line in lines:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    file.flush()
