"""The reviewers' half of the ledger: cases taken under a lease, answered once, taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

from content_engine.codec import from_json
from content_engine.errors import InvalidBrief, LeaseLost, NotFound, TooLate
from content_engine.ledger import answers, rows, writes
from content_engine.ledger.queue import QueueStats, queue_stats
from content_engine.ledger.reads import LedgerReads
from content_engine.ledger.sql import Database, Row, Session
from content_engine.review import Case, CaseClaim, CaseStatus, Label, LabelOutcome
from content_engine.types import Job, JobStatus, Kind, canonical_json

UNDO_S = 120.0
"""How long a label can be taken back. Source: house rule; a slip shows within a case or two."""


class LedgerCases(LedgerReads):
    """What reviewers do. Every call is one transaction."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(database)
        self._clock = clock

    def claim_case(
        self,
        reviewer: str,
        *,
        tenant: str,
        kinds: Sequence[Kind] = tuple(Kind),
        lease_s: float = 600.0,
        prefer: str = "",
    ) -> CaseClaim | None:
        """The next case, now this reviewer's until the lease ends; None when none is free.

        In the order of the due day, then of the value at risk; never one that another holds.
        `prefer` is the id of a case to take first, if it is free or held by this very reviewer,
        who then gets a new token. A reviewer holds two at most, but for preferred ones; asked for
        a third, the ledger gives the one held longest, with a new token.
        """
        if not reviewer.strip():
            raise InvalidBrief("a case is claimed by somebody: give the reviewer's name")
        if not self._any_case(reviewer, tenant=tenant, kinds=kinds, prefer=prefer):
            return None
        token = uuid4().hex
        with self._database.write() as session:
            now_us = self._now_us()
            chosen = answers.choose(
                session, reviewer, tenant=tenant, kinds=kinds, prefer=prefer, now_us=now_us
            )
            if not chosen:
                return None
            until_us = now_us + round(lease_s * 1e6)
            taken = {"case_id": chosen, "token": token, "reviewer": reviewer, "now_us": now_us}
            session.send("claim_case", taken | {"until_us": until_us})
            session.send("add_case_claim", taken)
            row = _claimed(session, token)
            detail = canonical_json({"case": chosen, "reviewer": reviewer})
            writes.tell(session, [row.job_id], name="case_claimed", now_us=now_us, detail=detail)
        return rows.case_claim_of(row)

    def held_cases(self, reviewer: str, tenant: str) -> tuple[Case, ...]:
        """The cases that the reviewer holds just now, the one held longest first."""
        asked = {"reviewer": reviewer, "tenant": tenant, "now_us": self._now_us()}
        with self._database.read() as session:
            ids = [row.id for row in session.rows("held_cases", asked)]
        return tuple(self.case(case_id, tenant) for case_id in ids)

    def claimant(self, token: str, case_id: str) -> str:
        """The reviewer who got this token with this case. Raises LeaseLost."""
        with self._database.read() as session:
            row = session.row("claimed_case", {"token": token})
        if row is None or row.id != case_id:
            raise LeaseLost(f"case {case_id} was not claimed with this token: claim it")
        return row.claimant

    def extend_case(self, token: str, lease_s: float = 600.0) -> CaseClaim:
        """The claim, now for `lease_s` seconds from now. Raises LeaseLost."""
        with self._database.write() as session:
            now_us = self._now_us()
            case = answers.held(session, token, now_us=now_us)
            until_us = now_us + round(lease_s * 1e6)
            session.send("extend_case", {"case_id": case.id, "until_us": until_us})
            row = _claimed(session, token)
        return rows.case_claim_of(row)

    def release_case(self, token: str) -> None:
        """Gives the case back unanswered. Raises LeaseLost."""
        with self._database.write() as session:
            case = answers.held(session, token, now_us=self._now_us())
            session.send("release_case", {"case_id": case.id})

    def label_case(self, token: str, label: Label) -> Job:
        """The job after the answer, which counts from now on.

        PASS counts the candidate as accepted; FIX orders the correction; REJECT lets the next
        recipe be tried. The same answer sent again with its token changes nothing. Raises
        LeaseLost saying who has the case or that the time ran out, InvalidBrief for a correction
        without FIX or the other way round.
        """
        if (label.outcome is LabelOutcome.FIX) != (label.correction is not None):
            raise InvalidBrief("a correction stands exactly when the outcome is 'fix'")
        with self._database.write() as session:
            now_us = self._now_us()
            known = session.row("claimed_case", {"token": token})
            if known is None or not _answered_so(session, known, token=token, label=label):
                answers.lock_job(session, known.job_id if known else "", now_us=now_us)
                known = answers.held(session, token, now_us=now_us)
                answers.write_label(session, known, label, now_us=now_us)
                answers.carry_on(session, known.job_id, label.outcome, now_us=now_us)
        return self.job(known.job_id, known.tenant)

    def undo_label(self, case_id: str, *, reviewer: str, tenant: str) -> Case:
        """The case, waiting again: the reviewer's label is taken back, and what it set going.

        Asked again, while it waits, it changes nothing. Raises NotFound; TooLate after two minutes,
        once anything was made since, or when the label is another person's.
        """
        with self._database.write() as session:
            now_us = self._now_us()
            case = session.row("case", {"case_id": case_id, "tenant": tenant})
            if case is None:
                raise NotFound(f"there is no case {case_id!r}")
            answers.lock_job(session, case.job_id, now_us=now_us)
            if _undone_so(session, case, reviewer=reviewer):
                return rows.case_of(case)
            label = session.row("last_label", {"case_id": case_id})
            status = _undoable(session, case, label, reviewer=reviewer, now_us=now_us)
            self._undo(session, case, label, now_us=now_us)
            answers.take_back(session, case.job_id, status=status, now_us=now_us)
        return self.case(case_id, tenant)

    def queue_stats(self, tenant: str, *, window_s: float = 30 * 86_400.0) -> QueueStats:
        """How the queue stands now, and what was decided in the last `window_s` seconds."""
        now_us = self._now_us()
        since_us = max(0, now_us - round(window_s * 1e6))
        with self._database.read() as session:
            return queue_stats(session, tenant, now_us=now_us, since_us=since_us)

    def _undo(self, session: Session, case: Row, label: Row | None, *, now_us: int) -> None:
        sequence = label.sequence if label is not None else 0
        withdrawn = {"status": "withdrawn", "recipe_sha256": "", "reason": "", "now_us": now_us}
        session.send("undo_label", {"label_sequence": sequence})
        session.send("drop_faults", {"case_id": case.id, "label_sequence": sequence})
        session.send("end_correction", {"case_id": case.id, "id": case.job_id, **withdrawn})
        answers.reopen(session, case.job_id, case.id)
        detail = canonical_json({"case": case.id, "reviewer": case.reviewer})
        writes.tell(session, [case.job_id], name="label_undone", now_us=now_us, detail=detail)

    def _any_case(self, reviewer: str, *, tenant: str, kinds: Sequence[Kind], prefer: str) -> bool:
        """Whether a claim may find something: who asks in vain must not hold up those who write."""
        look, now_us = self._database.look, self._now_us()
        asked = {"tenant": tenant, "reviewer": reviewer, "now_us": now_us}
        if prefer and look("preferred_case", asked | {"case_id": prefer}):
            return True
        return any(look("any_case", asked | {"kind": kind.value}) for kind in kinds) or bool(
            look("held_cases", asked)
        )

    def _now_us(self) -> int:
        return round(self._clock() * 1e6)


