"""Fills what a newer schema added from an older ledger's rows; upgrade_*.sql changes the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from content_engine.codec import from_json
from content_engine.ledger import risk, rows, writes
from content_engine.ledger.sql import Row, Session
from content_engine.types import Attempt, Brief, Recipe

_AT_ONCE = 500


def _label_cases(session: Session) -> None:
    """From 1 to 2: who made what, from what; and what each case puts at risk."""
    after = 0
    while found := session.rows("attempts_after", {"after": after, "limit": _AT_ONCE}):
        for row in found:
            _index(session, row)
        after = found[-1].sequence
    for row in session.rows("cases_unfilled"):
        brief, attempt = from_json(Brief, row.brief), from_json(Attempt, row.attempt)
        session.send(
            "fill_case",
            {
                "case_id": row.id,
                "kind": brief.kind.value,
                "sku": brief.product.sku,
                "backend": attempt.candidate.recipe.backend,
                "due_at_us": risk.due_at_us(brief),
                "due_day": risk.due_day(brief, now_us=row.opened_at_us),
                "value_at_risk": risk.value_at_risk(brief, attempt),
            },
        )


def _index(session: Session, row: Row) -> None:
    if row.outcome == rows.FAILED:
        recipe, assets = from_json(Recipe, row.body), ()
    else:
        candidate = from_json(Attempt, row.body).candidate
        recipe, assets = candidate.recipe, candidate.assets
        writes.add_uses(session, row.job_id, recipe, assets=assets)
    session.send("fill_backend", {"sequence": row.sequence, "backend": recipe.backend})


def _nothing(session: Session) -> None:
    """From 2 to 3: batches begin empty. From 4 to 5: nobody had measured what judging took.

    From 5 to 6: batches are counted by the step to 7.
    """


def _batches_under_way(session: Session) -> None:
    """From 3 to 4: nobody has been told of any batch's end."""
    session.send("batches_under_way")


def _count_batches(session: Session) -> None:
    """From 6 to 7: triggers count what changes from now on, this what is there."""
    session.send("count_batch_jobs")
    session.send("count_batch_attempts")
    session.send("count_batch_judging")


MIGRATIONS: Mapping[int, Callable[[Session], None]] = {
    1: _label_cases,
    2: _nothing,
    3: _batches_under_way,
    4: _nothing,
    5: _nothing,
    6: _count_batches,
}
"""By version: the step from it to the next one."""
