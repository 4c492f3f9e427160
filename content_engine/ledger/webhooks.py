"""The part of the ledger that webhooks use: where to tell what, and how the telling went."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from uuid import uuid4

from content_engine.errors import Conflict, InvalidBrief, NotFound, QuotaExceeded
from content_engine.ledger import outbox, rows
from content_engine.ledger.batches import LedgerBatches
from content_engine.ledger.rows import Page
from content_engine.ledger.sql import Row, Session
from content_engine.types import canonical_json
from content_engine.webhooks import Delivery, DeliveryStatus, Errand, EventType, Tried, Webhook

_WEBHOOKS_MOST = 20
"""Of a tenant: each costs every event a message. Source: house limit."""
_BATCHES_AT_ONCE = 100
_NEWEST = 2**62


class LedgerWebhooks(LedgerBatches):
    """What webhooks and their sender do. Every call is one transaction."""

    def add_webhook(
        self,
        url: str,
        *,
        tenant: str,
        secret: str,
        events: Collection[EventType] = (),
        key: str = "",
    ) -> Webhook:
        """The new webhook; `secret` comes sealed. No `events`: it is told of all.

        With a `key` (idempotency) the webhook of the first time, its own secret included, while it
        stands. Raises QuotaExceeded when the tenant has as many as it may, Conflict when the key
        made another one.
        """
        named = {"webhook_id": _id_of(key, tenant=tenant), "tenant": tenant}
        said = " ".join(sorted(event.value for event in events))
        values = {"url": url, "events": said, "secret": secret, "now_us": self._now_us()}
        with self._database.write() as session:
            known = session.row("webhook", named) if key else None
            if known is None:
                if len(session.rows("webhooks", {"tenant": tenant})) >= _WEBHOOKS_MOST:
                    raise QuotaExceeded(f"there are {_WEBHOOKS_MOST} webhooks: delete one first")
                session.send("add_webhook", named | values)
                # On Postgres another door may have been first with the same key.
                known = _row(session, named["webhook_id"], tenant=tenant)
            if (known.url, known.events) != (url, said):
                raise Conflict(f"the key {key!r} was used for another webhook: take a new key")
            return _webhook(known)

    def webhook(self, webhook_id: str, tenant: str) -> Webhook:
        """The webhook. Raises NotFound."""
        with self._database.read() as session:
            return _webhook(_row(session, webhook_id, tenant=tenant))

    def webhooks(self, tenant: str) -> tuple[Webhook, ...]:
        """The tenant's webhooks, oldest first."""
        with self._database.read() as session:
            return tuple(map(_webhook, session.rows("webhooks", {"tenant": tenant})))

    def webhook_tenants(self) -> tuple[str, ...]:
        """The tenants that have webhooks."""
        with self._database.read() as session:
            return tuple(row.tenant for row in session.rows("webhook_tenants"))

    def drop_webhook(self, webhook_id: str, tenant: str) -> None:
        """Forgets the webhook and its messages. Raises NotFound."""
        named = {"webhook_id": webhook_id, "tenant": tenant}
        with self._database.write() as session:
            if not session.run("drop_webhook", named):
                raise NotFound(_unknown(webhook_id))
            session.send("drop_deliveries", named)

    def rotate_webhook(
        self, webhook_id: str, tenant: str, *, secret: str, grace_s: float
    ) -> Webhook:
        """The webhook with its new sealed secret; the one before signs too for the grace."""
        with self._database.write() as session:
            until_us = self._now_us() + round(grace_s * 1e6)
            values = {"webhook_id": webhook_id, "tenant": tenant, "old_until_us": until_us}
            session.send("rotate_webhook", values | {"secret": secret})
            return _webhook(_row(session, webhook_id, tenant=tenant))

    def enable_webhook(self, webhook_id: str, tenant: str) -> Webhook:
        """The webhook, sent to again. Its dead messages stay dead until they are replayed."""
        with self._database.write() as session:
            row = _row(session, webhook_id, tenant=tenant)
            session.send("disable_webhook", {"webhook_id": row.id, "disabled": ""})
            return _webhook(_row(session, webhook_id, tenant=tenant))

    def deliveries(
        self,
        webhook_id: str,
        tenant: str,
        *,
        status: DeliveryStatus | None = None,
        cursor: str = "",
        limit: int = 50,
    ) -> Page[Delivery]:
        """The webhook's messages, newest first. Raises NotFound, InvalidBrief for a bad cursor."""
        statuses = [status.value] if status else [each.value for each in DeliveryStatus]
        asked = {"webhook_id": webhook_id, "tenant": tenant, "statuses": statuses}
        with self._database.read() as session:
            _row(session, webhook_id, tenant=tenant)
            place = {"before": _before(cursor), "limit": limit + 1}
            found = session.rows("delivery_page", asked | place)
        following = str(found[limit - 1].sequence) if len(found) > limit else ""
        return Page(items=tuple(map(_delivery, found[:limit])), next_cursor=following)

    def replay(self, webhook_id: str, tenant: str, *, ids: Collection[str] = ()) -> int:
        """How many messages are sent once more, from the first try on: these, or all dead ones.

        They keep their ids. Raises NotFound, Conflict for a webhook that is disabled.
        """
        with self._database.write() as session:
            row = _row(session, webhook_id, tenant=tenant)
            if row.disabled:
                raise Conflict(f"webhook {webhook_id} is disabled ({row.disabled}): enable it")
            values = {"webhook_id": webhook_id, "now_us": self._now_us()}
            if ids:
                return session.run("replay_these", values | {"ids": list(ids)})
            return session.run("replay_dead", values)

    def delivery_counts(self) -> Mapping[DeliveryStatus, int]:
        """How many messages of all tenants wait, and how many are dead."""
        with self._database.read() as session:
            return {
                DeliveryStatus.WAITING: session.value("deliveries_waiting"),
                DeliveryStatus.DEAD: session.value("deliveries_dead"),
            }

    # The sender

    def due_webhooks(self) -> tuple[Webhook, ...]:
        """The webhooks that a message waits for, those of every tenant."""
        with self._database.read() as session:
            found = session.rows("webhooks_due", {"now_us": self._now_us()})
        return tuple(map(_webhook, found))

    def take_errands(
        self, rooms: Mapping[str, int], *, webhooks: Sequence[Webhook], lease_s: float
    ) -> tuple[Errand, ...]:
        """The messages to try now: of each webhook those longest due, `rooms[its id]` at most.

        No other sender has them while the lease holds; afterwards somebody tries again.
        """
        found: list[Errand] = []
        with self._database.write() as session:
            now_us = self._now_us()
            lease = {"until_us": now_us + round(lease_s * 1e6), "now_us": now_us}
            for webhook in webhooks:
                asked = {"webhook_id": webhook.id, "now_us": now_us, "limit": rooms[webhook.id]}
                places = [row.sequence for row in session.rows("deliveries_due", asked)]
                if not places:
                    continue
                taken = {"sequences": places, "token": uuid4().hex}
                session.send("take_deliveries", taken | lease)
                rows_taken = session.rows("taken_deliveries", taken)
                found += [_errand(row, webhook, now_us=now_us) for row in rows_taken]
        return tuple(found)

    def end_errand(self, errand: Errand, tried: Tried) -> bool:
        """True when the try was recorded; False when its lease ran out and another has taken it.

        A webhook whose receiver is gone is disabled, and what waited for it is dead.
        """
        with self._database.write() as session:
            return _end(session, errand, tried, now_us=self._now_us())

    def end_errands(self, ended: Sequence[tuple[Errand, Tried]]) -> None:
        """Records how tries went, as `end_errand` does, in one transaction."""
        with self._database.write() as session:
            now_us = self._now_us()
            plain = [(errand, tried) for errand, tried in ended if not tried.gone]
            values = [_ended(errand, tried, now_us=now_us) for errand, tried in plain]
            session.run_many("end_try", values)
            for errand, tried in ended:
                if tried.gone:
                    _end(session, errand, tried, now_us=now_us)

    def end_batches(self) -> int:
        """How many batches machines are done with since this was last asked; each is told once."""
        if self._database.look("any_batch_under_way", {}) is None:
            return 0
        with self._database.read() as session:
            done = session.rows("batches_done", {"limit": _BATCHES_AT_ONCE})
        ended = 0
        for batch in done:
            with self._database.write() as session:
                now_us = self._now_us()
                if session.run("end_batch", {"sequence": batch.sequence}):
                    outbox.tell_of_batch(session, batch, now_us=now_us)
                    ended += 1
        return ended

    def forget_deliveries(self, *, kept_s: float) -> int:
        """How many messages that were delivered or died longer ago than that are forgotten."""
        with self._database.write() as session:
            before_us = self._now_us() - round(kept_s * 1e6)
            return session.run("forget_deliveries", {"before_us": before_us})


