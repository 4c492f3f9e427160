"""The engine's own costs: the door alone, and a job that does nothing from POST to its end."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from content_engine.config import Settings
from content_engine.flow import Engine
from content_engine.types import Brief, Kind, Product, TextSpec
from serving import app
from serving.bench.noop import NoopMaker, accept, noop_judges
from serving.deployments import INSPECTOR, Cluster, InspectorReplica, MakerReplica, Place
from serving.executors import PlannerByKind
from serving.service import loop_factory

TENANT = "default"
_PRODUCT = Product(sku="BENCH", title="Bench", brand="", category=(), facts=(), photos=())
_BRIEF = Brief(kind=Kind.TEXT, product=_PRODUCT, spec=TextSpec(), locale="en")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorCosts:
    """The door's answers to `GET /v1/jobs/{id}` beside the least that FastAPI can do."""

    door_per_s: float
    door_p50_ms: float
    plain_per_s: float
    plain_p50_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCosts:
    """A job that does nothing, door to end, beside one bare call of a Ray Serve handle."""

    job_p50_ms: float
    job_p95_ms: float
    handle_p50_ms: float


def measure_door(folder: Path, *, seconds: float = 3.0) -> DoorCosts:
    """The door's costs, its ledger in `folder`. Needs no Ray."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_measure_door(folder, seconds=seconds))


def measure_job(folder: Path, *, jobs: int = 100) -> JobCosts:
    """The engine's costs of a job; starts a Ray of its own for some seconds."""
    places = (
        Place(name="text", replica=MakerReplica, build=NoopMaker, replicas=1, cpus=0.1),
        Place(name=INSPECTOR, replica=InspectorReplica, build=noop_judges, replicas=1, cpus=0.1),
    )
    cluster = Cluster.start(places, cpus=2)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(_measure_job(folder, cluster, jobs=jobs))
    finally:
        cluster.close()


async def _measure_door(folder: Path, *, seconds: float) -> DoorCosts:
    parts = app.open_parts(replace(Settings(), data_dir=folder))
    parts.ledger.put_product(_PRODUCT, TENANT)
    (job,) = parts.ledger.submit([_BRIEF], tenant=TENANT)
    async with listening(app.door(parts, checks={})) as port, listening(_plain()) as plain_port:
        served = await _hammered(port, f"/v1/jobs/{job.id}", seconds)
        plain = await _hammered(plain_port, "/", seconds)
    parts.ledger.close()
    return DoorCosts(
        door_per_s=served["per_s"],
        door_p50_ms=served["p50_ms"],
        plain_per_s=plain["per_s"],
        plain_p50_ms=plain["p50_ms"],
    )


async def _measure_job(folder: Path, cluster: Cluster, *, jobs: int) -> JobCosts:
    parts = app.open_parts(replace(Settings(), data_dir=folder))
    executor = cluster.executor([Kind.TEXT])
    flow = Engine(
        record=parts.ledger,
        planner=PlannerByKind({Kind.TEXT: NoopMaker()}),
        executor=executor,
        decide=accept,
    )
    stop = asyncio.Event()
    working = asyncio.create_task(
        app.dispatcher(parts, flow, drain_s=1.0).run(stop, kinds=[Kind.TEXT])
    )
    parts.ledger.put_product(_PRODUCT, TENANT)
    try:
        async with listening(app.door(parts, checks={})) as port:
            took = await _jobs(port, count=jobs)
    finally:
        stop.set()
        await working
        parts.ledger.close()
    (recipe,) = NoopMaker().plan(_BRIEF)
    return JobCosts(
        job_p50_ms=median(took),
        job_p95_ms=sorted(took)[int(len(took) * 0.95)],
        handle_p50_ms=await _p50_ms(lambda: executor.generate(recipe), jobs),
    )


async def _jobs(port: int, *, count: int) -> list[float]:
    """Milliseconds of each job from POST to the answer that it has succeeded, one after another."""
    took: list[float] = []
    headers = {"Prefer": "wait=30"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for seed in range(-10, count):
            body = {"kind": "text", "sku": "BENCH", "locale": "en", "seed": seed + 10}
            start = time.perf_counter()
            answer = await http.post("/v1/jobs", json=body, headers=headers)
            if answer.json()["status"] != "succeeded":
                raise RuntimeError(f"the no-op job did not succeed: {answer.text[:300]}")
            if seed >= 0:
                took.append(1000 * (time.perf_counter() - start))
    return took


async def _p50_ms(call: Callable[[], Awaitable[Any]], count: int) -> float:
    took: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        await call()
        took.append(1000 * (time.perf_counter() - start))
    return median(took)


async def _hammered(port: int, path: str, seconds: float) -> dict[str, float]:
    """What a client in another process measures over 16 connections."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "serving.bench.client", str(port), path, "16", str(seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await client.communicate()
    if client.returncode:
        raise RuntimeError("the bench client failed; it said why above")
    return json.loads(said)


def _plain() -> FastAPI:
    """The least that FastAPI can do: one route, one small answer."""
    plain = FastAPI()

    @plain.get("/")
    async def hello() -> dict[str, str]:
        return {"status": "ok"}

    return plain


@asynccontextmanager
async def listening(served: FastAPI) -> AsyncIterator[int]:
    """The app behind uvicorn on a free port of loopback; the port."""
    config = uvicorn.Config(served, port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
