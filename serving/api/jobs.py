"""`/v1/jobs`: work accepted once, looked at often, cancelled, followed live."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.responses import JSONResponse, Response

from content_engine.channels import channel
from content_engine.errors import InvalidBrief, NotFound
from content_engine.types import Brief, JobStatus
from serving.api.door import Door
from serving.api.wire import JobIn, JobsQuery, event_out, job_out, result_out

_WAIT_MOST_S = 60.0
_LOOK_AGAIN_S = 0.5
_KEEP_ALIVE_S = 15.0

# The route that is asked most reads its one parameter itself: FastAPI's solving costs 60 µs.
_JOB_ID = {
    "parameters": [{"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}]
}

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
Prefer = Annotated[str, Header()]
After = Annotated[int, Header(alias="Last-Event-ID", ge=0)]


def routes(door: Door) -> APIRouter:
    """The routes of jobs."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    _reading(router, door)
    _writing(router, door)
    return router


def _reading(router: APIRouter, door: Door) -> None:
    @router.get("/{job_id}", openapi_extra=_JOB_ID)
    async def get_job(request: Request) -> Response:
        """The job as it stands."""
        job_id = request.path_params["job_id"]
        return _json(job_out(door.ledger.job_row(job_id, door.tenant)))

    @router.get("")
    async def list_jobs(query: Annotated[JobsQuery, Query()]) -> Response:
        """Jobs, newest first; `next_cursor` asks for the page after."""
        page = door.ledger.job_rows(door.tenant, **query.model_dump())
        items = [job_out(row) for row in page.items]
        return JSONResponse({"items": items, "next_cursor": page.next_cursor})

    @router.get("/{job_id}/result")
    async def get_result(job_id: str) -> Response:
        """The job with its candidates: assets, verdicts, scores and evidence."""
        row = door.ledger.job_row(job_id, door.tenant)
        attempts = await asyncio.to_thread(door.ledger.attempts, job_id, door.tenant)
        delivered = await asyncio.to_thread(door.ledger.delivered, job_id)
        told = result_out(job_out(row), attempts, delivered=delivered, tariff=door.tariff)
        return JSONResponse(told)

    @router.get("/{job_id}/events")
    async def follow_job(job_id: str, last_event_id: After = 0) -> Response:
        """The job's events as they happen (SSE), until it has ended. Resumable by Last-Event-ID."""
        door.ledger.job_row(job_id, door.tenant)
        events = _events(door, job_id, after=last_event_id)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return EventSourceResponse(events, headers=headers)


def _writing(router: APIRouter, door: Door) -> None:
    @router.post("", status_code=202, responses={200: {"description": "Waited for: it has ended."}})
    async def create_job(body: JobIn, idempotency_key: Key = "", prefer: Prefer = "") -> Response:
        """Accepts a job. `Prefer: wait=10` holds the answer up to 10 s for the job's end."""
        brief = await asyncio.to_thread(brief_of, door, body)
        (job,) = await asyncio.to_thread(
            door.ledger.submit, [brief], tenant=door.tenant, key=idempotency_key
        )
        door.news.submitted()
        wait_s = _wanted_wait_s(prefer)
        shown = await _settled(door, job.id, wait_s=wait_s)
        headers = {"location": shown["status_url"], "retry-after": "1"}
        if wait_s:
            headers["preference-applied"] = f"wait={wait_s:g}"
        done = wait_s > 0 and JobStatus(shown["status"]).is_final
        return JSONResponse(shown, 200 if done else 202, headers=headers)

    @router.delete("/{job_id}")
    async def cancel_job(job_id: str) -> Response:
        """Cancels the job if it was still under way; the job as it stands then."""
        await asyncio.to_thread(door.ledger.cancel, job_id, door.tenant)
        door.news.changed(job_id)
        return JSONResponse(job_out(door.ledger.job_row(job_id, door.tenant)))


def brief_of(door: Door, body: JobIn) -> Brief:
    """The brief of a body. Raises InvalidBrief naming what is unknown and what is known."""
    channel(body.channel)
    try:
        product = door.ledger.get_product(body.sku, door.tenant)
    except NotFound as error:
        raise InvalidBrief(f"{error}; PUT /v1/products/{body.sku} first") from error
    brief = body.brief(product, locales=door.locales)
    door.check(brief)
    return brief


def _wanted_wait_s(prefer: str) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 60; 0 without it."""
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,4})\b", prefer)
    return min(float(found[1]), _WAIT_MOST_S) if found else 0.0


async def _settled(door: Door, job_id: str, *, wait_s: float) -> dict[str, Any]:
    """The job once machines are done with it, or as it stands when the time is up."""
    end = time.monotonic() + wait_s
    with door.news.watch_job(job_id) as watch:
        while True:
            row = door.ledger.job_row(job_id, door.tenant)
            left_s = end - time.monotonic()
            if row.status.is_final or left_s <= 0 or door.news.is_closing:
                return job_out(row)
            await watch.wait(min(left_s, _LOOK_AGAIN_S))


async def _events(door: Door, job_id: str, *, after: int) -> AsyncIterator[bytes]:
    """The job's events after a sequence number, each once, then the end or a sign of life."""
    quiet_since = time.monotonic()
    with door.news.watch_job(job_id) as watch:
        while True:
            ended = door.ledger.job_row(job_id, door.tenant).status.is_final
            for event in door.ledger.events(job_id, door.tenant, after=after):
                after, quiet_since = event.sequence, time.monotonic()
                data = json.dumps(event_out(event), ensure_ascii=False)
                yield format_sse_event(data_str=data, event=event.name, id=str(event.sequence))
            if ended or door.news.is_closing:  # the client comes again with Last-Event-ID
                return
            if time.monotonic() - quiet_since > _KEEP_ALIVE_S:
                quiet_since = time.monotonic()
                yield format_sse_event(comment="still running")
            await watch.wait(_LOOK_AGAIN_S)


def _json(body: dict[str, Any]) -> Response:
    """A small JSON answer by the shortest way: this route is asked thousands of times a second."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, media_type="application/json")
