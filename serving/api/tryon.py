"""`/v1/tryon`: a person and garments in; a first look, then the picture, or a reason why not."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from serving.api.door import Door
from serving.api.problems import problem_response
from serving.api.shops import Rates, shop_of
from serving.api.tryon_desk import Desk
from serving.api.tryon_follow import Tryon, accepted_out, ended, follow, standing, tryon_of
from serving.api.tryon_orders import read_order
from serving.api.tryon_schema import STREAM, body
from serving.api.wire_tryon import TryonOut

_WAIT_USUAL_S = 20.0
_WAIT_MOST_S = 60.0
_KEEP_ALIVE_S = 15.0
_ENDS = frozenset({"result", "refused"})
_LEFT = 499
"""What logs and metrics show for a shopper who left. Source: nginx, client closed request."""
_NO_STORE = {"cache-control": "no-store", "x-accel-buffering": "no"}

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
Prefer = Annotated[str, Header()]


def routes(door: Door) -> APIRouter:
    """The routes of try-ons."""
    router = APIRouter(prefix="/v1/tryon", tags=["tryon"])
    _ordering(router, door)
    _following(router, door)
    return router


def _ordering(router: APIRouter, door: Door) -> None:
    desk, rates = Desk(door), Rates()

    @router.post("", response_model=TryonOut, responses=STREAM, openapi_extra=body())
    async def create_tryon(
        request: Request, idempotency_key: Key = "", prefer: Prefer = ""
    ) -> Response:
        """The try-on, waited for; events instead with `Accept: text/event-stream`.

        `Prefer: wait=N` waits up to N seconds (20 unless said, 60 at most), `respond-async` not at
        all. Who leaves before the answer cancels the try-on.
        """
        shop = shop_of(request)
        if refused := rates.refused(shop):
            return refused
        try:
            order = await read_order(request)
        except ClientDisconnect:
            return Response(status_code=_LEFT)
        tryon = await desk.take(order, shop=shop, key=idempotency_key)
        if _wants_events(request):
            return _streamed(_ordered_events(door, desk, tryon, request))
        if "respond-async" in prefer:
            return _as_it_stands(door, tryon, applied="respond-async")
        return await _waited(door, desk, tryon, request)


def _following(router: APIRouter, door: Door) -> None:
    @router.get("/{job_id}", response_model=TryonOut, responses=STREAM)
    async def get_tryon(job_id: str, request: Request) -> Response:
        """The try-on as it stands, or its events; looking away cancels nothing."""
        tryon = await asyncio.to_thread(_found, door, job_id)
        if _wants_events(request):
            return _streamed(_events(door, tryon))
        return await asyncio.to_thread(_as_it_stands, door, tryon, applied="")

    @router.delete("/{job_id}", status_code=204)
    async def cancel_tryon(job_id: str) -> Response:
        """Cancels the try-on if it is still under way; the photo stays until its time."""
        await asyncio.to_thread(_found, door, job_id)
        await asyncio.to_thread(door.ledger.cancel, job_id, door.tenant)
        door.news.changed(job_id)
        return Response(status_code=204)


def _found(door: Door, job_id: str) -> Tryon:
    return tryon_of(door, door.ledger.job(job_id, door.tenant))


async def _waited(door: Door, desk: Desk, tryon: Tryon, request: Request) -> Response:
    """The end of the try-on, or how it stands when the time is up."""
    wait_s = _wanted_wait_s(request.headers.get("prefer", ""))
    end_at = time.monotonic() + wait_s
    with desk.audience.of(tryon.job_id) as seat:
        async with _presence(request) as left, aclosing(follow(door, tryon)) as steps:
            async for step in steps:
                if step.name in _ENDS:
                    seat.keep()
                    return _end_response(step.name, step.body)
                if left.is_set():
                    break
                if time.monotonic() > end_at:
                    seat.keep()
                    return _as_it_stands(door, tryon, applied=f"wait={wait_s:g}")
    return Response(status_code=_LEFT)


def _as_it_stands(door: Door, tryon: Tryon, *, applied: str) -> Response:
    """The end if there is one, else 202 and how it stands (200 where nobody asked to wait)."""
    row = door.ledger.job_row(tryon.job_id, door.tenant)
    if row.status.is_final:
        step = ended(door, tryon, row)
        return _end_response(step.name, step.body)
    headers = {"location": tryon.url, "retry-after": "1", **_NO_STORE}
    if applied:
        headers["preference-applied"] = applied
    return JSONResponse(standing(door, tryon, row), 202 if applied else 200, headers=headers)


def _end_response(name: str, body: dict[str, Any]) -> Response:
    if name == "refused":
        return problem_response(body, headers=_NO_STORE)
    return JSONResponse(body, headers=_NO_STORE)


def _streamed(events: AsyncGenerator[bytes, None]) -> Response:
    return EventSourceResponse(events, headers=_NO_STORE)


async def _ordered_events(
    door: Door, desk: Desk, tryon: Tryon, request: Request
) -> AsyncGenerator[bytes, None]:
    """The try-on's events; whoever stops listening before the end cancels it."""
    with desk.audience.of(tryon.job_id) as seat:
        async with _presence(request) as left, aclosing(_events(door, tryon)) as events:
            async for event in events:
                if left.is_set():
                    return
                if event:
                    yield event
        seat.keep()


async def _events(door: Door, tryon: Tryon) -> AsyncGenerator[bytes, None]:
    """`accepted`, `preview`, then `result` or `refused`; nothing to send is said as no bytes."""
    yield _event("accepted", accepted_out(tryon))
    quiet_since = time.monotonic()
    async with aclosing(follow(door, tryon)) as steps:
        async for step in steps:
            if step.name != "nothing":
                body = {"problem": step.body} if step.name == "refused" else step.body
                yield _event(step.name, body)
            elif time.monotonic() - quiet_since > _KEEP_ALIVE_S:
                quiet_since = time.monotonic()
                yield format_sse_event(comment="still running")
            else:
                yield b""


def _event(name: str, body: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(body, ensure_ascii=False), event=name)


@asynccontextmanager
async def _presence(request: Request) -> AsyncIterator[asyncio.Event]:
    """An event that is set once the connection is closed. The body must have been read."""
    left = asyncio.Event()

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left.set()

    listening = asyncio.create_task(listen())
    try:
        yield left
    finally:
        listening.cancel()


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


def _wanted_wait_s(prefer: str) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 60."""
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,4})\b", prefer)
    return min(float(found[1]), _WAIT_MOST_S) if found else _WAIT_USUAL_S
