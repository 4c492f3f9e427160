"""Shops at the door: what a key opens, which pages may use it, how often."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from content_engine.config import Shop
from serving.api import Door, create_app
from serving.api.problems import problem_type
from serving.api.shops import Rates

KEY, OTHER_KEY = "ce_shoes", "ce_hats"
PAGE, OTHER_PAGE = "https://shoes.example", "https://hats.example"


def shop(name: str, key: str, page: str, per_minute: int = 60) -> Shop:
    return Shop(
        name=name,
        key_sha256=hashlib.sha256(key.encode()).hexdigest(),
        origins=(page,),
        tryons_per_minute=per_minute,
    )


SHOPS = (shop("shoes", KEY, PAGE), shop("hats", OTHER_KEY, OTHER_PAGE, per_minute=2))


def bearer(key: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **headers}


def ask(
    app: FastAPI, method: str, path: str, *, near: bool = True, **options: Any
) -> httpx.Response:
    async def once() -> httpx.Response:
        client = ("127.0.0.1" if near else "203.0.113.9", 4711)
        transport = httpx.ASGITransport(app=app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            body = {"json": {}} if path == "/v1/tryon" else {}
            return await http.request(method, path, **body, **options)

    return asyncio.run(once())


@pytest.fixture(scope="module")
def guarded(calm_door: Door) -> FastAPI:
    return create_app(replace(calm_door, shops=SHOPS))


HANDLE = f"/v1/uploads/{'a' * 64}"
TRYON = ("POST", "/v1/tryon")
PERSON = ("POST", "/v1/uploads?purpose=person")
FOREIGN = [
    ("POST", "/v1/jobs"),
    ("GET", "/v1/jobs"),
    ("PUT", "/v1/products/A"),
    ("GET", "/v1/products/A"),
    ("POST", "/v1/uploads"),
    ("POST", "/v1/uploads?purpose="),
    ("POST", "/v1/uploads?purpose=person&purpose="),
    ("GET", f"/v1/assets/{'a' * 64}"),
    ("POST", "/v1/cases/claim"),
    ("GET", "/v1/queue"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/review/"),
    ("GET", "/storefront/"),
    ("GET", "/storefront/page.css"),
    ("PUT", "/v1/tryon"),
    ("POST", "/v1/tryon/"),
    ("GET", "/v1/tryon"),
    ("POST", HANDLE),
]


@pytest.mark.parametrize(("method", "path"), FOREIGN)
def test_a_shop_s_key_opens_nothing_but_try_ons(guarded: FastAPI, method: str, path: str) -> None:
    answer = ask(guarded, method, path, headers=bearer(KEY))
    assert (answer.status_code, answer.json()["type"]) == (403, problem_type("key-not-allowed"))


@pytest.mark.parametrize(("method", "path"), [TRYON, PERSON, ("GET", HANDLE), ("DELETE", HANDLE)])
def test_a_shop_s_key_opens_try_ons(guarded: FastAPI, method: str, path: str) -> None:
    assert ask(guarded, method, path, headers=bearer(KEY)).status_code in {404, 422, 204}


@pytest.mark.parametrize(("method", "path"), [TRYON, PERSON])
def test_orders_need_a_key_that_a_shop_has(guarded: FastAPI, method: str, path: str) -> None:
    for headers, code in (
        ({}, "key-missing"),
        ({"Authorization": "Basic c2hvZXM6"}, "key-missing"),
        (bearer("ce_guessed"), "key-unknown"),
        (bearer(hashlib.sha256(KEY.encode()).hexdigest()), "key-unknown"),
    ):
        answer = ask(guarded, method, path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, problem_type(code))


def test_a_picture_needs_its_handle_only(guarded: FastAPI, calm_door: Door) -> None:
    """An `<img>` sends no key: whoever has the handle may look."""
    handle = calm_door.vault.admit(b"\xff\xd8\xff\xe0 a picture", ttl_s=60)
    shown = ask(guarded, "GET", f"/v1/uploads/{handle}", near=False)
    assert shown.status_code == 200
    assert shown.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("name", ["tryon.js", "terms.json"])
def test_the_element_is_for_every_page(guarded: FastAPI, name: str) -> None:
    for headers in ({}, bearer(KEY)):
        answer = ask(guarded, "GET", f"/storefront/{name}", near=False, headers=headers)
        assert answer.status_code in {200, 404}, answer.text


def test_the_rest_of_the_door_is_for_this_machine(guarded: FastAPI) -> None:
    assert ask(guarded, "GET", "/v1/jobs").status_code == 200
    far = ask(guarded, "GET", "/v1/jobs", near=False)
    assert (far.status_code, far.json()["type"]) == (401, problem_type("key-missing"))


def test_without_shops_nobody_needs_a_key(calm_door: Door) -> None:
    unguarded = create_app(calm_door)
    assert ask(unguarded, *TRYON).json()["type"] == problem_type("invalid-request")
    assert ask(unguarded, "GET", "/v1/jobs").status_code == 200


def test_pages_of_a_shop_may_read_the_answers(guarded: FastAPI) -> None:
    for method, path in (TRYON, PERSON, ("GET", HANDLE)):
        wish = {"Origin": PAGE, "Access-Control-Request-Method": method}
        allowed = ask(guarded, "OPTIONS", path, headers=wish)
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == PAGE
        assert "authorization" in allowed.headers["access-control-allow-headers"]
        assert "idempotency-key" in allowed.headers["access-control-allow-headers"]
        answer = ask(guarded, method, path, headers=bearer(KEY, Origin=PAGE))
        assert answer.headers["access-control-allow-origin"] == PAGE, "problems must be readable"
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", PAGE + ".evil.example"])
def test_other_pages_may_not(guarded: FastAPI, origin: str) -> None:
    wish = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        ask(guarded, "OPTIONS", "/v1/tryon", headers=wish),
        ask(guarded, *TRYON, headers=bearer(KEY, Origin=origin)),
    ):
        assert (answer.status_code, answer.json()["type"]) == (
            403,
            problem_type("origin-not-allowed"),
        )
        assert "access-control-allow-origin" not in answer.headers


def test_a_key_is_for_its_own_shop_s_pages(guarded: FastAPI) -> None:
    answer = ask(guarded, *TRYON, headers=bearer(KEY, Origin=OTHER_PAGE))
    assert answer.json()["type"] == problem_type("origin-not-allowed")


def test_pages_ask_for_nothing_but_try_ons(guarded: FastAPI) -> None:
    wish = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    answer = ask(guarded, "OPTIONS", "/v1/jobs", headers=wish)
    assert answer.json()["type"] == problem_type("key-not-allowed")


def test_the_engine_s_own_pages_may_use_a_key(guarded: FastAPI) -> None:
    answer = ask(guarded, *TRYON, headers=bearer(KEY, Origin="http://door"))
    assert answer.json()["type"] == problem_type("invalid-request")


def test_a_shop_that_asks_too_often_waits(calm_door: Door) -> None:
    async def asked() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=create_app(replace(calm_door, shops=SHOPS)))
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            hats = [
                await http.post("/v1/tryon", json={}, headers=bearer(OTHER_KEY)) for _ in range(3)
            ]
            shoes = await http.post("/v1/tryon", json={}, headers=bearer(KEY))
            return [*hats, shoes]

    *hats, shoes = asyncio.run(asked())
    assert [answer.status_code for answer in hats] == [422, 422, 429]
    assert hats[2].json()["type"] == problem_type("rate-limited")
    assert 25 <= int(hats[2].headers["retry-after"]) <= 30
    assert hats[2].json()["retryable"]
    assert shoes.status_code == 422, "another shop's rate is its own"


def test_the_rate_is_a_minute_s_worth_at_once_and_then_even() -> None:
    now = [100.0]
    rates, hats = Rates(clock=lambda: now[0]), SHOPS[1]
    assert [rates.refused(hats) is None for _ in range(3)] == [True, True, False]
    now[0] += 29.0
    assert rates.refused(hats) is not None
    now[0] += 1.0
    assert [rates.refused(hats) is None for _ in range(2)] == [True, False]
    now[0] += 3600.0
    assert [rates.refused(hats) is None for _ in range(3)] == [True, True, False]
    assert all(rates.refused(None) is None for _ in range(100))
