"""One trace a job, from the door through the dispatcher into Ray's replica, and nothing private."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from content_engine import tracing
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.telemetry import Metrics
from content_engine.types import Brief, Kind, Product, TextSpec
from serving.api import create_app
from serving.bench.noop import NoopMaker, accept
from serving.deployments import Cluster
from serving.dispatcher import Dispatcher, Limits
from serving.executors import PlannerByKind
from serving.news import News
from tests.ledgers import empty_ledger
from tests.unit.serving.conftest import door_over

pytestmark = pytest.mark.cluster
PRODUCT = Product(sku="SECRET-SKU", title="Secret mug", brand="", category=(), facts=(), photos=())
BRIEF = Brief(kind=Kind.TEXT, product=PRODUCT, spec=TextSpec(), locale="en")


@pytest.fixture
def spans(boutique_folder: Path) -> Path:
    """The file that this process and the replica write their spans to, until the session ends."""
    file = boutique_folder / "spans"
    tracing.start(f"file:{file}", service="door")
    return file


def carried(ledger: Ledger, cluster: Cluster) -> str:
    """The id of a job that went all the way."""
    (job,) = ledger.submit([BRIEF], tenant="default")
    engine = Engine(
        record=ledger,
        planner=PlannerByKind({Kind.TEXT: NoopMaker()}),
        executor=cluster.executor([Kind.TEXT]),
        decide=accept,
    )
    work = Dispatcher(
        ledger, engine.produce, news=News(), metrics=Metrics(), limits=Limits(), worker="test"
    )

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(work.run(stop, kinds=[Kind.TEXT]))
        async with asyncio.timeout(30):
            while not ledger.job_row(job.id, "default").status.is_final:
                await asyncio.sleep(0.02)
        stop.set()
        await running

    asyncio.run(run())
    return job.id


async def looked_at(ledger: Ledger, folder: Path, job_id: str) -> None:
    """A client within a trace of its own reads the job."""
    transport = httpx.ASGITransport(app=create_app(door_over(ledger, folder)))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
        named = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
        assert (await http.get(f"/v1/jobs/{job_id}", headers=named)).status_code == 200
        secret = "sku=SECRET-SKU"
        assert (await http.get(f"/v1/jobs/SECRET-job?{secret}", headers=named)).status_code == 404
        assert (await http.get(f"/SECRET?{secret}", headers=named)).status_code == 404
        assert (await http.request("SECRET", "/healthz", headers=named)).status_code == 405
        call = {"jsonrpc": "2.0", "id": "SECRET-1", "method": "tools/call"}
        words = {"name": "SECRET-tool", "arguments": {"sku": "SECRET"}}
        heard = {**named, "accept": "application/json, text/event-stream"}
        answer = await http.post("/mcp", json={**call, "params": words}, headers=heard)
        assert answer.status_code == 200, answer.text


def test_one_trace_spans_the_processes(tmp_path: Path, cluster: Cluster, spans: Path) -> None:
    ledger = Ledger.open(empty_ledger(tmp_path))
    job_id = carried(ledger, cluster)
    asyncio.run(looked_at(ledger, tmp_path, job_id))
    ledger.close()
    lines = [json.loads(line) for line in spans.read_text().splitlines()]
    own = [line for line in lines if line["context"]["trace_id"] == f"0x{tracing.trace_id(job_id)}"]
    named = {line["name"]: line for line in own}
    assert named.keys() >= {"job", "job.carried", "generate", "replica.generate"}, named.keys()
    parents = {name: line["parent_id"] for name, line in named.items()}
    ids = {name: line["context"]["span_id"] for name, line in named.items()}
    assert parents["job"] is None
    assert parents["job.carried"] == ids["job"]
    assert parents["generate"] == ids["job.carried"]
    assert parents["replica.generate"] == ids["generate"], "the replica is of the same trace"
    services = {line["resource"]["attributes"]["service.name"] for line in own}
    assert services == {"content-engine-door", "content-engine-text"}
    asked = [line for line in lines if line["context"]["trace_id"] == "0x" + "ab" * 16]
    assert [(line["name"], line["attributes"]) for line in asked] == [
        _request("GET", "/v1/jobs/{job_id}", 200),
        _request("GET", "/v1/jobs/{job_id}", 404),
        _request("GET", "none", 404),
        _request("other", "/healthz", 405),
        _request("POST", "/mcp", 200),
    ], "one span a request, its caller's trace going on, of closed sets of words"
    assert "ecret" not in spans.read_text().lower(), "a stranger's words stand in a span"


def _request(method: str, route: str, status: int) -> tuple[str, dict[str, object]]:
    facts = {"http.request.method": method, "http.route": route}
    return f"{method} {route}", {**facts, "http.response.status_code": status}
