"""`/mcp`: the Model Context Protocol, so that a merchant's agent asks for media and sees the queue.

Stateless: each call is answered by a server of its own, so that any door of many may answer it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, TypeAdapter, ValidationError
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from content_engine.errors import ContentEngineError, InvalidBrief
from content_engine.types import JobStatus, Kind
from serving.api.door import Door
from serving.api.jobs import brief_of
from serving.api.wire import JobIn, job_out, result_out

if TYPE_CHECKING:  # half a second of imports that only a door with agents needs
    from mcp.server.mcpserver import MCPServer

_INSTRUCTIONS = (
    "Makes copy, pictures and clips of a shop's products and judges them. Ask with request_media, "
    "then look at media_status until the status is final; assets have addresses of their own."
)
Sku = Annotated[str, Field(description="The product's SKU.", max_length=200)]
Spec = Annotated[
    dict[str, Any] | None,
    Field(
        description='As in POST /v1/jobs: {"shot": "packshot" | "scene" | "cutout", "aspects": '
        '["1:1"]} for an image, {"aspect": "9:16"} for a video, {"voice": "warm"} for a text.'
    ),
]


def routes(door: Door) -> APIRouter:
    """The one address of agents."""
    router = APIRouter()
    router.routes.append(Route("/mcp", _Agents(door), include_in_schema=False))
    return router


class _Agents:
    """The protocol's address as an ASGI app."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one call."""
        from mcp.server.transport_security import TransportSecuritySettings

        # The gate in front of the door has looked at keys and origins.
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        app = _server(self._door).streamable_http_app(
            stateless_http=True, json_response=True, transport_security=security
        )
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)


def _server(door: Door) -> MCPServer:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("content-engine", instructions=_INSTRUCTIONS, version="1")

    @server.tool()
    async def request_media(
        sku: Sku,
        kind: Literal["text", "image", "video"],
        locale: Annotated[str, Field(description="Language of copy and captions.")] = "en",
        spec: Spec = None,
    ) -> dict[str, Any]:
        """Asks for media of a product; answers at once with the job, which machines work on."""
        return await _told(lambda: _submitted(door, sku, kind, locale, spec or {}))

    @server.tool()
    async def media_status(
        job_id: Annotated[str, Field(description="As request_media answered.")],
    ) -> dict[str, Any]:
        """The job, and once it has ended the candidates with their assets, verdicts and faults."""
        return await _told(lambda: _result(door, job_id))

    @server.tool()
    async def list_jobs(
        status: Annotated[JobStatus | None, Field(description="Only those.")] = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """The newest jobs, newest first."""
        return await _told(lambda: _listed(door, status, limit))

    @server.tool()
    async def list_queue() -> dict[str, Any]:
        """How many jobs stand in each status; those in review wait for a person."""
        return await _told(lambda: _counted(door))

    return server


async def _told(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work gives. The engine's own errors become words for the agent."""
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        return await asyncio.to_thread(work)
    except ContentEngineError as error:
        raise ToolError(str(error)) from error


def _submitted(
    door: Door, sku: str, kind: str, locale: str, spec: dict[str, Any]
) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": kind, "sku": sku, "spec": spec}
    if Kind(kind) is not Kind.IMAGE:
        body["locale"] = locale
    try:
        order = TypeAdapter[JobIn](JobIn).validate_python(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise InvalidBrief(f"{where}: {first['msg']}") from error
    (job,) = door.ledger.submit([brief_of(door, order)], tenant=door.tenant)
    door.news.submitted()
    return _job(door, job.id)


def _job(door: Door, job_id: str) -> dict[str, Any]:
    return job_out(door.ledger.job_row(job_id, door.tenant))


def _result(door: Door, job_id: str) -> dict[str, Any]:
    attempts = door.ledger.attempts(job_id, door.tenant)
    delivered = door.ledger.delivered(job_id)
    return result_out(_job(door, job_id), attempts, delivered=delivered, tariff=door.tariff)


def _listed(door: Door, status: JobStatus | None, limit: int) -> dict[str, Any]:
    page = door.ledger.job_rows(door.tenant, status=status, limit=limit)
    return {"jobs": [job_out(row) for row in page.items]}


def _counted(door: Door) -> dict[str, Any]:
    counts = door.ledger.counts(door.tenant)
    return {"jobs": {status.value: counts.get(status, 0) for status in JobStatus}}
