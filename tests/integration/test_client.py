"""The Python client against a real door: real copy, a real feed, a painted try-on."""

import asyncio
import base64
import gzip
import http.server
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from assets.store import AssetStore
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import JobStatus, Kind
from content_engine.webhooks import DeliveryStatus, EventType
from pipelines.text import TextPipeline
from qa.text import TextJudge
from serving.api import create_app
from serving.app import gate
from serving.client import (
    ContentEngine,
    EngineProblem,
    EngineUnreachable,
    GarmentIn,
    PhotoIn,
    ProductIn,
    StillUnderWay,
    TextJobIn,
    verify_webhook,
)
from serving.dispatcher import Dispatcher, Limits
from serving.executors import LocalExecutor, PlannerByKind
from serving.webhooks.post import Poster
from serving.webhooks.signing import Seal
from tests.integration.tryon_kit import boutique, listening, picture
from tests.integration.webhook_kit import NEAR, QUICK, receiver, sending, until
from tests.ledgers import empty_ledger
from tests.unit.serving.conftest import door_over

MUG = Path(__file__).resolve().parents[2] / "assets" / "samples" / "mug-main.jpg"


@contextmanager
def elsewhere(house: Callable[[], AbstractAsyncContextManager[str]]) -> Iterator[str]:
    """The address of a house that lives in a thread of its own."""
    ready, leave = threading.Event(), threading.Event()
    url: list[str] = []

    async def live() -> None:
        async with house() as address:
            url.append(address)
            ready.set()
            await asyncio.to_thread(leave.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    assert ready.wait(60), "the door did not open"
    try:
        yield url[0]
    finally:
        leave.set()
        thread.join()


@asynccontextmanager
async def writing(folder: Path) -> AsyncIterator[str]:
    """A door whose copy is written and judged by the real ones."""
    ledger = Ledger.open(empty_ledger(folder))
    store = AssetStore.open(str(folder / "assets"))
    maker = TextPipeline(store=store)
    planner = PlannerByKind({Kind.TEXT: maker})
    door = replace(
        door_over(ledger, folder),
        poster=Poster(allow_networks=NEAR, limits=QUICK),
        seal=Seal.open(folder / "keys"),
    )
    with ThreadPoolExecutor(2) as pool:
        judge = TextJudge(store=store)
        executor = LocalExecutor({Kind.TEXT: maker}, {Kind.TEXT: judge}, pool=pool)
        engine = Engine(record=ledger, planner=planner, executor=executor, decide=gate())
        dispatcher = Dispatcher(
            ledger, engine.produce, news=door.news, metrics=Metrics(), limits=Limits(), worker="t"
        )
        stop = asyncio.Event()
        working = asyncio.create_task(dispatcher.run(stop, kinds=[Kind.TEXT]))
        try:
            async with listening(create_app(door)) as port:
                with sending(ledger, folder / "keys"):
                    yield f"http://127.0.0.1:{port}"
        finally:
            stop.set()
            await working
            ledger.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContentEngine]:
    folder = tmp_path_factory.mktemp("client")
    with elsewhere(lambda: writing(folder)) as url, ContentEngine(url) as client:
        yield client


