"""The HTTP door: a plain ASGI app over ledger and store. It accepts work while makers restart.

Small SQLite reads (under 0.1 ms) run on the event loop: a hop to a thread would cost more.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assets.errors import AssetError
from content_engine.errors import ContentEngineError, Refused
from serving.api import (
    agents,
    assets,
    batches,
    cases,
    costs,
    health,
    history,
    jobs,
    openai,
    people,
    products,
    queue,
    tryon,
    uploads,
    webhooks,
)
from serving.api.border import BodyLimits, Border
from serving.api.door import Door
from serving.api.gate import Gate
from serving.api.problems import (
    MEDIA_TYPE,
    SCHEMA,
    code_of_status,
    documented,
    field_errors,
    problem,
)
from serving.api.tryon_problems import refusal_response
from serving.review import routes as review
from serving.review import session
from serving.storefront import routes as storefront

_ROOMS = (
    jobs,
    batches,
    webhooks,
    products,
    assets,
    uploads,
    people,
    tryon,
    cases,
    history,
    queue,
    costs,
    health,
    openai,
    agents,
    session,
    storefront,
)

_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""FastAPI's own would hold paths, query strings, words of errors; the border's are bounded."""


def create_app(door: Door) -> FastAPI:
    """The door as an ASGI app, over these parts."""
    app = _rooms(door)
    app.add_middleware(
        Gate,
        shops=door.shops,
        keys=door.keys,
        sessions=door.sessions,
        tenant=door.tenant,
        rooms=lambda tenant: _rooms(replace(door, tenant=tenant)),
    )
    limits = BodyLimits(most_bytes=door.body_max_bytes)
    app.add_middleware(Border, limits=limits, metrics=door.metrics)
    return app


def _rooms(door: Door) -> FastAPI:
    """Every route, over one tenant's things."""
    app = FastAPI(
        title="Content Engine",
        description="Produces the media of a shop's catalog, judged, and try-ons for its shoppers.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        telemetry=_SILENT,
        responses=documented(MEDIA_TYPE, SCHEMA),
    )
    for room in _ROOMS:
        app.include_router(room.routes(door))
    app.state.metrics = door.metrics
    app.include_router(review.routes())
    app.include_router(review.board_routes())
    app.add_exception_handler(Refused, _not_wearable)
    app.add_exception_handler(ContentEngineError, _engine_error)
    app.add_exception_handler(AssetError, _engine_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    return app


async def _engine_error(request: Request, error: Exception) -> Response:
    code = getattr(error, "code", "internal")
    request.app.state.metrics.errors.labels("door", code).inc()
    headers = {"retry-after": "5"} if getattr(error, "retryable", False) else None
    return problem(code, str(error), headers=headers)


async def _not_wearable(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return refusal_response(error)


async def _invalid(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    content_type = request.headers.get("content-type", "")
    if "json" not in content_type and any(item["loc"] == ("body",) for item in errors):
        detail = f"send the body as application/json, not as {content_type or 'nothing said'}"
        return problem("unsupported-content-type", detail)
    if any(item["type"] == "json_invalid" for item in errors):
        return problem("malformed-json", f"the body is not JSON: {errors[0]['ctx']['error']}")
    found = field_errors(errors)
    detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in found[:3])
    return problem("invalid-request", detail, errors=found)


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = f"{request.method} {request.url.path}: {getattr(error, 'detail', '')}"
    return problem(code_of_status(status), detail, headers=headers)
