"""Copy through the reviewers' queue: edited in place, judged again, delivered as edited."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from assets.fetch import Fetcher
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Brief, JobStatus, Kind, Outcome, Score, Verdict
from pipelines.text import TextPipeline
from qa.gate import decide, load_policy
from qa.text import TextJudge
from serving.api import Door, create_app
from serving.executors import LocalExecutor, PlannerByKind
from serving.news import News
from tests.ledgers import empty_ledger

MUG = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}


class Shop:
    """A door over real copywriters and judges. What the realiser writes first goes to a person."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.store = AssetStore.open(str(folder / "assets"))
        self.ledger = Ledger.open(empty_ledger(folder))
        maker, judge = TextPipeline(store=self.store), TextJudge(store=self.store)
        planner = PlannerByKind({Kind.TEXT: maker})
        executor = LocalExecutor({Kind.TEXT: maker}, {Kind.TEXT: judge}, pool=pool)
        self.policy = load_policy()
        self.engine = Engine(
            record=self.ledger, planner=planner, executor=executor, decide=self.decide
        )
        door = Door(
            ledger=self.ledger,
            store=self.store,
            vault=Vault.open(folder / "vault", keys=folder / "vault-keys"),
            fetcher=Fetcher(base_dir=folder),
            news=News(),
            metrics=Metrics(),
            body_max_bytes=1_000_000,
            locales=("en",),
            check=lambda brief: None,
            check_correction=planner.correct,
        )
        self.transport = httpx.ASGITransport(app=create_app(door))
        self.asked = False

    def decide(self, brief: Brief, scores: Sequence[Score]) -> Verdict:
        verdict = decide(scores, kind="text", channel=brief.channel, policy=self.policy)
        if self.asked:
            return verdict
        self.asked = True
        return Verdict(outcome=Outcome.REVIEW, reasons=("drawn for a person", *verdict.reasons))

    def work(self) -> JobStatus:
        (claim,) = self.ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=3600)
        return asyncio.run(self.engine.produce(claim))

    def ask(self, method: str, path: str, **options: Any) -> Any:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://d") as http:
                return await http.request(method, path, **options)

        answer = asyncio.run(once())
        assert answer.is_success, answer.text
        return answer.json()

    def case(self) -> dict[str, Any]:
        return self.ask("POST", "/v1/cases/claim", json={"reviewer": "ada"})

    def edit(self, sheet: dict[str, Any], **slots: str) -> dict[str, Any]:
        correction = {"action": "edit", "slots": slots}
        body = {"token": sheet["token"], "outcome": "fix", "correction": correction, "seconds": 9}
        return self.ask("POST", f"/v1/cases/{sheet['id']}/label", json=body)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ThreadPoolExecutor(2) as pool:
        opened = Shop(tmp_path, pool)
        yield opened
        opened.ledger.close()


def test_edited_copy_is_judged_again_and_then_ships(shop: Shop) -> None:
    shop.ask("PUT", "/v1/products/MUG-1", json=MUG)
    job = shop.ask("POST", "/v1/jobs", json={"kind": "text", "sku": "MUG-1", "locale": "en"})
    assert shop.work() is JobStatus.IN_REVIEW

    sheet = shop.case()
    wrong = "Oat white stoneware mug by Kilnhouse that holds 400 ml."
    assert shop.edit(sheet, description=wrong)["job"]["status"] == "queued"
    assert shop.work() is JobStatus.IN_REVIEW, "the judge must find what the person got wrong"

    again = shop.case()
    assert again["reasons"][0] == "a person's correction"
    found = next(item for item in again["evidence"] if item["field"] == "description")
    start, end = found["span"]
    assert again["slots"]["description"][start:end] == "400 ml"
    right = wrong.replace("400", "350")
    shop.edit(again, description=right)
    assert shop.work() is JobStatus.SUCCEEDED

    result = shop.ask("GET", f"/v1/jobs/{job['id']}/result")
    (shipped,) = [item for item in result["candidates"] if item["delivered"]]
    copy = shop.ask("GET", shipped["assets"][0]["url"])
    assert copy["description"] == right
    assert copy["title"] == sheet["slots"]["title"], "only the edited slot may change"

    digest = shipped["assets"][0]["digest"]
    told = [item["name"] for item in shop.ask("GET", f"/v1/assets/{digest}/history")["items"]]
    assert told.count("generated") == 3, "the story holds both versions it came from"
    assert told[-1] == "delivered"
