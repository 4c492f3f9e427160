"""What was spent is told whole: every attempt, by product, maker and day, people apart."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from content_engine.costs import Scope, Tariff, bill, cost_of
from content_engine.errors import GenerationFailed
from content_engine.ledger import Ledger
from content_engine.review import LabelOutcome
from content_engine.types import Attempt, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, in_review, label, take

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def on(device: str, seconds: float, judged: Attempt) -> Attempt:
    """Made on that device, then judged on a CPU in a tenth of the time."""
    made = replace(judged.candidate, device=device, seconds=seconds)
    return replace(judged, candidate=made, judged_s=seconds / 10, judged_on="cpu")


def work(ledger: Ledger, clock: Clock) -> None:
    """A mug at two tries on a device, a lamp on a CPU a day later, a bowl that a person passes."""
    ledger.submit([brief("mug"), brief("lamp")], tenant=TENANT, batch="spring")
    claim = take(ledger)
    ledger.record(claim, on("cuda:0", 10.0, attempt(Outcome.REPAIR, seed=1)))
    ledger.record(claim, on("cuda:0", 30.0, attempt(seed=2, digest="a" * 64)))
    ledger.settle(claim)
    clock.now_s += 86_400
    claim = take(ledger)
    ledger.record(claim, on("cpu", 2.0, attempt(seed=3, digest="b" * 64)))
    ledger.settle(claim)
    in_review(ledger, brief("bowl"), judged=attempt(Outcome.REVIEW, seed=4, digest="c" * 64))
    held = ledger.claim_case("ada", tenant=TENANT)
    assert held is not None
    ledger.label_case(held.token, label(LabelOutcome.PASS, seconds=8.0))
    ledger.submit([brief("mug")], tenant="another shop")


def test_a_bill_names_every_second_and_what_it_cost(ledger: Ledger, clock: Clock) -> None:
    work(ledger, clock)
    tariff = Tariff(per_s={"cuda": 0.01}, currency="EUR")
    found = bill(ledger.spending(Scope(tenant=TENANT), since=LONG_AGO), tariff)
    mug, lamp, bowl = found.skus
    assert (mug.name, mug.attempts, mug.shipped, mug.assets) == ("mug", 2, 1, 1)
    assert mug.cost == pytest.approx(0.40), "the try that did not ship is paid for too"
    assert mug.cost_per_asset == pytest.approx(0.40)
    assert (lamp.name, lamp.cost) == ("lamp", 0.0)
    assert (bowl.shipped, bowl.reviewer_s) == (1, 8.0)
    assert found.unpriced == ("cpu",), "no price is no secret zero"
    assert (found.whole.attempts, found.whole.assets) == (4, 3)
    assert found.whole.device_s == pytest.approx(42.25)
    assert (mug.judged_s, found.whole.judged_s) == pytest.approx((4.0, 4.2))
    assert [(day.attempts, day.shipped) for day in found.days] == [(2, 1), (2, 2)]


def test_judging_is_paid_for_too(ledger: Ledger, clock: Clock) -> None:
    work(ledger, clock)
    spending = ledger.spending(Scope(tenant=TENANT), since=LONG_AGO)
    found = bill(spending, Tariff(per_s={"cuda": 0.01, "cpu": 0.001}))
    costs = {line.name: line.cost for line in found.skus}
    assert costs["mug"] == pytest.approx(0.40 + 0.004), "the judge's seconds at its own price"
    assert costs["lamp"] == pytest.approx(0.002 + 0.0002)
    assert found.unpriced == ()
    assert sum(line.cost for line in found.makers) == pytest.approx(found.whole.cost)
    assert sum(line.cost for line in found.days) == pytest.approx(found.whole.cost)


def test_a_candidate_s_cost_is_its_making_and_its_judging() -> None:
    one = on("cuda:0", 30.0, attempt(seed=2))
    assert cost_of(one, Tariff(per_s={"cuda": 0.01, "cpu": 0.001})) == pytest.approx(0.303)
    assert cost_of(one, Tariff(per_s={"cuda": 0.01})) is None, "half a price is none"


def test_what_took_no_time_needs_no_price(ledger: Ledger) -> None:
    ledger.submit([brief("mug")], tenant=TENANT)
    claim = take(ledger)
    failed = GenerationFailed("it gave nothing")
    ledger.record_failure(claim, attempt(seed=1).candidate.recipe, failed)
    ledger.settle(claim)
    found = bill(ledger.spending(Scope(tenant=TENANT), since=LONG_AGO), Tariff())
    assert (found.whole.attempts, found.unpriced) == (1, ())


def test_what_gave_nothing_costs_what_it_took(ledger: Ledger) -> None:
    ledger.submit([brief("mug")], tenant=TENANT)
    claim = take(ledger)
    failed = GenerationFailed("no product in the photo")
    failed.seconds = 2.0
    ledger.record_failure(claim, attempt(seed=1).candidate.recipe, failed)
    ledger.settle(claim)
    found = bill(ledger.spending(Scope(tenant=TENANT), since=LONG_AGO), Tariff(per_s={"cpu": 0.1}))
    assert (found.whole.device_s, found.whole.cost) == (2.0, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("scope", "attempts"),
    [
        (Scope(tenant=TENANT, sku="mug"), 2),
        (Scope(tenant=TENANT, batch="spring"), 3),
        (Scope(tenant=TENANT, sku="bowl", batch="spring"), 0),
        (Scope(tenant="another shop"), 0),
    ],
)
def test_a_bill_is_of_what_was_asked_for(
    ledger: Ledger, clock: Clock, scope: Scope, attempts: int
) -> None:
    work(ledger, clock)
    found = bill(ledger.spending(scope, since=LONG_AGO), Tariff())
    assert found.whole.attempts == attempts
    shipped = sum(line.assets for line in found.skus)
    assert found.whole.assets == shipped, "files are those of the same products"


def test_a_day_s_bill_leaves_out_the_day_before(ledger: Ledger, clock: Clock) -> None:
    work(ledger, clock)
    since = datetime.fromtimestamp(clock.now_s - 3600, UTC)
    found = bill(ledger.spending(Scope(tenant=TENANT), since=since), Tariff())
    assert sorted(line.name for line in found.skus) == ["bowl", "lamp"]


def test_a_device_s_own_price_goes_before_its_kind_s() -> None:
    tariff = Tariff(per_s={"cuda": 1.0, "cuda:1": 3.0})
    assert [tariff.price(name) for name in ("cuda:0", "cuda:1", "cpu")] == [1.0, 3.0, None]


def test_standing_tells_ages_by_kind(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief("bowl"))
    ledger.submit([brief("mug")], tenant=TENANT)
    clock.now_s += 50
    found = ledger.standing(TENANT)
    assert list(found.oldest_queued_s.values()) == [50.0]
    assert (list(found.cases.values()), list(found.oldest_case_s.values())) == ([1], [50.0])
    assert ledger.standing("another shop").jobs == {}