def _end(session: Session, errand: Errand, tried: Tried, *, now_us: int) -> bool:
    recorded = session.run("end_try", _ended(errand, tried, now_us=now_us))
    if recorded and tried.gone:
        gone = {"webhook_id": errand.delivery.webhook_id, "disabled": tried.problem}
        session.send("disable_webhook", gone)
        session.send("bury_deliveries", gone | {"problem": tried.problem, "now_us": now_us})
    return recorded == 1


def _ended(errand: Errand, tried: Tried, *, now_us: int) -> dict[str, object]:
    is_over = tried.status is not DeliveryStatus.WAITING
    return {
        "delivery_id": errand.delivery.id,
        "token": errand.token,
        "status": tried.status.value,
        "answer": tried.answer,
        "problem": tried.problem[:500],
        "due_at_us": now_us + round(tried.delay_s * 1e6),
        "ended_at_us": now_us if is_over else 0,
    }


def _row(session: Session, webhook_id: str, *, tenant: str) -> Row:
    row = session.row("webhook", {"webhook_id": webhook_id, "tenant": tenant})
    if row is None:
        raise NotFound(_unknown(webhook_id))
    return row


def _id_of(key: str, *, tenant: str) -> str:
    """The same of the same tenant's same key: the webhook itself remembers the key."""
    if not key:
        return f"wh_{uuid4().hex}"
    named = canonical_json([tenant, key])
    return f"wh_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _unknown(webhook_id: str) -> str:
    return f"there is no webhook {webhook_id!r}"


def _before(cursor: str) -> int:
    if not cursor:
        return _NEWEST
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 18:
        raise InvalidBrief(f"{cursor[:40]!r} is no cursor: take next_cursor of the page before")
    return int(cursor)


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=row.id,
        tenant=row.tenant,
        url=row.url,
        events=frozenset(map(EventType, row.events.split())),
        disabled=row.disabled,
        created_at=rows.moment(row.created_at_us),
        secret=row.secret,
        old_secret=row.old_secret,
        old_until=rows.moment(row.old_until_us) if row.old_until_us else None,
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook,
        type=EventType(row.type),
        status=DeliveryStatus(row.status),
        tries=row.tries,
        due_at=rows.moment(row.due_at_us),
        answer=row.answer,
        problem=row.problem,
        created_at=rows.moment(row.created_at_us),
        ended_at=rows.moment(row.ended_at_us) if row.ended_at_us else None,
        body=row.body,
    )


def _errand(row: Row, webhook: Webhook, *, now_us: int) -> Errand:
    until = webhook.old_until
    old = (webhook.old_secret,) if until and until > rows.moment(now_us) else ()
    return Errand(
        delivery=_delivery(row),
        token=row.token,
        url=webhook.url,
        secrets=(webhook.secret, *old),
    )
