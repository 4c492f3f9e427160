"""The operator's page over a shop of some days: every plot drawn, at a desk and on a telephone."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets.store import AssetStore
from assets.vault import Vault
from content_engine.costs import Tariff
from content_engine.ledger import Ledger
from content_engine.review import LabelOutcome
from content_engine.types import Kind, Lane, Outcome
from serving.api import create_app
from tests.browser import launched, listened
from tests.contract.ledger_kit import Clock, attempt, brief, label
from tests.e2e.review_kit import served
from tests.ledgers import empty_ledger
from tests.unit.serving.conftest import door_over

pytestmark = pytest.mark.browser
SIZES = {"desk": (1440, 900), "telephone": (390, 844)}
DAY_S = 86_400
MAKERS = {Kind.TEXT: ("cpu", 0.4), Kind.IMAGE: ("cuda:0", 6.0), Kind.VIDEO: ("cuda:0", 41.0)}


def a_week(ledger: Ledger, clock: Clock) -> None:
    """Some jobs a day of each kind; one in four is asked about, one in nine gives nothing."""
    turn = 0
    for _ in range(6):
        clock.now_s += DAY_S
        for kind, (device, seconds) in MAKERS.items():
            for sku in ("mug-speckled-350", "lamp-brass-arc", "runner-linen-natural"):
                turn += 1
                ledger.submit([brief(sku, kind=kind)], tenant="default")
                (claim,) = ledger.claim("w", kinds=(kind,), limit=1, lease_s=9.0)
                outcome = Outcome.REVIEW if turn % 4 == 0 else Outcome.ACCEPT
                outcome = Outcome.REJECT if turn % 9 == 0 else outcome
                judged = attempt(outcome, seed=turn, digest=f"{turn:064x}")
                made = replace(judged.candidate, device=device, seconds=seconds + turn % 5)
                looked = replace(judged, candidate=made, judged_s=made.seconds / 9, judged_on="cpu")
                ledger.record(claim, looked)
                ledger.settle(claim)
        held = ledger.claim_case("ada", tenant="default")
        if held is not None:
            ledger.label_case(held.token, label(LabelOutcome.PASS, seconds=11.0))
    clock.now_s += 4000
    waits = [brief(f"sku-{n}", kind=kind) for n in range(4) for kind in MAKERS]
    ledger.submit([*waits, brief("now", lane=Lane.INTERACTIVE)], tenant="default")
    clock.now_s += 75


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("board")
    clock = Clock(now_s=time.time() - 6 * DAY_S - 4075)
    ledger = Ledger.open(empty_ledger(folder), clock=clock)
    a_week(ledger, clock)
    door = replace(
        door_over(ledger, folder),
        tariff=Tariff(per_s={"cuda": 0.0007}, currency="EUR"),
        store=AssetStore.open(str(folder / "assets")),
        vault=Vault.open(folder / "vault", keys=folder / "vault-keys"),
    )
    with served(create_app(door)) as url:
        yield url
    ledger.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as running:
        yield running


@pytest.mark.parametrize("size", SIZES)
def test_the_page_shows_what_ships_waits_and_costs(
    browser: Any, board: str, size: str, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    page = listened(browser.new_page(viewport={"width": width, "height": height}))
    page.goto(f"{board}/dashboard")
    page.wait_for_selector("figure svg")
    titles = page.locator("figcaption h2").all_inner_texts()
    assert {"What waits", "Waiting longest", "Made a day", "Costs by maker"} <= set(titles)
    assert page.locator("figure .none").count() == 0, "a plot has nothing to show"
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"the page is {wide} px wide on a screen of {width}"
    tiles = page.locator(".tiles li").all_inner_texts()
    assert any("€" in tile and "spent" in tile for tile in tiles), tiles
    assert any("judging" in tile and "min" in tile for tile in tiles), tiles
    assert page.locator(".tiles li.late").count() == 1, "a waiting shopper is told of in red"
    assert "cpu" in page.locator(".tiles .note").inner_text(), "what has no price is named"
    page.screenshot(path=tmp_path / f"{size}.png", full_page=True)
    assert page.complaints == []
    page.close()


def test_costs_by_http_are_those_of_the_ledger(board: str) -> None:
    found = httpx.get(f"{board}/v1/costs", params={"sku": "mug-speckled-350", "days": 30}).json()
    (mug,) = found["skus"]
    assert mug["cost"] == pytest.approx(
        0.0007 * sum(line["device_s"] for line in found["makers"] if "text" not in line["name"])
    )
    assert mug["judged_s"] == pytest.approx(mug["device_s"] / 9)
    assert mug["cost_per_asset"] == pytest.approx(mug["cost"] / mug["assets"])
    assert httpx.get(f"{board}/v1/costs", params={"days": 0}).status_code == 422
