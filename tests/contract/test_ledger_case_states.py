"""Whatever order workers, reviewers and crashes come in, no answer is lost and no job hangs."""

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from content_engine.errors import LeaseLost, TooLate
from content_engine.ledger import Ledger
from content_engine.review import CaseClaim, CaseStatus, LabelOutcome, Regenerate
from content_engine.types import Claim, Digest, JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, label
from tests.ledgers import empty_ledger

LEASE_S = 100.0
REVIEWERS = ("ada", "ben")
TRIES = st.sampled_from([Outcome.ACCEPT, Outcome.REVIEW, Outcome.REVIEW, Outcome.REJECT])
ENDED = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


class CaseStates(RuleBasedStateMachine):
    """Workers that take one step at a time or vanish, reviewers that answer or close the page."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        url = empty_ledger(Path(self.folder.name))
        self.ledger = Ledger.open(url, clock=self.clock)
        self.wanted: dict[str, int] = {}
        self.works: list[Claim] = []
        self.held: list[CaseClaim] = []
        self.accepted: dict[str, set[Digest]] = {}
        self.seed = 0

    def teardown(self) -> None:
        try:
            self.everything_comes_to_an_end()
        finally:
            self.ledger.close()
            self.folder.cleanup()

    def next_attempt(self, outcome: Outcome):
        self.seed += 1
        return attempt(outcome, seed=self.seed)

    def status(self, job_id: str) -> JobStatus:
        return self.ledger.job(job_id, TENANT).status

    # Machines

    @rule(count=st.integers(1, 2))
    def submit(self, count: int) -> None:
        (job,) = self.ledger.submit([brief(count=count)], tenant=TENANT)
        self.wanted[job.id] = count

    @rule()
    def worker_takes(self) -> None:
        self.works += self.ledger.claim("w", kinds=(Kind.TEXT,), limit=3, lease_s=LEASE_S)

    @rule()
    def worker_opens_a_case(self) -> None:
        for work in self.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=LEASE_S):
            self.works.append(work)
            if self.ledger.missing(work):
                self.ledger.record(work, self.next_attempt(Outcome.REVIEW))

    @precondition(lambda self: self.works)
    @rule(data=st.data(), outcome=TRIES, can_correct=st.booleans())
    def worker_steps(self, data: st.DataObject, outcome: Outcome, can_correct: bool) -> None:
        work = data.draw(st.sampled_from(self.works))
        with self.unless_lost(work):
            if orders := self.ledger.ordered(work):
                case_id = orders[0].case_id
                if can_correct:
                    judged = Outcome.ACCEPT if outcome is Outcome.ACCEPT else Outcome.REVIEW
                    self.ledger.record(work, self.next_attempt(judged), corrects=case_id)
                else:
                    self.ledger.reopen(work, case_id, "it can't be done")
            elif self.ledger.missing(work):
                self.ledger.record(work, self.next_attempt(outcome))

    @precondition(lambda self: self.works)
    @rule(data=st.data(), how=st.sampled_from(["settle", "settle", "fail", "release", "vanish"]))
    def worker_ends(self, data: st.DataObject, how: str) -> None:
        work = data.draw(st.sampled_from(self.works))
        self.works.remove(work)
        with self.unless_lost(work):
            if how == "settle":
                self.ledger.settle(work)
            elif how == "fail":
                self.ledger.fail(work, "a bug")
            elif how == "release":
                self.ledger.release(work)

    @contextlib.contextmanager
    def unless_lost(self, work: Claim):
        """Nothing may be lost but what ran out, was cancelled, or was taken back by a person."""
        alive = self.clock.now_s < work.lease_until.timestamp()
        running = self.status(work.job.id) is JobStatus.RUNNING
        newest = not any(other.lease_until > work.lease_until for other in self.works)
        try:
            yield
        except LeaseLost:
            assert not (alive and running and newest), "a worker lost a job that was its own"
            if work in self.works:
                self.works.remove(work)

    # People

    @rule(reviewer=st.sampled_from(REVIEWERS))
    def reviewer_takes(self, reviewer: str) -> None:
        others = {
            claim.case.id
            for claim in self.held
            if claim.reviewer != reviewer and self.clock.now_s < claim.lease_until.timestamp()
        }
        claim = self.ledger.claim_case(reviewer, tenant=TENANT, lease_s=LEASE_S)
        if claim is not None:
            assert claim.case.id not in others, "two reviewers got the same case"
            self.held = [one for one in self.held if one.case.id != claim.case.id] + [claim]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(list(LabelOutcome)))
    def reviewer_answers(self, data: st.DataObject, outcome: LabelOutcome) -> None:
        claim = data.draw(st.sampled_from(self.held))
        self.held.remove(claim)
        alive = self.clock.now_s < claim.lease_until.timestamp()
        waits = self.ledger.case(claim.case.id, TENANT).status is CaseStatus.WAITING
        correction = Regenerate(seed=self.seed) if outcome is LabelOutcome.FIX else None
        answer = label(outcome, claim.reviewer, correction=correction)
        if not (alive and waits):
            with pytest.raises(LeaseLost):
                self.ledger.label_case(claim.token, answer)
            return
        self.ledger.label_case(claim.token, answer)
        self.ledger.label_case(claim.token, answer)

    @rule(outcome=st.sampled_from(list(LabelOutcome)))
    def reviewer_answers_at_once(self, outcome: LabelOutcome) -> None:
        claim = self.ledger.claim_case("dora", tenant=TENANT, lease_s=LEASE_S)
        if claim is not None:
            correction = Regenerate(seed=self.seed) if outcome is LabelOutcome.FIX else None
            self.ledger.label_case(claim.token, label(outcome, "dora", correction=correction))

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), reviewer=st.sampled_from((*REVIEWERS, "dora")))
    def reviewer_takes_back(self, data: st.DataObject, reviewer: str) -> None:
        answered = self.ledger.cases(TENANT, status=CaseStatus.LABELLED, limit=200).items
        if not answered:
            return
        case = data.draw(st.sampled_from(answered))
        with contextlib.suppress(TooLate):
            self.ledger.undo_label(case.id, reviewer=reviewer, tenant=TENANT)
            self.accepted[case.job_id].discard(case.recipe_digest)

    # The world

    @rule(seconds=st.sampled_from([1.0, 60.0, 101.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.ledger.reap()

    @precondition(lambda self: self.wanted)
    @rule(data=st.data(), really=st.integers(0, 3))
    def cancel(self, data: st.DataObject, really: int) -> None:
        if really == 0:
            self.ledger.cancel(data.draw(st.sampled_from(sorted(self.wanted))), TENANT)

    @invariant()
    def what_is_counted_adds_up(self) -> None:
        waiting = [case.job_id for case in self.ledger.cases(TENANT, limit=200).items]
        for job_id, wanted in self.wanted.items():
            job = self.ledger.job(job_id, TENANT)
            claim = Claim(job=job, token="", lease_until=job.created_at)
            ordered = len(self.ledger.ordered(claim))
            delivered = self.ledger.delivered(job_id)
            on_the_way = len(delivered) + waiting.count(job_id) + ordered
            assert on_the_way <= wanted, "more was made or kept than was asked for"
            assert self.ledger.missing(claim) == wanted - on_the_way
            if job.status is JobStatus.IN_REVIEW:
                assert waiting.count(job_id), "in review, and no case waits"
                assert not ordered, "a correction was ordered and nobody will carry it out"
            if job.status in ENDED:
                assert not waiting.count(job_id), f"{job.status}, and a case still waits"
                assert not ordered, f"{job.status}, and a correction is still ordered"
            if job.status in (JobStatus.SUCCEEDED, JobStatus.FAILED):
                enough = len(delivered) == wanted
                assert enough is (job.status is JobStatus.SUCCEEDED), job.status

    @invariant()
    def nothing_accepted_is_lost(self) -> None:
        for job_id in self.wanted:
            delivered = self.ledger.delivered(job_id)
            lost = self.accepted.setdefault(job_id, set()) - delivered
            assert not lost, "what was accepted ships no more, and nobody took it back"
            self.accepted[job_id] |= delivered

    def everything_comes_to_an_end(self) -> None:
        """With honest workers and a reviewer who passes all, every job ends."""
        self.clock.now_s += 1000
        for _ in range(100):
            self.ledger.reap()
            for work in self.ledger.claim("w", kinds=(Kind.TEXT,), limit=50, lease_s=LEASE_S):
                for order in self.ledger.ordered(work):
                    again = self.next_attempt(Outcome.ACCEPT)
                    self.ledger.record(work, again, corrects=order.case_id)
                while self.ledger.missing(work):
                    self.ledger.record(work, self.next_attempt(Outcome.ACCEPT))
                self.ledger.settle(work)
            while claim := self.ledger.claim_case("cleo", tenant=TENANT):
                self.ledger.label_case(claim.token, label(LabelOutcome.PASS, "cleo"))
            if all(self.status(job_id) in ENDED for job_id in self.wanted):
                return
        raise AssertionError(f"jobs hang: {[self.status(job_id) for job_id in self.wanted]}")


TestCaseStates = CaseStates.TestCase
TestCaseStates.settings = settings(max_examples=10, stateful_step_count=30, deadline=None)
