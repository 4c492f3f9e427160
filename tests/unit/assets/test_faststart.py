"""An index written last is moved before the pictures, and still finds every one of them."""

from __future__ import annotations

import io
import struct

import pytest

from assets.boxes import is_faststart
from assets.errors import CorruptMedia
from assets.faststart import put_index_first

CHUNKS = [bytes([number]) * (700_000 + number) for number in range(4)]
"""Over one piece of those that are moved at once, and not a whole number of pieces."""


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def recorded() -> bytes:
    """A file as a recorder leaves it: its type, its chunks, then the index of their places."""
    head, at, places = box(b"ftyp", b"isom"), 0, []
    for chunk in CHUNKS:
        places.append(len(head) + 8 + at)
        at += len(chunk)
    table = box(b"stco", struct.pack(f">II{len(places)}I", 0, len(places), *places))
    for parent in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        table = box(parent, table)
    return head + box(b"mdat", b"".join(CHUNKS)) + table


def test_every_chunk_is_found_where_the_moved_index_says() -> None:
    file = io.BytesIO(recorded())
    put_index_first(file)
    moved = file.getvalue()
    assert is_faststart(moved)
    assert len(moved) == len(recorded())
    table = moved.index(b"stco") + 12
    for chunk, place in zip(CHUNKS, struct.unpack_from(">4I", moved, table), strict=True):
        assert moved[place : place + len(chunk)] == chunk, f"the index points beside {chunk[:1]!r}"


def test_what_plays_at_once_stays_as_it_is() -> None:
    file = io.BytesIO(recorded())
    put_index_first(file)
    once = file.getvalue()
    put_index_first(file)
    assert file.getvalue() == once


@pytest.mark.parametrize("data", [recorded()[:-3], recorded()[:12], b""])
def test_a_file_cut_short_is_told(data: bytes) -> None:
    with pytest.raises(CorruptMedia):
        put_index_first(io.BytesIO(data))
