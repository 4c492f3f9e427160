"""A real receiver of webhooks, and senders that do not wait for days."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from content_engine.ledger import Ledger
from serving.webhooks.post import Poster
from serving.webhooks.schedule import schedule
from serving.webhooks.sender import Sender
from serving.webhooks.signing import Seal
from tests.contract.ledger_kit import TENANT, attempt, brief, take

QUICK = replace(
    schedule(),
    delays_s=(0.05, 0.05),
    look_every_s=0.02,
    batches_every_s=0.1,
    lease_s=2.0,
    total_s=1.5,
)
NEAR = ("127.0.0.1",)


@dataclass(frozen=True)
class Came:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at_s: float
    connection: tuple[str, int]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came, and what is answered by path: a status, and headers."""

    url: str
    came: list[Came] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    holds: dict[str, threading.Event] = field(default_factory=dict)
    hangs_up: set[str] = field(default_factory=set)

    def at(self, path: str) -> list[Came]:
        return [each for each in list(self.came) if each.path == path]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine; paths in `holds` answer only once their event is set.

    Those in `hangs_up` end the connection after each answer, without a word of warning.
    """
    made = Receiver(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if len(body) < int(self.headers["content-length"]):
                return  # its sender was killed while it spoke
            headers = {name.lower(): value for name, value in self.headers.items()}
            came = Came(self.path, headers, body, time.monotonic(), self.client_address)
            made.came.append(came)
            if self.path in made.holds:
                made.holds[self.path].wait(20)
            status, extra = made.answers.get(self.path, (204, {}))
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", "0")
            self.end_headers()
            self.close_connection = self.path in made.hangs_up

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a sender that was killed leaves its connection

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        for hold in made.holds.values():
            hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sending(
    ledger: Ledger, keys: Path, *, networks: tuple[str, ...] = NEAR, total_s: float = QUICK.total_s
) -> Iterator[Sender]:
    """A sender at work that gives a receiver `total_s` to answer."""
    plan = replace(QUICK, total_s=total_s, lease_s=total_s + 0.5)
    poster = Poster(allow_networks=networks, limits=plan)
    sender = Sender(ledger, poster=poster, seal=Seal.open(keys), plan=plan)
    sender.start()
    try:
        yield sender
    finally:
        sender.close()


def until(true: Callable[[], bool], *, most_s: float = 60.0) -> None:
    """Waits for it."""
    end_s = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < end_s, "it never came to be"
        time.sleep(0.01)


def succeed(ledger: Ledger, count: int) -> None:
    """So many jobs that succeed."""
    for number in range(count):
        ledger.submit([brief(f"sku-{number}")], tenant=TENANT)
        claim = take(ledger)
        ledger.record(claim, attempt())
        ledger.settle(claim)
