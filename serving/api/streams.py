"""Bodies that are read while they come: a form's fields, and its file as a stream for a thread.

Nothing is read ahead: who does not take bytes keeps the client waiting, and no memory grows.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from content_engine.errors import InvalidBrief

_FIELDS_BYTES_MOST = 1_000_000
_PARTS_MOST = 32
_HEAD_BYTES_MOST = 8192
"""House limits: a form of a batch has four parts, their heads 200 bytes, 200 orders 50 kB."""


@dataclass
class _Part:
    """What a part's head says."""

    header: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    head_bytes: int = 0
    value: bytearray = field(default_factory=bytearray)
    name: str = ""
    filename: str = ""


class StreamedForm:
    """A multipart form whose last part is a file: fields first, then the file's bytes as they come.

    Raises InvalidBrief for a body that is no such form.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes], *, file: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise InvalidBrief(f"send multipart/form-data: fields, then the file part {file!r}")
        self._chunks = chunks
        self._file = file
        self._fields: dict[str, str] = {}
        self._part = _Part()
        self._parts = self._fields_bytes = 0
        self._in_file = self._met_file = False
        self._pieces: list[bytes] = []
        self.filename = ""
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._on_begin,
                "on_header_field": lambda data, start, end: self._on_head(
                    self._part.header, data[start:end]
                ),
                "on_header_value": lambda data, start, end: self._on_head(
                    self._part.said, data[start:end]
                ),
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_end,
            },
        )

    async def fields(self) -> dict[str, str]:
        """The fields before the file; what comes behind it is not looked at."""
        while not self._met_file:
            if not await self._read():
                raise InvalidBrief(f"the form has no file part {self._file!r} after its fields")
        return self._fields

    async def next_piece(self) -> bytes:
        """Some more bytes of the file; none at its end."""
        while not self._pieces and self._in_file:
            if not await self._read():
                raise InvalidBrief("the upload ended before the file did")
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    async def _read(self) -> bool:
        chunk = await anext(self._chunks, b"")
        if not chunk:
            return False
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise InvalidBrief(f"the form can't be read: {error}") from error
        return True

    def _on_begin(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > _PARTS_MOST:
            raise InvalidBrief(f"the form has over {_PARTS_MOST} parts")

    def _on_head(self, piece: bytearray, data: bytes) -> None:
        """A header comes in pieces where it stands across the end of a chunk."""
        piece += data
        self._part.head_bytes += len(data)
        if self._part.head_bytes > _HEAD_BYTES_MOST:
            raise InvalidBrief("a part of the form has too long a head")

    def _on_header(self) -> None:
        header, said = bytes(self._part.header), bytes(self._part.said)
        self._part.header.clear()
        self._part.said.clear()
        if header.lower() == b"content-disposition":
            _, options = parse_options_header(said)
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            self._part.filename = options.get(b"filename", b"").decode("utf-8", "replace")

    def _on_headers(self) -> None:
        if self._part.name == self._file:
            # A short file may begin and end within one piece of the body.
            self._in_file = self._met_file = True
            self.filename = self._part.filename

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name == self._file:
            self._pieces.append(data[start:end])
            return
        self._part.value += data[start:end]
        self._fields_bytes += end - start
        if self._fields_bytes > _FIELDS_BYTES_MOST:
            raise InvalidBrief(f"the form's fields are too long at {self._part.name!r}")

    def _on_end(self) -> None:
        if self._part.name == self._file:
            self._in_file = False
        else:
            self._fields[self._part.name] = self._part.value.decode("utf-8", "replace")


class PulledFile(io.RawIOBase):
    """The form's file for a thread to read, pulled from the event loop piece by piece."""

    def __init__(self, form: StreamedForm, loop: asyncio.AbstractEventLoop) -> None:
        self._form = form
        self._loop = loop
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer with what has come; 0 at the end."""
        if not self._left:
            piece = asyncio.run_coroutine_threadsafe(self._form.next_piece(), self._loop)
            self._left = memoryview(piece.result())
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
