"""The load bench counts what clients see: each route's times, and every answer that is no success."""

import asyncio
from dataclasses import replace
from pathlib import Path

from content_engine.config import Settings
from content_engine.types import Brief, Kind, Product, TextSpec
from serving import app
from serving.bench.door import listening
from serving.bench.load_clients import Ask, Seen, drive
from serving.bench.load_mix import asks_of

PRODUCT = Product(sku="MUG", title="Mug", brand="", category=(), facts=(), photos=())
BRIEF = Brief(kind=Kind.TEXT, product=PRODUCT, spec=TextSpec(), locale="en")


def mix(job_id: str) -> list[Ask]:
    """What needs no replica, and a job that is cancelled right after."""
    looks = [ask for ask in asks_of(job_id, wait_s=0) if ask.form is None]
    late = replace(looks[-1], name="awaited", awaited=True, weight=5)
    cancel = Ask(
        method="POST",
        path="/v1/jobs",
        weight=5,
        name="POST /v1/jobs",
        body=lambda number: {"kind": "text", "sku": "MUG", "locale": "en", "seed": number},
        then=lambda job: Ask(method="DELETE", path=f"/v1/jobs/{job['id']}", name="DELETE"),
    )
    return [*looks, late, cancel]


async def driven(folder: Path, *, known: bool) -> Seen:
    parts = app.open_parts(replace(Settings(), data_dir=folder, device="none"))
    if known:
        parts.ledger.put_product(PRODUCT, "default")
    (job,) = parts.ledger.submit([BRIEF], tenant="default")
    async with listening(app.door(parts, checks={})) as port:
        seen = await drive(
            f"http://127.0.0.1:{port}", mix(job.id), lasts=lambda asked: asked < 60, clients=2
        )
    parts.ledger.close()
    return seen


def test_every_route_is_timed_and_failures_are_counted(tmp_path: Path) -> None:
    seen = asyncio.run(driven(tmp_path / "good", known=True))
    late = seen.errors.pop(("awaited", "not ended"))
    assert late == len(seen.took_ms["awaited"]), "nobody works: what has not ended is no success"
    assert not seen.errors, f"a sound door failed: {seen.errors}"
    rows = {row[0]: row for row in seen.rows(1.0)}
    assert "GET /v1/jobs/{id}" in rows
    made = len(seen.took_ms["POST /v1/jobs"])
    assert 0 < made == len(seen.took_ms["DELETE"]), "what was made is asked of right after"
    assert float(rows["GET /v1/jobs/{id}"][2]) <= float(rows["GET /v1/jobs/{id}"][4]), "p50 ≤ p99"
    seen = asyncio.run(driven(tmp_path / "bad", known=False))
    assert seen.errors["GET /v1/products/{sku}", "404"] > 0, "an unknown product is no success"
