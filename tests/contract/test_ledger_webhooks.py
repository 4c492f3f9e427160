"""The outbox: a message is left with its event or not at all, and tried by one sender at a time."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from content_engine.batches import FeedLine
from content_engine.errors import Conflict, InvalidBrief, LeaseLost, NotFound, QuotaExceeded
from content_engine.ledger import Ledger
from content_engine.review import LabelOutcome
from content_engine.types import Outcome
from content_engine.webhooks import DeliveryStatus, Errand, EventType, Tried, Webhook
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, in_review, label, take
from tests.ledgers import plan_of

DELIVERED = Tried(status=DeliveryStatus.DELIVERED, answer=200)
DEAD = Tried(status=DeliveryStatus.DEAD, answer=500, problem="the last try failed")


def hook(ledger: Ledger, *events: EventType, tenant: str = TENANT) -> Webhook:
    return ledger.add_webhook("https://a.example/h", tenant=tenant, secret="sealed", events=events)


def errands(ledger: Ledger, *, room: int = 10) -> tuple[Errand, ...]:
    due = ledger.due_webhooks()
    return ledger.take_errands({each.id: room for each in due}, webhooks=due, lease_s=30.0)


def told(ledger: Ledger, webhook: Webhook) -> list[str]:
    page = ledger.deliveries(webhook.id, webhook.tenant)
    return [each.type.value for each in reversed(page.items)]


def succeed(ledger: Ledger, skus: Iterable[str] = ("m-1",)) -> None:
    for sku in skus:
        ledger.submit([brief(sku)], tenant=TENANT)
        claim = take(ledger)
        ledger.record(claim, attempt())
        ledger.settle(claim)


def test_every_end_of_a_job_is_told_once_to_those_who_asked(ledger: Ledger) -> None:
    every, some = hook(ledger), hook(ledger, EventType.JOB_FAILED, EventType.JOB_CANCELLED)
    other = hook(ledger, tenant="hats")
    succeed(ledger)
    ledger.submit([brief()], tenant=TENANT)
    ledger.fail(take(ledger), "the maker's own secret words")
    (job,) = ledger.submit([brief()], tenant=TENANT)
    for _ in range(2):
        ledger.cancel(job.id, TENANT)
    in_review(ledger, brief())
    case = ledger.claim_case("ada", tenant=TENANT)
    assert case is not None
    ledger.label_case(case.token, label(LabelOutcome.PASS))
    ends = ["job.succeeded", "job.failed", "job.cancelled", "job.in_review", "job.succeeded"]
    assert told(ledger, every) == ends
    assert told(ledger, some) == ["job.failed", "job.cancelled"]
    assert told(ledger, other) == []
    bodies = [each.body for each in ledger.deliveries(every.id, TENANT).items]
    assert "secret words" not in "".join(bodies)
    body = json.loads(bodies[0])
    assert body["type"] == "job.succeeded"
    assert body["data"]["status_url"] == f"/v1/jobs/{body['data']['id']}"
    ids = [each.id for each in ledger.deliveries(every.id, TENANT).items]
    assert len(set(ids)) == 5


def test_no_message_without_its_event(ledger: Ledger, clock: Clock) -> None:
    webhook = hook(ledger)
    ledger.submit([brief()], tenant=TENANT)
    claim = take(ledger, lease_s=10.0)
    clock.now_s += 11
    with pytest.raises(LeaseLost):
        ledger.fail(claim, "too late")
    assert told(ledger, webhook) == []
    for _ in range(40):
        ledger.reap()
        clock.now_s += 1
        ledger.claim("w", kinds=tuple(claim.job.brief.kind for _ in "1"), limit=1, lease_s=10.0)
        clock.now_s += 11
    ledger.reap()
    assert told(ledger, webhook) == ["job.failed"], "given up by the ledger itself"


def test_one_sender_has_a_message_until_its_lease_ends(ledger: Ledger, clock: Clock) -> None:
    webhook = hook(ledger)
    succeed(ledger, ["a", "b", "c"])
    first = errands(ledger, room=2)
    second = errands(ledger)
    assert len(first) == 2
    assert len(second) == 1
    assert {each.delivery.id for each in first}.isdisjoint({each.delivery.id for each in second})
    assert errands(ledger) == ()
    clock.now_s += 31
    again = errands(ledger, room=1)
    assert [each.delivery.tries for each in again] == [2]
    late = next(each for each in first if each.delivery.id == again[0].delivery.id)
    assert not ledger.end_errand(late, DELIVERED), "another sender has it now"
    assert ledger.end_errand(again[0], DELIVERED)
    assert not ledger.end_errand(again[0], DELIVERED), "recorded once"
    (ended,) = ledger.deliveries(webhook.id, TENANT, status=DeliveryStatus.DELIVERED).items
    assert (ended.id, ended.answer, ended.tries) == (again[0].delivery.id, 200, 2)


def test_a_message_waits_dies_and_is_sent_again(ledger: Ledger, clock: Clock) -> None:
    webhook = hook(ledger)
    succeed(ledger)
    (errand,) = errands(ledger)
    later = Tried(status=DeliveryStatus.WAITING, answer=503, problem="busy", delay_s=5.0)
    assert ledger.end_errand(errand, later)
    assert errands(ledger) == ()
    clock.now_s += 5
    (errand,) = errands(ledger)
    assert ledger.end_errand(errand, DEAD)
    (dead,) = ledger.deliveries(webhook.id, TENANT, status=DeliveryStatus.DEAD).items
    assert (dead.problem, dead.tries) == ("the last try failed", 2)
    assert ledger.delivery_counts() == {DeliveryStatus.WAITING: 0, DeliveryStatus.DEAD: 1}
    assert ledger.replay(webhook.id, TENANT) == 1
    assert ledger.replay(webhook.id, TENANT) == 0
    (errand,) = errands(ledger)
    assert (errand.delivery.id, errand.delivery.tries) == (dead.id, 1)
    assert ledger.end_errand(errand, DELIVERED)
    assert ledger.replay(webhook.id, TENANT, ids=[dead.id]) == 1


def test_who_is_gone_is_told_nothing_more_until_enabled(ledger: Ledger) -> None:
    webhook = hook(ledger)
    succeed(ledger, ["a", "b"])
    (errand,) = errands(ledger, room=1)
    gone = Tried(status=DeliveryStatus.DEAD, answer=410, problem="410 Gone", gone=True)
    assert ledger.end_errand(errand, gone)
    succeed(ledger)
    dead = ledger.deliveries(webhook.id, TENANT, status=DeliveryStatus.DEAD).items
    assert len(dead) == 2
    assert told(ledger, webhook) == ["job.succeeded"] * 2
    assert ledger.webhook(webhook.id, TENANT).disabled == "410 Gone"
    with pytest.raises(Conflict, match="enable it"):
        ledger.replay(webhook.id, TENANT)
    assert ledger.enable_webhook(webhook.id, TENANT).disabled == ""
    assert ledger.replay(webhook.id, TENANT) == 2


def test_two_secrets_sign_while_one_is_rotated(ledger: Ledger, clock: Clock) -> None:
    webhook = hook(ledger)
    ledger.rotate_webhook(webhook.id, TENANT, secret="new", grace_s=60.0)
    succeed(ledger)
    assert [each.secrets for each in errands(ledger)] == [("new", "sealed")]
    clock.now_s += 61
    assert [each.secrets for each in errands(ledger)] == [("new",)]


def test_a_batch_that_machines_are_done_with_is_told_once(ledger: Ledger) -> None:
    webhook = hook(ledger, EventType.BATCH_ENDED, EventType.JOB_SUCCEEDED)
    batch = ledger.start_batch([brief("-")], tenant=TENANT)
    line = FeedLine(line=1, sku="m-1", form=0, body='["en",true,{"id":["m-1"],"title":["Mug"]}]')
    batch = ledger.accept(batch, [line], records=1, chain="x")
    assert ledger.end_batches() == 0, "its feed still comes"
    batch = ledger.end_of_feed(batch)
    assert ledger.end_batches() == 0, "nobody made anything of it"
    claim = take(ledger)
    assert ledger.end_batches() == 0
    ledger.record(claim, attempt(Outcome.ACCEPT))
    ledger.settle(claim)
    assert [ledger.end_batches() for _ in range(2)] == [1, 0]
    assert told(ledger, webhook) == ["job.succeeded", "batch.ended"]
    job, ended = (
        json.loads(e.body)["data"] for e in reversed(ledger.deliveries(webhook.id, TENANT).items)
    )
    assert job["batch_id"] == ended["id"] == batch.id
    stopped = ledger.start_batch([brief("-")], tenant=TENANT)
    ledger.cancel_batch(stopped.id, TENANT)
    assert ledger.end_batches() == 1


def test_tenants_see_nothing_of_each_other(ledger: Ledger) -> None:
    webhook = hook(ledger)
    assert ledger.webhooks("hats") == ()
    for call in (
        lambda: ledger.webhook(webhook.id, "hats"),
        lambda: ledger.drop_webhook(webhook.id, "hats"),
        lambda: ledger.rotate_webhook(webhook.id, "hats", secret="x", grace_s=1.0),
        lambda: ledger.enable_webhook(webhook.id, "hats"),
        lambda: ledger.deliveries(webhook.id, "hats"),
        lambda: ledger.replay(webhook.id, "hats"),
    ):
        with pytest.raises(NotFound):
            call()
    assert ledger.webhook(webhook.id, TENANT) == webhook


def test_messages_come_in_pages_and_go_with_their_webhook(ledger: Ledger, clock: Clock) -> None:
    webhook = hook(ledger)
    succeed(ledger, map(str, range(5)))
    page = ledger.deliveries(webhook.id, TENANT, limit=3)
    rest = ledger.deliveries(webhook.id, TENANT, limit=3, cursor=page.next_cursor)
    assert (len(page.items), len(rest.items), rest.next_cursor) == (3, 2, "")
    with pytest.raises(InvalidBrief, match="cursor"):
        ledger.deliveries(webhook.id, TENANT, cursor="x")
    for errand in errands(ledger):
        ledger.end_errand(errand, DELIVERED)
    assert ledger.forget_deliveries(kept_s=60.0) == 0
    clock.now_s += 61
    assert ledger.forget_deliveries(kept_s=60.0) == 5
    ledger.drop_webhook(webhook.id, TENANT)
    with pytest.raises(NotFound):
        ledger.deliveries(webhook.id, TENANT)


def test_a_tenant_has_so_many_webhooks_and_no_more(ledger: Ledger) -> None:
    for _ in range(20):
        hook(ledger)
    with pytest.raises(QuotaExceeded, match="20 webhooks"):
        hook(ledger)
    assert hook(ledger, tenant="hats").tenant == "hats"


def test_a_look_for_messages_goes_through_the_index(ledger: Ledger, ledger_url: str) -> None:
    webhook = hook(ledger)
    succeed(ledger)
    asked = {"webhook_id": webhook.id, "now_us": 2**60, "limit": 1}
    plan = plan_of(ledger_url, "webhook_delivery", "deliveries_due", asked)
    if ledger_url.startswith("sqlite"):
        assert "delivery_due" in plan, plan


def test_senders_of_many_services_never_share_a_message(
    ledger: Ledger, ledger_url: str, clock: Clock
) -> None:
    hook(ledger)
    succeed(ledger, map(str, range(40)))

    def serve(_: int) -> list[str]:
        own = Ledger.open(ledger_url, clock=clock)
        taken: list[str] = []
        while found := errands(own, room=3):
            taken += [each.delivery.id for each in found if own.end_errand(each, DELIVERED)]
        own.close()
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [each for some in pool.map(serve, range(4)) for each in some]
    assert len(taken) == len(set(taken))
    while left := errands(ledger):
        taken += [each.delivery.id for each in left if ledger.end_errand(each, DELIVERED)]
    assert len(set(taken)) == len(taken) == 40


def test_two_doors_with_the_same_key_make_one_webhook(ledger: Ledger) -> None:
    def add(number: int) -> Webhook:
        sealed = f"sealed-{number}"
        return ledger.add_webhook("https://a.example/h", tenant=TENANT, secret=sealed, key="k")

    with ThreadPoolExecutor(8) as doors:
        made = set(doors.map(add, range(8)))
    assert len(made) == 1, "one webhook with one secret, whoever was first"
    with pytest.raises(Conflict, match="another webhook"):
        ledger.add_webhook("https://b.example/h", tenant=TENANT, secret="s", key="k")
