"""`content-engine bench load`: a steady mix of requests, beside a bare FastAPI and Ray Serve app.

The engine's door, dispatcher and Ray replicas work for real: a job is planned, made, judged and
recorded. The bare app asks the same replica for the same copy: no ledger, no judge, no lease.
Clients run in this process and share its cores: read the figures as ratios.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from content_engine.config import Settings
from content_engine.types import Brief, Kind, Lane, Product, TextSpec
from serving import app
from serving.bench.door import listening
from serving.deployments import Cluster
from serving.service import loop_factory

_SKU = "MUG"
_BODY = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}
_BARE_SHARE = 0.25
_OK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One kind of request, drawn as often as its weight says; `body` makes one for a number."""

    method: str
    path: str
    weight: int
    name: str
    body: Callable[[int], Mapping[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Milliseconds and errors by route; memory grows by 8 bytes a request."""

    took_ms: dict[str, array[float]] = field(default_factory=lambda: defaultdict(_times))
    errors: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def rows(self, seconds: float) -> list[tuple[str, ...]]:
        """A line a route: requests a second, p50, p95, p99, errors."""
        return [
            self._row(name, sorted(took), seconds) for name, took in sorted(self.took_ms.items())
        ]

    def _row(self, name: str, took: Sequence[float], seconds: float) -> tuple[str, ...]:
        wrong = {code: n for (route, code), n in self.errors.items() if route == name}
        said = ", ".join(f"{n} × {code}" for code, n in sorted(wrong.items())) or "0"
        times = [f"{took[int(len(took) * share)]:.1f}" for share in (0.5, 0.95, 0.99)]
        return (name, f"{len(took) / seconds:.1f}", *times, said)


def _times() -> array[float]:
    return array("d")


async def drive(url: str, asks: Sequence[Ask], *, seconds: float, clients: int = 8) -> Seen:
    """What so many clients saw, each asking one thing after another until the time is up."""
    seen, numbers = Seen(), count(1)
    end = time.perf_counter() + seconds

    async def client(seed: int) -> None:
        draw = random.Random(seed)
        weights = [ask.weight for ask in asks]
        async with httpx.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
            while time.perf_counter() < end:
                (ask,) = draw.choices(asks, weights)
                await _asked(http, ask, seen, number=next(numbers))

    await asyncio.gather(*(client(seed) for seed in range(clients)))
    return seen


async def _asked(http: httpx.AsyncClient, ask: Ask, seen: Seen, *, number: int) -> None:
    body = ask.body(number) if ask.body else None
    began = time.perf_counter()
    try:
        answer = await http.request(ask.method, ask.path, json=body, headers=dict(ask.headers))
    except httpx.HTTPError as error:
        seen.errors[ask.name, type(error).__name__] += 1
    else:
        if answer.status_code >= _OK:
            seen.errors[ask.name, str(answer.status_code)] += 1
    seen.took_ms[ask.name].append(1000 * (time.perf_counter() - began))


def asks_of(job_id: str, *, wait_s: int) -> tuple[Ask, ...]:
    """The mix: many look, some send, one in thirty asks what things cost."""
    return (
        Ask(method="GET", path=f"/v1/jobs/{job_id}", weight=18, name="GET /v1/jobs/{id}"),
        Ask(method="GET", path=f"/v1/products/{_SKU}", weight=5, name="GET /v1/products/{sku}"),
        Ask(method="GET", path="/v1/queue?days=1", weight=1, name="GET /v1/queue"),
        Ask(method="GET", path="/v1/costs?days=1", weight=1, name="GET /v1/costs"),
        Ask(
            method="POST",
            path="/v1/jobs",
            weight=5,
            name="POST /v1/jobs, to the judged text",
            body=lambda number: {"kind": "text", "sku": _SKU, "locale": "en", "seed": number},
            headers={"Prefer": f"wait={wait_s}"},
        ),
    )


def run(*, minutes: float, clients: int) -> int:
    """Prints what clients saw; 1 when a request failed."""
    with tempfile.TemporaryDirectory(prefix="ce-load-") as folder:
        settings = replace(Settings(), data_dir=Path(folder), device="none")
        cluster = app.start_cluster(settings, (Kind.TEXT,))
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                return runner.run(_run(settings, cluster, seconds=minutes * 60, clients=clients))
        finally:
            cluster.close()


async def _run(settings: Settings, cluster: Cluster, *, seconds: float, clients: int) -> int:
    parts = app.open_parts(settings)
    planner = app.planner(settings, kinds=(Kind.TEXT,))
    flow = app.engine(parts, cluster.executor((Kind.TEXT,)), planner=planner)
    stop = asyncio.Event()
    work = app.dispatcher(parts, flow, drain_s=5.0).run(stop, kinds=(Kind.TEXT,))
    working = asyncio.create_task(work)
    try:
        async with listening(app.door(parts, checks={})) as port:
            url = f"http://127.0.0.1:{port}"
            asks = asks_of(await _first_job(url), wait_s=60)
            ours = await drive(url, asks, seconds=seconds * (1 - _BARE_SHARE), clients=clients)
    finally:
        stop.set()
        await working
        parts.ledger.close()
    async with listening(_bare(cluster, planner)) as port:
        bare = await drive(
            f"http://127.0.0.1:{port}", _BARE, seconds=seconds * _BARE_SHARE, clients=clients
        )
    _show("content engine", ours, seconds * (1 - _BARE_SHARE))
    _show("bare FastAPI + Ray Serve, same replica, same run", bare, seconds * _BARE_SHARE)
    return 1 if ours.errors else 0


async def _first_job(url: str) -> str:
    async with httpx.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
        (await http.put(f"/v1/products/{_SKU}", json=_BODY)).raise_for_status()
        body = {"kind": "text", "sku": _SKU, "locale": "en"}
        answer = await http.post("/v1/jobs", json=body, headers={"Prefer": "wait=60"})
        return answer.raise_for_status().json()["id"]


_BARE = (
    Ask(method="GET", path="/", weight=25, name="GET /"),
    Ask(
        method="POST",
        path="/make",
        weight=5,
        name="POST /make, to the text, unjudged",
        body=lambda number: {"seed": number},
    ),
)


def _bare(cluster: Cluster, planner: Any) -> FastAPI:
    """What one would write without the engine: a route that awaits the replica."""
    bare, handle = FastAPI(), cluster.handle(Kind.TEXT.value)
    product = Product(sku=_SKU, title=_BODY["title"], brand="", category=(), facts=(), photos=())

    @bare.get("/")
    async def hello() -> dict[str, str]:
        return {"status": "ok"}

    @bare.post("/make")
    async def make(body: dict[str, int]) -> dict[str, Any]:
        brief = Brief(
            kind=Kind.TEXT, product=product, spec=TextSpec(), locale="en", seed=body["seed"]
        )
        candidate = await handle.generate.remote(next(iter(planner.plan(brief))), Lane.BULK)
        return {"assets": [asset.digest for asset in candidate.assets]}

    return bare


def _show(title: str, seen: Seen, seconds: float) -> None:
    table = Table("route", "a second", "p50 ms", "p95 ms", "p99 ms", "errors", title=title)
    for row in seen.rows(seconds):
        table.add_row(*row)
    Console(width=110).print(table)
