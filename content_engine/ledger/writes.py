"""The steps that the ledger's transactions are made of. Each takes the time it is written at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from content_engine.codec import to_json
from content_engine.errors import Conflict, InvalidFeed, LeaseLost
from content_engine.ledger import outbox, rows
from content_engine.ledger.sql import Row, Session
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Claim,
    Job,
    JobStatus,
    Kind,
    Lane,
    Recipe,
    canonical_json,
)

_LANES: Mapping[Lane, int] = {Lane.INTERACTIVE: 0, Lane.BULK: 1}


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
            "item": 0,
            "place": 0,
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


def queues(kinds: Sequence[Kind], lane: Lane | None) -> list[dict[str, object]]:
    """The queues of those kinds, of one lane or of all, as the statements name them."""
    places = lanes(lane)
    return [{"kind": kind.value, "first": places[0], "last": places[-1]} for kind in kinds]


def lanes(lane: Lane | None) -> list[int]:
    """That lane, or all of them, as they stand in the ledger: the one to serve first, first."""
    return sorted(_LANES.values()) if lane is None else [_LANES[lane]]


def lane_number(lane: Lane) -> int:
    """The lane as it stands in the ledger."""
    return _LANES[lane]


def hold(session: Session, claim: Claim, *, now_us: int) -> None:
    """Makes sure that the claim still holds, for this transaction. Raises LeaseLost."""
    if session.run("hold", {"id": claim.job.id, "token": claim.token, "now_us": now_us}) != 1:
        raise LeaseLost(_lost(claim))


def cancel(session: Session, job_id: str, *, tenant: str, now_us: int) -> None:
    """Cancels the job if it is still under way, and withdraws what people were asked of it."""
    if session.run("cancel", {"id": job_id, "tenant": tenant, "now_us": now_us}):
        session.run("withdraw_cases", {"id": job_id})
        session.run("withdraw_corrections", {"id": job_id, "now_us": now_us})
        tell_status(session, job_id, status=JobStatus.CANCELLED, now_us=now_us)


def readable(session: Session, claimed: Sequence[Row], *, token: str, now_us: int) -> list[Job]:
    """The claimed jobs; those whose feed line no product can be read from fail, saying why."""
    jobs: list[Job] = []
    for row in claimed:
        try:
            jobs.append(rows.job_with_brief(row))
        except InvalidFeed as error:
            problem = f"line {rows.line_of(row.item)} of the feed: {error}"
            ended = {"id": row.id, "token": token, "status": JobStatus.FAILED.value}
            session.run("end_claim", {**ended, "problem": problem, "now_us": now_us})
            tell_status(session, row.id, status=JobStatus.FAILED, now_us=now_us, problem=problem)
    return jobs


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
    tell_status(session, claim.job.id, status=status, now_us=now_us, problem=problem)


def tally(session: Session, job_id: str) -> Row:
    """How the job stands: wanted, accepted, waiting (for people), ordered (corrections), status.

    `recheck` is 1 when a person answered while a worker had the job.
    """
    row = session.row("tally", {"id": job_id})
    if row is None:
        raise LeaseLost(f"there is no job {job_id}")
    return row


def add_judged(session: Session, claim: Claim, attempt: Attempt, *, now_us: int) -> bool:
    """True when the recipe was not recorded for this job before; then the attempt is, and told."""
    candidate, verdict = attempt.candidate, attempt.verdict
    values: dict[str, object] = {
        "outcome": verdict.outcome.value,
        "reason": "; ".join(verdict.reasons),
        "body": to_json(attempt),
        "device": candidate.device,
        "seconds": candidate.seconds,
        "judged_s": attempt.judged_s,
        "judged_on": attempt.judged_on,
    }
    if not _add_attempt(session, claim, candidate.recipe, values=values, now_us=now_us):
        return False
    add_uses(session, claim.job.id, candidate.recipe, assets=candidate.assets)
    detail = {
        "recipe": candidate.recipe.digest,
        "outcome": verdict.outcome.value,
        "reasons": list(verdict.reasons),
        "assets": [{"role": asset.role, "digest": asset.digest} for asset in candidate.assets],
    }
    tell(session, [claim.job.id], name="attempt", now_us=now_us, detail=canonical_json(detail))
    return True


def add_failed(session: Session, claim: Claim, recipe: Recipe, *, reason: str, now_us: int) -> None:
    """Records, once, that the recipe gave nothing."""
    values: dict[str, object] = {
        "outcome": rows.FAILED,
        "reason": reason,
        "body": to_json(recipe),
        "device": "",
        "seconds": 0.0,
        "judged_s": 0.0,
        "judged_on": "",
    }
    if _add_attempt(session, claim, recipe, values=values, now_us=now_us):
        detail = {
            "recipe": recipe.digest,
            "outcome": rows.FAILED,
            "reasons": [reason],
            "assets": [],
        }
        tell(session, [claim.job.id], name="attempt", now_us=now_us, detail=canonical_json(detail))


def _add_attempt(
    session: Session, claim: Claim, recipe: Recipe, *, values: dict[str, object], now_us: int
) -> bool:
    """True when the recipe was not recorded for this job before.

    `values` are outcome, reason, body, device, seconds, judged_s and judged_on of the attempt.
    """
    common = {"id": claim.job.id, "recipe_sha256": recipe.digest, "backend": recipe.backend}
    return session.run("add_attempt", {**common, **values, "now_us": now_us}) == 1


def add_uses(session: Session, job_id: str, recipe: Recipe, *, assets: Sequence[Asset]) -> None:
    """Remembers which assets the recipe made and which it took as ingredients."""
    made = [(asset.digest, 1) for asset in assets]
    taken = [(item.digest, 0) for item in recipe.ingredients]
    session.run_many(
        "add_asset_use",
        [
            {"digest": digest, "id": job_id, "recipe_sha256": recipe.digest, "made": is_made}
            for digest, is_made in made + taken
        ],
    )


def tell(
    session: Session, job_ids: Sequence[str], *, name: str, now_us: int, detail: str = "{}"
) -> None:
    """Writes an event of that name for each job."""
    session.run_many(
        "add_event",
        [{"id": job_id, "name": name, "now_us": now_us, "detail": detail} for job_id in job_ids],
    )


def tell_status(
    session: Session, job_id: str, *, status: JobStatus, now_us: int, problem: str = ""
) -> None:
    """Writes the event of a job's new status, with its problem, or with the recipes that ship.

    The webhooks that want it get their messages in the same transaction.
    """
    detail: dict[str, object] = {"problem": problem} if problem else {}
    if status is JobStatus.SUCCEEDED:
        detail["recipes"] = [row[0] for row in session.rows("delivered", {"id": job_id})]
    tell(session, [job_id], name=status.value, now_us=now_us, detail=canonical_json(detail))
    outbox.tell_webhooks(session, job_id, status=status, now_us=now_us)


def _lost(claim: Claim) -> str:
    return f"job {claim.job.id} is no longer this worker's: it was cancelled or its lease ran out"
