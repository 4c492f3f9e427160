"""Keys at the door: what each opens, whose things it shows, until when."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from content_engine.access import AccessKey, Scope, read_keys, write_keys
from content_engine.config import Settings, Shop
from content_engine.errors import InvalidSettings
from serving.api import Door, create_app
from serving.api.scopes import opened_by, rules
from serving.api.sessions import COOKIE, LASTS_S, Sessions
from serving.cli import cli
from serving.keyfile import KeyFile
from serving.service import _listener

NOW = datetime.now(UTC)
SHOP_KEY, PAGE = "ce_of_a_page", "https://shoes.example"


def sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def key(
    name: str, scope: Scope, *, tenant: str = "default", days: float | None = None
) -> AccessKey:
    ends = None if days is None else NOW + timedelta(days=days)
    return AccessKey(
        name=name, sha256=sha256(f"ce_{name}"), scope=scope, tenant=tenant, expires_at=ends
    )


KEYS = (
    key("feed", Scope.CATALOG),
    key("Ruth", Scope.REVIEWER),
    key("boss", Scope.OPERATOR, days=30),
    key("old", Scope.OPERATOR, days=-1),
    key("other", Scope.OPERATOR, tenant="hats"),
)


@pytest.fixture(scope="module")
def guarded(calm_door: Door, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    file = KeyFile(tmp_path_factory.mktemp("keys") / "access.toml")
    file.write(KEYS)
    shop = Shop(name="shoes", key_sha256=sha256(SHOP_KEY), origins=(PAGE,))
    return create_app(replace(calm_door, keys=file, shops=(shop,)))


def ask(app: FastAPI, method: str, path: str, *, key: str = "", **options: Any) -> httpx.Response:
    headers = {**options.pop("headers", {})} | (
        {"authorization": f"Bearer ce_{key}"} if key else {}
    )

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            return await http.request(method, path, headers=headers, **options)

    return asyncio.run(once())


def calls(app: FastAPI) -> list[tuple[str, str]]:
    """Every method of every route of the door, hidden ones too, with ids filled in."""
    routers = [getattr(item, "original_router", None) for item in app.routes]
    routes = [route for router in routers if router for route in router.routes]
    found = []
    for route in [*app.routes, *routes]:
        path = str(getattr(route, "path", ""))
        for name in getattr(route, "param_convertors", {}):
            path = path.replace(f"{{{name}}}", "a" * 64).replace(f"{{{name}:path}}", "x.css")
        found += [(method, path) for method in route_methods(route)]
    return found


def route_methods(route: Any) -> list[str]:
    """Without HEAD, which has no body to read the problem from."""
    return sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"})


def code(answer: httpx.Response) -> str:
    problem = "problem+json" in answer.headers.get("content-type", "")
    return answer.json()["type"].rpartition(":")[2] if problem else ""


REFUSED = {"key-missing", "key-unknown", "key-expired", "key-not-allowed"}


def test_every_route_refuses_every_wrong_key(guarded: FastAPI) -> None:
    routes = calls(guarded)
    assert len(routes) > 40, "the door's routes were not found"
    through = []
    for method, path in routes:
        opened = opened_by(method, path, among=rules())
        wrong = {"guessed": "key-unknown", "old": "key-expired"}
        wrong |= {} if {"catalog", "anyone"} & opened else {"feed": "key-not-allowed"}
        wrong |= {} if {"reviewer", "anyone"} & opened else {"Ruth": "key-not-allowed"}
        for name, said in wrong.items():
            if code(ask(guarded, method, path, key=name)) != said:
                through.append(f"{method} {path} with {name}'s key")
    assert not through, "\n".join(through)


def test_without_a_key_only_what_is_anyone_s_opens(guarded: FastAPI) -> None:
    for method, path in calls(guarded):
        piece = path.startswith(("/v1/uploads/", "/v1/tryon/")) and method != "POST"
        element = path.startswith("/storefront/")
        if "anyone" in opened_by(method, path, among=rules()) or piece or element:
            continue
        answer = ask(guarded, method, path)
        assert (answer.status_code, code(answer)) == (401, "key-missing"), f"{method} {path}"


def test_the_right_keys_open(guarded: FastAPI) -> None:
    for name, method, path in (
        ("feed", "GET", "/v1/jobs"),
        ("Ruth", "POST", "/v1/cases/claim"),
        ("Ruth", "GET", "/review"),
        ("boss", "GET", "/metrics"),
        ("boss", "GET", "/v1/queue"),
    ):
        body = {"json": {"reviewer": "?"}} if method == "POST" else {}
        assert ask(guarded, method, path, key=name, **body).status_code in {200, 204}, path


def test_a_tenant_sees_nothing_of_another(guarded: FastAPI) -> None:
    put = ask(guarded, "PUT", "/v1/products/M1", key="boss", json={"title": "Blue mug"})
    assert put.status_code == 201, put.text
    assert ask(guarded, "GET", "/v1/products/M1", key="boss").status_code == 200
    assert ask(guarded, "GET", "/v1/products/M1", key="other").status_code == 404
    brief = {"kind": "text", "sku": "M1", "locale": "en"}
    assert ask(guarded, "POST", "/v1/jobs", key="other", json=brief).status_code == 422
    made = ask(guarded, "POST", "/v1/jobs", key="boss", json=brief)
    assert made.status_code == 202, made.text
    job = made.json()["id"]
    for method, path in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
        answer = ask(guarded, method, f"/v1/jobs/{job}{path}", key="other")
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
    assert ask(guarded, "GET", "/v1/jobs", key="other").json()["items"] == []


def test_no_route_shows_another_tenants_batches_and_webhooks(guarded: FastAPI) -> None:
    """Every route below them, with the true ids and the key of another tenant's operator."""
    feed = b"id,title,image_link\nMINE-1,Blue mug,a.jpg\n"
    form = {"briefs": '[{"kind": "text", "locale": "en"}]'}
    batch = ask(guarded, "POST", "/v1/batches", key="boss", data=form, files={"feed": feed})
    assert batch.status_code == 202, batch.text
    hook = {"url": "https://93.184.216.34/hook"}
    webhook = ask(guarded, "POST", "/v1/webhooks", key="boss", json=hook)
    assert webhook.status_code == 201, webhook.text
    ids = {"/v1/batches/": batch.json()["id"], "/v1/webhooks/": webhook.json()["id"]}
    tried = set()
    for method, path in calls(guarded):
        for room, number in ids.items():
            if not path.startswith(room):
                continue
            place = path.replace("a" * 64, number)
            answer = ask(guarded, method, place, key="other", json={})
            assert answer.status_code == 404, f"{method} {place}: {answer.text}"
            tried.add(room)
    assert tried == set(ids)
    for room in ids:
        assert ask(guarded, "GET", room[:-1], key="other").json()["items"] == []
        assert ask(guarded, "GET", room + ids[room], key="boss").status_code == 200


def test_a_tenant_reads_its_own_assets_only(guarded: FastAPI) -> None:
    upload = ask(guarded, "POST", "/v1/uploads", key="boss", content=b'{"title": "Mug"}')
    assert upload.status_code == 201, upload.text
    url = upload.json()["url"]
    assert ask(guarded, "GET", url, key="boss").status_code == 200
    assert ask(guarded, "GET", url, key="other").status_code == 404


def test_the_reviewer_is_who_holds_the_key(guarded: FastAPI) -> None:
    listed = ask(guarded, "GET", "/v1/cases?held_by=somebody", key="Ruth")
    assert listed.json()["items"] == []
    who = ask(guarded, "GET", "/review/session", key="Ruth")
    assert who.json() == {"name": ""}, "a key that is sent along is no session"


def signed_in(app: FastAPI, name: str = "Ruth") -> str:
    answer = ask(app, "POST", "/review/session", json={"key": f" ce_{name} "})
    assert answer.status_code == 204, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.partition(";")[0]


def test_a_session_opens_the_page_and_says_who_it_is(guarded: FastAPI) -> None:
    cookie = signed_in(guarded)
    assert ask(guarded, "GET", "/review/session", headers={"cookie": cookie}).json() == {
        "name": "Ruth"
    }
    assert ask(guarded, "GET", "/review", headers={"cookie": cookie}).status_code == 200
    refused = ask(guarded, "GET", "/metrics", headers={"cookie": cookie})
    assert code(refused) == "key-not-allowed"


def test_a_change_from_another_site_is_refused(guarded: FastAPI) -> None:
    cookie = signed_in(guarded)
    for origin in ({}, {"origin": "http://evil.example"}, {"origin": "null"}):
        headers = {"cookie": cookie, **origin}
        answer = ask(guarded, "POST", "/v1/cases/claim", headers=headers, json={"reviewer": "R"})
        assert code(answer) == "cross-site", origin
    own = {"cookie": cookie, "origin": "http://door"}
    answer = ask(guarded, "POST", "/v1/cases/claim", headers=own, json={"reviewer": "R"})
    assert answer.status_code == 204


@pytest.mark.parametrize("name", ["guessed", "old", "feed"])
def test_who_may_not_review_cannot_sign_in(guarded: FastAPI, name: str) -> None:
    answer = ask(guarded, "POST", "/review/session", json={"key": f"ce_{name}"})
    assert code(answer) in REFUSED
    assert "set-cookie" not in answer.headers


