"""A try-on on its way: what stands in the ledger and the vault, as answers for the shopper."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assets.errors import AssetMissing
from assets.media import probe
from assets.vault import Handle
from content_engine.errors import NotFound
from content_engine.ledger import JobRow
from content_engine.refusals import refusal_of
from content_engine.types import Brief, Candidate, Garment, Job, JobStatus, Outcome, TryonSpec
from serving.api.door import Door
from serving.api.problems import problem_body
from serving.api.tryon_problems import refusal_body
from serving.api.wire_tryon import (
    AcceptedOut,
    SeenOut,
    TryonOut,
    TryonResultOut,
    WornOut,
)

_LOOK_AGAIN_S = 0.02
"""How often to look for the preview: a file that another process writes; 30 µs a look."""
_REPORT = "report: "
_FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tryon:
    """One try-on of a shopper. `preview` is where its first look will stand, or empty."""

    job_id: str
    person: Handle
    preview: str
    expires_at: datetime
    created_at: datetime
    garments: tuple[WornOut, ...]

    @property
    def url(self) -> str:
        """Where it can be looked at and cancelled."""
        return f"/v1/tryon/{self.job_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened: `preview`, `result`, `refused`, or `nothing` in the last 20 ms."""

    name: str
    body: dict[str, Any]


def tryon_of(door: Door, job: Job) -> Tryon:
    """The try-on of a job. Raises NotFound for a job of another kind, AssetMissing once gone."""
    spec = job.brief.spec
    if not isinstance(spec, TryonSpec) or not spec.private:
        raise NotFound(f"there is no try-on {job.id!r}")
    person = Handle(spec.person)
    recipe = door.check(job.brief)
    return Tryon(
        job_id=job.id,
        person=person,
        preview=door.vault.named(person, f"preview:{recipe.digest}") if recipe else "",
        expires_at=door.vault.expires_at(person),
        created_at=job.created_at,
        garments=tuple(_worn(door, job.brief, each) for each in spec.garments),
    )


def _worn(door: Door, brief: Brief, garment: Garment) -> WornOut:
    if not garment.sku:
        return WornOut(sku="", kind=garment.kind, title="")
    same = garment.sku == brief.product.sku
    product = brief.product if same else door.ledger.get_product(garment.sku, door.tenant)
    return WornOut(sku=garment.sku, kind=garment.kind, title=product.title)


def accepted_out(tryon: Tryon) -> dict[str, Any]:
    """The first event of a stream."""
    shown = AcceptedOut(
        id=tryon.job_id,
        upload=tryon.person,
        expires_at=tryon.expires_at,
        status_url=tryon.url,
        cancel_url=tryon.url,
    )
    return shown.model_dump(mode="json")


async def follow(door: Door, tryon: Tryon) -> AsyncGenerator[Step, None]:
    """What happens to the try-on, as it happens: at last a `result` or a `refused`."""
    waits_for_preview = bool(tryon.preview)
    with door.news.watch_job(tryon.job_id) as watch:
        while True:
            row = door.ledger.job_row(tryon.job_id, door.tenant)
            if waits_for_preview and door.vault.has(tryon.preview):
                waits_for_preview = False
                yield Step(name="preview", body=_plain(await asyncio.to_thread(_seen, door, tryon)))
            if row.status.is_final:
                yield await asyncio.to_thread(ended, door, tryon, row)
                return
            yield Step(name="nothing", body={})
            await watch.wait(_LOOK_AGAIN_S)


def ended(door: Door, tryon: Tryon, row: JobRow) -> Step:
    """The end of a finished try-on: its result, or why there is none."""
    if row.status is JobStatus.SUCCEEDED:
        return Step(name="result", body=standing(door, tryon, row))
    known = {"upload": tryon.person, "expires_at": tryon.expires_at.isoformat()}
    if row.status is JobStatus.CANCELLED:
        detail = "it was cancelled, or its photo was deleted"
        return Step(name="refused", body=problem_body("tryon-cancelled", detail) | known)
    return Step(name="refused", body=_why_not(door, tryon) | known)


