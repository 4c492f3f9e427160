"""What the ledger forgets with a shopper's photo: everything that was measured on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from content_engine.codec import from_json, to_json
from content_engine.ledger import rows
from content_engine.ledger.sql import Session
from content_engine.types import Attempt, JobStatus, Verdict, canonical_json

_GONE = "what was measured is gone with the photo"
_TELLING = frozenset({"reasons", "problem", "assets"})
_FINAL = [status.value for status in JobStatus if status.is_final]


def redact(session: Session, batch: str, *, tenant: str) -> int:
    """How many ended jobs of the batch now tell no more than what was tried on and how it ended.

    Scores, evidence, notes, reasons and problems go; recipes, verdicts and seconds stay, for they
    tell what the work cost. The jobs leave the batch: nothing links them any more.
    """
    asked = {"tenant": tenant, "batch": batch, "statuses": _FINAL}
    ids = [row.id for row in session.rows("ended_of_batch", asked)]
    if ids:
        _redact_attempts(session, ids)
        _redact_events(session, ids)
        session.send("redact_jobs", {"ids": ids, "problem": _GONE})
    return len(ids)


def _redact_attempts(session: Session, ids: Sequence[str]) -> None:
    for row in session.rows("attempts_of", {"ids": ids}):
        body = row.body
        if row.outcome != rows.FAILED:
            told = from_json(Attempt, body)
            body = to_json(
                replace(
                    told,
                    candidate=replace(told.candidate, notes=()),
                    scores=(),
                    verdict=Verdict(outcome=told.verdict.outcome),
                )
            )
        session.send("redact_attempt", {"sequence": row.sequence, "body": body, "reason": _GONE})


def _redact_events(session: Session, ids: Sequence[str]) -> None:
    for row in session.rows("events_of", {"ids": ids}):
        detail = json.loads(row.detail)
        kept = detail | {name: _silent(detail[name]) for name in detail if name in _TELLING}
        values = {"sequence": row.sequence, "detail": canonical_json(kept)}
        session.send("redact_event", values)


def _silent(told: object) -> object:
    return [] if isinstance(told, list) else _GONE
