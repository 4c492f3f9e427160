"""The steps that the ledger's transactions are made of. Each takes the time it is written at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from content_engine.errors import Conflict, LeaseLost
from content_engine.ledger import rows
from content_engine.ledger.sql import Session
from content_engine.types import (
    Asset,
    Brief,
    Claim,
    Digest,
    Job,
    JobStatus,
    Kind,
    Lane,
    canonical_json,
)

_LANES = {Lane.INTERACTIVE: 0, Lane.BULK: 1}


def first_use(session: Session, bodies: Sequence[str], *, tenant: str, key: str) -> bool:
    """True when the key is new, and now taken. Raises Conflict when it stands for other briefs."""
    body_sha256 = hashlib.sha256("\n".join(bodies).encode()).hexdigest()
    values = {"tenant": tenant, "key": key, "body_sha256": body_sha256}
    if session.run("add_submission", values) == 1:
        return True
    known = session.value("submission", {"tenant": tenant, "key": key})
    if known != body_sha256:
        raise Conflict(f"the key {key!r} was used for another request: take a new key")
    return False


def enqueue(
    session: Session, briefs: Sequence[Brief], *, bodies: Sequence[str], common: Mapping[str, Any]
) -> tuple[Job, ...]:
    """The new jobs of the briefs. `common` holds tenant, key, batch and now_us of all of them."""
    added = [
        {
            **common,
            "id": job_id,
            "kind": brief.kind.value,
            "sku": brief.product.sku,
            "lane": _LANES[brief.lane],
            "wanted": brief.count,
            "body": body,
        }
        for job_id, brief, body in zip(rows.new_ids(len(briefs)), briefs, bodies, strict=True)
    ]
    if added:
        session.run_many("add_job", added)
        session.run_many("add_brief", added)
        session.run("add_queued_events", {"first_id": added[0]["id"], "last_id": added[-1]["id"]})
    at = rows.moment(common["now_us"])
    return tuple(
        Job(
            id=row["id"],
            brief=brief,
            status=JobStatus.QUEUED,
            created_at=at,
            updated_at=at,
            tenant=common["tenant"],
            batch=common["batch"],
        )
        for row, brief in zip(added, briefs, strict=True)
    )


def claimable(session: Session, kinds: Sequence[Kind], *, limit: int) -> list[int]:
    """Sequence numbers of the jobs to take, best first: interactive, then oldest."""
    found = [
        (row.lane, row.sequence)
        for kind in kinds
        for row in session.rows("claimable", {"kind": kind.value, "limit": limit})
    ]
    return [sequence for _, sequence in sorted(found)[:limit]]


def hold(session: Session, claim: Claim, *, now_us: int) -> None:
    """Makes sure that the claim still holds, for this transaction. Raises LeaseLost."""
    if session.run("hold", {"id": claim.job.id, "token": claim.token, "now_us": now_us}) != 1:
        raise LeaseLost(_lost(claim))


def end_claim(
    session: Session, claim: Claim, *, status: JobStatus, now_us: int, problem: str = ""
) -> None:
    """Gives the job its next status and takes the right to write away. Raises LeaseLost."""
    ended = session.run(
        "end_claim",
        {
            "id": claim.job.id,
            "token": claim.token,
            "status": status.value,
            "problem": problem,
            "now_us": now_us,
        },
    )
    if ended != 1:
        raise LeaseLost(_lost(claim))
    detail = {"problem": problem} if problem else {}
    tell(session, [claim.job.id], name=status.value, now_us=now_us, detail=canonical_json(detail))


def tally(session: Session, claim: Claim) -> tuple[int, int, int]:
    """How many candidates are wanted, accepted, and before a person."""
    row = session.row("tally", {"id": claim.job.id})
    if row is None:
        raise LeaseLost(_lost(claim))
    return row.wanted, row.accepted, row.waiting


def add_attempt(
    session: Session, claim: Claim, *, recipe: Digest, now_us: int, values: dict[str, object]
) -> bool:
    """True when the recipe was not recorded for this job before.

    `values` are outcome, reason, body, device and seconds of the attempt.
    """
    added = session.run(
        "add_attempt", {"id": claim.job.id, "recipe_sha256": recipe, "now_us": now_us, **values}
    )
    return added == 1


def open_case(
    session: Session, claim: Claim, *, recipe: Digest, reasons: Sequence[str], now_us: int
) -> None:
    """Puts the candidate before a person."""
    session.run(
        "add_case",
        {
            "case_id": uuid4().hex,
            "id": claim.job.id,
            "recipe_sha256": recipe,
            "reasons": json.dumps(reasons, ensure_ascii=False),
            "now_us": now_us,
        },
    )


def tell(
    session: Session, job_ids: Sequence[str], *, name: str, now_us: int, detail: str = "{}"
) -> None:
    """Writes an event of that name for each job."""
    session.run_many(
        "add_event",
        [{"id": job_id, "name": name, "now_us": now_us, "detail": detail} for job_id in job_ids],
    )


def attempt_detail(
    recipe: Digest, *, outcome: str, reasons: Sequence[str], assets: Sequence[Asset]
) -> str:
    """The detail of an `attempt` event."""
    return canonical_json(
        {
            "recipe": recipe,
            "outcome": outcome,
            "reasons": list(reasons),
            "assets": [{"role": asset.role, "digest": asset.digest} for asset in assets],
        }
    )


def _lost(claim: Claim) -> str:
    return f"job {claim.job.id} is no longer this worker's: it was cancelled or its lease ran out"
