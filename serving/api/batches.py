"""`/v1/batches`: a feed and what to make of each product in it, taken in while it comes."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse

from content_engine.batches import Batch, ItemOutcome
from content_engine.errors import InvalidBrief
from content_engine.feeds import FeedFormat, feed_lines
from content_engine.intake import take_in
from content_engine.types import Brief
from serving.api.door import Door
from serving.api.streams import PulledFile, StreamedForm
from serving.api.wire_batches import batch_out, orders_of, outcome_out, progress_out

_BUFFER_BYTES = 1 << 18
_RESULTS_AT_ONCE = 500

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
Limit = Annotated[int, Query(ge=1, le=200)]

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["briefs", "feed"],
                    "properties": {
                        "briefs": {
                            "type": "string",
                            "description": "JSON list of jobs without sku; locales and channels "
                            "stand for a brief each",
                        },
                        "language": {"type": "string", "description": "of the feed, BCP 47"},
                        "format": {"type": "string", "enum": [item.value for item in FeedFormat]},
                        "feed": {"type": "string", "format": "binary", "description": "last part"},
                    },
                }
            }
        },
    }
}


def routes(door: Door) -> APIRouter:
    """The routes of batches."""
    router = APIRouter(prefix="/v1/batches", tags=["batches"])
    _reading(router, door)
    _writing(router, door)
    return router


def _reading(router: APIRouter, door: Door) -> None:
    ledger, tenant = door.ledger, door.tenant

    @router.get("")
    async def list_batches(limit: Limit = 50) -> Response:
        """The newest batches first."""
        found = await asyncio.to_thread(ledger.batch_list, tenant, limit=limit)
        return JSONResponse({"items": [batch_out(batch) for batch in found]})

    @router.get("/{batch_id}")
    async def get_batch(batch_id: str) -> Response:
        """How the batch stands: counts by state, what it cost so far, time left."""
        found = await asyncio.to_thread(ledger.batch_progress, batch_id, tenant)
        return JSONResponse(progress_out(found, door.tariff))

    @router.get("/{batch_id}/results")
    async def get_results(batch_id: str) -> Response:
        """What became of every brief of every line, as NDJSON in the feed's order."""
        await asyncio.to_thread(ledger.batch, batch_id, tenant)
        told = _told(ledger.batch_outcomes(batch_id, tenant))
        return StreamingResponse(told, media_type="application/x-ndjson")


def _writing(router: APIRouter, door: Door) -> None:
    @router.post("", status_code=202, openapi_extra=_FORM)
    async def create_batch(request: Request, idempotency_key: Key = "") -> Response:
        """Accepts a feed (JSONL, CSV, TSV, Shopify CSV; gzip too) line by line while it comes.

        With an `Idempotency-Key` the same batch sent again adds nothing, and goes on where a
        broken upload stopped.
        """
        content_type = request.headers.get("content-type", "")
        form = StreamedForm(content_type, _chunks(request), file="feed")
        fields = await form.fields()
        orders = orders_of(fields.get("briefs", ""), locales=door.locales)
        batch = await _taken_in(door, form, fields, orders=orders, key=idempotency_key)
        door.news.submitted()
        shown = batch_out(batch)
        return JSONResponse(shown, 202, headers={"location": shown["status_url"]})

    @router.post("/{batch_id}/pause")
    async def pause_batch(batch_id: str) -> Response:
        """Lets running jobs end and starts no other."""
        found = await asyncio.to_thread(door.ledger.pause_batch, batch_id, door.tenant)
        return JSONResponse(batch_out(found))

    @router.post("/{batch_id}/resume")
    async def resume_batch(batch_id: str) -> Response:
        """Goes on with a paused batch."""
        found = await asyncio.to_thread(door.ledger.resume_batch, batch_id, door.tenant)
        door.news.submitted()
        return JSONResponse(batch_out(found))

    @router.delete("/{batch_id}")
    async def cancel_batch(batch_id: str) -> Response:
        """Cancels every job of the batch that has not ended."""
        found = await asyncio.to_thread(door.ledger.cancel_batch, batch_id, door.tenant)
        return JSONResponse(batch_out(found))


async def _taken_in(
    door: Door,
    form: StreamedForm,
    fields: dict[str, str],
    *,
    orders: tuple[Brief, ...],
    key: str,
) -> Batch:
    language, named = fields.get("language") or "en", fields.get("format")
    if named is not None and named not in tuple(FeedFormat):
        raise InvalidBrief(f"unknown format {named!r}; known: {', '.join(FeedFormat)}")
    source = io.BufferedReader(PulledFile(form, asyncio.get_running_loop()), _BUFFER_BYTES)
    name = form.filename or "feed"
    file_format = FeedFormat(named) if named else None

    def take() -> Batch:
        lines = feed_lines(source, name=name, format=file_format, language=language)
        batch = door.ledger.start_batch(orders, tenant=door.tenant, key=key, language=language)
        *_, last = take_in(batch, lines, ledger=door.ledger)
        return last

    return await asyncio.to_thread(take)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; a client that went away is the end of it."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        return


async def _told(outcomes: Iterator[ItemOutcome]) -> AsyncIterator[bytes]:
    """The outcomes as lines of JSON, read in a thread some hundred at a time."""

    def some() -> bytes:
        return b"".join(map(_line, islice(outcomes, _RESULTS_AT_ONCE)))

    while piece := await asyncio.to_thread(some):
        yield piece


def _line(outcome: ItemOutcome) -> bytes:
    told: dict[str, Any] = outcome_out(outcome)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
