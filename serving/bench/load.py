"""`content-engine bench load`: a steady mix of requests, beside a bare FastAPI and Ray Serve app.

The engine's door, dispatcher and Ray replicas work for real: a job is planned, made, judged and
recorded; a shopper's photo is decoded in a cell, kept in the vault and deleted after. The bare app
asks the same replicas for the same things: no ledger, no judge, no vault, no lease. Clients run in
this process and share its cores: read the figures as ratios.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from content_engine.config import Settings
from content_engine.flow import Planner
from content_engine.types import Kind
from serving import app
from serving.bench import load_mix
from serving.bench.door import listening
from serving.bench.load_clients import Ask, Seen, drive
from serving.deployments import Cluster
from serving.service import loop_factory

_KINDS = (Kind.TEXT, Kind.TRYON)
_BARE_SHARE = 0.25


def run(*, minutes: float, clients: int) -> int:
    """Prints what clients saw; 1 when a request failed or a shopper's photo stayed."""
    with tempfile.TemporaryDirectory(prefix="ce-load-") as name:
        folder = Path(name)
        settings = replace(
            Settings(), data_dir=folder, vault_dir=str(folder / "vault"), device="none"
        )
        cluster = app.start_cluster(settings, _KINDS)
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                return runner.run(_run(settings, cluster, seconds=minutes * 60, clients=clients))
        finally:
            cluster.close()


async def _run(settings: Settings, cluster: Cluster, *, seconds: float, clients: int) -> int:
    planner = app.planner(settings, kinds=_KINDS)
    ours_s, bare_s = seconds * (1 - _BARE_SHARE), seconds * _BARE_SHARE
    async with _engine(settings, cluster, planner=planner) as parts:
        async with listening(app.door(parts, checks={})) as port:
            url = f"http://127.0.0.1:{port}"
            asks = load_mix.asks_of(await load_mix.on_sale(url), wait_s=60)
            ours = await _driven(url, asks, seconds=ours_s, clients=clients)
        left = sum(path.is_file() for path in Path(settings.vault_dir).rglob("*"))
        async with listening(load_mix.bare(cluster, planner, store=parts.store)) as port:
            url, asks = f"http://127.0.0.1:{port}", load_mix.bare_asks()
            bare = await _driven(url, asks, seconds=bare_s, clients=clients)
    _show("content engine", *ours)
    _show("bare FastAPI + Ray Serve, same replicas, same run", *bare)
    print(f"files of shoppers left in the vault: {left}")
    return 1 if ours[0].errors or left else 0


async def _driven(
    url: str, asks: Sequence[Ask], *, seconds: float, clients: int
) -> tuple[Seen, float]:
    """What clients saw, and how long it lasted: each ends what it has begun."""
    began = time.perf_counter()
    seen = await drive(
        url, asks, lasts=lambda _: time.perf_counter() < began + seconds, clients=clients
    )
    return seen, time.perf_counter() - began


@asynccontextmanager
async def _engine(
    settings: Settings, cluster: Cluster, *, planner: Planner
) -> AsyncIterator[app.Parts]:
    """The opened parts while a dispatcher works through what the door takes."""
    parts = app.open_parts(settings)
    parts.vault.prepare()
    parts.cells.start()
    flow = app.engine(parts, cluster.executor(_KINDS), planner=planner)
    stop = asyncio.Event()
    working = asyncio.create_task(app.dispatcher(parts, flow, drain_s=5.0).run(stop, kinds=_KINDS))
    try:
        yield parts
    finally:
        stop.set()
        await working
        parts.vault.clear()
        parts.cells.close()
        parts.ledger.close()


def _show(title: str, seen: Seen, seconds: float) -> None:
    table = Table("route", "a second", "p50 ms", "p95 ms", "p99 ms", "errors", title=title)
    for row in seen.rows(seconds):
        table.add_row(*row)
    Console(width=110).print(table)
