"""Whatever order things happen in, no job is lost, shared or finished twice."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from content_engine.errors import LeaseLost
from content_engine.ledger import Ledger
from content_engine.types import Claim, JobStatus, Kind, Lane, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief
from tests.ledgers import empty_ledger

LEASE_S = 100.0
OUTCOMES = st.sampled_from(list(Outcome))


@dataclass
class Expected:
    """What a job must look like."""

    wanted: int
    status: JobStatus = JobStatus.QUEUED
    token: str = ""
    lease_until_s: float = 0.0
    lost_claims: int = 0
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def number(self, outcome: Outcome) -> int:
        """How many attempts ended so."""
        return list(self.outcomes.values()).count(outcome)


class LedgerStates(RuleBasedStateMachine):
    """A ledger beside a plain model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        url = empty_ledger(Path(self.folder.name))
        self.ledger = Ledger.open(url, clock=self.clock)
        self.jobs: dict[str, Expected] = {}
        self.claims: list[Claim] = []

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    def holds(self, claim: Claim) -> bool:
        job = self.jobs[claim.job.id]
        alive = self.clock.now_s < job.lease_until_s
        return job.status is JobStatus.RUNNING and job.token == claim.token and alive

    @rule(count=st.integers(1, 2), lane=st.sampled_from(list(Lane)), number=st.integers(1, 3))
    def submit(self, count: int, lane: Lane, number: int) -> None:
        briefs = [brief(count=count, lane=lane)] * number
        for job in self.ledger.submit(briefs, tenant=TENANT):
            self.jobs[job.id] = Expected(wanted=count)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        queued = [job for job in self.jobs.values() if job.status is JobStatus.QUEUED]
        claims = self.ledger.claim("w", kinds=(Kind.TEXT,), limit=limit, lease_s=LEASE_S)
        assert len(claims) == min(limit, len(queued))
        for claim in claims:
            job = self.jobs[claim.job.id]
            assert job.status is JobStatus.QUEUED, "a job was claimed that was not queued"
            job.status, job.token = JobStatus.RUNNING, claim.token
            job.lease_until_s = self.clock.now_s + LEASE_S
        self.claims += claims

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), outcome=OUTCOMES, seed=st.integers(0, 3))
    def record(self, data: st.DataObject, outcome: Outcome, seed: int) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if not self.holds(claim):
            with pytest.raises(LeaseLost):
                self.ledger.record(claim, attempt(outcome, seed=seed))
            return
        self.ledger.record(claim, attempt(outcome, seed=seed))
        self.jobs[claim.job.id].outcomes.setdefault(seed, outcome)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if not self.holds(claim):
            with pytest.raises(LeaseLost):
                self.ledger.settle(claim)
            return
        job = self.jobs[claim.job.id]
        job.status = self.ledger.settle(claim)
        if job.number(Outcome.ACCEPT) >= job.wanted:
            assert job.status is JobStatus.SUCCEEDED
        elif job.number(Outcome.REVIEW):
            assert job.status is JobStatus.IN_REVIEW
        else:
            assert job.status is JobStatus.FAILED

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if self.holds(claim):
            self.ledger.release(claim)
            self.jobs[claim.job.id].status = JobStatus.QUEUED
        else:
            with pytest.raises(LeaseLost):
                self.ledger.release(claim)

    @precondition(lambda self: self.claims)
    @rule()
    def extend(self) -> None:
        alive = {(claim.job.id, claim.token) for claim in self.claims if self.holds(claim)}
        kept = self.ledger.extend(self.claims, LEASE_S)
        assert {(claim.job.id, claim.token) for claim in kept} == alive
        for job_id, _ in alive:
            self.jobs[job_id].lease_until_s = self.clock.now_s + LEASE_S

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        job = self.jobs[job_id]
        if job.status not in (JobStatus.SUCCEEDED, JobStatus.FAILED):
            job.status = JobStatus.CANCELLED
        assert self.ledger.cancel(job_id, TENANT).status is job.status

    @rule(seconds=st.sampled_from([1.0, 60.0, 101.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule()
    def reap(self) -> None:
        dead = [
            job
            for job in self.jobs.values()
            if job.status is JobStatus.RUNNING and job.lease_until_s <= self.clock.now_s
        ]
        for job in dead:
            job.lost_claims += 1
            job.status = JobStatus.FAILED if job.lost_claims >= 30 else JobStatus.QUEUED
        assert self.ledger.reap() == sum(job.status is JobStatus.QUEUED for job in dead)

    @invariant()
    def nothing_is_lost(self) -> None:
        counts = self.ledger.counts(TENANT)
        for status in JobStatus:
            expected = sum(job.status is status for job in self.jobs.values())
            assert counts[status] == expected, f"{status}: {counts[status]}, not {expected}"

    @invariant()
    def what_is_missing_is_never_negative(self) -> None:
        for claim in self.claims[-3:]:
            job = self.jobs[claim.job.id]
            waiting = 0 if job.status is JobStatus.CANCELLED else job.number(Outcome.REVIEW)
            done = job.number(Outcome.ACCEPT) + waiting
            assert self.ledger.missing(claim) == max(0, job.wanted - done)

    @invariant()
    def the_last_event_is_the_status(self) -> None:
        for job_id in list(self.jobs)[-2:]:
            names = [event.name for event in self.ledger.events(job_id, TENANT, after=0)]
            told = [name for name in names if name in set(JobStatus)]
            assert told[-1] == self.jobs[job_id].status
            assert names.count("attempt") == len(self.jobs[job_id].outcomes)


TestLedgerStates = LedgerStates.TestCase
TestLedgerStates.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
