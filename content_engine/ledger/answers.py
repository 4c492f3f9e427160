"""The steps that the transactions of cases, labels and corrections are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from uuid import uuid4

from content_engine.codec import from_json, to_json
from content_engine.errors import LeaseLost
from content_engine.ledger import risk, rows, writes
from content_engine.ledger.sessions import Answer
from content_engine.ledger.sql import Row, Session
from content_engine.review import CaseStatus, Label, LabelOutcome, Ordered
from content_engine.types import (
    Attempt,
    Claim,
    Digest,
    JobStatus,
    Kind,
    Severity,
    canonical_json,
)

_HELD_MOST = 2
"""The case before a reviewer and the next one, fetched ahead. Source: house rule."""


def open_case(session: Session, claim: Claim, attempt: Attempt, *, now_us: int) -> None:
    """Puts the candidate before a person, with the faults that the judge named."""
    job, recipe = claim.job, attempt.candidate.recipe
    case_id = uuid4().hex
    session.send(
        "add_case",
        {
            "case_id": case_id,
            "id": job.id,
            "recipe_sha256": recipe.digest,
            "reasons": json.dumps(attempt.verdict.reasons, ensure_ascii=False),
            "backend": recipe.backend,
            "due_at_us": risk.due_at_us(job.brief),
            "due_day": risk.due_day(job.brief, now_us=now_us),
            "value_at_risk": risk.value_at_risk(job.brief, attempt),
            "now_us": now_us,
        },
    )
    found = [item for score in attempt.scores for item in score.evidence]
    add_faults(
        session,
        (item.kind for item in found if item.severity >= Severity.MAJOR),
        case={
            "tenant": job.tenant,
            "case_id": case_id,
            "media": job.brief.kind.value,
            "backend": recipe.backend,
            "label_sequence": 0,
            "now_us": now_us,
        },
    )
    detail = canonical_json({"case": case_id, "recipe": recipe.digest})
    writes.tell(session, [job.id], name="case_opened", now_us=now_us, detail=detail)


def add_faults(session: Session, kinds: Iterable[str], *, case: dict[str, object]) -> None:
    """Counts each kind of fault once for the case."""
    session.run_many("add_fault", [case | {"kind": kind} for kind in sorted(set(kinds))])


def choose(
    session: Session, reviewer: str, *, tenant: str, kinds: Sequence[Kind], prefer: str, now_us: int
) -> str:
    """The id of the case that the reviewer gets now, or empty when none is free.

    First the preferred one; then, for who holds two already, the one held longest; then the best.
    """
    common = {"tenant": tenant, "reviewer": reviewer, "now_us": now_us}
    if prefer and (row := session.row("preferred_case", common | {"case_id": prefer})):
        return row.id
    held = session.rows("held_cases", common)
    if len(held) >= _HELD_MOST:
        return held[0].id
    best = [session.row("next_case", common | {"kind": kind.value}) for kind in kinds]
    order = sorted(
        (row.due_day, -row.value_at_risk, row.sequence, row.id) for row in best if row is not None
    )
    return order[0][3] if order else ""


def held(session: Session, token: str, *, now_us: int) -> Row:
    """The case that this token may label now. Raises LeaseLost saying who has it, or why not."""
    row = session.row("claimed_case", {"token": token})
    if row is None:
        raise LeaseLost("no case was claimed with this token: claim one")
    if row.token != token or row.status != CaseStatus.WAITING or row.lease_until_us <= now_us:
        raise LeaseLost(_why_lost(row, token=token, now_us=now_us))
    return row


def _why_lost(row: Row, *, token: str, now_us: int) -> str:
    case = f"case {row.id}"
    if row.status == CaseStatus.LABELLED:
        return f"{case} was answered by {row.reviewer}: take the next one"
    if row.status == CaseStatus.WITHDRAWN:
        return f"{case} is no longer of interest: its job was cancelled or has enough"
    if row.token == token or not row.token or row.lease_until_us <= now_us:
        return f"the time for {case} ran out: claim it again"
    if row.reviewer == row.claimant:
        return f"{case} was opened again by {row.reviewer}, in another window: go on there"
    until = rows.moment(row.lease_until_us).strftime("%H:%M")
    return f"{row.reviewer} has {case} now, until {until} UTC: take the next one"


def lock_job(session: Session, job_id: str, *, now_us: int) -> None:
    """Lets this transaction alone count the job's cases: two answers at once must not miss it."""
    session.send("lock_job", {"id": job_id, "now_us": now_us})


def write_label(session: Session, case: Row, label: Label, *, now_us: int) -> None:
    """Writes the answer, its faults, and the correction that it orders."""
    shared = {"case_id": case.id, "tenant": case.tenant, "backend": case.backend, "now_us": now_us}
    sequence = session.value(
        "add_label",
        {
            **shared,
            "token": case.token,
            "job_id": case.job_id,
            "kind": case.kind,
            "reviewer": label.reviewer,
            "outcome": label.outcome.value,
            "seconds": label.seconds,
            "body": to_json(label),
        },
    )
    session.send("answer_case", {"case_id": case.id, "outcome": label.outcome.value})
    if label.correction is not None:
        order = {"label_sequence": sequence, "case_id": case.id, "job_id": case.job_id}
        session.send("add_correction", order)
    seen = shared | {"label_sequence": sequence, "media": case.kind}
    add_faults(session, (fault.kind for fault in label.faults), case=seen)
    detail = {
        "case": case.id,
        "label": sequence,
        "outcome": label.outcome.value,
        "reviewer": label.reviewer,
    }
    writes.tell(
        session, [case.job_id], name="labelled", now_us=now_us, detail=canonical_json(detail)
    )


