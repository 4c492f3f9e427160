"""The steps that the ledger's transactions are made of. Each takes the time it is written at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content_engine.codec import to_json
from content_engine.errors import Conflict, GenerationFailed, InvalidFeed, LeaseLost
from content_engine.ledger import outbox, rows
from content_engine.ledger.sessions import Answer
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
        session.send("add_queued_events", {"first_id": added[0]["id"], "last_id": added[-1]["id"]})
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


def lock(session: Session, claim: Claim, *, now_us: int) -> None:
    """Makes sure that the claim still holds, until this transaction ends it. Raises LeaseLost.

    On Postgres that is known with the next answer, and before the transaction commits.
    """
    _still_held(session, "lock_claim", claim, now_us=now_us)


def hold(session: Session, claim: Claim, *, now_us: int) -> None:
    """Makes sure that the claim still holds, and says that its job moves on. Raises LeaseLost.

    Known when `lock` is.
    """
    _still_held(session, "hold", claim, now_us=now_us)


def _still_held(session: Session, name: str, claim: Claim, *, now_us: int) -> None:
    held = {"id": claim.job.id, "token": claim.token, "now_us": now_us}
    lost = f"job {claim.job.id} is no longer this worker's: it was cancelled or its lease ran out"
    session.expect(name, held, LeaseLost(lost))


def cancel(session: Session, job_id: str, *, tenant: str, now_us: int) -> None:
    """Cancels the job if it is still under way, and withdraws what people were asked of it."""
    if session.run("cancel", {"id": job_id, "tenant": tenant, "now_us": now_us}):
        session.send("withdraw_cases", {"id": job_id})
        session.send("withdraw_corrections", {"id": job_id, "now_us": now_us})
        told = news(session, job_id)
        tell_status(session, told, status=JobStatus.CANCELLED, now_us=now_us)


def readable(claimed: Sequence[Row]) -> tuple[list[Job], dict[str, str]]:
    """The claimed jobs, and by id why no product can be read from the feed lines of the others."""
    jobs: list[Job] = []
    problems: dict[str, str] = {}
    for row in claimed:
        try:
            jobs.append(rows.job_with_brief(row))
        except InvalidFeed as error:
            problems[row.id] = f"line {rows.line_of(row.item)} of the feed: {error}"
    return jobs, problems


def fail_unread(session: Session, problems: Mapping[str, str], *, token: str, now_us: int) -> None:
    """Fails jobs, by id, that were just claimed and whose feed lines can't be read: why is said."""
    status = JobStatus.FAILED
    for job_id, problem in problems.items():
        end = {"id": job_id, "token": token, "status": status.value, "problem": problem}
        if session.run("end_claim", {**end, "now_us": now_us}):
            told = news(session, job_id)
            tell_status(session, told, status=status, now_us=now_us, problem=problem)


def end_claim(
    session: Session, claim: Claim, *, told: News, status: JobStatus, now_us: int, problem: str = ""
) -> None:
    """Gives the job its next status, takes the right to write away, and tells.

    To be called after `lock`. `told` was asked for before.
    """
    end = {"id": claim.job.id, "token": claim.token, "status": status.value, "problem": problem}
    session.send("end_claim", {**end, "now_us": now_us})
    tell_status(session, told, status=status, now_us=now_us, problem=problem)


def tally(session: Session, job_id: str) -> Row:
    """How the job stands: wanted, accepted, waiting (for people), ordered (corrections), status.

    `recheck` is 1 when a person answered while a worker had the job.
    """
    return counted(session.ask("tally", {"id": job_id}), job_id)


def counted(standing: Answer, job_id: str) -> Row:
    """The row of a `tally` that was asked for before. Raises LeaseLost when there is no job."""
    found = standing.rows()
    if not found:
        raise LeaseLost(f"there is no job {job_id}")
    return found[0]


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


def add_failed(
    session: Session, claim: Claim, recipe: Recipe, *, error: GenerationFailed, now_us: int
) -> None:
    """Records, once, that the recipe gave nothing, why, and what that took."""
    reason = str(error)
    values: dict[str, object] = {
        "outcome": rows.FAILED,
        "reason": reason,
        "body": to_json(recipe),
        "device": "cpu" if error.seconds else "",
        "seconds": error.seconds,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Who is told of a job's next status, and what ships: asked for before the status is known."""

    job_id: str
    audience: Answer
    delivered: Answer | None = None


def news(session: Session, job_id: str) -> News:
    """Who will be told of the job's next status, as of now."""
    return News(job_id=job_id, audience=session.ask("job_audience", {"id": job_id}))


def tell_status(
    session: Session, news: News, *, status: JobStatus, now_us: int, problem: str = ""
) -> None:
    """Writes the event of a job's new status, with its problem, or with the recipes that ship.

    The webhooks that want it get their messages in the same transaction.
    """
    detail: dict[str, object] = {"problem": problem} if problem else {}
    if status is JobStatus.SUCCEEDED:
        delivered = news.delivered or session.ask("delivered", {"id": news.job_id})
        detail["recipes"] = [row[0] for row in delivered.rows()]
    tell(session, [news.job_id], name=status.value, now_us=now_us, detail=canonical_json(detail))
    audience = news.audience.rows()
    outbox.tell_webhooks(session, news.job_id, audience=audience, status=status, now_us=now_us)
