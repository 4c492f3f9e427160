"""Everything that happened to an asset, in order and in words: from the request to the delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from content_engine.codec import from_json, to_plain
from content_engine.ledger import rows
from content_engine.ledger.sql import Row, Session
from content_engine.review import Label, LabelOutcome
from content_engine.types import Attempt, Digest, Evidence, JobStatus, canonical_json

Place = tuple[str, str]
"""An attempt's place: job id and recipe digest."""

_MOST_ATTEMPTS = 200
"""Where a lineage ends: a photo goes into every picture of its product. Source: house limit."""
_ANSWERS = {
    LabelOutcome.PASS: "passed",
    LabelOutcome.FIX: "sent back",
    LabelOutcome.REJECT: "rejected",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. `detail` is a `canonical_json` object with its numbers.

    Names: submitted generated failed_to_generate judged case_opened case_claimed labelled
    label_undone case_reopened delivered failed cancelled.
    """

    at: datetime
    name: str
    words: str
    job_id: str
    recipe: str
    detail: str


def lineage(session: Session, digest: Digest, *, tenant: str) -> frozenset[Place]:
    """The attempts that made the asset, what they were made from, and what was made of them.

    For an asset that no attempt made (a photo, an upload): the attempts that took it. Empty when
    the ledger knows nothing of it.
    """
    uses = session.rows("asset_uses", {"digest": digest, "tenant": tenant})
    made = {(row.job_id, row.recipe_sha256) for row in uses if row.made}
    new = list(made or {(row.job_id, row.recipe_sha256) for row in uses})[:_MOST_ATTEMPTS]
    known: set[Place] = set(new)
    while new and len(known) < _MOST_ATTEMPTS:
        job_id, recipe = new.pop()
        place = {"id": job_id, "recipe_sha256": recipe, "tenant": tenant}
        near = session.rows("related_by_assets", place) + session.rows("related_by_people", place)
        found = {(row.job_id, row.recipe_sha256) for row in near} - known
        new += found
        known |= found
    return frozenset(known)


def tell(session: Session, places: frozenset[Place]) -> tuple[Happening, ...]:
    """What happened to those attempts, in order."""
    jobs = sorted({job_id for job_id, _ in places})
    told = [
        (event.sequence, happening)
        for job_id in jobs
        for event, happening in _of_job(session, job_id, places)
    ]
    return tuple(happening for _, happening in sorted(told, key=lambda pair: pair[0]))


def places_of(session: Session, job_id: str) -> frozenset[Place]:
    """Every attempt of a job."""
    return frozenset((job_id, row[0]) for row in session.rows("tried", {"id": job_id}))


def _of_job(
    session: Session, job_id: str, places: frozenset[Place]
) -> Iterator[tuple[Row, Happening]]:
    """The job's events as far as they concern the places, each as one or two happenings."""
    recipes = {recipe for job, recipe in places if job == job_id}
    cases = {row.id: row.recipe_sha256 for row in session.rows("cases_of_job", {"id": job_id})}
    events = session.rows("events", {"id": job_id, "after": 0})
    labels = {row.sequence: row for row in session.rows("labels_of_job", {"id": job_id})}
    for event in events:
        detail: dict[str, Any] = json.loads(event.detail)
        recipe = detail.get("recipe") or cases.get(detail.get("case", ""), "")
        if recipe and recipe not in recipes:
            continue
        for name, words, numbers in _said(session, event, detail, recipe, labels):
            yield (
                event,
                Happening(
                    at=rows.moment(event.at_us),
                    name=name,
                    words=words,
                    job_id=job_id,
                    recipe=recipe,
                    detail=canonical_json(numbers),
                ),
            )


Said = tuple[str, str, Mapping[str, Any]]


def _said(
    session: Session, event: Row, detail: Mapping[str, Any], recipe: str, labels: Mapping[int, Row]
) -> Sequence[Said]:
    if event.name == "attempt":
        return _attempt(session, event.job_id, recipe, detail)
    if event.name == "labelled":
        return [_label(labels[detail["label"]])]
    if event.name == JobStatus.QUEUED:
        return _submitted(session, event)
    if event.name == JobStatus.SUCCEEDED:
        return _delivered(session, event, detail)
    said = {
        "case_opened": "put before a person",
        "case_claimed": f"taken by {detail.get('reviewer')}",
        "label_undone": f"{detail.get('reviewer')} took the answer back",
        "case_reopened": f"back before a person: {detail.get('reason')}",
        JobStatus.FAILED: f"the job failed: {detail.get('problem')}",
        JobStatus.CANCELLED: "the job was cancelled",
    }
    return [(event.name, said[event.name], detail)] if event.name in said else []


def _submitted(session: Session, event: Row) -> Sequence[Said]:
    job = session.row("job_of_event", {"id": event.job_id, "sequence": event.sequence})
    if job is None:
        return []
    words = f"{job.kind} of {job.sku} asked for"
    return [("submitted", words, {"kind": job.kind, "sku": job.sku, "wanted": job.wanted})]


def _delivered(session: Session, event: Row, detail: Mapping[str, Any]) -> Sequence[Said]:
    """What shipped then; ledgers of schema 1 did not write it down: what ships now."""
    now = session.rows("delivered", {"id": event.job_id}) if "recipes" not in detail else ()
    ships = detail.get("recipes", [row[0] for row in now])
    words = "delivered: " + ", ".join(digest[:8] for digest in ships)
    return [("delivered", words, {"recipes": ships})]


def _attempt(
    session: Session, job_id: str, recipe: str, detail: Mapping[str, Any]
) -> Sequence[Said]:
    if detail["outcome"] == rows.FAILED:
        words = f"{recipe[:8]} gave nothing: {'; '.join(detail['reasons'])}"
        return [("failed_to_generate", words, detail)]
    body = session.value("case_attempt", {"id": job_id, "recipe_sha256": recipe})
    attempt = from_json(Attempt, body)
    made, verdict = attempt.candidate, attempt.verdict
    fixed = session.row("corrected_by", {"id": job_id, "recipe_sha256": recipe})
    why = f", correcting {fixed.recipe_sha256[:8]}" if fixed else ""
    numbers = {
        "backend": made.recipe.backend,
        "model": made.recipe.model,
        "seed": made.recipe.seed,
        "seconds": made.seconds,
        "device": made.device,
        "corrects": fixed.recipe_sha256 if fixed else "",
        "assets": [{"role": asset.role, "digest": asset.digest} for asset in made.assets],
    }
    scores = {
        "outcome": verdict.outcome.value,
        "reasons": list(verdict.reasons),
        "scores": [
            {"metric": score.metric, "value": score.value, "asset": score.asset}
            for score in attempt.scores
        ],
    }
    words = f"{recipe[:8]} made by {made.recipe.backend} in {made.seconds:.1f} s{why}"
    judged = ": ".join(part for part in (verdict.outcome.value, "; ".join(verdict.reasons)) if part)
    return [("generated", words, numbers), ("judged", judged, scores)]


def _label(row: Row) -> Said:
    label = from_json(Label, row.body)
    words = f"{_ANSWERS[label.outcome]} by {label.reviewer} in {label.seconds:.0f} s"
    if label.correction is not None:
        words += f" to {label.correction.action.replace('_', ' ')}"
    if label.faults:
        words += ", saw " + ", ".join(_seen(fault) for fault in label.faults)
    if label.comment:
        words += f": {label.comment}"
    return "labelled", words, {**to_plain(label), "case": row.case_id, "undone": bool(row.undone)}


def _seen(fault: Evidence) -> str:
    if fault.frames is not None:
        return f"{fault.kind} in frames {fault.frames[0]} to {fault.frames[1]}"
    return f"{fault.kind} in {fault.field}" if fault.field else fault.kind