def test_a_page_without_a_session_leads_to_the_form(guarded: FastAPI) -> None:
    answer = ask(guarded, "GET", "/review", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review/sign-in")
    assert "Sign in" in ask(guarded, "GET", "/review/sign-in").text


def test_forged_and_old_cookies_are_nobody_s() -> None:
    now = [1000.0]
    sessions = Sessions(b"s" * 32, clock=lambda: now[0])

    def whose(cookie: str, read: Sessions = sessions) -> str:
        return read.key_sha256(httpx_headers(cookie))

    cookie = sessions.cookie(sha256("ce_Ruth"), secure=True)
    assert "Secure" in cookie
    assert whose(cookie) == sha256("ce_Ruth")
    value = cookie.partition(";")[0]
    other = value.replace(sha256("ce_Ruth"), sha256("ce_boss"))
    for forged in (other, value[:-1] + "_", f"{COOKIE}=", f"{COOKIE}=..", "", f"{COOKIE}=é.1.x"):
        assert whose(forged) == "", forged
    assert whose(value, Sessions(b"t" * 32)) == "", "another secret, another door"
    now[0] += LASTS_S
    assert whose(value) == ""


def httpx_headers(cookie: str) -> Any:
    from starlette.datastructures import Headers

    return Headers({"cookie": cookie.partition(";")[0]})


def test_every_process_has_the_same_secret(tmp_path: Path) -> None:
    cookie = Sessions.open(tmp_path).cookie("a" * 64, secure=False)
    assert Sessions.open(tmp_path).key_sha256(httpx_headers(cookie)) == "a" * 64
    assert (tmp_path / "session.secret").stat().st_mode & 0o777 == 0o600


def test_keys_come_back_as_they_were_written() -> None:
    strange = replace(KEYS[1], name='Ruth "R" Größe\\ é', tenant="a'b")
    assert read_keys(write_keys([*KEYS[2:], strange]), where="x") == (*KEYS[2:], strange)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[key]]\n", "'key' in access"),
        ('[[keys]]\nname = "a"\nsha256 = "b"\nscope = "catalog"\n', "64 hex digits"),
        (f'[[keys]]\nname = "a"\nsha256 = "{"a" * 64}"\nscope = "all"\n', "scope"),
        (f'[[keys]]\nname = "a"\nsha256 = "{"a" * 64}"\nscop = "catalog"\n', "'scop'"),
        (f'[[keys]]\nname = "a\\n"\nsha256 = "{"a" * 64}"\nscope = "catalog"\n', "control"),
    ],
)
def test_a_bad_file_of_keys_is_named(text: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        read_keys(text, where="access.toml")


def test_a_running_door_sees_a_revoked_key_within_a_second(tmp_path: Path) -> None:
    now = [0.0]
    held, written = (KeyFile(tmp_path / "access.toml", clock=lambda: now[0]) for _ in range(2))
    assert not held
    written.write(KEYS)
    now[0] += 1.0
    assert held
    assert held.find(KEYS[0].sha256) == KEYS[0]
    written.write(KEYS[1:])
    now[0] += 1.0
    assert held.find(KEYS[0].sha256) is None
    (tmp_path / "access.toml").unlink()
    now[0] += 1.0
    assert held, "a file that is deleted must not open the door"
    assert held.find(KEYS[1].sha256) is None


def run(*words: str) -> Any:
    result = CliRunner().invoke(cli, ["keys", *words])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_keys_are_added_rotated_and_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CE_DATA_DIR", str(tmp_path))
    file = KeyFile(tmp_path / "keys" / "access.toml")
    first = run("add", "feed", "--scope", "catalog", "--tenant", "hats", "--days", "90")
    (kept,) = file.read()
    assert (kept.sha256, kept.scope, kept.tenant) == (sha256(first), Scope.CATALOG, "hats")
    assert kept.expires_at is not None
    assert first not in (tmp_path / "keys" / "access.toml").read_text()
    assert (tmp_path / "keys" / "access.toml").stat().st_mode & 0o777 == 0o600
    second = run("rotate", "feed", "--tenant", "hats", "--grace-hours", "1")
    old, new = file.read()
    assert (old.sha256, new.sha256) == (sha256(first), sha256(second))
    assert old.holds(NOW)
    assert not old.holds(NOW + timedelta(hours=2))
    assert "feed" in run("list")
    run("revoke", "feed", "--tenant", "hats")
    assert file.read() == ()
    again = CliRunner().invoke(cli, ["keys", "revoke", "feed"])
    assert "keys list" in str(again.exception)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.com"])
def test_other_machines_reach_only_a_door_with_keys(tmp_path: Path, host: str) -> None:
    settings = Settings(host=host, port=0, data_dir=tmp_path)
    with pytest.raises(InvalidSettings, match="keys add NAME --scope operator"):
        _listener(settings)
    KeyFile(settings.access_path).write(KEYS[:1])
    if host == "0.0.0.0":
        _listener(settings).close()
