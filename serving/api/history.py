"""Everything that happened to an asset or to a job's candidates."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path

from content_engine.types import Digest
from serving.api.door import Door
from serving.api.sheets import happening_out
from serving.api.wire import Wire
from serving.api.wire_cases import HappeningOut

AssetDigest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


class HistoryOut(Wire):
    """What happened, oldest first."""

    items: list[HappeningOut]


def routes(door: Door) -> APIRouter:
    """The routes of histories."""
    router = APIRouter(tags=["history"])

    @router.get("/v1/assets/{digest}/history")
    async def asset_history(digest: AssetDigest) -> HistoryOut:
        """What happened to the asset, to what it was made from, and what became of it."""
        found = await asyncio.to_thread(door.ledger.history, Digest(digest), door.tenant)
        return HistoryOut(items=[happening_out(item) for item in found])

    @router.get("/v1/jobs/{job_id}/history")
    async def job_history(job_id: str) -> HistoryOut:
        """What happened to the job's candidates."""
        found = await asyncio.to_thread(door.ledger.job_history, job_id, door.tenant)
        return HistoryOut(items=[happening_out(item) for item in found])

    return router
