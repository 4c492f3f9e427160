"""`/v1/queue`: how the reviewers' queue stands."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from content_engine.codec import to_plain
from content_engine.faults import fault_kinds
from content_engine.ledger.queue import FaultCount, QueueStats
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
        return JSONResponse(_in_words(stats), headers={"cache-control": "no-store"})

    return router


def _in_words(stats: QueueStats) -> dict[str, Any]:
    """The numbers, each fault with its `name` in the words of the reviewer's page."""
    return to_plain(stats) | {"faults": [_named(each) for each in stats.faults]}


def _named(count: FaultCount) -> dict[str, Any]:
    """A kind that the vocabulary has lost since it was named has the empty name."""
    known = fault_kinds(count.kind).get(count.fault)
    return to_plain(count) | {"name": known.name if known else ""}