def standing(door: Door, tryon: Tryon, row: JobRow) -> dict[str, Any]:
    """The try-on as it stands, whether or not it has ended."""
    done = row.status is JobStatus.SUCCEEDED
    candidate = _delivered(door, tryon) if done else None
    end = row.updated_at if done else datetime.now(UTC)
    shown = TryonOut(
        id=tryon.job_id,
        status="succeeded" if done else "running" if row.status is JobStatus.RUNNING else "queued",
        upload=tryon.person,
        expires_at=tryon.expires_at,
        seconds=round((end - tryon.created_at).total_seconds(), 3),
        preview=_seen(door, tryon) if tryon.preview and door.vault.has(tryon.preview) else None,
        result=_result(candidate) if candidate else None,
        report=_report(candidate) if candidate else {},
        garments=list(tryon.garments),
        status_url=tryon.url,
        cancel_url=tryon.url,
    )
    return _plain(shown)


def _seen(door: Door, tryon: Tryon) -> SeenOut:
    _, width_px, height_px = probe(door.vault.get(tryon.preview))
    return SeenOut(url=f"/v1/uploads/{tryon.preview}", width_px=width_px, height_px=height_px)


def _delivered(door: Door, tryon: Tryon) -> Candidate:
    attempts = door.ledger.attempts(tryon.job_id, door.tenant)
    for attempt in attempts:
        if attempt.verdict.outcome is Outcome.ACCEPT:
            return attempt.candidate
    raise AssetMissing("the try-on is gone: its time is over or it was deleted")


def _result(candidate: Candidate) -> TryonResultOut:
    asset = candidate.assets[0]
    return TryonResultOut(
        url=f"/v1/uploads/{asset.digest}",
        media_type=asset.media_type,
        width_px=asset.width_px,
        height_px=asset.height_px,
    )


def _report(candidate: Candidate) -> dict[str, Any]:
    """What the maker measured: the note that says so."""
    notes = (note.removeprefix(_REPORT) for note in candidate.notes if note.startswith(_REPORT))
    return json.loads(next(notes, "{}"))


def _why_not(door: Door, tryon: Tryon) -> dict[str, Any]:
    """The problem of a failed try-on: the maker's refusal, the judge's, or a fault of ours."""
    tries = [
        json.loads(event.detail)
        for event in door.ledger.events(tryon.job_id, door.tenant)
        if event.name == "attempt"
    ]
    failed = [detail for detail in tries if detail["outcome"] == _FAILED]
    for reason in (each for detail in failed for each in detail["reasons"]):
        if refusal := refusal_of(reason):
            return refusal_body(refusal.reason, measured=reason.partition(": ")[2])
    if len(failed) < len(tries):
        return refusal_body("quality", measured="; ".join(tries[-1]["reasons"]))
    return problem_body("tryon-failed", "the engine's log says why; the photo is untouched")


def _plain(shown: SeenOut | TryonOut) -> dict[str, Any]:
    return shown.model_dump(mode="json")


class Audience:
    """Who waits for which try-on: what nobody waits for any more is cancelled."""

    def __init__(self, cancel: Callable[[str], object]) -> None:
        self._cancel = cancel
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def of(self, job_id: str) -> Iterator[Seat]:
        """A seat for one who waits. Left before it was told to keep the job, it cancels it."""
        self._waiting[job_id] += 1
        seat = Seat()
        try:
            yield seat
        finally:
            self._waiting[job_id] -= 1
            if not self._waiting[job_id]:
                del self._waiting[job_id]
                if not seat.keeps:
                    # Not awaited: this also runs where the waiter itself is being cancelled.
                    loop = asyncio.get_running_loop()
                    loop.run_in_executor(None, self._cancel, job_id)


class Seat:
    """One who waits; `keep` once the answer was given, so that leaving ends nothing."""

    keeps = False

    def keep(self) -> None:
        """Says that the job may go on, or has ended."""
        self.keeps = True
