"""A shopper's try-on beside bulk try-ons: it overtakes them in the ledger and on the worker."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tryon_kit import STEPS_TAKEN, Boutique, boutique, events, form, picture

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


def bulk(shop: Boutique) -> Brief:
    """A try-on of the catalog that takes ten minutes."""
    product = shop.ledger.get_product("slow", "default")
    garment = Garment(kind=GarmentKind.UPPER, picture=product.photos[0].digest, layer=1, sku="slow")
    person = Digest(shop.vault.admit(picture(), ttl_s=600))
    spec = TryonSpec(person=person, garments=(garment,))
    return Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und", lane=Lane.BULK)


async def shown(http: httpx.AsyncClient) -> list[str]:
    """The events of a new try-on."""
    headers = {"Accept": "text/event-stream"}
    async with http.stream("POST", "/v1/tryon", headers=headers, timeout=120, **form()) as answer:
        return [name async for name, _, _ in events(answer)]


def test_a_shopper_s_steps_are_taken_before_the_next_of_bulk(
    tmp_path: Path, boutique_folder: Path, cluster: Cluster
) -> None:
    async def scene() -> str:
        executor = cluster.executor([Kind.TRYON])
        shop_of = boutique(boutique_folder, ledger_folder=tmp_path, executor=executor)
        async with shop_of as shop, shop.client() as http:
            steps = boutique_folder / STEPS_TAKEN
            began = steps.stat().st_size if steps.exists() else 0
            brief = bulk(shop)
            many = [replace(brief, seed=seed) for seed in range(BULK_JOBS)]
            shop.ledger.submit(many, tenant="default", batch="night")
            async with asyncio.timeout(60):
                while not steps.exists() or "-" not in steps.read_text()[began:]:
                    await asyncio.sleep(0.01)
            assert {"preview", "result"} <= set(await shown(http))
            counts = shop.ledger.batch_counts("night", "default")
            assert counts[JobStatus.SUCCEEDED] == 0, "the bulk work was still under way"
            return steps.read_text()[began:]

    taken = asyncio.run(scene())
    assert re.fullmatch(r"-+\++-*", taken), f"bulk's steps (-) between a shopper's (+): {taken}"
