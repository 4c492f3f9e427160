"""Shoppers who leave: their try-on is cancelled, its worker free within a step. On Ray Serve."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from tryon_kit import Boutique, boutique, events, form

from content_engine.types import JobStatus, Kind
from serving.deployments import Cluster

pytestmark = pytest.mark.cluster
SSE = {"Accept": "text/event-stream"}


async def result_of(http: httpx.AsyncClient, **order: Any) -> dict[str, Any]:
    """What a new try-on gives; its worker may be far behind."""
    async with http.stream("POST", "/v1/tryon", headers=SSE, timeout=120, **order) as answer:
        async for name, told, _ in events(answer):
            if name == "result":
                return told
    raise AssertionError("no result came")


async def until_running(shop: Boutique, *, jobs: int = 1) -> None:
    async with asyncio.timeout(60):
        while shop.ledger.counts("default")[JobStatus.RUNNING] < jobs:
            await asyncio.sleep(0.01)


async def until_cancelled(shop: Boutique, *, jobs: int = 1) -> None:
    async with asyncio.timeout(30):
        while shop.ledger.counts("default")[JobStatus.CANCELLED] < jobs:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("stream", [True, False], ids=["events", "waiting"])
def test_a_closed_connection_frees_the_worker_between_two_steps(
    tmp_path: Path, boutique_folder: Path, cluster: Cluster, stream: bool
) -> None:
    """Work of ten minutes: the next shopper is served because it was left, not because it ended."""

    async def scene() -> dict[str, Any]:
        executor = cluster.executor([Kind.TRYON])
        shop_of = boutique(boutique_folder, ledger_folder=tmp_path, executor=executor)
        async with shop_of as shop, shop.client() as http:
            headers = SSE if stream else {}
            slow = http.post("/v1/tryon", headers=headers, timeout=600, **form({"sku": "slow"}))
            leaving = asyncio.create_task(slow)
            await until_running(shop)
            await asyncio.sleep(0.5)  # the only worker is in the midst of it
            leaving.cancel()
            told = await result_of(http, **form({"sku": "tee"}))
            await until_cancelled(shop)
            return told

    assert asyncio.run(scene())["status"] == "succeeded"


def test_a_try_on_goes_on_while_anybody_waits_for_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with boutique(tmp_path) as shop, shop.client() as http, shop.client() as twin:
            key, order = {"Idempotency-Key": "k"}, form({"sku": "slow"})
            long = key | {"Prefer": "wait=60"}
            one = asyncio.create_task(twin.post("/v1/tryon", headers=long, timeout=120, **order))
            await until_running(shop)
            async with http.stream("POST", "/v1/tryon", headers=SSE | key, **order) as other:
                told = events(other)  # held: a stream read by nobody is closed
                await anext(told)
                one.cancel()
                await asyncio.sleep(0.5)
                short = key | {"Prefer": "wait=1"}
                answer = await http.post("/v1/tryon", headers=short, **order)
                assert (answer.status_code, answer.json()["status"]) == (202, "running")
            await until_cancelled(shop)
            again = await http.post("/v1/tryon", headers=short, **order)
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
