"""An MP4's index moved before its pictures, so that playing starts with the first bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from assets.boxes import Box, inner_boxes
from assets.errors import CorruptMedia

_PIECE = 1 << 20
"""Bytes that are moved at once."""


def put_index_first(file: BinaryIO) -> None:
    """Moves the file's `moov` before its `mdat`, in place; every chunk offset is moved along.

    Never holds the pictures in memory. Raises CorruptMedia when there is no index.
    """
    boxes = list(_top_boxes(file))
    kinds = [box.kind for box in boxes]
    if not {b"moov", b"mdat"} <= set(kinds):
        raise CorruptMedia("the clip has no index (moov) or no pictures (mdat): write it anew")
    if kinds.index(b"moov") < kinds.index(b"mdat"):
        return
    index, first = boxes[kinds.index(b"moov")], boxes[kinds.index(b"mdat")].start
    moved = _shifted(_read(file, index.start, index.end), by=index.end - index.start)
    _move_up(file, first, index.start, by=len(moved))
    file.seek(first)
    file.write(moved)


def _top_boxes(file: BinaryIO) -> Iterator[Box]:
    """The file's boxes, by their heads alone. Source: ISO/IEC 14496-12, section 4.2."""
    start, end = 0, file.seek(0, os.SEEK_END)
    while start + 8 <= end:
        head = _read(file, start, start + 16)
        size, kind = struct.unpack_from(">I4s", head)
        wide = size == 1
        size = struct.unpack_from(">Q", head, 8)[0] if wide else size or end - start
        if size < 8 or start + size > end:
            raise CorruptMedia(f"box {kind!r} at byte {start:,} says it has {size:,} bytes")
        yield Box(kind=kind, start=start, body=start + (16 if wide else 8), end=start + size)
        start += size


def _move_up(file: BinaryIO, start: int, end: int, *, by: int) -> None:
    """Moves the bytes of that span `by` bytes on, the last ones first."""
    for piece in reversed(range(start, end, _PIECE)):
        data = _read(file, piece, min(piece + _PIECE, end))
        file.seek(piece + by)
        file.write(data)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _shifted(data: bytes, *, by: int) -> bytes:
    """The `moov` box with its chunk offsets raised. Source: ISO/IEC 14496-12, section 8.7.5."""
    moved = bytearray(data)
    for box in inner_boxes(data, Box(kind=b"moov", start=0, body=8, end=len(data))):
        form = {b"stco": ">%dI", b"co64": ">%dQ"}.get(box.kind)
        if form is None:
            continue
        count = struct.unpack_from(">I", data, box.body + 4)[0]
        offsets = struct.unpack_from(form % count, data, box.body + 8)
        struct.pack_into(form % count, moved, box.body + 8, *(offset + by for offset in offsets))
    return bytes(moved)
