"""What runs, whether it is ready, and the metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from content_engine.channels import channels
from serving.api.door import HOUSE, Door
from serving.api.openai.asked import MODEL
from serving.api.problems import problem
from serving.gauges import Counted


def routes(door: Door) -> APIRouter:
    """The routes of health, metrics and models."""
    router = APIRouter(tags=["health"])
    # The house's operator sees all work, another tenant's only its own.
    whose = "" if door.tenant == HOUSE else door.tenant
    counted = Counted(lambda: door.ledger.standing(whose), metrics=door.metrics)

    @router.get("/healthz")
    async def alive() -> Response:
        """200 while the process answers."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def ready() -> Response:
        """200 when every part works, else 503 naming those that do not."""
        down = sorted(name for name, works in door.checks.items() if not works())
        if down:
            return problem("not-ready", f"not ready: {', '.join(down)}")
        return JSONResponse({"status": "ready", "checks": sorted(door.checks)})

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus' text format: of this process, and of the work on the ledger."""
        await asyncio.to_thread(counted.refresh)
        for part, works in door.checks.items():
            door.metrics.up.labels(part).set(works())
        return Response(door.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    _offering(router, door)
    return router


def _offering(router: APIRouter, door: Door) -> None:
    @router.get("/v1/models", tags=["models"])
    async def models() -> Response:
        """The backends and weights at work, with licences; locales and channels they serve.

        `data` is the list that OpenAI's clients read: the one name that their addresses know.
        """
        return JSONResponse(
            {
                "object": "list",
                "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "shop"}],
                "items": list(door.models),
                "locales": list(door.locales),
                "channels": sorted(channels()),
            }
        )
