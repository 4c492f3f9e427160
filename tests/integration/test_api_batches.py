"""`/v1/batches`: a feed taken in as it comes, told of line by line, stopped and gone on with."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from content_engine.ledger import Ledger
from content_engine.types import Kind, Outcome
from serving.api import Door
from serving.api.streams import StreamedForm
from tests.contract.ledger_kit import attempt
from tests.unit.serving import conftest

client, door, ledger = conftest.client, conftest.door, conftest.ledger
calm_client, calm_door = conftest.calm_client, conftest.calm_door

Client = Callable[[], httpx.AsyncClient]
BRIEFS = json.dumps(
    [{"kind": "text", "locales": ["en", "de"]}, {"kind": "image", "spec": {"shot": "packshot"}}]
)
FEED = (
    b'{"id": "a", "title": "Mug", "image_link": "https://shop.example/a.jpg"}\n'
    b'{"id": "b", "title": \n'
    b'{"id": "c", "title": "Lamp", "product_weight": "-5 kg"}\n'
    b'{"id": "a", "title": "Mug again"}\n'
    b'{"id": "d", "title": "Vase", "description": "5 kg"}\n'
)
TABLE = b"id\ttitle\na\tMug\nb\tLamp, tall\n"


def sent(client: Client, *, scene: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    async def play() -> Any:
        async with client() as http:
            return await scene(http)

    return asyncio.run(play())


async def post(
    http: httpx.AsyncClient, feed: bytes = FEED, *, name: str = "feed.jsonl", **fields: str
) -> httpx.Response:
    key = {"idempotency-key": fields.pop("key")} if "key" in fields else {}
    data = {"briefs": BRIEFS, **fields}
    return await http.post("/v1/batches", data=data, files={"feed": (name, feed)}, headers=key)


@pytest.mark.parametrize("packed", [False, True])
def test_a_feed_becomes_jobs_and_faults_by_line(
    client: Client, ledger: Ledger, *, packed: bool
) -> None:
    async def scene(http: httpx.AsyncClient) -> None:
        answer = await post(http, gzip.compress(FEED) if packed else FEED)
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert (body["lines"], body["invalid_lines"], body["briefs"]) == (2, 3, 6)
        assert answer.headers["location"] == body["status_url"]
        (claim,) = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
        judged = replace(attempt(Outcome.ACCEPT), judged_s=0.5, judged_on="cuda:0")
        ledger.record(claim, judged)
        ledger.settle(claim)
        told = (await http.get(body["status_url"])).json()
        assert told["counts"]["succeeded"] == 1
        assert told["counts"]["waiting"] == 5
        assert told["cost"] == {
            "attempts": 1,
            "device_seconds": 0.25,
            "judge_seconds": 0.5,
            "cost": 0.00025,
            "currency": "EUR",
            "unpriced_devices": ["cuda:0"],
        }
        assert told["eta_s"] is not None
        results = await http.get(body["results_url"])
        assert results.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in results.text.splitlines()]
        assert [line["line"] for line in lines] == [1, 1, 1, 2, 3, 4, 5, 5, 5]
        assert [line["problem"] for line in lines if line["status"] == "invalid"] == [
            "no JSON: Expecting value (column 1)",
            "product_weight: '-5 kg' must be above zero",
            "id 'a' stands already in line 1",
        ]
        assert lines[0]["assets"][0]["role"] == "copy"
        assert [line.get("locale") for line in lines[:3]] == ["en", "de", "und"]

    sent(client, scene=scene)


def test_the_same_batch_again_adds_nothing_and_another_is_refused(client: Client) -> None:
    async def scene(http: httpx.AsyncClient) -> None:
        first = (await post(http, key="k")).json()
        again = (await post(http, gzip.compress(FEED), key="k")).json()
        assert (again["id"], again["records"]) == (first["id"], first["records"])
        other = await post(http, FEED + FEED, key="k")
        assert (other.status_code, other.json()["type"]) == (
            422,
            "urn:content-engine:problem:conflict",
        )
        assert len((await http.get("/v1/batches")).json()["items"]) == 1

    sent(client, scene=scene)


def test_a_batch_is_paused_resumed_and_cancelled(client: Client, ledger: Ledger) -> None:
    async def scene(http: httpx.AsyncClient) -> None:
        place = (await post(http, TABLE, name="feed.tsv")).json()["status_url"]
        assert (await http.post(f"{place}/pause")).json()["status"] == "paused"
        assert ledger.claim("w", kinds=tuple(Kind), limit=9, lease_s=60.0) == ()
        assert (await http.post(f"{place}/resume")).json()["status"] == "running"
        assert len(ledger.claim("w", kinds=(Kind.TEXT,), limit=9, lease_s=60.0)) == 4
        assert (await http.delete(place)).json()["status"] == "cancelled"
        assert (await http.get(place)).json()["counts"]["cancelled"] == 6
        assert (await http.post(f"{place}/resume")).status_code == 422
        assert (await http.get("/v1/batches/none")).status_code == 404

    sent(client, scene=scene)


@pytest.mark.parametrize(
    ("fields", "feed", "words"),
    [
        ({"briefs": "[]"}, FEED, "briefs is a list"),
        ({"briefs": "{"}, FEED, "briefs is no JSON"),
        ({"briefs": '[{"kind": "text", "locale": "xx"}]'}, FEED, "unknown locale 'xx'"),
        ({"briefs": '[{"kind": "text", "locale": "en", "sku": "x"}]'}, FEED, "without a sku"),
        ({"briefs": '[{"kind": "text", "locales": []}]'}, FEED, "briefs/0/locales"),
        ({"briefs": '[{"kind": "opera"}]'}, FEED, "briefs/0"),
        ({"format": "xml"}, FEED, "unknown format 'xml'"),
        ({}, b"<rss></rss>", "is no product feed"),
        ({}, b"", "is no product feed"),
        ({}, gzip.compress(FEED * 50)[:-30], "gzip is damaged"),
    ],
)
def test_what_cannot_be_taken_is_said(
    calm_client: Client, fields: dict[str, str], feed: bytes, words: str
) -> None:
    answer = sent(calm_client, scene=lambda http: post(http, feed, name="feed", **fields))
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


def test_other_bodies_are_no_batches(calm_client: Client) -> None:
    async def scene(http: httpx.AsyncClient) -> None:
        for answer in (
            await http.post("/v1/batches", json={"briefs": []}),
            await http.post("/v1/batches", files={"briefs": ("x", b"[]")}),
            await http.post(
                "/v1/batches",
                content=b"junk",
                headers={"content-type": "multipart/form-data; boundary=x"},
            ),
        ):
            assert answer.status_code == 422, answer.text
            assert answer.json()["type"] == "urn:content-engine:problem:invalid-brief"

    sent(calm_client, scene=scene)


def test_a_broken_upload_keeps_what_came_and_goes_on(client: Client, door: Door) -> None:
    """4,100 lines: one whole transaction stays when the client goes away in the second."""
    feed = b"".join(b'{"id": "s%d", "title": "Mug"}\n' % number for number in range(4100))

    async def broken(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    async def scene(http: httpx.AsyncClient) -> None:
        request = httpx.Request(
            "POST", "http://x", data={"briefs": BRIEFS}, files={"feed": ("feed.jsonl", feed)}
        )
        body = request.read()[:-100]
        headers = {"content-type": request.headers["content-type"], "idempotency-key": "k"}
        answer = await http.post("/v1/batches", content=broken(body), headers=headers)
        assert answer.status_code == 422
        assert "the upload ended before the file did" in answer.json()["detail"]
        (half,) = door.ledger.batch_list(door.tenant)
        assert (half.lines, half.received) == (4000, False)
        whole = (await post(http, feed, key="k")).json()
        assert (whole["id"], whole["lines"], whole["received"]) == (half.id, 4100, True)

    sent(client, scene=scene)


def test_a_form_is_read_no_faster_than_it_is_taken() -> None:
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b'--x\r\nContent-Disposition: form-data; name="feed"; filename="f"\r\n\r\n'
        for _ in range(100):
            taken += 1
            yield b"y" * 1000

    async def play() -> None:
        form = StreamedForm("multipart/form-data; boundary=x", chunks(), file="feed")
        assert await form.fields() == {}
        assert taken == 0
        assert await form.next_piece() == b"y" * 1000
        assert taken == 1

    asyncio.run(play())
