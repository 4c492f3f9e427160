"""Rows of the ledger to nouns and back."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from content_engine.codec import from_json
from content_engine.errors import InvalidFeed
from content_engine.feeds.kept import kept_item
from content_engine.ledger.sql import Row
from content_engine.review import Case, CaseClaim, CaseStatus, LabelOutcome
from content_engine.types import Brief, Digest, Event, Job, JobStatus, Kind, Outcome

T = TypeVar("T")
LINES_MOST = 2**32
"""An item is its batch's sequence number times this, plus its line."""
FAILED = "FAILED"
"""The outcome of a recipe that gave nothing: no verdict was ever passed on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list; `next_cursor` asks for the one after it and is empty at the end."""

    items: tuple[T, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job without its brief: what a status page needs, without decoding a product."""

    id: str
    kind: Kind
    sku: str
    status: JobStatus
    created_at: datetime
    updated_at: datetime
    tenant: str
    batch: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the attempts of one kind on one device that ended alike took, in seconds."""

    kind: Kind
    device: str
    outcome: str
    attempts: int
    seconds: float


def moment(microseconds: int) -> datetime:
    """The time, UTC."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def job_of(row: Row, brief: Brief) -> Job:
    """The job of a row (id, tenant, batch, status, problem, created, updated)."""
    return Job(
        id=row[0],
        brief=brief,
        status=JobStatus(row[3]),
        created_at=moment(row[5]),
        updated_at=moment(row[6]),
        tenant=row[1],
        batch=row[2],
        problem=row[4],
    )


def job_of_row(row: JobRow, brief: Brief) -> Job:
    """The job of a row without brief, and its brief."""
    return Job(
        id=row.id,
        brief=brief,
        status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        tenant=row.tenant,
        batch=row.batch,
        problem=row.problem,
    )


def job_with_brief(row: Row) -> Job:
    """The job of a row of the `job` and `claimed` statements."""
    return job_of(row, brief_of(row))


def shown_job(row: Row) -> Job:
    """The job of a row to look at: of a line that can't be read, only the product's sku."""
    return job_of(row, shown_brief(row))


def shown_brief(row: Row) -> Brief:
    """The brief of a row to look at: of a line that can't be read, only the product's sku."""
    try:
        return brief_of(row)
    except InvalidFeed:
        order = from_json(Brief, row.order_body)
        return replace(order, product=replace(order.product, sku=row.sku))


def brief_of(row: Row) -> Brief:
    """The brief of a row: its own, or a batch's order for the product of one line.

    Raises InvalidFeed for a line that no product can be read from.
    """
    if row.body is not None:
        return from_json(Brief, row.body)
    item = kept_item(row.form, row.item_body, line=line_of(row.item))
    return replace(from_json(Brief, row.order_body), product=item.product)


def line_of(item: int) -> int:
    """The feed's line that an item stands for."""
    return item % LINES_MOST


def first_item(batch: int) -> int:
    """The item before the first of a batch, given by its sequence number."""
    return batch * LINES_MOST


def job_row(row: Sequence[Any]) -> JobRow:
    """The job of a row of the `job_row` statements."""
    return JobRow(
        id=row[1],
        tenant=row[2],
        batch=row[3],
        kind=Kind(row[4]),
        sku=row[5],
        status=JobStatus(row[6]),
        problem=row[7],
        created_at=moment(row[8]),
        updated_at=moment(row[9]),
    )


def event_of(row: Row) -> Event:
    """The event of a row of the `events` statement."""
    return Event(sequence=row[0], job_id=row[1], name=row[2], at=moment(row[3]), detail=row[4])


def case_of(row: Row) -> Case:
    """The case of a row of the `case` statements."""
    return Case(
        id=row.id,
        job_id=row.job_id,
        recipe_digest=Digest(row.recipe_sha256),
        reasons=tuple(json.loads(row.reasons)),
        opened_at=moment(row.opened_at_us),
        kind=Kind(row.kind),
        sku=row.sku,
        status=CaseStatus(row.status),
        due_at=moment(row.due_at_us) if row.due_at_us else None,
        value_at_risk=row.value_at_risk,
        backend=row.backend,
        reviewer=row.reviewer,
        lease_until=moment(row.lease_until_us) if row.token else None,
        answer=LabelOutcome(row.answer) if row.answer else None,
    )


def case_claim_of(row: Row) -> CaseClaim:
    """The claim of a row of the `claimed_case` statement."""
    return CaseClaim(
        case=case_of(row),
        reviewer=row.reviewer,
        token=row.token,
        lease_until=moment(row.lease_until_us),
    )


def cost_of(row: Row) -> Cost:
    """The cost of a row of the `costs` statement."""
    return Cost(kind=Kind(row[0]), device=row[1], outcome=row[2], attempts=row[3], seconds=row[4])


def problem_of(outcomes: Sequence[tuple[str, str]]) -> str:
    """Why a job came to nothing, in words for its sender: the reason of its best attempt."""
    if not outcomes:
        return "no recipe was left to try"
    ranks = {outcome.value: outcome.rank for outcome in Outcome} | {FAILED: len(Outcome)}
    outcome, reason = min(outcomes, key=lambda pair: ranks[pair[0]])
    tries = f"{len(outcomes)} tries" if len(outcomes) > 1 else "one try"
    if outcome == FAILED:
        return f"nothing could be made in {tries}: {reason}"
    return f"no candidate was accepted in {tries}; the best ended as {outcome}: {reason}"


def new_ids(count: int) -> Iterator[str]:
    """Fresh ids that sort by time: UUID version 7 as 32 hexadecimal digits.

    Ids of one call sort in its order. Source: RFC 9562, section 5.7.
    """
    stamp = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62
    # The top bit stays free, so that counting up never reaches the variant's bits.
    first = stamp | secrets.randbits(61)
    return (f"{first + index:032x}" for index in range(count))
