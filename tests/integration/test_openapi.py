"""The door's own description held against the door, by thousands of requests made from it."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from serving.api import Door, create_app
from tests.unit.serving import conftest

door, ledger = conftest.door, conftest.ledger


@pytest.fixture
def address(door: Door) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(door), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_no_request_meets_a_bug_or_a_status_that_is_not_described(
    address: str, tmp_path: Path
) -> None:
    """`schemathesis run ADDRESS/openapi.json`: edge cases of every parameter, and random bodies."""
    run = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{address}/openapi.json",
            "--checks=not_a_server_error,status_code_conformance",
            "--phases=coverage,fuzzing",
            "--max-examples=2",
            "--request-timeout=60",
            "--seed=1",
            "--suppress-health-check=all",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    assert " generated" in run.stdout, run.stdout[-2000:]