def sell(engine: ContentEngine, sku: str) -> None:
    picture = "data:image/jpeg;base64," + base64.b64encode(MUG.read_bytes()).decode()
    engine.products.put(
        sku,
        ProductIn(
            title="Speckled Stoneware Mug 350 ml",
            category=["Home & Garden", "Mugs"],
            facts={"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
            photos=[PhotoIn(source=picture)],
        ),
    )


def test_a_job_from_product_to_copy(engine: ContentEngine) -> None:
    sell(engine, "MUG 1")
    assert engine.products.get("MUG 1")["title"] == "Speckled Stoneware Mug 350 ml"
    order = TextJobIn(kind="text", sku="MUG 1", locale="en")
    job = engine.jobs.create(order, key="k1")
    assert engine.jobs.create(order, key="k1").id == job.id
    done = engine.jobs.wait(job.id, most_s=60)
    assert (done.status, done.kind, done.sku) == (JobStatus.SUCCEEDED, Kind.TEXT, "MUG 1")
    (asset,) = done.delivered[0].assets
    copy = json.loads(engine.assets.read(asset.digest))
    assert "mug" in json.dumps(copy).lower()
    assert job.id in {each.id for each in engine.jobs.list(kind=Kind.TEXT, sku="MUG 1")}
    assert engine.jobs.cancel(job.id).status is JobStatus.SUCCEEDED


def test_a_problem_is_an_exception_that_says_what_it_is(engine: ContentEngine) -> None:
    with pytest.raises(EngineProblem, match="PUT /v1/products/NONE first") as caught:
        engine.jobs.create(TextJobIn(kind="text", sku="NONE", locale="en"))
    assert (caught.value.problem.code, caught.value.problem.status) == ("invalid-brief", 422)
    with pytest.raises(EngineProblem, match="404 not-found"):
        engine.jobs.get("none")
    with pytest.raises(EngineProblem, match="404"):
        list(engine.batches.results("none"))


def test_a_feed_is_streamed_and_its_results_are_read_one_by_one(
    engine: ContentEngine, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.jsonl.gz"
    facts = {
        "title": "Speckled Stoneware Mug 350 ml",
        "product_type": "Home & Garden > Mugs",
        "color": "oat white",
        "material": "stoneware",
    }
    lines = [json.dumps({"id": f"s{n}", **facts}) for n in range(20)]
    feed.write_bytes(gzip.compress("\n".join([*lines, "{broken"]).encode()))
    briefs = [{"kind": "text", "locales": ["en"]}]
    batch = engine.batches.create(feed, briefs=briefs, key="b1")
    assert (batch.lines, batch.invalid_lines) == (20, 1)
    assert engine.batches.create(feed, briefs=briefs, key="b1").id == batch.id
    done = engine.batches.wait(batch.id, most_s=60, look_every_s=0.1)
    assert done.progress == 1.0
    results = list(engine.batches.results(batch.id))
    assert [each.status for each in results if each.line == 21] == ["invalid"]
    delivered = [each for each in results if each.status == "succeeded"]
    assert delivered
    first = delivered[0].assets[0]
    target = tmp_path / "copy.json"
    engine.assets.save(first.sha256, target)
    assert target.read_bytes() == engine.assets.read(first.sha256)


def test_a_batch_is_paused_resumed_and_cancelled(engine: ContentEngine, tmp_path: Path) -> None:
    feed = tmp_path / "feed.tsv"
    feed.write_text("id\ttitle\n" + "".join(f"p{n}\tMug\n" for n in range(200)))
    batch = engine.batches.create(
        feed, briefs=[{"kind": "image", "spec": {"shot": "packshot"}}], key="b2"
    )
    assert engine.batches.pause(batch.id).status == "paused"
    assert engine.batches.resume(batch.id).status == "running"
    with pytest.raises(StillUnderWay):
        engine.batches.wait(batch.id, most_s=0.0, look_every_s=0.01)
    assert engine.batches.cancel(batch.id).ended
    assert engine.batches.get(batch.id).counts["cancelled"] == 200


def test_webhooks_are_made_heard_and_verified(engine: ContentEngine) -> None:
    with receiver() as target:
        hook = engine.webhooks.create(f"{target.url}/hook", events=[EventType.JOB_SUCCEEDED])
        again = engine.webhooks.create(f"{target.url}/kept", key="k-1")
        assert again == engine.webhooks.create(f"{target.url}/kept", key="k-1")
        engine.webhooks.delete(again.id)
        assert [each.secret for each in engine.webhooks.list()] == [""]
        sell(engine, "MUG-2")
        job = engine.jobs.create(TextJobIn(kind="text", sku="MUG-2", locale="de"))
        until(lambda: len(target.came) == 1, most_s=30)
        came = target.came[0]
        message = verify_webhook(hook.secret, body=came.body, headers=came.headers)
        assert (message.id, message.type) == (came.id, "job.succeeded")
        assert message.data["id"] == job.id
        with pytest.raises(WebhookVerificationError):
            verify_webhook(hook.secret, body=came.body + b" ", headers=came.headers)
        until(lambda: any(engine.webhooks.deliveries(hook.id, status=DeliveryStatus.DELIVERED)))
        assert engine.webhooks.replay(hook.id) == 0
        assert engine.webhooks.replay(hook.id, ids=[message.id]) == 1
        until(lambda: len(target.came) == 2)
        assert engine.webhooks.rotate(hook.id, grace_hours=0).secret != hook.secret
        engine.webhooks.delete(hook.id)
    assert engine.webhooks.list() == ()


def test_a_person_tries_a_garment_on(tmp_path: Path) -> None:
    @asynccontextmanager
    async def fitting() -> AsyncIterator[str]:
        async with boutique(tmp_path) as shop:
            yield shop.url

    with elsewhere(fitting) as url, ContentEngine(url) as engine:
        made = engine.tryons.create(picture(), garments=[GarmentIn(sku="tee")])
        assert made.media_type == "image/jpeg"
        assert made.data[:2] == b"\xff\xd8"
        assert made.report == {"pose": {"turn_deg": 3.5}}
        own = [GarmentIn.model_validate({"picture": "mine", "kind": "upper"})]
        engine.tryons.create(picture(), garments=own, pictures={"mine": picture("blue")})
        with pytest.raises(EngineProblem) as caught:
            engine.tryons.create(picture("red"), garments=[GarmentIn(sku="tee")])
        assert caught.value.problem.status == 422


class Shaky(http.server.BaseHTTPRequestHandler):
    """Answers 503 twice, then what is right; remembers the idempotency keys."""

    keys: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.keys.append(self.headers["idempotency-key"])
        fine = len(self.keys) > 2
        problem = {
            "type": "urn:x:not-ready",
            "title": "",
            "status": 503,
            "detail": "",
            "retryable": True,
        }
        job = {
            "id": "j", "status": "queued", "kind": "text", "sku": "s", "batch": "", "problem": "",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "new": 1,
        }  # fmt: skip
        body = json.dumps(job if fine else problem).encode()
        self.send_response(202 if fine else 503)
        kind = "application/json" if fine else "application/problem+json"
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_call_is_sent_again_with_the_same_key() -> None:
    handler = type("Handler", (Shaky,), {"keys": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    order = TextJobIn(kind="text", sku="s", locale="en")
    try:
        with ContentEngine(url, retries=2) as engine:
            assert engine.jobs.create(order).id == "j"
        assert len(handler.keys) == 3
        assert len(set(handler.keys)) == 1, "another key would make another job"
        handler.keys.clear()
        with ContentEngine(url, retries=1) as engine, pytest.raises(EngineProblem, match="503"):
            engine.jobs.create(order)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    with ContentEngine(url, retries=1) as engine, pytest.raises(EngineUnreachable):
        engine.jobs.get("j")
