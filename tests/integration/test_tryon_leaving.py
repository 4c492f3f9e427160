"""Shoppers who leave: their try-on is cancelled, its worker free within a step. On Ray Serve."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tryon_kit import SLOW_STEP_S, SLOW_STEPS, Boutique, boutique, events, form

from content_engine.types import JobStatus, Kind
from serving.deployments import Cluster

pytestmark = pytest.mark.cluster
SSE = {"Accept": "text/event-stream"}
SLACK_S = 5.0
"""Others may hold the machine's cores; the work that is cancelled would take 20 s."""


async def first_preview(http: httpx.AsyncClient, **order: Any) -> float:
    """The moment at which the preview of a new try-on is there."""
    async with http.stream("POST", "/v1/tryon", headers=SSE, **order) as answer:
        async for name, _, at in events(answer):
            if name == "preview":
                return at
    raise AssertionError("no preview came")


async def until_running(shop: Boutique, *, jobs: int = 1) -> None:
    async with asyncio.timeout(60):
        while shop.ledger.counts("default")[JobStatus.RUNNING] < jobs:
            await asyncio.sleep(0.01)


async def until_cancelled(shop: Boutique, *, jobs: int = 1) -> None:
    async with asyncio.timeout(30):
        while shop.ledger.counts("default")[JobStatus.CANCELLED] < jobs:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("stream", [True, False], ids=["events", "waiting"])
def test_a_closed_connection_frees_the_worker_within_a_step(
    tmp_path: Path, boutique_folder: Path, cluster: Cluster, stream: bool
) -> None:
    async def scene() -> tuple[float, float]:
        executor = cluster.executor([Kind.TRYON])
        shop_of = boutique(boutique_folder, ledger_folder=tmp_path, executor=executor)
        async with shop_of as shop, shop.client() as http:
            began = time.perf_counter()
            usual_s = await first_preview(http, **form({"sku": "tee"})) - began
            headers = SSE if stream else {}
            slow = http.post("/v1/tryon", headers=headers, **form({"sku": "slow"}))
            leaving = asyncio.create_task(slow)
            await until_running(shop)
            await asyncio.sleep(0.5)  # the only worker is in the midst of it
            leaving.cancel()
            left_at = time.perf_counter()
            next_s = await first_preview(http, **form({"sku": "tee"})) - left_at
            await until_cancelled(shop)
            return usual_s, next_s

    usual_s, next_s = asyncio.run(scene())
    assert next_s < usual_s + SLOW_STEP_S + SLACK_S, (
        f"the next shopper's preview came {next_s:.2f} s after the one before had left; alone it "
        f"takes {usual_s:.2f} s, a step {SLOW_STEP_S} s, all steps {SLOW_STEP_S * SLOW_STEPS:g} s"
    )


def test_a_try_on_goes_on_while_anybody_waits_for_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with boutique(tmp_path) as shop, shop.client() as http, shop.client() as twin:
            headers, order = {"Idempotency-Key": "k", "Prefer": "wait=2"}, form({"sku": "slow"})
            one, other = (
                asyncio.create_task(each.post("/v1/tryon", headers=headers, **order))
                for each in (http, twin)
            )
            await until_running(shop)
            await asyncio.sleep(0.3)
            one.cancel()
            answer = await other
            assert (answer.status_code, answer.json()["status"]) == (202, "running")
            joined = SSE | {"Idempotency-Key": "k"}
            async with http.stream("POST", "/v1/tryon", headers=joined, **order) as third:
                await anext(events(third))
            await until_cancelled(shop)
            again = await http.post("/v1/tryon", headers=headers | {"Prefer": "wait=1"}, **order)
            assert again.json()["id"] != answer.json()["id"], "what was cancelled is taken up anew"

    asyncio.run(scene())


def test_who_comes_back_to_look_cancels_nothing_by_leaving(tmp_path: Path) -> None:
    async def scene() -> None:
        async with boutique(tmp_path) as shop, shop.client() as http:
            headers = {"Prefer": "respond-async"}
            job = (await http.post("/v1/tryon", headers=headers, **form({"sku": "slow"}))).json()
            looking = asyncio.create_task(http.get(job["status_url"], headers=SSE))
            await until_running(shop)
            await asyncio.sleep(0.2)
            looking.cancel()
            await asyncio.sleep(0.2)
            assert shop.ledger.job_row(job["id"], "default").status is JobStatus.RUNNING

    asyncio.run(scene())
