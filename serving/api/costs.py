"""`/v1/costs` and `/v1/standing`: what it costs, and what waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from content_engine.costs import Bill, Line, Scope, bill
from content_engine.ledger.operating import Standing
from content_engine.types import JobStatus, Kind, Lane
from serving.api.door import Door
from serving.api.wire import Wire

Days = Annotated[float, Query(gt=0, le=3660)]
Name = Annotated[str, Query(max_length=200)]
Most = Annotated[int, Query(ge=1, le=1000)]


class CostLine(Wire):
    """What something cost: all attempts, also those that never shipped.

    `shipped` counts candidates, `assets` their files (known of products and in all). `device_s`
    went into making, `judged_s` into judging, both in the cost; `reviewer_s` is people's time, in
    no price. `cost_per_asset` is null while nothing shipped.
    """

    name: str
    attempts: int
    shipped: int
    assets: int
    device_s: float
    judged_s: float
    cost: float
    cost_per_asset: float | None
    reviewer_s: float


class CostsOut(Wire):
    """What was spent since then; `prices` are those of a second in `currency`.

    The dearest products first; `skus_in_all` says how many there are. Devices named in `unpriced`
    count as free: set `device_prices`.
    """

    since: AwareDatetime
    currency: str
    prices: dict[str, float]
    unpriced: list[str]
    whole: CostLine
    skus: list[CostLine]
    skus_in_all: int
    makers: list[CostLine]
    days: list[CostLine]


class JobCount(Wire):
    """How many jobs of a kind stand in a status."""

    kind: Kind
    status: JobStatus
    jobs: int


class Oldest(Wire):
    """How long the oldest waiting job of a kind and lane has waited."""

    kind: Kind
    lane: Lane
    seconds: float


class CaseCount(Wire):
    """How many cases of a kind wait for a person, and the oldest of them how long."""

    kind: Kind
    cases: int
    oldest_s: float


class StandingOut(Wire):
    """How the tenant's work stands just now. `not_begun`: lines of batches without a job yet."""

    jobs: list[JobCount]
    oldest: list[Oldest]
    not_begun: dict[Kind, int]
    cases: list[CaseCount]


def routes(door: Door) -> APIRouter:
    """The routes of costs and of how work stands."""
    router = APIRouter(prefix="/v1", tags=["operating"])

    @router.get("/costs")
    async def get_costs(
        response: Response, sku: Name = "", batch: Name = "", days: Days = 30.0, limit: Most = 100
    ) -> CostsOut:
        """What a product, a batch or everything of the last `days` cost on which devices."""
        since = datetime.now(UTC) - timedelta(days=days)
        scope = Scope(tenant=door.tenant, sku=sku, batch=batch)
        spending = await asyncio.to_thread(door.ledger.spending, scope, since=since)
        response.headers["cache-control"] = "no-store"
        return _costs_out(bill(spending, door.tariff), door=door, limit=limit)

    @router.get("/standing")
    async def get_standing(response: Response) -> StandingOut:
        """How many jobs stand where, what waits for people, and for how long."""
        response.headers["cache-control"] = "no-store"
        return _standing_out(await asyncio.to_thread(door.ledger.standing, door.tenant))

    return router


def _costs_out(found: Bill, *, door: Door, limit: int) -> CostsOut:
    return CostsOut(
        since=found.since,
        currency=door.tariff.currency,
        prices=dict(door.tariff.per_s),
        unpriced=list(found.unpriced),
        whole=_line_out(found.whole),
        skus=[_line_out(line) for line in found.skus[:limit]],
        skus_in_all=len(found.skus),
        makers=[_line_out(line) for line in found.makers],
        days=[_line_out(line) for line in found.days],
    )


def _line_out(line: Line) -> CostLine:
    return CostLine(
        name=line.name,
        attempts=line.attempts,
        shipped=line.shipped,
        assets=line.assets,
        device_s=line.device_s,
        judged_s=line.judged_s,
        cost=line.cost,
        cost_per_asset=line.cost_per_asset,
        reviewer_s=line.reviewer_s,
    )


def _standing_out(found: Standing) -> StandingOut:
    return StandingOut(
        jobs=[
            JobCount(kind=kind, status=status, jobs=jobs)
            for (kind, status), jobs in sorted(found.jobs.items())
        ],
        oldest=[
            Oldest(kind=kind, lane=lane, seconds=seconds)
            for (kind, lane), seconds in sorted(found.oldest_queued_s.items())
        ],
        not_begun=dict(found.not_begun),
        cases=[
            CaseCount(kind=kind, cases=cases, oldest_s=found.oldest_case_s[kind])
            for kind, cases in sorted(found.cases.items())
        ],
    )
