"""`/v1/products/{sku}`: what is sold, its photos fetched and kept."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from content_engine.codec import to_plain
from content_engine.errors import NotFound
from content_engine.ingest import ingest_photos
from content_engine.types import Product
from serving.api.door import Door
from serving.api.wire import ProductIn

Sku = Annotated[str, Path(min_length=1, max_length=200)]


def routes(door: Door) -> APIRouter:
    """The routes of products."""
    router = APIRouter(prefix="/v1/products", tags=["products"])

    @router.put("/{sku}", status_code=200, responses={201: {"description": "It is new."}})
    async def put_product(sku: Sku, body: ProductIn) -> Response:
        """Remembers a product, in place of an older one. Photos are fetched before it answers."""
        product, new = await asyncio.to_thread(_put, door, sku, body)
        headers = {"location": f"/v1/products/{quote(product.sku, safe='')}"} if new else None
        return JSONResponse(_shown(product), 201 if new else 200, headers=headers)

    @router.get("/{sku}")
    async def get_product(sku: Sku) -> Response:
        """The product, its facts as the engine understood them."""
        return JSONResponse(_shown(door.ledger.get_product(sku, door.tenant)))

    return router


def _put(door: Door, sku: str, body: ProductIn) -> tuple[Product, bool]:
    product = ingest_photos(
        body.item(sku), fetcher=door.fetcher, store=door.store, looker=door.looker
    )
    try:
        door.ledger.get_product(product.sku, door.tenant)
        new = False
    except NotFound:
        new = True
    door.ledger.put_product(product, door.tenant)
    return product, new


def _shown(product: Product) -> dict[str, Any]:
    """The product; a data URL is not sent back, its bytes have a digest."""
    plain = to_plain(product)
    for photo in plain["photos"]:
        photo["url"] = f"/v1/assets/{photo['digest']}"
        if photo["source"].startswith("data:"):
            photo["source"] = "data:"
    return plain
