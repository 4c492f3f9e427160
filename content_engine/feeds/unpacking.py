"""Gzip unpacked on the way, and no further than a feed can go."""

from __future__ import annotations

import gzip
import io
from typing import BinaryIO

from content_engine.errors import InvalidFeed


class _Counted:
    """A stream of packed bytes that counts what was read of it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Some bytes."""
        data = self._raw.read(size)
        self.count += len(data)
        return data


class Unpacked(io.RawIOBase):
    """The unpacked bytes of gzip, as a stream.

    Raises InvalidFeed where more than `free_bytes` are over `growth` times what they came from.
    """

    def __init__(self, raw: BinaryIO, *, free_bytes: int, growth: int) -> None:
        self._packed = _Counted(raw)
        self._plain = gzip.GzipFile(fileobj=self._packed)  # type: ignore[arg-type]
        self._count = 0
        self._free_bytes = free_bytes
        self._growth = growth

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer; 0 at the end."""
        count = self._plain.readinto(buffer)  # type: ignore[arg-type]
        self._count += count
        if self._count > max(self._free_bytes, self._growth * self._packed.count):
            raise InvalidFeed(
                f"the feed's gzip unpacks to over {self._growth} times its size: "
                "no feed does; send it unpacked"
            )
        return count
