"""`content-engine serve` as an operator runs it: real sockets, real makers, a clean stop."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from assets.provenance import read_manifest
from content_engine.config import Settings
from content_engine.ledger import Ledger

pytestmark = pytest.mark.cluster
MUG = {
    "title": "Speckled Stoneware Mug 350 ml",
    "brand": "Kilnhouse",
    "category": ["Home & Garden", "Mugs"],
    "facts": {"color": "oat white", "material": "stoneware", "capacity": "350 ml"},
}
JOB = {"kind": "text", "sku": "MUG", "locale": "de"}


HOME = b"52.5200 N 13.4050 E"


def with_exif(path: Path) -> bytes:
    """The photo as a telephone would send it: with the place where it was taken."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = HOME.decode()
    with Image.open(path) as image:
        image.convert("RGB").save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


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


@dataclass
class Shopper:
    """What one shopper sent and got."""

    photo: bytes = b""
    kept: bytes = b""
    body: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def shopper() -> Shopper:
    return Shopper()


def test_a_shopper_sees_the_shop_s_garment_on(
    http: httpx.Client, samples: Path, shopper: Shopper
) -> None:
    tee = base64.b64encode((samples / "tshirt-main.jpg").read_bytes()).decode()
    product = {"title": "T-Shirt", "photos": [{"source": f"data:image/jpeg;base64,{tee}"}]}
    assert http.put("/v1/products/TEE", json=product).status_code == 201
    shopper.photo = with_exif(samples / "people" / "person-b.jpg")
    order = {"files": {"person": shopper.photo}, "data": {"garments": '[{"sku": "TEE"}]'}}
    answer = http.post("/v1/tryon", headers={"Prefer": "wait=60"}, **order)
    assert answer.status_code == 200, answer.text
    shopper.body = answer.json()
    shopper.kept = http.get(f"/v1/uploads/{shopper.body['upload']}").content
    assert HOME not in shopper.kept, "EXIF ends at the door"
    result = http.get(shopper.body["result"]["url"])
    assert result.headers["cache-control"] == "no-store"
    assert read_manifest(result.content, media_type="image/jpeg"), "it says how it was made"
    with Image.open(io.BytesIO(result.content)) as image:
        assert image.size == (shopper.body["result"]["width_px"], 1024)


def test_an_upload_is_gone_when_its_shopper_says_so(http: httpx.Client, shopper: Shopper) -> None:
    sent = http.post("/v1/uploads?purpose=person", content=shopper.photo).json()
    assert http.delete(sent["url"]).status_code == 204
    assert http.get(sent["url"]).status_code == 404


def test_metrics_count_what_was_done(http: httpx.Client) -> None:
    text = http.get("/metrics").text
    assert 'ce_jobs_total{kind="text"' in text
    assert "MUG" not in text, "labels come from closed sets: no SKU among them"


def test_sigterm_ends_it_cleanly(process: tuple[subprocess.Popen, str], http: httpx.Client) -> None:
    process[0].send_signal(signal.SIGTERM)
    assert process[0].wait(timeout=60) == 0


def test_of_the_shopper_nothing_is_left(log: Path, shopper: Shopper) -> None:
    """Neither while it runs in the clear, nor after its end at all: read from the disk."""
    data = log.parent / "data"
    assert not list((data / "vault").rglob("*")), "sealed pieces outlived the service"
    assert not Settings(data_dir=data).vault_keys_path.exists(), "keys outlived the service"
    assert shopper.kept, "the try-on before this failed: there is nothing to look for"
    secrets = [HOME, shopper.photo[9000:9064], shopper.kept[9000:9064]]
    for path in (path for path in log.parent.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), f"the photo's bytes in {path}"
    ledger = Ledger.open(Settings(data_dir=data).ledger_place)
    (attempt,) = ledger.attempts(shopper.body["id"], "default")
    assert (attempt.candidate.notes, attempt.scores) == ((), ()), "measures outlived the photo"
    ledger.close()
    upload = shopper.body["upload"]
    names = [upload[32:], shopper.body["result"]["url"][-32:]]
    began = log.parent.stat().st_ctime - 60
    logs = [log, *Path(tempfile.gettempdir()).glob("ray/session_*/logs/**/*")]
    written = [path for path in logs if path.is_file() and path.stat().st_mtime > began]
    assert len(written) > 3, "Ray's logs were looked at too"
    for path in written:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not any(name in text for name in names), f"a handle in {path}"


def test_the_log_is_json_and_tells_nothing_private(log: Path) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert {"door.listening", "cluster.ready", "job.ended", "cluster.closed"} <= set(events)
    assert all(line["job_id"] for line in lines if line["event"] == "job.ended")
    assert "stoneware" not in log.read_text(), "a product's words were logged"
