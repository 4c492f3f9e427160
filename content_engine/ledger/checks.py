"""Whether the ledger agrees with itself and with the store: found here, and mended one by one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from content_engine.codec import from_json
from content_engine.ledger import redact, rows, writes
from content_engine.ledger.sql import Row
from content_engine.ledger.webhooks import LedgerWebhooks
from content_engine.types import Attempt, Digest, JobStatus, Recipe, canonical_json

_AT_ONCE = 1000
_DIGESTS = re.compile(r"[0-9a-f]{64}")
# Where a table's rows are read from, page after page, and what its first page comes after.
_BODIES: Mapping[str, str | int] = {
    "attempt_bodies_after": 0,
    "brief_bodies_after": "",
    "product_bodies_after": "",
    "item_bodies_after": 0,
    "label_bodies_after": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An asset that the ledger says was made, by which recipe of which job."""

    digest: Digest
    job_id: str
    recipe: Digest
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsound:
    """A job or attempt that can't stand as it does; `recipe` or `case_id` where it is one's."""

    job_id: str
    why: str
    recipe: str = ""
    case_id: str = ""


class LedgerChecks(LedgerWebhooks):
    """What `content-engine fsck` asks and mends. Mending is safe to repeat."""

    def made(self) -> Iterator[Made]:
        """Every asset that was made, in the order of digests, read page by page."""
        digest, job_id = "", ""
        while True:
            asked = {"digest": digest, "job_id": job_id, "limit": _AT_ONCE}
            with self._database.read() as session:
                page = session.rows("made_after", asked)
            for row in page:
                recipe, found = Digest(row.recipe_sha256), Digest(row.digest)
                yield Made(digest=found, job_id=row.job_id, recipe=recipe, tenant=row.tenant)
            if len(page) < _AT_ONCE:
                return
            digest, job_id = page[-1].digest, page[-1].job_id

    def unmentioned(self, digests: Collection[str]) -> frozenset[str]:
        """Those of the digests that nothing in the ledger names. Reads all of it when need be."""
        with self._database.read() as session:
            left = {each for each in digests if not session.row("is_owned", {"digest": each})}
        for name, start in _BODIES.items():
            if left:
                left = left.difference(*map(_mentioned, self._bodies(name, start)))
        return frozenset(left)

    def stuck(self, *, grace_s: float) -> tuple[str, ...]:
        """Ids of running jobs whose lease ended longer ago than that: nobody reaps."""
        before_us = self._now_us() - round(grace_s * 1e6)
        with self._database.read() as session:
            return tuple(row.id for row in session.rows("stuck", {"before_us": before_us}))

    def unsound(self) -> Iterator[Unsound]:
        """Jobs that wait for nobody, cases of nothing, attempts that can't be read."""
        with self._database.read() as session:
            stranded, cases = session.rows("stranded"), session.rows("uncaused_cases")
        for row in stranded:
            why = "no case of it waits" if row.status == JobStatus.IN_REVIEW else "too little ships"
            yield Unsound(job_id=row.id, why=f"the job is {row.status} and {why}")
        for row in cases:
            yield Unsound(job_id=row.job_id, case_id=row.id, why="a case has no candidate")
        for row in self._bodies("attempt_bodies_after", 0):
            if not _is_readable(row):
                why = "an attempt has no candidate that can be read"
                yield Unsound(job_id=row.job_id, recipe=row.recipe_sha256, why=why)

    def make_again(self, job_id: str, recipe: str) -> None:
        """Forgets the attempt and queues its job: the same recipe makes the same bytes."""
        attempt = {"id": job_id, "recipe_sha256": recipe}
        with self._database.write() as session:
            now_us = self._now_us()
            session.send("drop_attempt", attempt)
            session.send("drop_uses", attempt)
            session.send("withdraw_case_of", attempt)
            detail = canonical_json({"mended": recipe})
            if session.run("requeue", {"id": job_id, "now_us": now_us}):
                writes.tell(session, [job_id], name=JobStatus.QUEUED, now_us=now_us, detail=detail)

    def redact(self, batch: str, tenant: str) -> int:
        """How many ended jobs of the batch forgot what was measured for them; see `redact.py`."""
        with self._database.write() as session:
            return redact.redact(session, batch, tenant=tenant)

    def mend(self, found: Unsound) -> None:
        """Puts the job back into the queue, without the attempt or case that can't stand."""
        if found.case_id:
            with self._database.write() as session:
                session.send("drop_case", {"case_id": found.case_id})
        self.make_again(found.job_id, found.recipe)

    def _bodies(self, name: str, start: str | int) -> Iterator[Row]:
        after, tenant = start, ""
        while True:
            asked = {"after": after, "tenant": tenant, "limit": _AT_ONCE}
            with self._database.read() as session:
                page = session.rows(name, asked)
            yield from page
            if len(page) < _AT_ONCE:
                return
            last = page[-1]
            after = last.sequence if "sequence" in last._fields else last.place
            tenant = last.tenant if "tenant" in last._fields else ""


def _mentioned(row: Row) -> frozenset[str]:
    return frozenset(_DIGESTS.findall(row.body))


def _is_readable(row: Row) -> bool:
    noun = Recipe if row.outcome == rows.FAILED else Attempt
    try:
        from_json(noun, row.body)
    except ValidationError:
        return False
    return True
