"""Hostile clients on real connections: slow heads, endless heads, slow bodies, unread answers."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from content_engine.telemetry import Metrics
from serving.api.border import BodyLimits, Border
from serving.connections import GuardedConnection

LIMITS = BodyLimits(
    most_bytes=1_000_000, idle_s=0.4, grace_s=0.3, least_bytes_per_s=2000.0, total_s=1.5
)


class Quick(GuardedConnection):
    """The guarded connection of a test that has no ten seconds."""

    head_within_s = 0.4
    take_within_s = 0.4
    linger_s = 0.4


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/early":
        await Response("no", 401)(scope, receive, send)
        return
    if scope["path"] == "/large":

        async def much():
            for _ in range(2000):
                yield bytes(1 << 16)

        await StreamingResponse(much())(scope, receive, send)
        return
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await Response(str(size))(scope, receive, send)


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """As FastAPI does: an HTTPException becomes its answer."""
    from starlette.exceptions import HTTPException

    try:
        await app(scope, receive, send)
    except HTTPException as error:
        await Response(error.detail, error.status_code, headers=error.headers)(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(
        Border(told, limits=LIMITS, metrics=Metrics()),
        port=0,
        http=Quick,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def client(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def answer(connection: socket.socket) -> bytes:
    """What comes until the door hangs up."""
    whole = b""
    try:
        while piece := connection.recv(65_536):
            whole += piece
    except ConnectionResetError:
        pass
    return whole


def test_a_head_that_drips_is_cut_off(port: int) -> None:
    with client(port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: door\r\nX-Slow: ")
        assert sent_slowly(slow, b"a", every_s=0.02) < SENT_MOST, "it listened for ever"
        assert answer(slow).startswith((b"HTTP/1.1 408", b""))


def test_who_connects_and_says_nothing_is_sent_away(port: int) -> None:
    with client(port) as silent:
        said = answer(silent)
        assert said.startswith(b"HTTP/1.1 408")
        assert b'"urn:content-engine:problem:request-too-slow"' in said


@pytest.mark.parametrize("head", [b"X-Long: " + b"a" * 200_000, b"X-A: b\r\n" * 20_000])
def test_a_head_has_a_size(head: bytes, port: int) -> None:
    with client(port) as large:
        try:
            large.sendall(b"GET / HTTP/1.1\r\nHost: door\r\n" + head)
            large.sendall(b"\r\n\r\n")
        except OSError:
            return  # hung up in the middle: as good
        assert answer(large)[9:12] in (b"400", b"431", b"")


SENT_MOST = 400
"""Pieces: at one every 0.05 s, more than ten times the patience of this door."""


def sent_slowly(connection: socket.socket, piece: bytes, *, every_s: float) -> int:
    """Pieces that the door listened to."""
    connection.settimeout(0.001)
    for sent in range(SENT_MOST):
        try:
            connection.sendall(piece)
            if connection.recv(65_536):
                return sent
        except TimeoutError:
            pass
        except OSError:
            return sent
        time.sleep(every_s)
    return SENT_MOST


def test_a_body_that_drips_is_cut_off(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: door\r\nContent-Length: 900000\r\n\r\n"
    for piece, every_s in ((b"a", 0.05), (b"a" * 300, 0.05)):
        with client(port) as slow:
            slow.sendall(head)
            assert sent_slowly(slow, piece, every_s=every_s) < SENT_MOST, piece[:2]
    with client(port) as silent:
        silent.sendall(head)
        assert answer(silent).startswith(b"HTTP/1.1 408")


def test_the_rest_of_an_answered_body_may_not_drip_for_ever(port: int) -> None:
    with client(port) as slow:
        slow.sendall(b"POST /early HTTP/1.1\r\nHost: door\r\nContent-Length: 900000\r\n\r\n")
        assert slow.recv(65_536).startswith(b"HTTP/1.1 401")
        assert sent_slowly(slow, b"a", every_s=0.05) < SENT_MOST


def test_who_does_not_read_an_answer_loses_it(port: int) -> None:
    with client(port) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: door\r\n\r\n")
        time.sleep(1.5)
        assert len(answer(deaf)) < 2000 * (1 << 16), "the whole answer was kept for it"


def test_good_clients_notice_nothing(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: door\r\nContent-Length: 5\r\n\r\nhello"
    with client(port) as good:
        for _ in range(3):
            good.sendall(request)
            said = b""
            while not said.endswith(b"\r\n\r\n5"):
                said += good.recv(65_536)
            assert said.startswith(b"HTTP/1.1 200")
            assert b"x-content-type-options: nosniff" in said
            time.sleep(0.6)  # longer than a head may take: between requests there is none
        good.sendall(request * 3)
        whole = b""
        while whole.count(b"HTTP/1.1 200") < 3:
            whole += good.recv(65_536)


@pytest.mark.parametrize("size", [100_000, 200_000, 900_000])
def test_a_body_that_comes_with_its_head_is_no_head(size: int, port: int) -> None:
    """One write, as urllib and many clients do: the head's limit is not the body's."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        head = f"PUT /counted HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n"
        for _ in range(2):
            client.sendall(head.encode() + bytes(size))
            answer = client.recv(4096).decode()
            assert "200 OK" in answer.splitlines()[0], answer
            assert answer.endswith(str(size)) or client.recv(4096).decode() == str(size)


def test_the_service_listens_with_these_guards(tmp_path: Path) -> None:
    from fastapi import FastAPI

    from serving.service import _config

    config = _config(FastAPI())
    config.load()
    assert config.http_protocol_class is GuardedConnection
    assert config.ws_protocol_class is None
    assert config.limit_concurrency