def carry_on(session: Session, job_id: str, outcome: LabelOutcome, *, now_us: int) -> None:
    """Moves the job on after an answer: done, back to the machines, or still with people.

    A running job is left to its worker, who looks again before it ends the job.
    """
    if session.run("recheck_job", {"id": job_id}):
        return
    count = writes.tally(session, job_id)
    if count.status != JobStatus.IN_REVIEW:
        return
    status = JobStatus.QUEUED
    if count.accepted >= count.wanted and not count.ordered:
        status = JobStatus.SUCCEEDED
        session.send("withdraw_cases", {"id": job_id})
    elif outcome is LabelOutcome.PASS and count.waiting:
        return
    _move(session, job_id, before=JobStatus.IN_REVIEW, status=status, now_us=now_us)


def settled(session: Session, job_id: str, standing: Answer) -> JobStatus:
    """The status of a job whose worker is done with it, from what is recorded (its tally)."""
    count = writes.counted(standing, job_id)
    if count.accepted >= count.wanted and not count.ordered:
        session.send("withdraw_cases", {"id": job_id})
        return JobStatus.SUCCEEDED
    if count.recheck or count.ordered:
        return JobStatus.QUEUED
    return JobStatus.IN_REVIEW if count.waiting else JobStatus.FAILED


def given_up(session: Session, job_id: str, *, problem: str, now_us: int) -> JobStatus:
    """The status of a job that machines can't go on with: people's, while cases are open.

    Corrections that were not carried out go back to people. What has enough has succeeded: a
    person may have passed it while machines toiled in vain.
    """
    reason = f"the correction could not be carried out: {problem}"
    count = writes.tally(session, job_id)
    if count.ordered:
        for row in session.rows("ordered", {"id": job_id}):
            refuse(session, job_id, row.case_id, reason=reason, now_us=now_us)
        count = writes.tally(session, job_id)
    if count.accepted >= count.wanted:
        session.send("withdraw_cases", {"id": job_id})
        return JobStatus.SUCCEEDED
    return JobStatus.IN_REVIEW if count.waiting else JobStatus.FAILED


def ordered(found: Sequence[Row]) -> tuple[Ordered, ...]:
    """A job's corrections that nobody has carried out yet, in the order they were given."""
    return tuple(
        Ordered(
            case_id=row.case_id,
            attempt=from_json(Attempt, row.attempt),
            label=from_json(Label, row.label),
        )
        for row in found
    )


def carried_out(
    session: Session, claim: Claim, case_id: str, *, recipe: Digest, now_us: int
) -> None:
    """Says which recipe carried the correction out. Raises LeaseLost when it was taken back."""
    done = {"status": "done", "recipe_sha256": recipe, "reason": "", "now_us": now_us}
    if not session.run("end_correction", {"case_id": case_id, "id": claim.job.id, **done}):
        raise LeaseLost(f"the correction of case {case_id} was taken back")


def refuse(session: Session, job_id: str, case_id: str, *, reason: str, now_us: int) -> None:
    """Puts the case before a person again, saying why its correction was not carried out."""
    refused = {"status": "refused", "recipe_sha256": "", "reason": reason, "now_us": now_us}
    if not session.run("end_correction", {"case_id": case_id, "id": job_id, **refused}):
        return
    reopen(session, job_id, case_id, reason=reason)
    detail = canonical_json({"case": case_id, "reason": reason})
    writes.tell(session, [job_id], name="case_reopened", now_us=now_us, detail=detail)


def reopen(session: Session, job_id: str, case_id: str, *, reason: str = "") -> None:
    """Puts the case before a person again; a reason goes before those it had."""
    known = json.loads(session.value("case_reasons", {"case_id": case_id, "id": job_id}))
    reasons = json.dumps([reason, *known] if reason else known, ensure_ascii=False)
    session.send("return_case", {"case_id": case_id, "reasons": reasons})


def take_back(session: Session, job_id: str, *, status: str, now_us: int) -> None:
    """Gives a job whose label was undone back to people, out of its worker's hands if need be."""
    session.send("restore_cases", {"id": job_id})
    after = JobStatus.QUEUED if writes.tally(session, job_id).ordered else JobStatus.IN_REVIEW
    if status != after:
        _move(session, job_id, before=JobStatus(status), status=after, now_us=now_us)


def _move(
    session: Session, job_id: str, *, before: JobStatus, status: JobStatus, now_us: int
) -> None:
    """Gives the job another status, takes it from its worker, and tells."""
    values = {"id": job_id, "status": status.value, "before": before.value, "now_us": now_us}
    if session.run("answer_job", values):
        writes.tell_status(session, writes.news(session, job_id), status=status, now_us=now_us)
