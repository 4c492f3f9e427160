"""The bulk half of the ledger: feeds accepted line by line, paused, cancelled, and told of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from uuid import uuid4

from content_engine.batches import (
    Batch,
    BatchProgress,
    BatchStatus,
    FeedLine,
    ItemOutcome,
    Share,
)
from content_engine.codec import to_json
from content_engine.errors import Conflict, InvalidBrief, NotFound, QuotaExceeded
from content_engine.feeds.google import FeedItem
from content_engine.feeds.kept import ITEM, kept_item, kept_product
from content_engine.feeds.records import FeedFault
from content_engine.ledger import rows, sharing, writes
from content_engine.ledger.cases import LedgerCases
from content_engine.ledger.outcomes import outcomes, progress
from content_engine.ledger.sql import Row, Session
from content_engine.types import Brief, Claim, Digest

_ITEMS = ("item", "sku", "form", "body")
_FAULTS = ("item", "message")
_CANCEL_AT_ONCE = 1000
_PAGE_LINES = 500


class LedgerBatches(LedgerCases):
    """What bulk senders do. Every call is one transaction unless it says otherwise."""

    def start_batch(
        self, orders: Sequence[Brief], *, tenant: str, key: str = "", language: str = "en"
    ) -> Batch:
        """A batch of these orders, without a line yet; the known one when the key was used before.

        `orders` are briefs whose product stands for each product of the feed. Raises Conflict when
        the key was used with other orders, InvalidBrief without any.
        """
        if not orders:
            raise InvalidBrief("a batch orders something of each product: give briefs")
        bodies = [to_json(order) for order in orders]
        digest = hashlib.sha256("\n".join([language, *bodies]).encode()).hexdigest()
        with self._database.write() as session:
            values = {"tenant": tenant, "key": key, "orders_sha256": digest, "language": language}
            named = {"batch_id": uuid4().hex, "now_us": self._now_us()}
            new = session.run("add_batch", values | named) == 1
            if new:
                row = _batch_row(session, named["batch_id"], tenant=tenant)
                _add_orders(session, row, orders, bodies=bodies)
                session.send("batch_under_way", {"sequence": row.sequence})
            else:
                row = session.row("batch_of_key", values)
            if row is None or row.orders_sha256 != digest:
                raise Conflict(f"the key {key!r} was used for another batch: take a new key")
            return _batch(session, row)

    def accept(
        self, batch: Batch, lines: Sequence[FeedLine | FeedFault], *, records: int, chain: str
    ) -> Batch:
        """The batch with these lines more; on the disk when this returns.

        `records` and `chain` count and digest all records up to here. Raises Conflict when another
        upload of the batch went on meanwhile or it was cancelled, QuotaExceeded when the tenant
        has too much waiting: what was accepted stays, and the same feed goes on after it later.
        """
        base = rows.first_item(batch.sequence)
        kept = [line for line in lines if isinstance(line, FeedLine)]
        faults = [line for line in lines if isinstance(line, FeedFault)]
        with self._database.write(durable=True) as session:
            moved = {"sequence": batch.sequence, "known": batch.records, "now_us": self._now_us()}
            counts = {"lines": len(kept), "faults": len(faults), "records": records, "chain": chain}
            if session.run("move_batch", moved | counts) != 1:
                raise Conflict(_moved(session, batch))
            items = [(base + line.line, line.sku, line.form, line.body) for line in kept]
            session.add_rows("batch_item", _ITEMS, items)
            session.add_rows(
                "batch_fault", _FAULTS, [(base + fault.line, fault.message) for fault in faults]
            )
            if items:
                last = {"sequence": batch.sequence, "last_item": items[-1][0]}
                session.send("move_orders", last)
            _check_quota(session, batch.tenant)
            return _batch(session, _batch_row(session, batch.id, tenant=batch.tenant))

    def end_of_feed(self, batch: Batch) -> Batch:
        """The batch, its feed read to the end. Raises Conflict when another upload went on."""
        with self._database.write(durable=True) as session:
            known = {"sequence": batch.sequence, "known": batch.records, "now_us": self._now_us()}
            if session.run("end_of_feed", known) != 1:
                raise Conflict(_moved(session, batch))
        return self.batch(batch.id, batch.tenant)

    def batch(self, batch_id: str, tenant: str) -> Batch:
        """The batch. Raises NotFound."""
        with self._database.read() as session:
            return _batch(session, _batch_row(session, batch_id, tenant=tenant))

    def batch_list(self, tenant: str, *, limit: int = 50) -> tuple[Batch, ...]:
        """The tenant's batches, newest first."""
        asked = {"tenant": tenant, "before": rows.LINES_MOST, "limit": limit}
        with self._database.read() as session:
            return tuple(_batch(session, row) for row in session.rows("batch_list", asked))

    def batch_progress(self, batch_id: str, tenant: str) -> BatchProgress:
        """How the batch stands, from counts kept as its jobs move. Raises NotFound."""
        with self._database.read() as session:
            found = _batch(session, _batch_row(session, batch_id, tenant=tenant))
            return progress(session, found, now_us=self._now_us())

    def batch_outcomes(self, batch_id: str, tenant: str) -> Iterator[ItemOutcome]:
        """What became of every brief, line by line, invalid lines among them.

        Read page by page: never more than 500 lines in memory. Raises NotFound.
        """
        found = self.batch(batch_id, tenant)
        after, last = rows.first_item(found.sequence), rows.first_item(found.sequence + 1)
        while after < last:
            with self._database.read() as session:
                orders = session.rows("orders", {"sequence": found.sequence})
                page, after = outcomes(session, orders, after=after, last=last, most=_PAGE_LINES)
            yield from page

    def pause_batch(self, batch_id: str, tenant: str) -> Batch:
        """The batch, none of whose jobs is claimed until it is resumed; running ones end."""
        return self._set_status(batch_id, tenant, status="paused", held=1)

    def resume_batch(self, batch_id: str, tenant: str) -> Batch:
        """The batch, at work again."""
        return self._set_status(batch_id, tenant, status="open", held=0)

    def cancel_batch(self, batch_id: str, tenant: str) -> Batch:
        """The batch, cancelled with all its jobs that were not finished, 1,000 a transaction."""
        found = self._set_status(batch_id, tenant, status="cancelled", held=1)
        while True:
            asked = {"tenant": tenant, "batch_id": batch_id, "limit": _CANCEL_AT_ONCE}
            with self._database.read() as session:
                ids = [row.id for row in session.rows("unfinished_of_batch", asked)]
            if not ids:
                return found
            with self._database.write() as session:
                for job_id in ids:
                    writes.cancel(session, job_id, tenant=tenant, now_us=self._now_us())

    def set_share(self, share: Share) -> None:
        """Settles what a tenant may take; what it has had stays counted."""
        values = {
            "tenant": share.tenant,
            "weight": share.weight,
            "most_running": share.most_running,
            "most_waiting": share.most_waiting,
        }
        with self._database.write() as session:
            session.send("set_share", values)

    def shares(self) -> tuple[Share, ...]:
        """What was settled for tenants, by name."""
        with self._database.read() as session:
            return tuple(share for _, share in sorted(sharing.shares(session).items()))

    def own_asset(self, digest: Digest, tenant: str) -> None:
        """Remembers that the tenant brought the asset in; once more changes nothing."""
        with self._database.write() as session:
            session.send("own_asset", {"digest": digest, "tenant": tenant})

    def unfetched(self, claim: Claim) -> FeedItem | None:
        """The batch line of the job when its pictures are still to be fetched, else None."""
        found = self._database.rows("item_of_job", {"id": claim.job.id})
        if not found:
            return None
        (row,) = found
        item = kept_item(row.form, row.body, line=rows.line_of(row.item))
        return item if item.photos else None

    def fetched(self, claim: Claim, item: FeedItem) -> None:
        """Keeps the line with its pictures in the store, for the line's other jobs as well."""
        with self._database.write() as session:
            row = session.row("item_of_job", {"id": claim.job.id})
            if row is not None:
                kept = {"item": row.item, "form": ITEM, "body": kept_product(item)}
                session.send("keep_item", kept)

    def _set_status(self, batch_id: str, tenant: str, *, status: str, held: int) -> Batch:
        with self._database.write() as session:
            row = _batch_row(session, batch_id, tenant=tenant)
            moved = {"sequence": row.sequence, "status": status, "now_us": self._now_us()}
            if not session.run("set_batch_status", moved):
                if status == "cancelled":
                    return _batch(session, row)
                raise Conflict(f"batch {batch_id} was cancelled: start another one")
            session.send("set_orders_status", moved)
            session.send("hold_jobs", {"tenant": tenant, "batch_id": batch_id, "held": held})
            return _batch(session, _batch_row(session, batch_id, tenant=tenant))


