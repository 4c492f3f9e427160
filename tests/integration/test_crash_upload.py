"""A feed whose connection is cut: what was accepted stays, once; the same feed adds the rest."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from content_engine.ledger import Ledger
from serving.bench.crash.nursery import Nursery, Order
from serving.bench.crash.servers import free_port

LINES = 12_000
BRIEFS = json.dumps([{"kind": "text", "locales": ["en", "de"]}])
BOUNDARY = "cut-here"


def feed(lines: int) -> bytes:
    return b"".join(b'{"id": "m-%d", "title": "Mug %d"}\n' % (at, at) for at in range(lines))


def form(body: bytes) -> bytes:
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="briefs"\r\n\r\n{BRIEFS}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="feed"; filename="f.jsonl"\r\n\r\n'
    )
    return parts.encode() + body + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A true door in a process of its own: its port, and its ledger."""
    port, up = free_port(), tmp_path / "up"
    up.mkdir()
    told = {
        "CE_DATA_DIR": str(tmp_path / "data"),
        "CE_VAULT_KEY_DIR": str(tmp_path / "keys"),
        "CE_PORT": str(port),
        "CE_DEVICE": "none",
    }
    nursery = Nursery(variables={}, log=tmp_path / "log")
    child = nursery.bear(Order(role="door", settings=told, place="", up=str(up)))
    until_answered(port)
    yield port, f"sqlite:///{tmp_path / 'data' / 'ledger.db'}"
    child.close()
    nursery.close()


def until_answered(port: int) -> None:
    for _ in range(600):
        with suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
            return
        time.sleep(0.1)
    raise TimeoutError("the door did not open in 60 s")


def send(port: int, whole: bytes, *, size: int) -> None:
    """Sends `size` bytes of the form and cuts the connection."""
    head = (
        f"POST /v1/batches HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nIdempotency-Key: feed-1\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(whole)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + whole[:size])


def lines_of(ledger: Ledger, *, port: int, uploads: int) -> int:
    """Lines accepted, once the door is done with so many uploads: it counts what it has ended."""
    ended = re.compile(
        r'^ce_http_requests_total\{method="POST",route="/v1/batches".*\} (\S+)$', re.M
    )
    for _ in range(1200):
        told = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=60).text
        if sum(map(float, ended.findall(told))) == uploads:
            (batch,) = ledger.batch_list("default")
            return batch.lines
        time.sleep(0.1)
    raise TimeoutError(f"the door was not done with {uploads} uploads in two minutes")


def test_a_cut_upload_goes_on_where_it_stopped(door: tuple[int, str]) -> None:
    port, url = door
    whole = form(feed(LINES))
    ledger = Ledger.open(url)
    send(port, whole, size=len(whole) * 5 // 10)
    half = lines_of(ledger, port=port, uploads=1)
    assert 0 < half < LINES * 6 // 10, "whole transactions of what had come are accepted"
    (batch,) = ledger.batch_list("default")
    assert not batch.received, "half a feed must never count as the whole"
    assert not batch.faults, "the line that was cut is no fault of the feed"
    send(port, whole, size=len(whole) * 9 // 10)
    more = lines_of(ledger, port=port, uploads=2)
    assert half < more < LINES
    for _ in range(2):
        answer = httpx.post(
            f"http://127.0.0.1:{port}/v1/batches",
            content=whole,
            headers={
                "content-type": f"multipart/form-data; boundary={BOUNDARY}",
                "idempotency-key": "feed-1",
            },
            trust_env=False,
            timeout=60,
        )
        assert answer.status_code == 202, answer.text
        told = answer.json()
        assert (told["id"], told["lines"], told["invalid_lines"]) == (batch.id, LINES, 0)
        assert told["received"]
    skus = [each.sku for each in ledger.batch_outcomes(batch.id, "default") if each.place == 0]
    assert len(skus) == len(set(skus)) == LINES
    ledger.close()
