"""What a ledger forgets when a photo is gone, and what it goes on telling."""

from dataclasses import replace
from datetime import timedelta

from content_engine.errors import GenerationFailed
from content_engine.ledger import Ledger
from content_engine.types import JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, attempt, brief, recipe

SECRET = "shoulders 0.31 of a body's width"


def carried(ledger: Ledger, batch: str) -> tuple[str, str]:
    """A job that succeeded and one that was refused, both with measures of a photo."""
    good, bad = ledger.submit([brief("a"), brief("b")], tenant=TENANT, batch=batch)
    first, second = ledger.claim("w", kinds=[Kind.TEXT], limit=2, lease_s=60)
    made = attempt(seed=1)
    told = replace(made, candidate=replace(made.candidate, notes=(f"report: {SECRET}",)))
    ledger.record(first, told)
    ledger.settle(first)
    ledger.record_failure(second, recipe(2), GenerationFailed(f"turned: {SECRET}"))
    ledger.settle(second)
    return good.id, bad.id


def everything(ledger: Ledger, job_id: str) -> str:
    parts = (
        ledger.job(job_id, TENANT),
        ledger.attempts(job_id, TENANT),
        ledger.events(job_id, TENANT),
        ledger.job_history(job_id, TENANT),
    )
    return repr(parts)


def test_what_was_measured_is_forgotten_and_how_it_ended_is_not(ledger: Ledger) -> None:
    jobs, others = carried(ledger, "upload-1"), carried(ledger, "upload-2")
    assert all(SECRET in everything(ledger, job) for job in jobs)
    assert ledger.redact("upload-1", TENANT) == 2
    assert not any(SECRET in everything(ledger, job) for job in jobs)
    assert all(SECRET in everything(ledger, job) for job in others)
    good, bad = (ledger.job_row(job, TENANT) for job in jobs)
    assert (good.status, bad.status) == (JobStatus.SUCCEEDED, JobStatus.FAILED)
    (kept,) = ledger.attempts(jobs[0], TENANT)
    assert kept.verdict.outcome is Outcome.ACCEPT
    assert kept.candidate.seconds == attempt(seed=1).candidate.seconds
    assert ledger.delivered(jobs[0]) == {recipe(1).digest}
    assert ledger.redact("upload-1", TENANT) == 0, "they have left the batch"


def test_work_under_way_is_left_until_it_has_ended(ledger: Ledger) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT, batch="upload-3")
    assert ledger.redact("upload-3", TENANT) == 0
    ledger.cancel(job.id, TENANT)
    assert ledger.redact("upload-3", TENANT) == 1


def test_batches_are_found_by_prefix_and_age(ledger: Ledger) -> None:
    for batch in ("upload-1", "upload-2", "feed-7"):
        ledger.submit([brief()], tenant=TENANT, batch=batch)
    accepted = ledger.job_rows(TENANT).items[0].created_at
    later = accepted + timedelta(seconds=1)
    assert set(ledger.batches("upload-", TENANT, before=later)) == {"upload-1", "upload-2"}
    assert ledger.batches("upload-", TENANT, before=accepted - timedelta(seconds=1)) == ()
    assert ledger.batches("upload-", "another", before=later) == ()
