"""A rolling upgrade: of two engines on one ledger one is replaced under steady traffic."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from content_engine.ledger import Ledger
from content_engine.types import JobStatus
from tests.ledgers import empty_ledger

REPOSITORY = Path(__file__).resolve().parents[2]
JOB = {"kind": "text", "sku": "MUG", "locale": "en"}


def free_ports() -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def asking() -> httpx.Client:
    """A connection a request, as a proxy without keep-alive has them."""
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=120, verify=False)


class Fleet:
    """Engines by port, on one ledger and one folder of assets and keys."""

    def __init__(self, folder: Path) -> None:
        self.ledger_url = empty_ledger(folder)
        self._folder = folder
        self._engines: dict[int, subprocess.Popen[bytes]] = {}
        self._http = asking()

    def start(self, port: int) -> None:
        """Starts one."""
        own = self._folder / str(port)
        settings = {
            "CE_DATA_DIR": str(own),
            "CE_PORT": str(port),
            "CE_LEDGER_URL": self.ledger_url,
            "CE_STORE_URL": str(self._folder / "assets"),
            "CE_KEY_DIR": str(self._folder / "keys"),
            "CE_DEVICE": "none",
        }
        with (self._folder / f"{port}.log").open("ab") as log:
            self._engines[port] = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("rolling_door.py"))],
                env=os.environ | settings | {"PYTHONPATH": str(REPOSITORY)},
                stderr=log,
                cwd=REPOSITORY,
            )

    def until_ready(self, port: int) -> None:
        """Waits until it can work."""
        end = time.monotonic() + 300
        while time.monotonic() < end and self._engines[port].poll() is None:
            try:
                if self._http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    return
            except httpx.ConnectError:
                pass
            time.sleep(0.05)
        raise AssertionError((self._folder / f"{port}.log").read_text()[-3000:])

    def stop(self, port: int) -> int:
        """Ends one as a supervisor does; its exit code."""
        engine = self._engines.pop(port)
        engine.send_signal(signal.SIGTERM)
        return engine.wait(timeout=300)

    def close(self) -> None:
        for engine in self._engines.values():
            engine.kill()
            engine.wait()
        self._http.close()


@contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    engines = Fleet(folder)
    try:
        yield engines
    finally:
        engines.close()


class Client(threading.Thread):
    """Sends jobs and reads them, one after another; a refused connect goes to the other engine."""

    def __init__(self, ports: list[int], name: int) -> None:
        super().__init__()
        self._ports = ports
        self._seed = name * 1_000_000
        self._http = asking()
        self.done = threading.Event()
        self.answers: Counter[object] = Counter()
        self.jobs: list[str] = []

    def run(self) -> None:
        while not self.done.is_set():
            self._seed += 1
            body = JOB | {"seed": self._seed}
            wait = "wait=3" if self._seed % 2 else "wait=0"
            answer = self._ask("POST", "/v1/jobs", json=body, headers={"Prefer": wait})
            if answer is not None and answer.status_code in (200, 202):
                self.jobs.append(answer.json()["id"])
                self._ask("GET", f"/v1/jobs/{self.jobs[-1]}")
        self._http.close()

    def _ask(self, method: str, path: str, **how: object) -> httpx.Response | None:
        for turn in range(1000):
            port = self._ports[(self._seed + turn) % 2]
            try:
                answer = self._http.request(method, f"http://127.0.0.1:{port}{path}", **how)
            except httpx.ConnectError:
                time.sleep(0.02)
                continue
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
                return None
            self.answers[answer.status_code] += 1
            return answer
        self.answers["no engine"] += 1
        return None


def test_an_engine_is_replaced_without_a_failed_request_or_a_lost_job(tmp_path: Path) -> None:
    ports = free_ports()
    with fleet(tmp_path) as engines:
        for port in ports:
            engines.start(port)
        for port in ports:
            engines.until_ready(port)
        sku = {"title": "Mug", "facts": {"color": "white"}}
        assert (
            httpx.put(f"http://127.0.0.1:{ports[0]}/v1/products/MUG", json=sku).status_code == 201
        )
        clients = [Client(ports, name) for name in range(1, 4)]
        for client in clients:
            client.start()
        time.sleep(0.5)
        code = engines.stop(ports[0])
        engines.start(ports[0])
        engines.until_ready(ports[0])
        time.sleep(0.5)
        for client in clients:
            client.done.set()
        for client in clients:
            client.join()
        answers = sum((client.answers for client in clients), Counter())
        ledger = Ledger.open(engines.ledger_url)
        jobs = [job for client in clients for job in client.jobs]
        end = time.monotonic() + 120
        left = set(jobs)
        while left and time.monotonic() < end:
            left = {
                job
                for job in left
                if ledger.job_row(job, "default").status is not JobStatus.SUCCEEDED
            }
            time.sleep(0.05)
        ends = [[e.name for e in ledger.events(job, "default")].count("succeeded") for job in jobs]
        ledger.close()
    assert code == 0, "the engine did not end cleanly"
    assert set(answers) <= {200, 202}, f"requests failed: {dict(answers)}"
    assert answers.total() > 50, f"too little traffic to say anything: {dict(answers)}"
    assert not left, f"{len(left)} of {len(jobs)} accepted jobs never ended"
    assert set(ends) == {1}, "a job ended twice"
