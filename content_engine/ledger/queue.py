"""How the queue of cases stands: what waits, what people decide and how fast, which faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from content_engine.ledger import rows
from content_engine.ledger.sql import Row, Session
from content_engine.types import Kind

_HOUR_US = 3_600_000_000
_AGES_US = {"hour": _HOUR_US, "day": 24 * _HOUR_US, "week": 7 * 24 * _HOUR_US}
"""Ages are told as under an hour, under a day, under a week, older."""

_KNOWN = {"met": '%"agreed":true%', "missed": '%"agreed":false%'}
"""How a label's body says that a known answer was met or missed; in a text quotes are escaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Cases of one kind and age that wait; `held` of them are before a reviewer just now.

    `age` is under an `hour`, a `day`, a `week`, or `older`.
    """

    kind: Kind
    age: str
    cases: int
    held: int
    overdue: int
    value_at_risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of the candidates of one kind and backend.

    `accepted`, `repaired`, `reviewed`, `rejected` are the gate's verdicts, `failed` gave nothing;
    `passed`, `fixed`, `refused` are people's answers.
    """

    kind: Kind
    backend: str
    accepted: int
    repaired: int
    reviewed: int
    rejected: int
    failed: int
    passed: int
    fixed: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one reviewer did; seconds are those from seeing a case to answering it.

    `known` cases had a known answer, `agreed` of them were answered so (see `known.py`).
    """

    reviewer: str
    labels: int
    passed: int
    fixed: int
    refused: int
    seconds_median: float
    seconds_in_all: float
    labels_last_hour: int
    last_at: datetime
    known: int
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCount:
    """In how many cases a fault was named by the `judge` or by a `person`."""

    kind: Kind
    backend: str
    fault: str
    named_by: str
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day (UTC): cases opened and answered."""

    day: datetime
    opened: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """The queue as it stands at `at`; all but `waiting` counts from `since` on."""

    at: datetime
    since: datetime
    waiting: tuple[Waiting, ...]
    decided: tuple[Decided, ...]
    reviewers: tuple[Pace, ...]
    faults: tuple[FaultCount, ...]
    days: tuple[Day, ...]


def queue_stats(session: Session, tenant: str, *, now_us: int, since_us: int) -> QueueStats:
    """How the tenant's queue stands at `now_us`, with what happened from `since_us` on."""
    asked = {"tenant": tenant, "since_us": since_us}
    labels = session.rows("labels_since", asked | _KNOWN)
    return QueueStats(
        at=rows.moment(now_us),
        since=rows.moment(since_us),
        waiting=_waiting(session, tenant, now_us=now_us),
        decided=_decided(session.rows("verdicts_since", asked), labels),
        reviewers=_paces(labels, now_us=now_us),
        faults=tuple(
            FaultCount(
                kind=Kind(row.media),
                backend=row.backend,
                fault=row.kind,
                named_by="person" if row.by_person else "judge",
                cases=row.cases,
            )
            for row in session.rows("faults_since", asked)
        ),
        days=_days(session.rows("opened_since", asked), labels),
    )


def _waiting(session: Session, tenant: str, *, now_us: int) -> tuple[Waiting, ...]:
    """By age, the youngest first, then by kind."""
    borders = {f"{age}_us": now_us - age_us for age, age_us in _AGES_US.items()}
    found = session.rows("waiting_by_age", {"tenant": tenant, "now_us": now_us, **borders})
    ages = [*_AGES_US, "older"]
    return tuple(
        Waiting(
            kind=Kind(row.kind),
            age=row.age,
            cases=row.cases,
            held=row.held,
            overdue=row.overdue,
            value_at_risk=round(row.value_at_risk, 2),
        )
        for row in sorted(found, key=lambda row: (ages.index(row.age), row.kind))
    )


def _decided(verdicts: Sequence[Row], labels: Sequence[Row]) -> tuple[Decided, ...]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in verdicts:
        counts[row.kind, row.backend][row.outcome] += row.attempts
    for row in labels:
        counts[row.kind, row.backend][row.outcome] += 1
    return tuple(
        Decided(
            kind=Kind(kind),
            backend=backend,
            accepted=count["ACCEPT"],
            repaired=count["REPAIR"],
            reviewed=count["REVIEW"],
            rejected=count["REJECT"],
            failed=count[rows.FAILED],
            passed=count["pass"],
            fixed=count["fix"],
            refused=count["reject"],
        )
        for (kind, backend), count in sorted(counts.items())
    )


def _paces(labels: Sequence[Row], *, now_us: int) -> tuple[Pace, ...]:
    by_reviewer: dict[str, list[Row]] = defaultdict(list)
    for row in labels:
        by_reviewer[row.reviewer].append(row)
    return tuple(_pace(name, own, now_us=now_us) for name, own in sorted(by_reviewer.items()))


def _pace(reviewer: str, labels: Sequence[Row], *, now_us: int) -> Pace:
    outcomes = [row.outcome for row in labels]
    seconds = [row.seconds for row in labels]
    return Pace(
        reviewer=reviewer,
        labels=len(labels),
        passed=outcomes.count("pass"),
        fixed=outcomes.count("fix"),
        refused=outcomes.count("reject"),
        seconds_median=median(seconds),
        seconds_in_all=sum(seconds),
        labels_last_hour=sum(row.labelled_at_us > now_us - _HOUR_US for row in labels),
        last_at=rows.moment(max(row.labelled_at_us for row in labels)),
        known=sum(row.agreed >= 0 for row in labels),
        agreed=sum(row.agreed > 0 for row in labels),
    )


def _days(opened: Sequence[Row], labels: Sequence[Row]) -> tuple[Day, ...]:
    day_us = 24 * _HOUR_US
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in opened:
        counts[row.day][0] += row.cases
    for row in labels:
        counts[row.labelled_at_us // day_us][1] += 1
    return tuple(
        Day(day=rows.moment(day * day_us), opened=opened_on, answered=answered_on)
        for day, (opened_on, answered_on) in sorted(counts.items())
    )
