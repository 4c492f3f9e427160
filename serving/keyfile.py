"""The file of keys: written by `content-engine keys`, looked at again by a running door."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from content_engine.access import AccessKey, read_keys, write_keys

_LOOK_EVERY_S = 1.0
"""How soon a revoked key is refused. House rule; a look costs 2 µs."""


class KeyFile:
    """The keys of a file. A door that holds it sees what the command line changes, within 1 s."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._look_at_s = -1.0
        self._stamp: tuple[int, int] | None = None
        self._by_sha256: dict[str, AccessKey] = {}
        self._asked = False

    def __bool__(self) -> bool:
        """True when the door asks for keys: there is one, or there was since this began.

        A file that is deleted under a running door must not open it.
        """
        self._look()
        return self._asked

    def find(self, sha256: str) -> AccessKey | None:
        """The key of that digest, expired or not. Raises InvalidSettings when the file is bad."""
        self._look()
        return self._by_sha256.get(sha256)

    def read(self) -> tuple[AccessKey, ...]:
        """Every key of the file as it stands now; none where there is no file."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return read_keys(text, where=str(self._path))

    def write(self, keys: Sequence[AccessKey]) -> None:
        """Puts these keys in place of the file's, at once and readable by its owner alone."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(write_keys(keys))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _look(self) -> None:
        now_s = self._clock()
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + _LOOK_EVERY_S
        stamp = self._stamped()
        if stamp != self._stamp:
            self._by_sha256 = {key.sha256: key for key in self.read()}
            self._stamp = stamp
            self._asked = self._asked or bool(self._by_sha256)

    def _stamped(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino
