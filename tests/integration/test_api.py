"""The door: what it accepts, what it refuses, in which words."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image

from content_engine.types import JobStatus
from serving.api import Door, create_app
from serving.api.problems import PROBLEMS, problem_type
from tests.unit.serving import conftest

client, door, ledger = conftest.client, conftest.door, conftest.ledger
calm_client, calm_door = conftest.calm_client, conftest.calm_door

Client = Callable[[], httpx.AsyncClient]
MUG = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}
TEXT_JOB = {"kind": "text", "sku": "MUG-1", "locale": "de"}


def ask(client: Client, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client() as http:
            return await http.request(method, path, **options)

    return asyncio.run(once())


def photo(size: tuple[int, int] = (200, 200)) -> str:
    encoded = io.BytesIO()
    Image.new("RGB", size, (180, 120, 60)).save(encoded, "PNG")
    return "data:image/png;base64," + base64.b64encode(encoded.getvalue()).decode()


@pytest.fixture
def mug(client: Client) -> dict[str, Any]:
    return with_mug(client)


def with_mug(client: Client) -> dict[str, Any]:
    answer = ask(client, "PUT", "/v1/products/MUG-1", json=MUG | {"photos": [{"source": photo()}]})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def stocked(calm_client: Client) -> Client:
    """A door that knows the mug; what a test adds to it, no other looks for."""
    with_mug(calm_client)
    return calm_client


def test_a_product_comes_back_as_the_engine_understood_it(stocked: Client) -> None:
    shown = ask(stocked, "GET", "/v1/products/MUG-1").json()
    facts = {fact["name"]: fact for fact in shown["facts"]}
    assert facts["capacity"]["quantities"] == [{"value": "350", "unit": "ml", "upper": None}]
    assert shown["photos"][0]["source"] == "data:", "a photo's bytes must not be sent back"
    assert ask(stocked, "GET", shown["photos"][0]["url"]).headers["content-type"] == "image/png"


def test_a_product_put_again_is_replaced(stocked: Client) -> None:
    titles = ("Mug", "Another Mug")
    puts = [ask(stocked, "PUT", "/v1/products/M-2", json=MUG | {"title": name}) for name in titles]
    assert [answer.status_code for answer in puts] == [201, 200]
    assert ask(stocked, "GET", "/v1/products/M-2").json()["title"] == "Another Mug"


def test_a_job_is_accepted_with_its_addresses(stocked: Client) -> None:
    answer = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB)
    job = answer.json()
    assert (answer.status_code, job["status"]) == (202, "queued")
    assert answer.headers["location"] == job["status_url"] == f"/v1/jobs/{job['id']}"
    assert ask(stocked, "GET", job["status_url"]).json() == job


def test_one_key_makes_one_job(stocked: Client) -> None:
    headers = {"Idempotency-Key": "order-7"}
    first = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB, headers=headers)
    again = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB, headers=headers)
    other = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB | {"seed": 2}, headers=headers)
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["type"]) == (422, problem_type("conflict"))


def test_waiting_ends_when_the_job_does(client: Client, door: Door, mug: dict) -> None:
    async def post_and_cancel() -> httpx.Response:
        async with client() as http:
            post = http.post("/v1/jobs", json=TEXT_JOB, headers={"Prefer": "wait=20"})
            waiting = asyncio.create_task(post)
            while not (items := door.ledger.job_rows("default").items):
                await asyncio.sleep(0.01)
            await http.delete(f"/v1/jobs/{items[0].id}")
            return await asyncio.wait_for(waiting, 15)

    answer = asyncio.run(post_and_cancel())
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.headers["preference-applied"] == "wait=20"


def test_jobs_are_listed_in_pages_and_by_filter(client: Client, mug: dict) -> None:
    ids = [
        ask(client, "POST", "/v1/jobs", json=TEXT_JOB | {"seed": seed}).json()["id"]
        for seed in range(3)
    ]
    first = ask(client, "GET", "/v1/jobs?limit=2").json()
    rest = ask(client, "GET", f"/v1/jobs?limit=2&cursor={first['next_cursor']}").json()
    assert [job["id"] for job in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] == ""
    assert ask(client, "GET", "/v1/jobs?kind=image").json()["items"] == []


def test_a_cancelled_job_says_so_in_its_events(stocked: Client) -> None:
    job = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB).json()
    assert ask(stocked, "DELETE", job["cancel_url"]).json()["status"] == JobStatus.CANCELLED
    lines = ask(stocked, "GET", job["events_url"]).text.splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert names == ["queued", "cancelled"], lines
    last = next(line.removeprefix("id: ") for line in lines if line.startswith("id: "))
    rest = ask(stocked, "GET", job["events_url"], headers={"Last-Event-ID": last}).text
    assert "event: queued" not in rest
    assert "event: cancelled" in rest


def test_an_asset_has_ranges_and_validators(stocked: Client, calm_door: Door) -> None:
    digest = calm_door.store.put(b"0123456789" * 300)
    path = f"/v1/assets/{digest}"
    whole = ask(stocked, "GET", path)
    assert len(whole.content) == 3000
    assert "immutable" in whole.headers["cache-control"]
    part = ask(stocked, "GET", path, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, b"56789")
    assert part.headers["content-range"] == "bytes 5-9/3000"
    tail = ask(stocked, "GET", path, headers={"Range": "bytes=-3"})
    assert tail.content == b"789"
    etag = whole.headers["etag"]
    assert ask(stocked, "GET", path, headers={"If-None-Match": etag}).status_code == 304
    assert ask(stocked, "HEAD", path).headers["content-length"] == "3000"


def test_health_and_metrics(client: Client, mug: dict) -> None:
    ask(client, "POST", "/v1/jobs", json=TEXT_JOB)
    assert ask(client, "GET", "/healthz").status_code == 200
    assert ask(client, "GET", "/readyz").json()["checks"] == ["replicas"]
    text = ask(client, "GET", "/metrics").text
    assert 'ce_queue_jobs{kind="text",status="queued"} 1.0' in text
    assert 'ce_queue_oldest_seconds{kind="text",lane="bulk"}' in text
    put = 'ce_http_requests_total{method="PUT",route="/v1/products/{sku}",status="201"} 1.0'
    assert put in text, "an answer counts under its route's pattern, not under its path"
    assert ask(client, "GET", "/v1/models").json()["items"][0]["name"] == "realiser"


JSON = {"content-type": "application/json"}
REFUSALS = [
    ("GET", "/nowhere", {}, "not-found"),
    ("POST", "/healthz", {}, "method-not-allowed"),
    ("GET", "/v1/products/NO", {}, "not-found"),
    ("GET", "/v1/jobs/no", {}, "not-found"),
    ("DELETE", "/v1/jobs/no", {}, "not-found"),
    ("GET", "/v1/jobs/no/events", {}, "not-found"),
    ("GET", "/v1/assets/xyz", {}, "invalid-request"),
    ("GET", f"/v1/assets/{'0' * 64}", {}, "asset-missing"),
    ("POST", "/v1/jobs", {"content": b"{", "headers": JSON}, "malformed-json"),
    ("POST", "/v1/jobs", {"content": b"{}"}, "unsupported-content-type"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"sku": "NO"}}, "invalid-brief"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"colour": "red"}}, "invalid-request"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"kind": "opera"}}, "invalid-request"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"count": 99}}, "invalid-request"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"locale": "xx"}}, "invalid-brief"),
    ("POST", "/v1/jobs", {"json": TEXT_JOB | {"channel": "moon"}}, "invalid-brief"),
    ("GET", "/v1/jobs?limit=0", {}, "invalid-request"),
    ("GET", "/v1/jobs?colour=red", {}, "invalid-request"),
    ("PUT", "/v1/products/A", {"json": {}}, "invalid-request"),
    ("PUT", "/v1/products/A", {"content": b"x" * 2_000_001}, "body-too-large"),
    ("PUT", "/v1/products/A", {"json": MUG | {"facts": {"weight": "-4 kg"}}}, "invalid-feed"),
]


@pytest.mark.parametrize(("method", "path", "options", "code"), REFUSALS)
def test_refusals_are_problems(
    stocked: Client, method: str, path: str, options: dict, code: str
) -> None:
    answer = ask(stocked, method, path, **options)
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["status"]) == (problem_type(code), answer.status_code), body
    assert answer.status_code == PROBLEMS[code].status
    assert body["detail"], "a problem says what was wrong"


def test_unknown_names_are_answered_with_the_known_ones(stocked: Client) -> None:
    locale = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB | {"locale": "tlh"}).json()
    channel = ask(stocked, "POST", "/v1/jobs", json=TEXT_JOB | {"channel": "moon"}).json()
    assert "known: en, de" in locale["detail"]
    assert "amazon, google, shopify" in channel["detail"]


PICTURES = {
    "a private address": ("http://127.0.0.1:9/a.png", {"invalid-brief", "unsafe-source"}),
    "not base64": ("data:image/png;base64,@@@", {"invalid-brief", "corrupt-media"}),
    "not a picture": ("data:image/png;base64,aGVsbG8=", {"invalid-brief", "unsupported-media"}),
    "a local path": ("../../etc/passwd", {"invalid-request"}),
}


@pytest.mark.parametrize("case", PICTURES)
def test_bad_pictures_are_refused_with_the_reason(stocked: Client, case: str) -> None:
    source, codes = PICTURES[case]
    answer = ask(stocked, "PUT", "/v1/products/A", json=MUG | {"photos": [{"source": source}]})
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] in {problem_type(code) for code in codes}, answer.text
    assert ask(stocked, "GET", "/v1/products/A").status_code == 404, "nothing of it was kept"


def test_what_was_sent_is_not_repeated_in_a_problem(stocked: Client) -> None:
    secret = "data:image/png;base64," + "c2VjcmV0" * 10
    body = {"title": "", "photos": [{"source": secret, "role": "selfie"}]}
    assert "c2VjcmV0" not in ask(stocked, "PUT", "/v1/products/A", json=body).text


def readiness(door: Door, *, check: Callable[[], bool]) -> httpx.Response:
    transport = httpx.ASGITransport(app=create_app(replace(door, checks={"replicas": check})))
    return ask(
        lambda: httpx.AsyncClient(transport=transport, base_url="http://door"), "GET", "/readyz"
    )


def test_a_bug_becomes_a_problem_and_a_log_line(
    calm_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> bool:
        raise ZeroDivisionError

    answer = readiness(calm_door, check=broken)
    assert (answer.status_code, answer.json()["type"]) == (500, problem_type("internal"))
    assert "ZeroDivisionError" not in answer.text
    assert [record.message for record in caplog.records] == ["http.bug"]


def test_a_part_that_is_down_makes_the_door_unready(calm_door: Door) -> None:
    answer = readiness(calm_door, check=lambda: False)
    assert answer.status_code == 503
    assert "replicas" in answer.json()["detail"]


def test_a_body_without_announced_length_is_cut_off(stocked: Client) -> None:
    async def endless():
        for _ in range(300):
            yield b"x" * 10_000

    async def once() -> httpx.Response:
        async with stocked() as http:
            return await http.put("/v1/products/A", content=endless())

    answer = asyncio.run(once())
    assert (answer.status_code, answer.json()["type"]) == (413, problem_type("body-too-large"))


def test_the_description_of_the_door_is_valid_json(stocked: Client) -> None:
    paths = json.loads(ask(stocked, "GET", "/openapi.json").text)["paths"]
    assert {"/v1/jobs", "/v1/jobs/{job_id}", "/v1/products/{sku}"} <= set(paths)
