"""The try-on door over HTTP: answers, events, refusals, what is stored; a maker of paint behind."""

import asyncio
import io
import json
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from tryon_kit import GPS, Boutique, boutique, events, form, picture

from content_engine.types import JobStatus
from serving.api.people import redact_gone
from serving.api.problems import problem_type

SSE = {"Accept": "text/event-stream"}


def visit(
    folder: Path, scene: Callable[[Boutique, httpx.AsyncClient], Awaitable[None]], **options: Any
) -> None:
    async def play() -> None:
        async with boutique(folder, **options) as shop, shop.client() as http:
            await scene(shop, http)

    asyncio.run(play())


def pixels(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_form_with_a_photo_gives_the_picture(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        answer = await http.post("/v1/tryon", **form({"sku": "tee"}, {"sku": "jeans"}))
        body = answer.json()
        assert answer.status_code == 200, answer.text
        assert body["garments"] == [
            {"sku": "tee", "kind": "upper", "title": "Blue Tee"},
            {"sku": "jeans", "kind": "lower", "title": "Jeans"},
        ]
        assert body["status"] == "succeeded"
        assert body["report"] == {"pose": {"turn_deg": 3.5}}
        assert body["seconds"] > 0
        assert answer.headers["cache-control"] == "no-store"
        # The photo lay on its side, 192x256: it stands up as 256x192 at the door.
        result = await http.get(body["result"]["url"])
        assert result.headers["content-type"] == body["result"]["media_type"] == "image/jpeg"
        assert result.headers["cache-control"] == "no-store"
        assert pixels(result.content).size == (256, 192)
        assert (body["result"]["width_px"], body["result"]["height_px"]) == (256, 192)
        middle = pixels(result.content).getpixel((128, 60))
        assert isinstance(middle, tuple)
        assert middle[2] > middle[0], "the tee is blue"
        preview = await http.get(body["preview"]["url"])
        assert pixels(preview.content).size == (64, 48)
        assert (body["preview"]["width_px"], body["preview"]["height_px"]) == (64, 48)

    visit(tmp_path, scene)


def test_an_upload_serves_several_orders_by_json(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        sent = await http.post("/v1/uploads?purpose=person", content=picture())
        upload = sent.json()
        assert sent.status_code == 201, sent.text
        assert (upload["width_px"], upload["height_px"]) == (256, 192)
        assert (await http.get(upload["url"])).status_code == 200
        for sku in ("tee", "jeans"):
            order = {"upload": upload["upload"], "garments": [{"sku": sku}]}
            answer = await http.post("/v1/tryon", json=order)
            assert answer.status_code == 200, answer.text
            assert answer.json()["upload"] == upload["upload"]
            assert answer.json()["expires_at"] == upload["expires_at"]

    visit(tmp_path, scene)


def test_a_garment_by_its_picture_is_sealed_with_the_photo(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        kept = {path.name for path in (tmp_path / "assets").rglob("*") if path.is_file()}
        garment = {"picture": "mine", "kind": "upper"}
        order = form(garment, mine=picture("red", kind="PNG"))
        answer = await http.post("/v1/tryon", **order)
        assert answer.status_code == 200, answer.text
        assert answer.json()["garments"] == [{"sku": "", "kind": "upper", "title": ""}]
        middle = pixels((await http.get(answer.json()["result"]["url"])).content)
        assert middle.getpixel((128, 60))[0] > 150, "the red of the picture"  # type: ignore[index]
        after = {path.name for path in (tmp_path / "assets").rglob("*") if path.is_file()}
        assert after == kept, "nothing that a shopper sent may reach the store"
        stored = await http.post("/v1/uploads", content=picture("red", kind="PNG"))
        by_digest = {"picture": stored.json()["digest"], "kind": "lower"}
        body = {"upload": answer.json()["upload"], "garments": [by_digest]}
        assert (await http.post("/v1/tryon", json=body)).status_code == 200

    visit(tmp_path, scene)


def test_events_come_as_they_happen(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        async with http.stream("POST", "/v1/tryon", headers=SSE, **form()) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = [(name, body, at) async for name, body, at in events(answer)]
        assert [name for name, _, _ in told] == ["accepted", "preview", "result"]
        accepted, preview, result = (body for _, body, _ in told)
        assert accepted["upload"] == result["upload"]
        assert accepted["id"] == result["id"]
        assert preview == result["preview"]
        assert told[2][2] - told[1][2] > 0.02, "the preview must not wait for the result"
        again = (await http.get(result["status_url"], headers=SSE)).text
        assert [line for line in again.splitlines() if line.startswith("event")] == [
            "event: accepted",
            "event: preview",
            "event: result",
        ]

    visit(tmp_path, scene)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (form(photo=picture("red")), "turned"),
        (form({"sku": "ugly"}), "quality"),
        (form({"sku": "mug"}), "category"),
        (form({"sku": "tee"}, {"sku": "ugly"}), "outfit"),
    ],
    ids=["turned", "quality", "category", "outfit"],
)
def test_refusals_are_problems_that_help(tmp_path: Path, order: dict, reason: str) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        answer = await http.post("/v1/tryon", **order)
        problem = answer.json()
        assert answer.status_code == problem["status"] == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["type"] == problem_type(f"tryon-{reason}")
        assert problem["reason"] == reason
        assert len(problem["title"]) > 10
        assert problem["detail"].endswith(".")
        async with http.stream("POST", "/v1/tryon", headers=SSE, **order) as stream:
            if stream.headers["content-type"].startswith("text/event-stream"):
                told = [(name, body) async for name, body, _ in events(stream)]
                assert told[-1][0] == "refused"
                assert told[-1][1]["problem"]["reason"] == reason
            else:  # known before work starts
                assert json.loads(await stream.aread())["reason"] == reason

    visit(tmp_path, scene)


def test_what_is_refused_at_the_door_leaves_no_upload(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        await http.post("/v1/tryon", **form({"sku": "mug"}))
        await http.post("/v1/tryon", **form({"sku": "nothing"}))
        assert not [*shop.vault.folder.iterdir(), *shop.vault.keys.iterdir()]

    visit(tmp_path, scene)


BAD = {
    "no person": ({"files": {"x": b"x"}, "data": {"garments": "[]"}}, "invalid-brief"),
    "not a picture": (form(photo=b"%PDF-1.7 hello"), "unsupported-media"),
    "cut short": (form(photo=picture()[:900]), "corrupt-media"),
    "no garments": (form() | {"data": {"garments": "[]"}}, "invalid-request"),
    "garments are no JSON": (form() | {"data": {"garments": "{"}}, "malformed-json"),
    "six garments": (form(*[{"sku": "tee"}] * 6), "invalid-request"),
    "unknown sku": (form({"sku": "none"}), "invalid-brief"),
    "sku and picture": (form({"sku": "tee", "picture": "p", "kind": "upper"}), "invalid-request"),
    "picture without kind": (form({"picture": "p"}, p=picture()), "invalid-request"),
    "picture that is missing": (form({"picture": "p", "kind": "upper"}), "asset-missing"),
    "unused picture": (form({"sku": "tee"}, p=picture()), "invalid-brief"),
    "unknown field": ({**form(), "data": {"garments": "[]", "x": "1"}}, "invalid-brief"),
    "too large a result": (
        {**form(), "data": {"garments": '[{"sku":"tee"}]', "longer_side_px": "9999"}},
        "invalid-request",
    ),
    "unknown upload": (
        {"json": {"upload": "0" * 64, "garments": [{"sku": "tee"}]}},
        "asset-missing",
    ),
    "no handle": ({"json": {"upload": "x", "garments": [{"sku": "tee"}]}}, "invalid-request"),
}


def test_bad_requests_are_problems(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        for name, (order, code) in BAD.items():
            answer = await http.post("/v1/tryon", **order)
            assert answer.headers["content-type"] == "application/problem+json", (name, answer.text)
            assert answer.json()["type"] == problem_type(code), (name, answer.text)

    visit(tmp_path, scene)


def test_the_same_key_and_order_are_one_try_on(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        headers, photo = {"Idempotency-Key": "order-7"}, picture()
        order = form({"sku": "tee"}, photo=photo)
        first, twin = await asyncio.gather(
            *(http.post("/v1/tryon", headers=headers, **order) for _ in range(2))
        )
        again = await http.post("/v1/tryon", headers=headers, **order)
        assert first.json()["id"] == twin.json()["id"] == again.json()["id"]
        assert len(shop.ledger.job_rows("default").items) == 1
        other = await http.post("/v1/tryon", headers=headers, **form({"sku": "jeans"}, photo=photo))
        assert (other.status_code, other.json()["type"]) == (422, problem_type("conflict"))
        await http.delete(f"/v1/uploads/{first.json()['upload']}")
        anew = await http.post("/v1/tryon", headers=headers, **order)
        assert anew.status_code == 200, "what is gone is made again"
        assert anew.json()["id"] != first.json()["id"]

    visit(tmp_path, scene)


def test_not_waiting_and_waiting_in_vain(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        slow = form({"sku": "slow"})
        key = {"Idempotency-Key": "k"}
        answer = await http.post("/v1/tryon", headers=key | {"Prefer": "respond-async"}, **slow)
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        async with asyncio.timeout(60):
            while not (await http.get(answer.json()["status_url"])).json()["preview"]:
                await asyncio.sleep(0.05)
        short = await http.post("/v1/tryon", headers=key | {"Prefer": "wait=1"}, **slow)
        assert (short.status_code, short.json()["status"]) == (202, "running")
        assert short.json()["preview"]["url"]
        assert short.json()["result"] is None
        body = short.json()
        assert body["id"] == answer.json()["id"]
        assert (await http.get(body["status_url"])).json()["status"] == "running"
        assert (await http.delete(body["cancel_url"])).status_code == 204
        ended = await http.get(body["status_url"])
        assert (ended.status_code, ended.json()["type"]) == (409, problem_type("tryon-cancelled"))
        assert (await http.get("/v1/tryon/none")).status_code == 404

    visit(tmp_path, scene)


def test_deleting_the_photo_ends_everything_of_it_at_once(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        done = (await http.post("/v1/tryon", **form())).json()
        order = {"upload": done["upload"], "garments": [{"sku": "slow"}]}
        headers = {"Prefer": "respond-async"}
        slow = (await http.post("/v1/tryon", json=order, headers=headers)).json()
        urls = [f"/v1/uploads/{done['upload']}", done["result"]["url"], done["preview"]["url"]]
        assert {(await http.get(url)).status_code for url in urls} == {200}
        assert (await http.delete(urls[0])).status_code == 204
        assert {(await http.get(url)).status_code for url in urls} == {404}
        assert shop.ledger.job_row(slow["id"], "default").status is JobStatus.CANCELLED
        assert (await http.delete(urls[0])).status_code == 204, "deleting twice is no mistake"
        told = (await http.get(f"/v1/jobs/{done['id']}/result")).text
        told += (await http.get(f"/v1/jobs/{done['id']}/events")).text
        assert "turn_deg" not in told, "what was measured on the photo outlived it"
        assert "tryon.paint" not in told
        assert '"verdict": "ACCEPT"' in told or '"verdict":"ACCEPT"' in told
        await asyncio.sleep(0.3)
        shop.vault.sweep()
        left = [*shop.vault.folder.rglob("*"), *shop.vault.keys.iterdir()]
        assert not left, "a worker wrote after the end"

    visit(tmp_path, scene)


def test_a_photo_is_gone_after_its_time_and_so_are_its_results(tmp_path: Path) -> None:
    now = [time.time()]

    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        done = (await http.post("/v1/tryon", **form())).json()
        now[0] += 61
        for url in (f"/v1/uploads/{done['upload']}", done["result"]["url"], done["status_url"]):
            assert (await http.get(url)).status_code == 404
        body = {"upload": done["upload"], "garments": [{"sku": "tee"}]}
        assert (await http.post("/v1/tryon", json=body)).status_code == 404
        # What the service does every five seconds.
        gone, long_ago = shop.vault.sweep(), datetime.now(UTC) - timedelta(hours=1)
        assert redact_gone(shop.ledger, gone, tenant="default", before=long_ago) == 1
        assert not [*shop.vault.folder.iterdir(), *shop.vault.keys.iterdir()]
        assert "turn_deg" not in (await http.get(f"/v1/jobs/{done['id']}/result")).text

    visit(tmp_path, scene, ttl_s=60, clock=lambda: now[0])


def test_a_foreign_piece_of_an_upload_deletes_and_shows_nothing(tmp_path: Path) -> None:
    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        upload = (await http.post("/v1/uploads?purpose=person", content=picture())).json()["upload"]
        guessed = f"/v1/uploads/{upload[:32]}{'0' * 32}"
        assert (await http.get(guessed)).status_code == 404
        assert (await http.delete(guessed)).status_code == 204
        assert (await http.get(f"/v1/uploads/{upload}")).status_code == 200
        analysis = shop.vault.put(upload, "body:1", b"PK\x03\x04 what was measured of a body")
        assert (await http.get(f"/v1/uploads/{analysis}")).status_code == 404

    visit(tmp_path, scene)


def test_nothing_of_the_photo_leaves_the_vault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXIF, handles and keys in no log line; no byte of the photo on disk but sealed ones."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no temporary files, please"))
    caplog.set_level(logging.INFO)
    for room in ("assets", "content_engine", "pipelines", "qa", "serving", "uvicorn", "starlette"):
        caplog.set_level(logging.DEBUG, logger=room)
    big = picture(size=(1500, 2000))
    assert len(big) > 1_000_000, "large enough for a form parser to spool it to disk"

    async def scene(shop: Boutique, http: httpx.AsyncClient) -> None:
        async with http.stream("POST", "/v1/tryon", headers=SSE, **form(photo=big)) as answer:
            told = {name: body async for name, body, _ in events(answer)}
        done = told["result"]
        refused = await http.post("/v1/tryon", **form(photo=picture("red")))
        stored = (await http.get(f"/v1/uploads/{done['upload']}")).content
        assert GPS not in stored
        assert b"shot at home" not in stored
        assert not pixels(stored).getexif()
        key = (shop.vault.keys / done["upload"][:32]).read_bytes()[8:]
        secrets = [stored[n : n + 64] for n in range(600, 4000, 64)] + [GPS, key]
        files = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent != shop.vault.keys]
        assert any(p.is_relative_to(shop.vault.folder) for p in files)
        for path in files:
            content = path.read_bytes()
            assert not any(secret in content for secret in secrets), f"plain in {path}"
        names = [done["upload"], done["result"]["url"][-64:], refused.json()["upload"], key.hex()]
        said = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
        ours = [line for line in said if "'name': 'http" not in line]  # this test's own client
        for line in ours:
            assert not any(name[:32] in line or name[32:] in line for name in names), line
        assert any("job.ended" in line for line in ours), "the logs were captured"

    visit(tmp_path, scene)


def test_results_may_be_cached_where_the_shop_says_so(tmp_path: Path) -> None:
    from hashlib import sha256

    from content_engine.config import Shop

    digest = sha256(b"k").hexdigest()
    shop = Shop(name="s", key_sha256=digest, cache_results=True, photo_ttl_s=30)

    async def scene(_: Boutique, http: httpx.AsyncClient) -> None:
        http.headers["authorization"] = "Bearer k"
        done = (await http.post("/v1/tryon", **form())).json()
        cached = (await http.get(done["result"]["url"])).headers["cache-control"]
        assert cached in {f"private, max-age={left_s}" for left_s in range(20, 31)}, cached

    visit(tmp_path, scene, shops=(shop,))
