"""`/v1/uploads`: a reviewer's own file into the store, a shopper's photo into the vault."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from assets.errors import CorruptMedia, UnsupportedMedia
from assets.looks import Looker
from content_engine.types import Digest
from serving.api.door import Door
from serving.api.forms import read_file
from serving.api.people import Reception
from serving.api.shops import Rates, shop_of
from serving.api.wire_cases import UploadOut
from serving.api.wire_tryon import PersonOut

Purpose = Literal["", "person"]

_COPY_MAX_BYTES = 200_000
"""A copy set in the longest language has 8 kB. House limit."""
_NO_LENGTHS = dict.fromkeys(("width_px", "height_px", "duration_s", "fps", "frames"), 0)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "*/*": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


def routes(door: Door) -> APIRouter:
    """The routes of uploads."""
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

    reception, rates = Reception(door), Rates()

    @router.post("", status_code=201, response_model=UploadOut | PersonOut, openapi_extra=_BODY)
    async def upload(request: Request, purpose: Purpose = "") -> Response:
        """The file's digest and what it is: a picture, a clip, or copy as JSON.

        The bytes are the body, or the part `file` of a form. They are kept as they are. The same
        bytes sent again give the same digest. With `purpose=person` it is a shopper's photo: kept
        in the vault without its metadata, gone after its time; each gets a handle of its own.
        """
        if purpose == "person":
            return await _person(request, reception, rates)
        data = await read_file(request)
        shown = await asyncio.to_thread(_kept, door, data)
        return JSONResponse(shown, 201, headers={"location": shown["url"]})

    return router


async def _person(request: Request, reception: Reception, rates: Rates) -> Response:
    shop = shop_of(request)
    if refused := rates.refused(shop):
        return refused
    admitted = await reception.admit(await read_file(request), shop=shop)
    headers = {"location": admitted.url, "cache-control": "no-store"}
    return JSONResponse(admitted.model_dump(mode="json"), 201, headers=headers)


def _kept(door: Door, data: bytes) -> dict[str, Any]:
    facts = _facts(data, looker=door.looker, max_bytes=door.body_max_bytes)
    digest = door.store.put(data)
    door.ledger.own_asset(Digest(digest), door.tenant)
    shown = UploadOut(digest=digest, url=f"/v1/assets/{digest}", size_bytes=len(data), **facts)
    return shown.model_dump(mode="json")


def _facts(data: bytes, *, looker: Looker, max_bytes: int) -> dict[str, Any]:
    """What the file is, after every byte of it was looked at.

    Raises UnsupportedMedia, CorruptMedia, TooLarge.
    """
    if _looks_like_json(data):
        if not _is_copy(data):
            raise UnsupportedMedia("the JSON is no object: copy is an object of slots")
        return {"media_type": "application/json", **_NO_LENGTHS}
    return {**_NO_LENGTHS, **looker.look("media_facts", data, max_bytes=max_bytes).facts}


def _looks_like_json(data: bytes) -> bool:
    return data[:64].lstrip()[:1] == b"{"


def _is_copy(data: bytes) -> bool:
    if len(data) > _COPY_MAX_BYTES:
        raise UnsupportedMedia(f"copy has at most {_COPY_MAX_BYTES} bytes, this file {len(data)}")
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError) as error:
        raise CorruptMedia(f"the file looks like JSON and is none: {error}") from error
