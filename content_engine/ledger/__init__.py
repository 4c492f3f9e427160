"""The ledger: every durable change of the engine, one transaction each.

Jobs are claimed under a lease; every write of a worker carries the token of its claim, and a claim
that was cancelled, ran out or was reaped can write no more (LeaseLost).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

from content_engine import tracing
from content_engine.codec import to_json
from content_engine.errors import GenerationFailed
from content_engine.ledger import answers, rows, sharing, writes
from content_engine.ledger.migrations import MIGRATIONS
from content_engine.ledger.operating import LedgerOperating
from content_engine.ledger.queue import QueueStats
from content_engine.ledger.rows import Cost, JobRow, Page
from content_engine.ledger.sql import Database
from content_engine.ledger.story import Happening
from content_engine.review import Ordered
from content_engine.types import (
    Attempt,
    Brief,
    Claim,
    Digest,
    Job,
    JobStatus,
    Kind,
    Lane,
    Outcome,
    Product,
    Recipe,
)

__all__ = ["Cost", "Happening", "JobRow", "Ledger", "Page", "QueueStats"]

# A job that takes its worker down every time is not tried for ever. Source: house limit. Whatever
# else that worker held is lost beside it, so few would end the innocent: at 5, 41 of 598 jobs
# failed while a worker was killed every 4 s, at 10 still 3 of 166 (`bench crash`).
_MOST_LOST_CLAIMS = 30


class Ledger(LedgerOperating):
    """The one place that remembers. Safe to use from many threads and processes."""

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], float] = time.time) -> Ledger:
        """The ledger at a URL (`sqlite:///var/ledger.db`), made where there is none.

        `clock` gives seconds since 1970. Raises InvalidSettings for a ledger this engine can't
        use. On SQLite a process crash loses nothing that a call returned from; a power cut may
        lose the last commits.
        """
        return cls(Database.open(url, migrations=MIGRATIONS), clock=clock)

    def close(self) -> None:
        """Closes every connection."""
        self._database.close()

    def pulse(self) -> int:
        """A number that is another one after any process wrote to the ledger."""
        return self._database.pulse()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each write of this process, in its thread; returns how to stop."""
        return self._database.listen(listener)

    # Senders

    def put_product(self, product: Product, tenant: str) -> None:
        """Remembers a product under its sku, in place of an older one; its photos are theirs."""
        body, now_us = to_json(product), self._now_us()
        with self._database.write() as session:
            session.send(
                "put_product",
                {"tenant": tenant, "sku": product.sku, "body": body, "now_us": now_us},
            )
            for photo in product.photos:
                session.send("own_asset", {"digest": photo.digest, "tenant": tenant})

    def submit(
        self, briefs: Sequence[Brief], *, tenant: str, key: str = "", batch: str = ""
    ) -> tuple[Job, ...]:
        """The queued jobs of the briefs, in their order; all are stored or none.

        With a `key` (idempotency), the same briefs give the jobs of the first time, wherever they
        are by now; other briefs raise Conflict.
        """
        bodies = [to_json(brief) for brief in briefs]
        with self._database.write() as session:
            if key and not writes.first_use(session, bodies, tenant=tenant, key=key):
                known = session.rows("submitted", {"tenant": tenant, "key": key})
                return tuple(map(rows.job_of, known, briefs))
            common = {"tenant": tenant, "key": key, "batch": batch, "now_us": self._now_us()}
            jobs = writes.enqueue(session, briefs, bodies=bodies, common=common)
        for job in jobs:
            tracing.accepted(job.id, {"kind": job.brief.kind, "lane": job.brief.lane})
        return jobs

    def cancel(self, job_id: str, tenant: str) -> Job:
        """The job, cancelled if it was still under way; a finished job stays as it is.

        Its worker meets LeaseLost at its next write; its waiting cases are withdrawn. Raises
        NotFound.
        """
        with self._database.write() as session:
            writes.cancel(session, job_id, tenant=tenant, now_us=self._now_us())
        return self.job(job_id, tenant)

    # Workers

    def claim(
        self,
        worker: str,
        *,
        kinds: Sequence[Kind],
        limit: int,
        lease_s: float,
        lane: Lane | None = None,
    ) -> tuple[Claim, ...]:
        """Up to `limit` jobs, now this worker's: interactive first, then oldest first.

        Of one lane only when `lane` is given. Tenants who wait take turns; see `ledger/sharing.py`.
        """
        # Idle workers ask often: they must not hold up those who write.
        if not self._any_work(kinds, lane):
            return ()
        token = uuid4().hex
        with self._database.write() as session:
            now_us = self._now_us()
            until_us = now_us + round(lease_s * 1e6)
            sequences = sharing.choose(
                session, kinds, lanes=writes.lanes(lane), limit=limit, now_us=now_us
            )
            if not sequences:
                session.stay_silent()
                return ()
            taken = {"sequences": sequences, "token": token, "worker": worker, "now_us": now_us}
            session.send("claim", taken | {"until_us": until_us})
            session.send("add_running_events", taken)
            claimed = session.ask("claimed", taken)
        jobs, unread = writes.readable(claimed.rows())
        if unread:
            with self._database.write() as session:
                writes.fail_unread(session, unread, token=token, now_us=now_us)
        return tuple(Claim(job=job, token=token, lease_until=rows.moment(until_us)) for job in jobs)

    def _any_work(self, kinds: Sequence[Kind], lane: Lane | None) -> bool:
        queues, look = writes.queues(kinds, lane), self._database.look
        # On a server writers hold nobody up: there the claim itself looks.
        return not self._database.is_embedded or any(
            look("any_queued", asked) or look("any_order", asked) for asked in queues
        )

    def extend(self, claims: Sequence[Claim], lease_s: float) -> tuple[Claim, ...]:
        """The claims that still hold, now for `lease_s` seconds more; those left out are lost."""
        by_token: dict[str, list[str]] = {}
        for claim in claims:
            by_token.setdefault(claim.token, []).append(claim.job.id)
        with self._database.write() as session:
            now_us = self._now_us()
            until_us = now_us + round(lease_s * 1e6)
            alive = {
                (token, row.id)
                for token, ids in by_token.items()
                for row in session.rows(
                    "extend", {"ids": ids, "token": token, "now_us": now_us, "until_us": until_us}
                )
            }
        until = rows.moment(until_us)
        held = (claim for claim in claims if (claim.token, claim.job.id) in alive)
        return tuple(replace(claim, lease_until=until) for claim in held)

    def reap(self, longest_lease_s: float = 0.0) -> int:
        """How many jobs whose lease ran out went back to the queue.

        A job that thirty workers took and never finished fails instead: it may be what ends them.
        Above 0, leases that end later than `longest_lease_s` from now are shortened to it: the
        clock was set back, and who died before must not be waited for until it is there again.
        """
        if longest_lease_s:
            self._shorten(longest_lease_s)
        if self._database.look("any_expired", {"now_us": self._now_us()}) is None:
            return 0
        problem = f"{_MOST_LOST_CLAIMS} workers took this job and none came back"
        with self._database.write() as session:
            now_us = self._now_us()
            lost = session.rows(
                "reap_lost", {"now_us": now_us, "most": _MOST_LOST_CLAIMS, "problem": problem}
            )
            reaped = session.rows("reap", {"now_us": now_us})
            for row in lost:
                status = answers.given_up(session, row.id, problem=problem, now_us=now_us)
                session.send("give_up", {"id": row.id, "status": status.value})
                told = problem if status is JobStatus.FAILED else ""
                news = writes.news(session, row.id)
                writes.tell_status(session, news, status=status, now_us=now_us, problem=told)
            writes.tell(session, [row.id for row in reaped], name=JobStatus.QUEUED, now_us=now_us)
        return len(reaped)

    def _shorten(self, longest_s: float) -> None:
        far = {"until_us": self._now_us() + round(longest_s * 1e6)}
        if self._database.look("any_far", far):
            with self._database.write() as session:
                session.send("shorten", far)

    def release(self, claim: Claim) -> None:
        """Puts the job back into the queue; what is recorded stays. Raises LeaseLost."""
        with self._database.write() as session:
            now_us = self._now_us()
            writes.lock(session, claim, now_us=now_us)
            told = writes.news(session, claim.job.id)
            writes.end_claim(session, claim, told=told, status=JobStatus.QUEUED, now_us=now_us)

    def fail(self, claim: Claim, problem: str) -> JobStatus:
        """Ends the job as failed, for a reason that its sender can read. Raises LeaseLost.

        While people still have cases of it, it is in review; corrections go back to them.
        """
        with self._database.write() as session:
            now_us = self._now_us()
            writes.lock(session, claim, now_us=now_us)
            told = writes.news(session, claim.job.id)
            status = answers.given_up(session, claim.job.id, problem=problem, now_us=now_us)
            why = "" if status is JobStatus.SUCCEEDED else problem
            writes.end_claim(session, claim, told=told, status=status, now_us=now_us, problem=why)
        return status

    # The flow (see flow.Record)

    def tried(self, claim: Claim) -> frozenset[Digest]:
        """Digests of the recipes already recorded for the job."""
        return self.recipes(claim.job.id)

    def missing(self, claim: Claim) -> int:
        """How many candidates must still be accepted or put before a person, never below 0."""
        (count,) = self._database.rows("tally", {"id": claim.job.id})
        return max(0, count.wanted - count.accepted - count.waiting - count.ordered)

    def ordered(self, claim: Claim) -> tuple[Ordered, ...]:
        """The corrections that people ordered for the job and nobody has carried out yet."""
        return answers.ordered(self._database.rows("ordered", {"id": claim.job.id}))

    def record(self, claim: Claim, attempt: Attempt, *, corrects: str = "") -> None:
        """Records an attempt once; REVIEW opens a case. Raises LeaseLost.

        `corrects` is the id of the case whose ordered correction this attempt carries out; its
        reviewer may have taken that back, then LeaseLost is raised too.
        """
        recipe = attempt.candidate.recipe
        with self._database.write() as session:
            now_us = self._now_us()
            writes.hold(session, claim, now_us=now_us)
            new = writes.add_judged(session, claim, attempt, now_us=now_us)
            if corrects and new:
                answers.carried_out(session, claim, corrects, recipe=recipe.digest, now_us=now_us)
            elif corrects:
                made = "the same was made before: order something else"
                answers.refuse(session, claim.job.id, corrects, reason=made, now_us=now_us)
            if new and attempt.verdict.outcome is Outcome.REVIEW:
                answers.open_case(session, claim, attempt, now_us=now_us)

    def reopen(self, claim: Claim, case_id: str, reason: str) -> None:
        """Puts a case before a person again: its correction can't be done. Raises LeaseLost."""
        with self._database.write() as session:
            now_us = self._now_us()
            writes.hold(session, claim, now_us=now_us)
            answers.refuse(session, claim.job.id, case_id, reason=reason, now_us=now_us)

    def record_failure(self, claim: Claim, recipe: Recipe, error: GenerationFailed) -> None:
        """Records that a recipe gave nothing, why, and what that took. Raises LeaseLost."""
        with self._database.write() as session:
            now_us = self._now_us()
            writes.hold(session, claim, now_us=now_us)
            writes.add_failed(session, claim, recipe, error=error, now_us=now_us)

    def settle(self, claim: Claim) -> JobStatus:
        """Ends the claim: succeeded when enough is accepted, else in review, else failed.

        Queued again when a person answered meanwhile: there may be more to do. Raises LeaseLost.
        """
        with self._database.write() as session:
            now_us = self._now_us()
            writes.lock(session, claim, now_us=now_us)
            asked = {"id": claim.job.id}
            standing, ships = session.ask("tally", asked), session.ask("delivered", asked)
            told = replace(writes.news(session, claim.job.id), delivered=ships)
            status, problem = answers.settled(session, claim.job.id, standing), ""
            if status is JobStatus.FAILED:
                outcomes = session.rows("outcomes", {"id": claim.job.id})
                problem = rows.problem_of([(row.outcome, row.reason) for row in outcomes])
            writes.end_claim(
                session, claim, told=told, status=status, now_us=now_us, problem=problem
            )
        return status
