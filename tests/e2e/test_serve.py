"""`content-engine serve` as an operator runs it: real sockets, real makers, a clean stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.cluster
MUG = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}
JOB = {"kind": "text", "sku": "MUG", "locale": "de"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve") / "log"


@pytest.fixture(scope="module")
def process(log: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """The running command and its address; it is killed if a test could not stop it."""
    port = free_port()
    data = str(log.parent / "data")
    settings = {"CE_DATA_DIR": data, "CE_PORT": str(port), "CE_IMAGE_REPLICAS": "1"}
    with log.open("w") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "serving.cli", "serve"],
            env=os.environ | settings,
            stderr=file,
            cwd=Path(__file__).resolve().parents[2],
        )
    yield running, f"http://127.0.0.1:{port}"
    running.kill()
    running.wait()


@pytest.fixture(scope="module")
def http(process: tuple[subprocess.Popen, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=process[1], timeout=70) as client:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                client.get("/healthz")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        yield client


def test_work_is_accepted_before_the_replicas_are_ready(http: httpx.Client) -> None:
    assert http.put("/v1/products/MUG", json=MUG).status_code == 201
    accepted = http.post("/v1/jobs", json=JOB, headers={"Idempotency-Key": "first"})
    assert accepted.status_code == 202, accepted.text


def test_events_arrive_while_the_job_runs(http: httpx.Client) -> None:
    again = http.post("/v1/jobs", json=JOB, headers={"Idempotency-Key": "first"}).json()
    with http.stream("GET", again["events_url"]) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        names = [line[7:] for line in stream.iter_lines() if line.startswith("event: ")]
    assert names[:2] == ["queued", "running"]
    assert names[-1] in ("succeeded", "in_review"), names


def test_a_waited_for_job_answers_with_its_end_and_its_assets(http: httpx.Client) -> None:
    job = http.post("/v1/jobs", json=JOB | {"seed": 5}, headers={"Prefer": "wait=60"})
    assert job.status_code == 200, job.text
    result = http.get(job.json()["result_url"]).json()
    (asset,) = result["candidates"][0]["assets"]
    copy = http.get(asset["url"])
    assert copy.headers["content-type"] == "application/json"
    assert copy.json()["locale"] == "de"
    part = http.get(asset["url"], headers={"Range": "bytes=0-0"})
    assert (part.status_code, part.content) == (206, b"{")


def test_an_endless_body_is_refused_on_a_real_socket(http: httpx.Client) -> None:
    headers = {"content-length": "999999999", "content-type": "application/json"}
    request = "PUT /v1/products/A HTTP/1.1\r\nhost: door\r\n"
    request += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), 10) as door:
        door.sendall(request.encode() + b'{"title": "')
        answer = ""
        while "}" not in answer and (part := door.recv(65536)):
            answer += part.decode()
    assert answer.startswith("HTTP/1.1 413"), answer[:200]
    assert json.loads(answer.partition("\r\n\r\n")[2])["type"].endswith("body-too-large")


def test_metrics_count_what_was_done(http: httpx.Client) -> None:
    text = http.get("/metrics").text
    assert 'ce_jobs_total{kind="text"' in text
    assert "MUG" not in text, "labels come from closed sets: no SKU among them"


def test_sigterm_ends_it_cleanly(process: tuple[subprocess.Popen, str], http: httpx.Client) -> None:
    process[0].send_signal(signal.SIGTERM)
    assert process[0].wait(timeout=60) == 0


def test_the_log_is_json_and_tells_nothing_private(log: Path) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert {"door.listening", "cluster.ready", "job.ended", "cluster.closed"} <= set(events)
    assert all(line["job_id"] for line in lines if line["event"] == "job.ended")
    assert "stoneware" not in log.read_text(), "a product's words were logged"