def _add_orders(
    session: Session, row: Row, orders: Sequence[Brief], *, bodies: Sequence[str]
) -> None:
    session.run_many(
        "add_order",
        [
            {
                "sequence": row.sequence,
                "place": place,
                "tenant": row.tenant,
                "kind": order.kind.value,
                "lane": writes.lane_number(order.lane),
                "wanted": order.count,
                "body": body,
                "first_item": rows.first_item(row.sequence),
            }
            for place, (order, body) in enumerate(zip(orders, bodies, strict=True))
        ],
    )


def _batch_row(session: Session, batch_id: str, *, tenant: str) -> Row:
    row = session.row("batch", {"batch_id": batch_id, "tenant": tenant})
    if row is None:
        raise NotFound(f"there is no batch {batch_id!r}")
    return row


def _batch(session: Session, row: Row) -> Batch:
    orders = session.rows("orders", {"sequence": row.sequence})
    return Batch(
        sequence=row.sequence,
        id=row.id,
        tenant=row.tenant,
        status=_status(row),
        language=row.language,
        orders=len(orders),
        received=bool(row.received),
        records=row.records,
        chain=row.chain,
        lines=row.lines,
        faults=row.faults,
        created_at=rows.moment(row.created_at_us),
        updated_at=rows.moment(row.updated_at_us),
    )


def _status(row: Row) -> BatchStatus:
    if row.status != "open":
        return BatchStatus(row.status)
    return BatchStatus.RUNNING if row.received else BatchStatus.RECEIVING


def _moved(session: Session, batch: Batch) -> str:
    row = _batch_row(session, batch.id, tenant=batch.tenant)
    if row.status == "cancelled":
        return f"batch {batch.id} was cancelled: start another one"
    return f"another upload of batch {batch.id} is under way: let it end, or send this one later"


def _check_quota(session: Session, tenant: str) -> None:
    share = sharing.shares(session).get(tenant)
    if share is None or not share.most_waiting:
        return
    waiting = session.value("unfed", {"tenant": tenant})
    if waiting > share.most_waiting:
        raise QuotaExceeded(
            f"{waiting:,} briefs would wait, more than {share.most_waiting:,}: send the same feed "
            "again later, it goes on where it stopped"
        )
