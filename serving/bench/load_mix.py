"""What the clients of `bench load` ask: of the engine, and of a bare app beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI, Request

from assets.store import AssetStore
from content_engine.flow import Planner
from content_engine.types import (
    Brief,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Lane,
    Product,
    TextSpec,
    TryonSpec,
)
from serving.bench.load_clients import Ask
from serving.bench.tryon_door import SAMPLES, sample_person
from serving.deployments import Cluster

_MUG, _TEE = "MUG", "TEE"
_BODY = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}
_WORN = json.dumps([{"sku": _TEE, "kind": "upper"}])
_PEOPLE = ("person-a.jpg", "person-b.jpg")
_TEXT, _TRYON = "POST /v1/jobs, to the judged text", "POST /v1/tryon, to the judged picture"


def asks_of(job_id: str, *, wait_s: int) -> tuple[Ask, ...]:
    """The engine's mix: many look, some send, one in thirty tries something on.

    A shopper's upload is deleted once the answer is there.
    """
    return (
        Ask(method="GET", path=f"/v1/jobs/{job_id}", weight=18, name="GET /v1/jobs/{id}"),
        Ask(method="GET", path=f"/v1/products/{_MUG}", weight=5, name="GET /v1/products/{sku}"),
        Ask(method="GET", path="/v1/queue?days=1", weight=1, name="GET /v1/queue"),
        Ask(method="GET", path="/v1/costs?days=1", weight=1, name="GET /v1/costs"),
        Ask(
            method="POST",
            path="/v1/jobs",
            weight=5,
            name=_TEXT,
            body=lambda number: {"kind": "text", "sku": _MUG, "locale": "en", "seed": number},
            headers={"Prefer": f"wait={wait_s}"},
            awaited=wait_s > 0,
        ),
        Ask(
            method="POST",
            path="/v1/tryon",
            weight=1,
            name=_TRYON,
            form=_shopper,
            headers={"Prefer": f"wait={wait_s}"},
            awaited=wait_s > 0,
            then=_forgotten,
        ),
    )


def _shopper(number: int) -> Mapping[str, Any]:
    return {"person": ("me.jpg", _photo(number), "image/jpeg"), "garments": (None, _WORN)}


def _photo(number: int) -> bytes:
    """Another file each time, so that nothing is known of it: a number stands behind its end."""
    return _person(_PEOPLE[number % len(_PEOPLE)]) + str(number).encode()


_person = cache(sample_person)


def _forgotten(answer: Mapping[str, Any]) -> Ask:
    place = f"/v1/uploads/{answer['upload']}"
    return Ask(method="DELETE", path=place, name="DELETE /v1/uploads/{handle}")


async def on_sale(url: str) -> str:
    """The id of a first job; the mug and the tee are known then, and every replica is warm."""
    picture = base64.b64encode((SAMPLES / "tshirt-main.jpg").read_bytes()).decode()
    tee = {"title": "Plain Tee", "photos": [{"source": f"data:;base64,{picture}"}]}
    async with httpx.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
        (await http.put(f"/v1/products/{_MUG}", json=_BODY)).raise_for_status()
        (await http.put(f"/v1/products/{_TEE}", json=tee)).raise_for_status()
        body = {"kind": "text", "sku": _MUG, "locale": "en"}
        wait = {"Prefer": "wait=60"}
        tried = await http.post("/v1/tryon", files=_shopper(0), headers=wait)
        upload = tried.raise_for_status().json()["upload"]
        (await http.delete(f"/v1/uploads/{upload}")).raise_for_status()
        answer = await http.post("/v1/jobs", json=body, headers=wait)
        return answer.raise_for_status().json()["id"]


def bare_asks() -> tuple[Ask, ...]:
    """The bare app's mix: as many of each as of the engine."""
    return (
        Ask(method="GET", path="/", weight=25, name="GET /"),
        Ask(
            method="POST",
            path="/make",
            weight=5,
            name="POST /make, to the text, unjudged",
            body=lambda number: {"seed": number},
        ),
        Ask(
            method="POST",
            path="/try",
            weight=1,
            name="POST /try, to the picture, unjudged",
            form=lambda number: {"person": _photo(number)},
        ),
    )


def bare(cluster: Cluster, planner: Planner, *, store: AssetStore) -> FastAPI:
    """What one would write without the engine: routes that await the replicas."""
    app = FastAPI()
    mug = Product(sku=_MUG, title=_BODY["title"], brand="", category=(), facts=(), photos=())
    picture = Digest(store.put((SAMPLES / "tshirt-main.jpg").read_bytes()))
    tee = Garment(kind=GarmentKind.UPPER, picture=picture, layer=1)

    async def made(brief: Brief) -> dict[str, Any]:
        recipe = next(iter(planner.plan(brief)))
        candidate = await cluster.handle(brief.kind.value).generate.remote(recipe, Lane.BULK)
        return {"assets": [asset.digest for asset in candidate.assets]}

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/make")
    async def make(body: dict[str, int]) -> dict[str, Any]:
        seed = body["seed"]
        return await made(
            Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="en", seed=seed)
        )

    @app.post("/try")
    async def try_on(request: Request) -> dict[str, Any]:
        part = (await request.form())["person"]
        photo = part.encode() if isinstance(part, str) else await part.read()
        spec = TryonSpec(person=Digest(store.put(photo)), garments=(tee,), private=False)
        return await made(Brief(kind=Kind.TRYON, product=mug, spec=spec, locale="und"))

    return app
