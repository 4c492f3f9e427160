"""Webhooks over the wire: signed, tried again, buried, replayed, and never in each other's way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook
from typer.testing import CliRunner

from content_engine.ledger import Ledger
from content_engine.webhooks import DeliveryStatus, EventType, Tried
from serving.api import Door, create_app
from serving.cli import cli
from serving.webhooks.post import Poster
from serving.webhooks.signing import Seal, new_secret
from tests.contract.ledger_kit import TENANT
from tests.integration.webhook_kit import NEAR, QUICK, Receiver, receiver, sending, succeed, until
from tests.unit.serving import conftest

door, ledger = conftest.door, conftest.ledger


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def near(door: Door, keys: Path) -> Door:
    """A door that lets webhooks lead to this machine."""
    poster = Poster(allow_networks=NEAR, limits=QUICK)
    return replace(door, tenant=TENANT, poster=poster, seal=Seal.open(keys))


def ask(door: Door, method: str, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(door))
        named = {"Idempotency-Key": key} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            return await http.request(method, f"/v1/webhooks{path}", json=body, headers=named)

    return asyncio.run(once())


def new(door: Door, url: str, **more: Any) -> dict[str, Any]:
    answer = ask(door, "POST", "", {"url": url, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def test_a_message_is_signed_as_the_standard_says(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    made = new(near, f"{target.url}/a")
    assert made["secret"].startswith("whsec_")
    succeed(ledger, 1)
    with sending(ledger, keys):
        until(lambda: len(target.came) == 1)
    came = target.came[0]
    told = Webhook(made["secret"]).verify(came.body, dict(came.headers))
    assert told["type"] == "job.succeeded"
    assert set(told["data"]) == {
        "id", "status", "kind", "sku", "batch_id", "status_url", "result_url"
    }  # fmt: skip
    (sent,) = ask(near, "GET", f"/{made['id']}/deliveries").json()["items"]
    assert (sent["id"], sent["status"], sent["answer"], sent["tries"]) == (
        came.id, "delivered", 204, 1
    )  # fmt: skip
    shown = ask(near, "GET", "").text + ask(near, "GET", f"/{made['id']}").text
    assert made["secret"] not in shown
    files = b"".join(path.read_bytes() for path in keys.parent.glob("ledger.db*"))
    assert made["secret"].removeprefix("whsec_").encode() not in files, "the ledger could sign"


def test_both_secrets_sign_while_one_is_rotated(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    old = new(near, f"{target.url}/a")
    fresh = ask(near, "POST", f"/{old['id']}/rotate", {"grace_hours": 1}).json()
    assert fresh["secret"] != old["secret"]
    succeed(ledger, 1)
    with sending(ledger, keys):
        until(lambda: len(target.came) == 1)
        for secret in (old["secret"], fresh["secret"]):
            Webhook(secret).verify(target.came[0].body, dict(target.came[0].headers))
        last = ask(near, "POST", f"/{old['id']}/rotate", {"grace_hours": 0}).json()
        succeed(ledger, 1)
        until(lambda: len(target.came) == 2)
    assert target.came[1].headers["webhook-signature"].count("v1,") == 1
    Webhook(last["secret"]).verify(target.came[1].body, dict(target.came[1].headers))


def test_the_same_key_makes_one_webhook(near: Door, ledger: Ledger, target: Receiver) -> None:
    """Who lost the answer asks again and gets the secret; who means another takes a new key."""
    body = {"url": f"{target.url}/a", "events": ["job.failed"]}
    first, again = (ask(near, "POST", "", body, key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(ledger.webhooks(TENANT)) == 1
    other = ask(near, "POST", "", {**body, "events": []}, key="k")
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "conflict")
    theirs = ask(replace(near, tenant="hats"), "POST", "", body, key="k").json()
    assert theirs["id"] != first.json()["id"]
    assert theirs["secret"] != first.json()["secret"]
    rotated = ask(near, "POST", f"/{first.json()['id']}/rotate").json()
    assert ask(near, "POST", "", body, key="k").json()["secret"] == rotated["secret"]
    ask(near, "DELETE", f"/{first.json()['id']}")
    fresh = ask(near, "POST", "", body, key="k")
    assert fresh.status_code == 201, "what was deleted can be made anew"
    assert fresh.json()["secret"] not in (first.json()["secret"], rotated["secret"])


def test_what_fails_every_time_is_buried_and_can_be_replayed(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    hook = new(near, f"{target.url}/down", events=["job.succeeded"])
    target.answers["/down"] = (500, {})
    dead = f"/{hook['id']}/deliveries?status=dead"
    succeed(ledger, 2)
    with sending(ledger, keys):
        until(lambda: len(ask(near, "GET", dead).json()["items"]) == 2)
        assert len(target.came) == 6, "two messages, three tries each"
        assert len({each.id for each in target.came}) == 2, "a message keeps its id"
        buried = ask(near, "GET", dead).json()["items"]
        assert {each["problem"] for each in buried} == {"the receiver answered 500"}
        target.answers["/down"] = (200, {})
        one = ask(near, "POST", f"/{hook['id']}/replay", {"ids": [buried[0]["id"]]})
        assert one.json() == {"replayed": 1}
        assert ask(near, "POST", f"/{hook['id']}/replay").json() == {"replayed": 1}
        until(lambda: len(target.came) == 8)
        until(lambda: ask(near, "GET", dead).json()["items"] == [])
    assert {each.id for each in target.came[6:]} == {each["id"] for each in buried}


def test_a_receiver_that_is_gone_is_left_alone(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    hook = new(near, f"{target.url}/gone")
    target.answers["/gone"] = (410, {})
    succeed(ledger, 1)
    with sending(ledger, keys):
        until(lambda: ask(near, "GET", f"/{hook['id']}").json()["disabled"] != "")
        succeed(ledger, 2)
        time.sleep(0.2)
        assert len(target.came) == 1
        assert ask(near, "POST", f"/{hook['id']}/replay").status_code == 422
        target.answers["/gone"] = (204, {})
        assert ask(near, "POST", f"/{hook['id']}/enable").json()["disabled"] == ""
        assert ask(near, "POST", f"/{hook['id']}/replay").json() == {"replayed": 1}
        until(lambda: len(target.came) == 2)


def test_a_receiver_that_asks_for_a_rest_gets_it(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    new(near, f"{target.url}/busy")
    target.answers["/busy"] = (503, {"retry-after": "1"})
    succeed(ledger, 1)
    with sending(ledger, keys):
        until(lambda: len(target.came) == 1)
        target.answers["/busy"] = (204, {})
        until(lambda: len(target.came) == 2)
    assert target.came[1].at_s - target.came[0].at_s >= 1.0


def test_redirects_are_not_followed_and_inner_addresses_not_asked(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    hook = new(near, f"{target.url}/moved")
    target.answers["/moved"] = (302, {"location": f"{target.url}/elsewhere"})
    succeed(ledger, 1)
    with sending(ledger, keys):
        until(lambda: len(target.at("/moved")) == 3)
    assert target.at("/elsewhere") == []
    ledger.replay(hook["id"], TENANT)
    succeed(ledger, 1)
    with sending(ledger, keys, networks=()):
        until(lambda: ledger.delivery_counts()[DeliveryStatus.DEAD] == 2)
    assert len(target.came) == 3, "this machine is no public address"
    (last, *_) = ledger.deliveries(hook["id"], TENANT).items
    assert "not a public address" in last.problem


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1/x", "unsafe-source"),
        ("https://127.0.0.1/x", "unsafe-source"),
        ("https://169.254.169.254/latest", "unsafe-source"),
        ("https://[::ffff:10.0.0.1]/", "unsafe-source"),
        ("http://1.1.1.1/", "unsafe-source"),
        ("ftp://1.1.1.1/", "unsafe-source"),
        ("https://a:b@1.1.1.1/", "unsafe-source"),
        ("https://1.1.1.1/#x", "unsafe-source"),
        ("nothing", "unsafe-source"),
        ("https://1.1.1.1/\r\nx-y: z", "unsafe-source"),
        ("https://no-such-host.invalid/", "invalid-brief"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused(door: Door, url: str, said: str) -> None:
    answer = ask(door, "POST", "", {"url": url})
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, said)


def test_a_slow_receiver_delays_no_other(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    target.holds["/slow"] = threading.Event()
    new(near, f"{target.url}/slow")
    new(near, f"{target.url}/fast")
    succeed(ledger, 40)
    with sending(ledger, keys, total_s=600):
        until(lambda: len(target.at("/fast")) == 40)
        assert len(target.at("/slow")) <= QUICK.most_of_one, "none of them was answered"
        target.holds["/slow"].set()


def test_messages_share_connections_and_outlive_them(ledger: Ledger, keys: Path) -> None:
    """By name, so that the connection goes where the name was looked up and checked."""
    with receiver() as target:
        target.hangs_up.add("/rude")
        for path in ("/kept", "/rude"):
            sealed = Seal.open(keys).seal(new_secret(), tenant=TENANT)
            url = target.url.replace("127.0.0.1", "localhost") + path
            ledger.add_webhook(url, tenant=TENANT, secret=sealed)
        succeed(ledger, 60)
        with sending(ledger, keys, networks=("127.0.0.1", "::1"), total_s=20.0):
            until(lambda: ledger.delivery_counts()[DeliveryStatus.WAITING] == 0)
    kept, rude = (
        [each for each in target.came if each.path == path] for path in ("/kept", "/rude")
    )
    assert len({each.id for each in kept}) == len({each.id for each in rude}) == 60
    assert len({each.connection for each in kept}) <= 2 * QUICK.most_of_one
    tries = [
        each.tries
        for hook in ledger.webhooks(TENANT)
        for each in ledger.deliveries(hook.id, TENANT).items
    ]
    assert set(tries) == {1}, "a connection that the receiver ended is no failed try"


def test_services_on_one_ledger_share_the_work(
    near: Door, ledger: Ledger, target: Receiver, keys: Path
) -> None:
    new(near, f"{target.url}/a")
    succeed(ledger, 60)
    with sending(ledger, keys), sending(ledger, keys):
        until(lambda: ledger.delivery_counts()[DeliveryStatus.WAITING] == 0)
    ids = [each.id for each in target.came]
    assert len(ids) == len(set(ids)) == 60


SERVICE = """
import sys, time
from pathlib import Path
from content_engine.ledger import Ledger
from tests.integration.webhook_kit import sending
ledger = Ledger.open(sys.argv[1])
with sending(ledger, Path(sys.argv[2])):
    time.sleep(60)
