"""Cells: processes in which bytes of strangers are decoded. What kills a decoder costs one file.

A cell has no secrets in its environment, a limit on memory and on time, can write no file and can
open none: not even a decoder that was taken over finds more than the file it was given.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assets import errors
from assets.errors import AssetError, CorruptMedia, TooLarge
from assets.looks import Seen

_PROGRAM = "from assets.cell import main; main()"
_HEAD = struct.Struct(">II")
_END_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLimits:
    """What one file may cost. `memory_bytes` counts address space, the cell's own 1.2 GB with it.

    `cpu_s` and `wall_s` are for one file; a cell ends after `files` of them, so that nothing leaks.
    Source: 64 megapixels with transparency, the most that is read, take 1.1 GB and 2.5 s here.
    """

    memory_bytes: int = 3 << 30
    cpu_s: int = 30
    wall_s: float = 60.0
    files: int = 2000


class CellDied(CorruptMedia):
    """The file made its decoder crash."""


class OutOfTime(TooLarge):
    """The file takes too long to decode."""


class Cells:
    """Some cells, started when they are first needed. Any thread may use them.

    As many files are decoded at once as there are cells: the others wait, so that memory has a
    bound. Close it at the end.
    """

    def __init__(self, count: int = 2, *, limits: CellLimits | None = None) -> None:
        self._limits = limits or CellLimits()
        self._free: queue.LifoQueue[_Cell | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._count = count

    def start(self) -> None:
        """Starts every cell, so that nobody waits a second for one. Returns at once."""
        for cell in [self._free.get() for _ in range(self._count)]:
            self._free.put(cell or _Cell(self._limits))

    def look(self, name: str, data: bytes, *, max_bytes: int) -> Seen:
        """What the look of that name (`looks.py`) finds in the bytes.

        Blocks; call it in a worker thread where an event loop runs. Raises what the look raises,
        CellDied when the decoder crashed, OutOfTime when it took too long.
        """
        if len(data) > max_bytes:
            raise TooLarge(f"the file has {len(data):,} bytes; {max_bytes:,} are allowed")
        cell = self._free.get()
        try:
            cell = cell or _Cell(self._limits)
            seen = cell.look(name, data, max_bytes=max_bytes)
        finally:
            keep = cell is not None and cell.is_fresh
            if cell is not None and not keep:
                cell.end()
            self._free.put(cell if keep else None)
        return seen

    def memory_bytes(self) -> int:
        """The resident memory of the cells that wait, in all."""
        with self._free.mutex:
            return sum(cell.resident_bytes for cell in self._free.queue if cell)

    def close(self) -> None:
        """Ends every cell, once what they look at is done; they start anew when needed."""
        for cell in [self._free.get() for _ in range(self._count)]:
            if cell:
                cell.end()
            self._free.put(None)


class _Cell:
    """One process, and the pipe to it; it looks at one file at a time."""

    def __init__(self, limits: CellLimits) -> None:
        self._limits = limits
        self._looked = 0
        self._late = False
        # Nothing of ours is told: no address of a database, no key of a store.
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
        numbers = (limits.memory_bytes, limits.cpu_s)
        self._process = subprocess.Popen(  # noqa: S603 - our own program, nothing of a stranger's
            [sys.executable, "-c", _PROGRAM, *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us
        )

    @property
    def is_fresh(self) -> bool:
        """True when it may look at one more file."""
        return self._process.poll() is None and self._looked < self._limits.files

    @property
    def resident_bytes(self) -> int:
        """The memory that it holds."""
        try:
            with open(f"/proc/{self._process.pid}/statm", encoding="ascii") as file:  # noqa: PTH123
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def look(self, name: str, data: bytes, *, max_bytes: int) -> Seen:
        self._looked += 1
        watch = threading.Timer(self._limits.wall_s, self._too_late)
        watch.daemon = True
        watch.start()
        try:
            told, made = self._asked({"look": name, "max_bytes": max_bytes}, data)
        except (OSError, ValueError, struct.error):
            raise self._why() from None
        finally:
            watch.cancel()
        if "error" in told:
            raise self._error(told)
        return Seen(facts=told["facts"], data=made)

    def end(self) -> None:
        """Ends the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    self._process.kill()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _asked(self, question: Mapping[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise OSError("the cell has no pipes")
        write_message(into, question, data)
        return read_message(out)

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()

    def _why(self) -> AssetError:
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:  # it said nonsense and lives
            self._process.kill()
            code = self._process.wait()
        if self._late or code == -signal.SIGXCPU:
            return OutOfTime(f"the file takes over {self._limits.cpu_s} s to decode")
        return CellDied(f"the file made its decoder crash (exit status {code})")

    def _error(self, told: Mapping[str, Any]) -> AssetError:
        kind = getattr(errors, str(told["error"]), None)
        if isinstance(kind, type) and issubclass(kind, AssetError):
            return kind(str(told["message"]))
        self._looked = self._limits.files
        return CellDied(f"the file made its decoder fail ({told['error']}: {told['message']})")


def write_message(file: Any, head: Mapping[str, Any], data: bytes) -> None:
    """Writes a head of plain JSON and bytes to a pipe."""
    text = json.dumps(head).encode()
    file.write(_HEAD.pack(len(text), len(data)) + text)
    file.write(data)
    file.flush()


def read_message(file: Any) -> tuple[dict[str, Any], bytes]:
    """What `write_message` wrote. Raises struct.error when the other side is gone.

    JSON and bytes, not pickles: a cell that was taken over could send any object.
    """
    head_bytes, data_bytes = _HEAD.unpack(file.read(_HEAD.size))
    head = json.loads(file.read(head_bytes))
    data = file.read(data_bytes)
    if len(data) < data_bytes:
        raise OSError("the other side is gone")
    return head, data
