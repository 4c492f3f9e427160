"""The flow: one brief carried from plan to delivery. Read this file second.

submit → plan → generate → score → decide → (repair) → label → deliver
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.review import Correction, Ordered
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Claim,
    Digest,
    JobStatus,
    Judged,
    Lane,
    Outcome,
    Recipe,
    Score,
    Verdict,
)

Stop = Callable[[], None]
"""Called between steps. Raises Stopped once nobody wants the result."""


def never() -> None:
    """Returns at once: this work goes on to its end."""


class Pipeline(Protocol):
    """A maker: plans recipes for a brief and turns a recipe into a candidate. Sync: it computes."""

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """The recipes worth trying for a brief, best first, finitely many, lazily.

        Raises InvalidBrief when no recipe can serve the brief.
        """
        ...

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The next rung of the repair ladder after this attempt, or None at its end."""
        ...

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The recipe that carries out what a person ordered for this attempt.

        Raises InvalidBrief when it can't be done, saying why.
        """
        ...

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The candidate of a recipe, its assets in the store: same recipe, same bytes.

        Calls `stop` between steps, which raises Stopped once nobody wants the result. Raises
        GenerationFailed when this recipe gives nothing, BackendUnavailable when the same recipe
        may succeed later.
        """
        ...


class Judge(Protocol):
    """Scores a candidate against its ground truth. Sync: it computes."""

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """All scores of the candidate; a broken instrument gives a Score without value."""
        ...


class Executor(Protocol):
    """Where heavy work runs: threads of this process, or Ray replicas. Async: it waits."""

    async def generate(self, recipe: Recipe, *, lane: Lane = Lane.BULK) -> Candidate:
        """The recipe's candidate; raises what `Pipeline.generate` raises.

        Interactive work goes before bulk work at each step. Cancelled, it stops at its next step.
        """
        ...

    async def score(self, brief: Brief, candidate: Candidate) -> Judged:
        """The candidate's scores, and what they took."""
        ...


class Planner(Protocol):
    """The planning half of every pipeline, dispatched by the brief's kind."""

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """See `Pipeline.plan`."""
        ...

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """See `Pipeline.repair`."""
        ...

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `Pipeline.correct`."""
        ...


class Record(Protocol):
    """The part of the ledger that the flow writes to. Every call is one transaction."""

    def tried(self, claim: Claim) -> frozenset[Digest]:
        """Digests of the recipes already recorded for the job."""
        ...

    def attempts(self, job_id: str, tenant: str) -> Sequence[Attempt]:
        """Every recorded attempt of the job, oldest first."""
        ...

    def missing(self, claim: Claim) -> int:
        """How many candidates must still be accepted or put before a person."""
        ...

    def ordered(self, claim: Claim) -> Sequence[Ordered]:
        """The corrections that people ordered for the job and nobody has carried out yet."""
        ...

    def record(self, claim: Claim, attempt: Attempt, *, corrects: str = "") -> None:
        """Records an attempt once; REVIEW opens a case. Raises LeaseLost.

        `corrects` is the id of the case whose ordered correction this attempt carries out.
        """
        ...

    def reopen(self, claim: Claim, case_id: str, reason: str) -> None:
        """Puts a case before a person again: its correction can't be done. Raises LeaseLost."""
        ...

    def record_failure(self, claim: Claim, recipe: Recipe, error: GenerationFailed) -> None:
        """Records that a recipe gave nothing, why, and what that took. Raises LeaseLost."""
        ...

    def settle(self, claim: Claim) -> JobStatus:
        """Ends the claim and sets the job's status from what is recorded. Raises LeaseLost."""
        ...


def made_by(maker: Pipeline, recipe: Recipe, *, stop: Stop = never) -> Candidate:
    """What the maker makes. A failure says what it took, as a candidate does: it costs, too."""
    began = time.perf_counter()
    try:
        return maker.generate(recipe, stop=stop)
    except GenerationFailed as error:
        error.seconds = time.perf_counter() - began
        raise


def judged_by(judge: Judge, brief: Brief, candidate: Candidate) -> Judged:
    """What the judge says, timed where it runs: waiting for its turn is nobody's cost."""
    began = time.perf_counter()
    scores = tuple(judge.score(brief, candidate))
    return Judged(scores=scores, seconds=time.perf_counter() - began)


Decide = Callable[[Brief, Sequence[Score]], Verdict]
"""The gate: pure, from scores to a verdict."""


def as_it_is(attempt: Attempt) -> Attempt:
    """The attempt, unchanged."""
    return attempt