def _claimed(session: Session, token: str) -> Row:
    row = session.row("claimed_case", {"token": token})
    if row is None:
        raise NotFound("the claim was not written")
    return row


def _answered_so(session: Session, case: Row, *, token: str, label: Label) -> bool:
    """True when this very answer stands already: it was sent again after its reply was lost.

    The seconds may differ: the clock went on meanwhile.
    """
    given = session.row("last_label", {"case_id": case.id})
    if given is None or given.token != token:
        return False
    return replace(from_json(Label, given.body), seconds=label.seconds) == label


def _undone_so(session: Session, case: Row, *, reviewer: str) -> bool:
    """True when this reviewer took the answer back already and nobody answered since."""
    newest = session.row("newest_label", {"case_id": case.id})
    taken_back = newest is not None and newest.undone and newest.reviewer == reviewer
    return taken_back and case.status == CaseStatus.WAITING


def _undoable(session: Session, case: Row, label: Row | None, *, reviewer: str, now_us: int) -> str:
    """The status of the job whose label may be taken back. Raises TooLate."""
    job = session.row("job_row", {"id": case.job_id, "tenant": case.tenant})
    if label is None or job is None or case.status != "labelled":
        raise TooLate(f"case {case.id} has no answer that could be taken back")
    if label.reviewer != reviewer:
        raise TooLate(f"case {case.id} was answered by {label.reviewer}: only they take it back")
    if now_us - label.labelled_at_us > UNDO_S * 1e6:
        raise TooLate(f"the answer to case {case.id} is older than {UNDO_S:.0f} s")
    made = session.value("last_attempt", {"id": case.job_id}) != label.last_attempt
    if made or job.status == JobStatus.CANCELLED:
        raise TooLate(f"the answer to case {case.id} was carried out already, or its job cancelled")
    return job.status
