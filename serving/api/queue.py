"""`/v1/queue`: how the reviewers' queue stands."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from content_engine.codec import to_plain
from serving.api.door import Door

_DAY_S = 86_400.0

Days = Annotated[float, Query(gt=0, le=365)]


def routes(door: Door) -> APIRouter:
    """The routes of the queue."""
    router = APIRouter(prefix="/v1/queue", tags=["queue"])

    @router.get("")
    async def get_queue(days: Days = 30.0) -> Response:
        """What waits by kind and age; verdicts, answers, pace and faults of the last `days`."""
        stats = await asyncio.to_thread(
            door.ledger.queue_stats, door.tenant, window_s=days * _DAY_S
        )
        return JSONResponse(to_plain(stats), headers={"cache-control": "no-store"})

    return router