@dataclass(frozen=True)
class Engine:
    """The assembled flow. Holds no state of its own: what happened stands in the ledger.

    `weigh` may treat what a model made otherwise than what was composed: machines try before a
    person is asked, and a model without a certificate ships nothing unseen. `told` hears of every
    attempt once it is recorded.
    """

    record: Record
    planner: Planner
    executor: Executor
    decide: Decide
    weigh: Callable[[Attempt], Attempt] = as_it_is
    told: Callable[[Attempt], object] = as_it_is

    async def produce(self, claim: Claim) -> JobStatus:
        """Carries a claimed job as far as machines can. Call again after a crash: records stay.

        Generation happens at least once, recording and delivery exactly once. Raises LeaseLost
        when the job was cancelled or taken over, InvalidBrief when the brief can't be served.
        """
        await self._carry_out_corrections(claim)
        tried = await asyncio.to_thread(self.record.tried, claim)
        await self._climb_all(claim, await self._broken_ladders(claim, tried))
        plan = self.planner.plan(claim.job.brief)
        fresh = (recipe for recipe in plan if recipe.digest not in tried)
        while batch := list(islice(fresh, await asyncio.to_thread(self.record.missing, claim))):
            await self._climb_all(claim, batch)
        return await asyncio.to_thread(self.record.settle, claim)

    async def _carry_out_corrections(self, claim: Claim) -> None:
        """What people ordered comes first. Machines judge it again, but only people overrule it."""
        for order in await asyncio.to_thread(self.record.ordered, claim):
            try:
                attempt = await self._corrected(claim, order)
            except (InvalidBrief, GenerationFailed) as error:
                reason = f"the correction could not be carried out: {error}"
                await asyncio.to_thread(self.record.reopen, claim, order.case_id, reason)
                continue
            await asyncio.to_thread(self.record.record, claim, attempt, corrects=order.case_id)
            self.told(attempt)

    async def _corrected(self, claim: Claim, order: Ordered) -> Attempt:
        if order.label.correction is None:
            raise InvalidBrief("no correction was ordered")
        brief = claim.job.brief
        # In a thread: a clip is read before it is cut, and leases are kept on this loop.
        recipe = await asyncio.to_thread(
            self.planner.correct, brief, order.attempt, order.label.correction
        )
        if recipe.digest in await asyncio.to_thread(self.record.tried, claim):
            raise InvalidBrief("the same was made before: order something else")
        attempt = self.weigh(await self._judged(brief, recipe))
        accepted = attempt.verdict.outcome is Outcome.ACCEPT
        return attempt if accepted else _as_review(brief, attempt, "a person's correction")

    async def _broken_ladders(self, claim: Claim, tried: frozenset[Digest]) -> list[Recipe]:
        """The rungs that a crash left untried: the gate asked for them, nobody recorded them."""
        if not tried:
            return []
        job = claim.job
        attempts = await asyncio.to_thread(self.record.attempts, job.id, job.tenant)
        asked = [each for each in attempts if each.verdict.outcome is Outcome.REPAIR]
        rungs = [self.planner.repair(job.brief, attempt) for attempt in asked]
        return [rung for rung in rungs if rung is not None and rung.digest not in tried]

    async def _climb_all(self, claim: Claim, recipes: Sequence[Recipe]) -> None:
        results = await asyncio.gather(
            *(self._climb(claim, recipe) for recipe in recipes), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise failures[0]

    async def _climb(self, claim: Claim, recipe: Recipe) -> None:
        """Generates, scores, decides and records; climbs the repair ladder while the gate asks."""
        rung: Recipe | None = recipe
        while rung is not None:
            attempt = await self._try(claim, rung)
            if attempt is None:
                return
            attempt = self.weigh(attempt)
            if attempt.verdict.outcome is Outcome.REVIEW:
                attempt = _as_review(claim.job.brief, attempt)
            repaired = attempt.verdict.outcome is Outcome.REPAIR
            rung = self.planner.repair(claim.job.brief, attempt) if repaired else None
            if repaired and rung is None:
                attempt = _as_review(claim.job.brief, attempt, "no repair left")
            await asyncio.to_thread(self.record.record, claim, attempt)
            self.told(attempt)

    async def _try(self, claim: Claim, recipe: Recipe) -> Attempt | None:
        try:
            return await self._judged(claim.job.brief, recipe)
        except GenerationFailed as error:
            await asyncio.to_thread(self.record.record_failure, claim, recipe, error)
            return None

    async def _judged(self, brief: Brief, recipe: Recipe) -> Attempt:
        candidate = await self.executor.generate(recipe, lane=brief.lane)
        judged = await self.executor.score(brief, candidate)
        attempt = Attempt(
            candidate=candidate,
            scores=judged.scores,
            verdict=self.decide(brief, judged.scores),
            judged_s=judged.seconds,
            judged_on=judged.device,
        )
        if attempt.verdict.outcome is Outcome.REVIEW:
            return _as_review(brief, attempt)
        return attempt


def _as_review(brief: Brief, attempt: Attempt, *why: str) -> Attempt:
    """The attempt as a person's matter, and why it is one; what is private is no reviewer's."""
    outcome = Outcome.REJECT if brief.private else Outcome.REVIEW
    verdict = Verdict(outcome=outcome, reasons=(*why, *attempt.verdict.reasons))
    return replace(attempt, verdict=verdict)