"""


def test_a_sender_that_is_killed_loses_nothing(
    ledger: Ledger, target: Receiver, keys: Path, tmp_path: Path
) -> None:
    """Killed with a try under way, three times; another ends them when the lease is over."""
    secret = new_secret()
    sealed = Seal.open(keys).seal(secret, tenant=TENANT)
    url = f"{target.url}/slowly"
    ledger.add_webhook(url, tenant=TENANT, secret=sealed, events=[EventType.JOB_SUCCEEDED])
    succeed(ledger, 12)
    place = f"sqlite:///{tmp_path}/ledger.db"
    for _ in range(3):
        target.holds["/slowly"] = threading.Event()
        known = len(target.came)
        service = subprocess.Popen([sys.executable, "-c", SERVICE, place, str(keys)])
        until(lambda known=known: len(target.came) > known, most_s=60)
        os.kill(service.pid, signal.SIGKILL)
        service.wait()
        target.holds.pop("/slowly").set()
    with sending(ledger, keys):
        until(lambda: ledger.delivery_counts()[DeliveryStatus.WAITING] == 0, most_s=60)
    (hook,) = ledger.webhooks(TENANT)
    ended = ledger.deliveries(hook.id, TENANT, status=DeliveryStatus.DELIVERED).items
    assert len(ended) == 12, "each is recorded once as delivered"
    assert {each.id for each in target.came} == {each.id for each in ended}
    told = [Webhook(secret).verify(each.body, dict(each.headers)) for each in target.came]
    assert len({json.dumps(each["data"]) for each in told}) == 12


def test_nobody_sees_another_tenant_s_webhooks(near: Door, target: Receiver) -> None:
    hook = new(near, f"{target.url}/a")
    other = replace(near, tenant="hats")
    assert ask(other, "GET", "").json()["items"] == []
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("GET", "/deliveries"),
        ("POST", "/replay"), ("POST", "/rotate"), ("POST", "/enable"),
    ):  # fmt: skip
        assert ask(other, method, f"/{hook['id']}{path}").status_code == 404, path
    assert ask(near, "DELETE", f"/{hook['id']}").status_code == 204
    assert ask(near, "GET", f"/{hook['id']}").status_code == 404


def test_operators_see_and_replay_what_nobody_took(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CE_DATA_DIR", str(tmp_path))
    hook = ledger.add_webhook("https://a.example/h", tenant=TENANT, secret="sealed")
    succeed(ledger, 2)
    due = ledger.due_webhooks()
    for errand in ledger.take_errands({hook.id: 9}, webhooks=due, lease_s=9.0):
        failed = Tried(status=DeliveryStatus.DEAD, answer=500, problem="the receiver answered 500")
        ledger.end_errand(errand, failed)

    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, ["webhooks", *words])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "a.example" in run("list")
    dead = run("dead", hook.id, "--tenant", TENANT).splitlines()
    assert len(dead) == 2
    assert "the receiver answered 500" in dead[0]
    one = dead[0].split()[0]
    assert run("replay", hook.id, "--only", one, "--tenant", TENANT).startswith("1 ")
    assert run("replay", hook.id, "--tenant", TENANT).startswith("1 ")
