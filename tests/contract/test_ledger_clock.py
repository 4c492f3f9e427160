"""Clocks that jump while leases are held: nothing is lost, nothing is done twice."""

import pytest

from content_engine.errors import LeaseLost
from content_engine.ledger import Ledger
from content_engine.types import Claim, JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief

HOUR_S = 3600.0


def taken(ledger: Ledger, worker: str) -> tuple[Claim, ...]:
    return ledger.claim(worker, kinds=(Kind.TEXT,), limit=10, lease_s=60.0)


def ended_once(ledger: Ledger, job_id: str) -> None:
    names = [event.name for event in ledger.events(job_id, TENANT)]
    assert names.count("succeeded") == 1, names
    assert names[-1] == "succeeded", names
    assert len(ledger.attempts(job_id, TENANT)) == 1


def test_an_hour_forward_gives_the_job_to_another_and_the_first_can_write_no_more(
    ledger: Ledger, clock: Clock
) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT)
    (first,) = taken(ledger, "first")
    clock.now_s += HOUR_S
    assert ledger.reap() == 1
    (second,) = taken(ledger, "second")
    ledger.record(second, attempt(Outcome.ACCEPT))
    for late in (
        lambda: ledger.record(first, attempt(Outcome.ACCEPT, seed=2)),
        lambda: ledger.settle(first),
        lambda: ledger.release(first),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert ledger.extend([first], 60.0) == ()
    assert ledger.settle(second) is JobStatus.SUCCEEDED
    ended_once(ledger, job.id)


def test_a_holder_who_extends_before_the_reaper_comes_loses_its_lease_after_a_jump(
    ledger: Ledger, clock: Clock
) -> None:
    # By the ledger's clock the lease is over: it must not come back to life beside another's.
    (job,) = ledger.submit([brief()], tenant=TENANT)
    (first,) = taken(ledger, "first")
    clock.now_s += HOUR_S
    assert ledger.extend([first], 60.0) == ()
    assert ledger.reap() == 1
    (second,) = taken(ledger, "second")
    ledger.record(second, attempt(Outcome.ACCEPT))
    ledger.settle(second)
    ended_once(ledger, job.id)


def test_an_hour_back_leaves_the_lease_with_its_holder(ledger: Ledger, clock: Clock) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT)
    (claim,) = taken(ledger, "first")
    clock.now_s -= HOUR_S
    assert ledger.reap(60.0) == 0
    assert taken(ledger, "second") == ()
    (kept,) = ledger.extend([claim], 60.0)
    ledger.record(kept, attempt(Outcome.ACCEPT))
    assert ledger.settle(kept) is JobStatus.SUCCEEDED
    ended_once(ledger, job.id)


def test_a_holder_that_died_before_the_clock_went_back_is_not_waited_for_an_hour(
    ledger: Ledger, clock: Clock
) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT)
    taken(ledger, "dead")
    clock.now_s -= HOUR_S
    assert ledger.reap(60.0) == 0, "whoever lives has a lease's time to say so"
    clock.now_s += 61.0
    assert ledger.reap(60.0) == 1
    (second,) = taken(ledger, "second")
    ledger.record(second, attempt(Outcome.ACCEPT))
    assert ledger.settle(second) is JobStatus.SUCCEEDED
    ended_once(ledger, job.id)


def test_jobs_sent_before_and_after_a_jump_are_all_taken(ledger: Ledger, clock: Clock) -> None:
    sent = [*ledger.submit([brief(seed=1)], tenant=TENANT)]
    clock.now_s -= HOUR_S
    sent += ledger.submit([brief(seed=2)], tenant=TENANT)
    clock.now_s += 2 * HOUR_S
    sent += ledger.submit([brief(seed=3)], tenant=TENANT)
    claims = taken(ledger, "w")
    assert [claim.job.id for claim in claims] == [job.id for job in sent], "in the order of sending"
    for claim in claims:
        ledger.record(claim, attempt(Outcome.ACCEPT))
        ledger.settle(claim)
        ended_once(ledger, claim.job.id)
