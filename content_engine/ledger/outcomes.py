"""How a batch stands and what became of its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from content_engine.batches import Batch, BatchProgress, BatchStatus, ItemOutcome
from content_engine.codec import from_json
from content_engine.ledger import rows
from content_engine.ledger.sql import Row, Session
from content_engine.types import Attempt, Brief, JobStatus, Kind

WAITING, INVALID = "waiting", "invalid"
_ENDED = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.IN_REVIEW, JobStatus.CANCELLED)


def progress(session: Session, batch: Batch, *, now_us: int) -> BatchProgress:
    """How the batch stands; done once its feed is in and machines have ended every brief."""
    asked = {"sequence": batch.sequence}
    tally, went = session.ask("batch_tally", asked), session.ask("batch_spent", asked)
    jobs = dict.fromkeys(JobStatus, 0) | {JobStatus(row.status): row.jobs for row in tally.rows()}
    spent = went.rows()
    ended = sum(jobs[status] for status in _ENDED)
    since_us = _since_us(session, batch) if ended else 0
    unfed = batch.briefs - sum(jobs.values())
    if batch.status is BatchStatus.CANCELLED:
        jobs[JobStatus.CANCELLED] += unfed
        ended, unfed = ended + unfed, 0
    if batch.status is BatchStatus.RUNNING and ended == batch.briefs:
        batch = replace(batch, status=BatchStatus.DONE)
    counts = {WAITING: unfed, **{status.value: jobs[status] for status in JobStatus}}
    return BatchProgress(
        batch=batch,
        counts=counts,
        attempts=sum(row.attempts for row in spent),
        made_s={row.device: row.made_s for row in spent if row.made_s > 0},
        judged_s={row.device: row.judged_s for row in spent if row.judged_s > 0},
        eta_s=_eta_s(batch.briefs - ended, ended, since_us=since_us, now_us=now_us),
    )


def outcomes(
    session: Session, orders: Sequence[Row], *, after: int, last: int, most: int
) -> tuple[list[ItemOutcome], int]:
    """What became of the next lines between two items, and the item to go on after."""
    asked = {"after": after, "last": last, "limit": most}
    items, faults = session.rows("items_from", asked), session.rows("faults_from", asked)
    # Both lists are cut off after `most`: what lies beyond the shorter one's end comes next time.
    ends = [found[-1].item for found in (items, faults) if len(found) == most]
    end = min(ends, default=last)
    skus = {row.item: row.sku for row in items if row.item <= end}
    told = [
        ItemOutcome(line=rows.line_of(row.item), sku="", status=INVALID, problem=row.message)
        for row in faults
        if row.item <= end
    ]
    told += _of_items(session, orders, skus, after=after) if skus else ()
    return sorted(told, key=lambda outcome: (outcome.line, outcome.place)), end


def _of_items(
    session: Session, orders: Sequence[Row], skus: Mapping[int, str], *, after: int
) -> Iterator[ItemOutcome]:
    jobs = {
        (row.item, row.place): row
        for row in session.rows("jobs_of_items", {"after": after, "last": max(skus)})
    }
    delivered = _delivered(session, [row.id for row in jobs.values()])
    wanted = [(row.place, from_json(Brief, row.body), row.status) for row in orders]
    for item, sku in skus.items():
        for place, order, order_status in wanted:
            job = jobs.get((item, place))
            unmade = JobStatus.CANCELLED.value if order_status == "cancelled" else WAITING
            yield ItemOutcome(
                line=rows.line_of(item),
                sku=sku,
                place=place,
                kind=Kind(order.kind),
                locale=order.locale,
                status=job.status if job else unmade,
                job_id=job.id if job else "",
                problem=job.problem if job else "",
                delivered=tuple(delivered.get(job.id, ())) if job else (),
            )


def _delivered(session: Session, job_ids: Sequence[str]) -> Mapping[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = defaultdict(list)
    if job_ids:
        for row in session.rows("delivered_of", {"ids": job_ids}):
            found[row.job_id].append(from_json(Attempt, row.body))
    return found


def _since_us(session: Session, batch: Batch) -> int:
    """When the first job that has ended was made."""
    asked = {"tenant": batch.tenant, "batch_id": batch.id}
    firsts = [session.ask("batch_since", asked | {"status": each.value}) for each in _ENDED]
    return min((row.created_at_us for first in firsts for row in first.rows()), default=0)


def _eta_s(left: int, ended: int, *, since_us: int, now_us: int) -> float | None:
    """Seconds until the rest has ended at the pace since the first job was made."""
    if not left:
        return 0.0
    return round(left * (now_us - since_us) / 1e6 / ended, 1) if ended and since_us else None
