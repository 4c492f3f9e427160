"""A shopper's try-on beside bulk try-ons: it overtakes them in the ledger and on the worker."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tryon_kit import SLOW_STEP_S, SLOW_STEPS, Boutique, boutique, events, form, picture

from content_engine.types import (
    Brief,
    Digest,
    Garment,
    GarmentKind,
    JobStatus,
    Kind,
    Lane,
    TryonSpec,
)
from serving.deployments import Cluster

pytestmark = pytest.mark.cluster
BULK_JOBS = 12
SLACK_S = 5.0
"""Others may hold the machine's cores; the bulk work would take four minutes."""


def bulk(shop: Boutique) -> Brief:
    """A try-on of the catalog that takes 20 s."""
    product = shop.ledger.get_product("slow", "default")
    garment = Garment(kind=GarmentKind.UPPER, picture=product.photos[0].digest, layer=1, sku="slow")
    person = Digest(shop.vault.admit(picture(), ttl_s=600))
    spec = TryonSpec(person=person, garments=(garment,))
    return Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und", lane=Lane.BULK)


async def shown_after_s(http: httpx.AsyncClient) -> tuple[float, float]:
    """Seconds until a new try-on's preview and until its result."""
    began, told = time.perf_counter(), {}
    headers = {"Accept": "text/event-stream"}
    async with http.stream("POST", "/v1/tryon", headers=headers, **form()) as answer:
        async for name, _, at in events(answer):
            told[name] = at - began
    return told["preview"], told["result"]


def test_a_shopper_waits_for_one_step_of_bulk_and_not_more(
    tmp_path: Path, boutique_folder: Path, cluster: Cluster
) -> None:
    async def scene() -> tuple[tuple[float, float], tuple[float, float]]:
        executor = cluster.executor([Kind.TRYON])
        shop_of = boutique(boutique_folder, ledger_folder=tmp_path, executor=executor)
        async with shop_of as shop, shop.client() as http:
            alone = await shown_after_s(http)
            brief = bulk(shop)
            many = [replace(brief, seed=seed) for seed in range(BULK_JOBS)]
            shop.ledger.submit(many, tenant="default", batch="night")
            async with asyncio.timeout(60):
                while shop.ledger.counts("default")[JobStatus.RUNNING] < 4:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            beside = await shown_after_s(http)
            counts = shop.ledger.batch_counts("night", "default")
            assert counts[JobStatus.SUCCEEDED] == 0, "the bulk work was still under way"
            return alone, beside

    alone, beside = asyncio.run(scene())
    for what, alone_s, beside_s in zip(("preview", "result"), alone, beside, strict=True):
        assert beside_s < alone_s + SLOW_STEP_S + SLACK_S, (
            f"the {what} took {beside_s:.2f} s beside {BULK_JOBS} bulk try-ons, alone "
            f"{alone_s:.2f} s; a step of theirs takes {SLOW_STEP_S} s, each of them "
            f"{SLOW_STEP_S * SLOW_STEPS:g} s"
        )
