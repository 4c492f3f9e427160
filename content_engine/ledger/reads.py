"""What can be asked of the ledger: jobs, attempts, events, cases, counts and costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from content_engine.codec import from_json
from content_engine.errors import InvalidBrief, NotFound
from content_engine.ledger import rows, story
from content_engine.ledger.rows import Cost, JobRow, Page
from content_engine.ledger.sql import Database, Row
from content_engine.ledger.story import Happening
from content_engine.review import Case, CaseStatus, Label
from content_engine.types import Attempt, Digest, Event, Job, JobStatus, Kind, Product

T = TypeVar("T")
R = TypeVar("R", bound=Sequence[Any])
# Above every sequence number that a database hands out.
_NEWEST = 2**62


class LedgerReads:
    """The asking half of the ledger. Every answer is one consistent look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_product(self, sku: str, tenant: str) -> Product:
        """The product of that sku. Raises NotFound."""
        with self._database.read() as session:
            body = session.value("get_product", {"tenant": tenant, "sku": sku})
        if body is None:
            raise NotFound(f"there is no product {sku!r}")
        return from_json(Product, body)

    def products(self, tenant: str, *, limit: int = 50) -> tuple[Product, ...]:
        """The first products of the tenant in the order of their skus."""
        with self._database.read() as session:
            found = session.rows("products", {"tenant": tenant, "limit": limit})
        return tuple(from_json(Product, row[0]) for row in found)

    def owns_asset(self, digest: Digest, tenant: str) -> bool:
        """True for an asset that the tenant brought in, or that a job of it made or took."""
        return self._database.look("owns_asset", {"digest": digest, "tenant": tenant}) is not None

    def job(self, job_id: str, tenant: str) -> Job:
        """The job with its brief. Raises NotFound."""
        found = self._database.rows("job", {"id": job_id, "tenant": tenant})
        return rows.shown_job(_found(found[0] if found else None, job_id))

    def job_row(self, job_id: str, tenant: str) -> JobRow:
        """The job without its brief: cheap enough to poll. Raises NotFound."""
        row = self._database.look("job_row", {"id": job_id, "tenant": tenant})
        return rows.job_row(_found(row, job_id))

    def cancelled(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of the jobs that were cancelled."""
        if not job_ids:
            return frozenset()
        return frozenset(row.id for row in self._database.rows("cancelled_of", {"ids": job_ids}))

    def jobs(
        self,
        tenant: str,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        sku: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> Page[Job]:
        """The tenant's jobs, newest first; see `job_rows` for the filters and the cursor."""
        page = self.job_rows(tenant, status=status, kind=kind, sku=sku, cursor=cursor, limit=limit)
        if not page.items:
            return Page(items=(), next_cursor="")
        with self._database.read() as session:
            found = session.rows("briefs", {"ids": [row.id for row in page.items]})
        briefs = {row.job_id: rows.shown_brief(row) for row in found}
        items = tuple(rows.job_of_row(row, briefs[row.id]) for row in page.items)
        return Page(items=items, next_cursor=page.next_cursor)

    def job_rows(
        self,
        tenant: str,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        sku: str = "",
        cursor: str = "",
        limit: int = 50,
    ) -> Page[JobRow]:
        """The tenant's jobs without briefs, newest first, narrowed by what is given.

        Pages are stable: jobs submitted meanwhile never shift those after a cursor. Raises
        InvalidBrief for a cursor that no page gave.
        """
        name = "job_rows_of_sku" if sku else "job_rows"
        values: dict[str, Any] = {"sku": sku} if sku else {}
        with self._database.read() as session:
            found = session.rows(
                name,
                {
                    "tenant": tenant,
                    "statuses": [status.value] if status else [item.value for item in JobStatus],
                    "kinds": [kind.value] if kind else [item.value for item in Kind],
                    "before": _place(cursor, start=_NEWEST),
                    "limit": limit + 1,
                    **values,
                },
            )
        return _page(found, limit=limit, read=rows.job_row)

    def batch_rows(
        self, batch: str, tenant: str, *, cursor: str = "", limit: int = 50
    ) -> Page[JobRow]:
        """The jobs of a batch without briefs, in the order they were submitted."""
        with self._database.read() as session:
            found = session.rows(
                "job_rows_of_batch",
                {
                    "tenant": tenant,
                    "batch": batch,
                    "after": _place(cursor, start=0),
                    "limit": limit + 1,
                },
            )
        return _page(found, limit=limit, read=rows.job_row)

    def batches(self, prefix: str, tenant: str, *, before: datetime) -> tuple[str, ...]:
        """The batches named by that prefix that hold a job accepted before that moment."""
        asked = {"tenant": tenant, "first": prefix, "last": prefix + "\uffff"}
        with self._database.read() as session:
            before_us = round(before.timestamp() * 1e6)
            found = session.rows("batches_before", {**asked, "before_us": before_us})
        return tuple(row.batch for row in found)

    def attempts(self, job_id: str, tenant: str) -> tuple[Attempt, ...]:
        """Every judged candidate of the job, in the order of recording. Raises NotFound."""
        with self._database.read() as session:
            _found(session.row("job_row", {"id": job_id, "tenant": tenant}), job_id)
            bodies = session.rows("attempts", {"id": job_id, "tenant": tenant})
        return tuple(from_json(Attempt, row[0]) for row in bodies)

    def events(self, job_id: str, tenant: str, *, after: int = 0) -> tuple[Event, ...]:
        """What happened to the job after that sequence number. Raises NotFound."""
        with self._database.read() as session:
            _found(session.row("job_row", {"id": job_id, "tenant": tenant}), job_id)
            found = session.rows("events", {"id": job_id, "after": after})
        return tuple(rows.event_of(row) for row in found)

    def case(self, case_id: str, tenant: str) -> Case:
        """The case. Raises NotFound."""
        with self._database.read() as session:
            row = session.row("case", {"case_id": case_id, "tenant": tenant})
        if row is None:
            raise NotFound(f"there is no case {case_id!r}")
        return rows.case_of(row)

    def case_attempt(self, case: Case) -> Attempt:
        """The judged candidate that the case is about. Raises NotFound."""
        asked = {"id": case.job_id, "recipe_sha256": case.recipe_digest}
        with self._database.read() as session:
            body = session.value("case_attempt", asked)
        if body is None:
            raise NotFound(f"case {case.id} has no candidate")
        return from_json(Attempt, body)

    def case_label(self, case: Case) -> Label | None:
        """The answer in force, or None while the case waits."""
        with self._database.read() as session:
            row = session.row("last_label", {"case_id": case.id})
        if row is None or case.status is not CaseStatus.LABELLED:
            return None
        return from_json(Label, row.body)

    def cases(
        self,
        tenant: str,
        *,
        kind: Kind | None = None,
        status: CaseStatus | None = CaseStatus.WAITING,
        cursor: str = "",
        limit: int = 50,
    ) -> Page[Case]:
        """The tenant's cases, oldest first; `status` None means every status."""
        with self._database.read() as session:
            found = session.rows(
                "cases",
                {
                    "tenant": tenant,
                    "kinds": [kind.value] if kind else [item.value for item in Kind],
                    "statuses": [status.value] if status else [item.value for item in CaseStatus],
                    "after": _place(cursor, start=0),
                    "limit": limit + 1,
                },
            )
        return _page(found, limit=limit, read=rows.case_of)

    def history(self, digest: Digest, tenant: str) -> tuple[Happening, ...]:
        """Everything that happened to the asset, what it was made from and what became of it.

        In order. Raises NotFound for an asset that no job of the tenant made or took.
        """
        with self._database.read() as session:
            places = story.lineage(session, digest, tenant=tenant)
            if not places:
                raise NotFound(f"no job made or took an asset {digest[:12]!r}…")
            return story.tell(session, places)

    def job_history(self, job_id: str, tenant: str) -> tuple[Happening, ...]:
        """Everything that happened to the job's candidates, in order. Raises NotFound."""
        with self._database.read() as session:
            _found(session.row("job_row", {"id": job_id, "tenant": tenant}), job_id)
            return story.tell(
                session, story.places_of(session, job_id) or frozenset({(job_id, "")})
            )

    def recipes(self, job_id: str) -> frozenset[Digest]:
        """Digests of the recipes that were tried for the job."""
        return frozenset(Digest(row[0]) for row in self._database.rows("tried", {"id": job_id}))

    def delivered(self, job_id: str) -> frozenset[Digest]:
        """Digests of the job's recipes whose candidates ship: accepted by the gate or a person."""
        with self._database.read() as session:
            return frozenset(Digest(row[0]) for row in session.rows("delivered", {"id": job_id}))

    def waiting(self, job_id: str) -> frozenset[Digest]:
        """Digests of the job's recipes whose candidates wait for a person."""
        with self._database.read() as session:
            return frozenset(Digest(row[0]) for row in session.rows("waiting", {"id": job_id}))

    def counts(self, tenant: str) -> Mapping[JobStatus, int]:
        """How many jobs of the tenant stand in each status; every status is named."""
        with self._database.read() as session:
            return _counted(session.rows("counts", {"tenant": tenant}))

    def batch_counts(self, batch: str, tenant: str) -> Mapping[JobStatus, int]:
        """How many jobs of the batch stand in each status. Raises NotFound for an unknown batch."""
        with self._database.read() as session:
            found = session.rows("batch_counts", {"tenant": tenant, "batch": batch})
        if not found:
            raise NotFound(f"there is no batch {batch!r}")
        return _counted(found)

    def costs(self, tenant: str) -> tuple[Cost, ...]:
        """What the tenant's attempts took, by kind, device and outcome."""
        with self._database.read() as session:
            return tuple(rows.cost_of(row) for row in session.rows("costs", {"tenant": tenant}))


def _found(row: R | None, job_id: str) -> R:
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    return row


def _place(cursor: str, *, start: int) -> int:
    if not cursor:
        return start
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise InvalidBrief(f"{cursor[:40]!r} is no cursor: take next_cursor of the page before")
    return int(cursor)


def _page(found: Sequence[Row], *, limit: int, read: Callable[[Any], T]) -> Page[T]:
    """The first `limit` rows; the first column of the last one is the next page's cursor."""
    shown = found[:limit]
    following = str(shown[-1][0]) if len(found) > limit and shown else ""
    return Page(items=tuple(read(row) for row in shown), next_cursor=following)


def _counted(found: Sequence[Row]) -> Mapping[JobStatus, int]:
    return dict.fromkeys(JobStatus, 0) | {JobStatus(row[0]): row[1] for row in found}
