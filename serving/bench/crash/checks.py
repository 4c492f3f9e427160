"""What must be true after all the killing: nothing lost, nothing twice, nothing stuck."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from assets.store import AssetStore
from content_engine.ledger import Ledger
from content_engine.types import Job, JobStatus, Outcome
from serving import fsck
from serving.bench.crash.clients import Kept

_TENANT = "default"
_FINAL = frozenset(status.value for status in JobStatus if status.is_final)
_TAKEN_BACK = [JobStatus.IN_REVIEW.value, JobStatus.CANCELLED.value]
"""The one way from an end to another: a sender may cancel what a person was to see."""
_UNENDED = (JobStatus.QUEUED, JobStatus.RUNNING)


def until_quiet(ledger: Ledger, kept: Sequence[Kept], *, patience_s: float) -> float:
    """Seconds until no job was under way. Raises TimeoutError when none ended for `patience_s`."""
    began = moved = time.monotonic()
    left = -1
    while (now_left := _left(ledger, kept)) > 0:
        if now_left != left:
            left, moved = now_left, time.monotonic()
        if time.monotonic() - moved > patience_s:
            raise TimeoutError(f"{left} jobs are under way and none ended for {patience_s:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


def faults(ledger: Ledger, store: AssetStore, kept: Sequence[Kept]) -> Iterator[str]:
    """What is not as it must be, a line each."""
    for each in kept:
        yield from each.wrong
        for key, job_id in each.jobs.items():
            yield from _job_faults(ledger, job_id, key=key, told=each)
        for key, (batch_id, lines) in each.batches.items():
            yield from _batch_faults(ledger, batch_id, key=key, lines=lines)
    yield from _count_faults(ledger, kept)
    yield from fsck.check(ledger, store).lines()
    yield from (f"job {job_id} is past its lease" for job_id in ledger.stuck(grace_s=0.0))
    for digest in {made.digest for made in ledger.made()}:
        if hashlib.sha256(store.get(digest)).hexdigest() != digest:
            yield f"asset {digest} has other bytes than its name says"


def _left(ledger: Ledger, kept: Sequence[Kept]) -> int:
    counts = ledger.counts(_TENANT)
    waiting = sum(
        ledger.batch_progress(batch_id, _TENANT).counts["waiting"]
        for each in kept
        for batch_id, _ in each.batches.values()
    )
    return waiting + sum(counts.get(status, 0) for status in _UNENDED)


def _job_faults(ledger: Ledger, job_id: str, *, key: str, told: Kept) -> Iterator[str]:
    job = ledger.job(job_id, _TENANT)
    before = told.ended.get(job_id)
    if before is not None and job.status.value != before:
        yield f"job {job_id} ({key}) had ended {before} and is {job.status.value} now"
    if job.status is JobStatus.CANCELLED and job_id not in told.cancelled:
        yield f"job {job_id} ({key}) is cancelled and nobody did that"
    yield from _ending_faults(ledger, job)


def _ending_faults(ledger: Ledger, job: Job) -> Iterator[str]:
    if job.status not in (JobStatus.SUCCEEDED, JobStatus.IN_REVIEW, JobStatus.CANCELLED):
        yield f"job {job.id} is {job.status.value}: {ledger.job_row(job.id, _TENANT).problem}"
    names = [event.name for event in ledger.events(job.id, _TENANT)]
    ends = [name for name in names if name in _FINAL]
    if ends == _TAKEN_BACK:
        ends = ends[1:]
    if len(ends) > 1 or (ends and names[-1] != ends[0]):
        yield f"job {job.id} ended more than once or went on after its end: {names}"
    attempts = ledger.attempts(job.id, _TENANT)
    recipes = Counter(attempt.candidate.recipe.digest for attempt in attempts)
    if any(times > 1 for times in recipes.values()):
        yield f"job {job.id} has a recipe recorded twice"
    accepted = sum(attempt.verdict.outcome is Outcome.ACCEPT for attempt in attempts)
    if accepted > job.brief.count or (job.status is JobStatus.SUCCEEDED and not accepted):
        yield f"job {job.id} wanted {job.brief.count} and delivered {accepted}"


def _batch_faults(ledger: Ledger, batch_id: str, *, key: str, lines: int) -> Iterator[str]:
    outcomes = list(ledger.batch_outcomes(batch_id, _TENANT))
    made = Counter((each.line, each.place) for each in outcomes if each.kind is not None)
    if len(made) != lines or any(times > 1 for times in made.values()):
        yield f"batch {key} of {lines} lines has {made.total()} outcomes of {len(made)} lines"
    for outcome in outcomes:
        if outcome.kind is not None and not outcome.job_id:
            yield f"batch {key}, line {outcome.line}: no job was made"
        elif outcome.job_id:
            yield from _ending_faults(ledger, ledger.job(outcome.job_id, _TENANT))


def _count_faults(ledger: Ledger, kept: Sequence[Kept]) -> Iterator[str]:
    """What nobody sent must not be there."""
    expected = sum(
        len(each.jobs) + sum(lines for _, lines in each.batches.values()) for each in kept
    )
    found = sum(ledger.counts(_TENANT).values())
    if found != expected:
        yield f"clients were promised {expected} jobs, the ledger holds {found}"
