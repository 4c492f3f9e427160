"""Batches on every ledger: each line once, jobs made when claimed, fair turns, pause and cancel."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from content_engine.batches import Batch, BatchStatus, FeedLine, Share
from content_engine.errors import Conflict, InvalidBrief, NotFound, QuotaExceeded
from content_engine.feeds import FeedFault, FeedItem, PhotoSource
from content_engine.feeds.kept import ITEM, RECORD, kept_product
from content_engine.intake import take_in
from content_engine.ledger import Ledger
from content_engine.types import Brief, JobStatus, Kind, Lane, Outcome, PhotoRole
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief

ORDERS = (brief(""), replace(brief("", kind=Kind.IMAGE), locale="und"))


def line(number: int, *, sku: str = "") -> FeedLine:
    item = FeedItem(line=number, product=brief(sku or f"sku-{number}").product, photos=())
    return FeedLine(line=number, sku=item.product.sku, form=ITEM, body=kept_product(item))


def lines(count: int, *, faulty: tuple[int, ...] = ()) -> Iterator[FeedLine | FeedFault]:
    for number in range(1, count + 1):
        bad = number in faulty
        yield FeedFault(line=number, message="no JSON") if bad else line(number)


def batch_of(
    ledger: Ledger,
    count: int,
    *,
    orders: tuple[Brief, ...] = ORDERS,
    tenant: str = TENANT,
    key: str = "",
    faulty: tuple[int, ...] = (),
) -> Batch:
    started = ledger.start_batch(orders, tenant=tenant, key=key)
    *_, last = take_in(started, lines(count, faulty=faulty), ledger=ledger)
    return last


def drain(ledger: Ledger, *, limit: int = 7) -> list[str]:
    """Ends every job that can be claimed; their tenants in the order of the claims."""
    taken: list[str] = []
    while claims := ledger.claim("w", kinds=tuple(Kind), limit=limit, lease_s=60.0):
        for claim in claims:
            taken.append(claim.job.tenant)
            ledger.record(claim, attempt(Outcome.ACCEPT))
            assert ledger.settle(claim) is JobStatus.SUCCEEDED
    return taken


def test_every_line_becomes_a_job_of_every_order_once(ledger: Ledger) -> None:
    batch = batch_of(ledger, 25, faulty=(7,))
    assert (batch.lines, batch.faults, batch.records, batch.briefs) == (24, 1, 25, 48)
    assert batch.received
    assert len(drain(ledger)) == 48
    told = list(ledger.batch_outcomes(batch.id, TENANT))
    assert [item.line for item in told] == sorted([*range(1, 26), *range(1, 26)])[:12] + [7] + [
        number for number in range(8, 26) for _ in ORDERS
    ]
    assert Counter(item.status for item in told) == {"succeeded": 48, "invalid": 1}
    assert all(item.delivered for item in told if item.status == "succeeded")
    assert len({item.job_id for item in told}) == 49
    state = ledger.batch_progress(batch.id, TENANT)
    assert state.batch.status is BatchStatus.DONE
    assert (state.counts["succeeded"], state.counts["waiting"]) == (48, 0)
    assert (state.attempts, state.made_s, state.eta_s) == (48, {"cpu": 12.0}, 0.0)


def test_a_job_of_a_batch_knows_its_product_and_order(ledger: Ledger) -> None:
    batch = batch_of(ledger, 2)
    (claim,) = ledger.claim("w", kinds=(Kind.IMAGE,), limit=1, lease_s=60.0)
    assert (claim.job.brief.product.sku, claim.job.brief.locale) == ("sku-1", "und")
    assert claim.job.batch == batch.id
    assert ledger.job(claim.job.id, TENANT).brief == claim.job.brief
    assert ledger.jobs(TENANT).items[0].brief == claim.job.brief
    assert [event.name for event in ledger.events(claim.job.id, TENANT)] == ["queued", "running"]


def test_the_same_batch_again_adds_nothing(ledger: Ledger) -> None:
    first = batch_of(ledger, 10, key="k", faulty=(3,))
    again = batch_of(ledger, 10, key="k", faulty=(3,))
    assert again == first
    assert len(drain(ledger)) == 18


def test_a_broken_upload_goes_on_where_it_stopped(ledger: Ledger) -> None:
    def cut(count: int) -> Iterator[FeedLine | FeedFault]:
        yield from lines(count)
        raise ConnectionError

    started = ledger.start_batch(ORDERS, tenant=TENANT, key="k")
    half = ledger.accept(started, list(lines(4)), records=4, chain=chain_of(4))
    assert ledger.batch(half.id, TENANT).status is BatchStatus.RECEIVING
    with pytest.raises(ConnectionError):
        list(take_in(half, cut(6), ledger=ledger))
    whole = batch_of(ledger, 10, key="k")
    assert (whole.id, whole.lines, whole.received) == (half.id, 10, True)
    assert len(drain(ledger)) == 20


def chain_of(count: int) -> str:
    """The digest that a batch has after so many lines."""
    seen: list[str] = []

    class Noting:
        def accept(
            self, batch: Batch, lines: list[FeedLine | FeedFault], *, records: int, chain: str
        ) -> Batch:
            seen.append(chain)
            return replace(batch, records=records, lines=len(lines))

        def end_of_feed(self, batch: Batch) -> Batch:
            return batch

    list(take_in(EMPTY, lines(count), ledger=Noting()))
    return seen[-1]


def test_another_feed_or_other_orders_under_a_key_are_refused(ledger: Ledger) -> None:
    batch_of(ledger, 10, key="k")
    for count, faulty in ((9, ()), (11, ()), (10, (2,))):
        with pytest.raises(Conflict, match="another feed"):
            batch_of(ledger, count, key="k", faulty=faulty)
    with pytest.raises(Conflict, match="another batch"):
        ledger.start_batch(ORDERS[:1], tenant=TENANT, key="k")
    assert ledger.start_batch(ORDERS, tenant="stranger", key="k").lines == 0
    with pytest.raises(InvalidBrief):
        ledger.start_batch((), tenant=TENANT)


def test_two_uploads_of_a_batch_never_both_write(ledger: Ledger) -> None:
    started = ledger.start_batch(ORDERS, tenant=TENANT, key="k")
    ledger.accept(started, list(lines(3)), records=3, chain="c")
    with pytest.raises(Conflict, match="another upload"):
        ledger.accept(started, list(lines(3)), records=3, chain="c")
    with pytest.raises(Conflict, match="another upload"):
        ledger.end_of_feed(started)


def test_work_begins_while_the_feed_is_still_coming(ledger: Ledger) -> None:
    started = ledger.start_batch(ORDERS[:1], tenant=TENANT)
    half = ledger.accept(started, list(lines(3)), records=3, chain="c")
    assert len(drain(ledger)) == 3
    more = [line(number) for number in range(4, 6)]
    ledger.end_of_feed(ledger.accept(half, more, records=5, chain="d"))
    assert len(drain(ledger)) == 2
    assert ledger.batch_progress(half.id, TENANT).batch.status is BatchStatus.DONE


def test_a_paused_batch_is_not_claimed(ledger: Ledger, clock: Clock) -> None:
    batch = batch_of(ledger, 5, orders=ORDERS[:1])
    running = ledger.claim("w", kinds=(Kind.TEXT,), limit=2, lease_s=60.0)
    assert ledger.pause_batch(batch.id, TENANT).status is BatchStatus.PAUSED
    assert drain(ledger) == []
    ledger.record(running[0], attempt(Outcome.ACCEPT))
    ledger.settle(running[0])
    clock.now_s += 61
    assert ledger.reap() == 1
    assert drain(ledger) == [], "a job whose worker died waits with its batch"
    assert ledger.resume_batch(batch.id, TENANT).status is BatchStatus.RUNNING
    assert len(drain(ledger)) == 4


def test_a_cancelled_batch_ends(ledger: Ledger) -> None:
    batch = batch_of(ledger, 5, orders=ORDERS[:1], key="k")
    (claim, _) = ledger.claim("w", kinds=(Kind.TEXT,), limit=2, lease_s=60.0)
    for _ in range(2):
        assert ledger.cancel_batch(batch.id, TENANT).status is BatchStatus.CANCELLED
    assert ledger.job(claim.job.id, TENANT).status is JobStatus.CANCELLED
    assert drain(ledger) == []
    state = ledger.batch_progress(batch.id, TENANT)
    assert (state.counts["cancelled"], state.counts["waiting"], state.eta_s) == (5, 0, 0.0)
    assert {item.status for item in ledger.batch_outcomes(batch.id, TENANT)} == {"cancelled"}
    with pytest.raises(Conflict, match="cancelled"):
        ledger.resume_batch(batch.id, TENANT)


def test_strangers_see_no_batch(ledger: Ledger) -> None:
    batch = batch_of(ledger, 1)
    for ask in (
        ledger.batch,
        ledger.batch_progress,
        ledger.pause_batch,
        ledger.resume_batch,
        ledger.cancel_batch,
        lambda batch_id, tenant: list(ledger.batch_outcomes(batch_id, tenant)),
    ):
        with pytest.raises(NotFound, match=batch.id):
            ask(batch.id, "stranger")
    assert ledger.batch_list("stranger") == ()
    assert ledger.batch_list(TENANT) == (batch,)


def test_tenants_take_turns_by_weight(ledger: Ledger) -> None:
    ledger.set_share(Share(tenant="big", weight=3.0))
    for tenant in ("big", "small"):
        batch_of(ledger, 40, orders=ORDERS[:1], tenant=tenant)
    for claimed_at_once in (1, 8):
        order = [
            claim.job.tenant
            for _ in range(16 // claimed_at_once)
            for claim in ledger.claim("w", kinds=(Kind.TEXT,), limit=claimed_at_once, lease_s=60.0)
        ]
        assert 11 <= order.count("big") <= 13, order


def test_who_was_away_does_not_make_up_for_it(ledger: Ledger) -> None:
    for tenant in ("a", "b"):
        batch_of(ledger, 30, orders=ORDERS[:1], tenant=tenant)
    for _ in range(20):
        ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
    batch_of(ledger, 30, orders=ORDERS[:1], tenant="late")
    order = [
        ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)[0].job.tenant
        for _ in range(12)
    ]
    assert 4 <= order.count("late") <= 5, order


def test_what_somebody_waits_for_goes_before_any_batch(ledger: Ledger) -> None:
    batch_of(ledger, 5, orders=ORDERS[:1])
    (urgent,) = ledger.submit([brief("now", lane=Lane.INTERACTIVE)], tenant="other")
    (claim,) = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
    assert claim.job.id == urgent.id


def test_quotas_hold(ledger: Ledger) -> None:
    ledger.set_share(Share(tenant=TENANT, most_running=2, most_waiting=10))
    with pytest.raises(QuotaExceeded, match="more than 10"):
        batch_of(ledger, 6, key="k")
    batch = batch_of(ledger, 5, key="k2")
    assert batch.lines == 5
    claims = ledger.claim("w", kinds=tuple(Kind), limit=9, lease_s=60.0)
    assert len(claims) == 2
    assert ledger.claim("w", kinds=tuple(Kind), limit=9, lease_s=60.0) == ()
    ledger.fail(claims[0], "broken")
    assert len(ledger.claim("w", kinds=tuple(Kind), limit=9, lease_s=60.0)) == 1


def test_a_line_that_nothing_can_be_read_from_fails_alone(ledger: Ledger) -> None:
    started = ledger.start_batch(ORDERS[:1], tenant=TENANT)
    bad = '["en",true,{"id":["x"],"title":["Lamp"],"product_weight":["-5 kg"]}]'
    kept = FeedLine(line=1, sku="x", form=RECORD, body=bad)
    ledger.end_of_feed(ledger.accept(started, [kept, line(2)], records=2, chain="c"))
    (claim,) = ledger.claim("w", kinds=(Kind.TEXT,), limit=2, lease_s=60.0)
    assert claim.job.brief.product.sku == "sku-2"
    failed, _ = ledger.batch_outcomes(started.id, TENANT)
    assert (failed.status, failed.sku) == ("failed", "x")
    assert failed.problem.startswith("line 1 of the feed: ")
    assert ledger.job(failed.job_id, TENANT).brief.product.sku == "x"


def test_pictures_are_kept_for_the_lines_other_jobs(ledger: Ledger) -> None:
    started = ledger.start_batch(ORDERS, tenant=TENANT)
    source = PhotoSource(role=PhotoRole.MAIN, source="https://shop.example/a.jpg")
    item = FeedItem(line=1, product=brief("x").product, photos=(source,))
    kept = FeedLine(line=1, sku="x", form=ITEM, body=kept_product(item))
    ledger.end_of_feed(ledger.accept(started, [kept], records=1, chain="c"))
    first, second = ledger.claim("w", kinds=tuple(Kind), limit=2, lease_s=60.0)
    assert ledger.unfetched(first) == item
    ledger.fetched(first, replace(item, photos=()))
    assert ledger.unfetched(second) is None
    (single,) = ledger.submit([brief()], tenant=TENANT)
    (claim,) = ledger.claim("w", kinds=tuple(Kind), limit=1, lease_s=60.0)
    assert claim.job.id == single.id
    assert ledger.unfetched(claim) is None


EMPTY = Batch(
    sequence=1,
    id="x",
    tenant=TENANT,
    status=BatchStatus.RECEIVING,
    language="en",
    orders=1,
    received=False,
    records=0,
    chain="",
    lines=0,
    faults=0,
    created_at=None,  # type: ignore[arg-type]
    updated_at=None,  # type: ignore[arg-type]
)
