"""An MP4's index moved before its pictures, so that playing starts with the first bytes."""

from __future__ import annotations

import struct

from assets.boxes import Box, inner_boxes, top_boxes


def index_first(data: bytes) -> bytes:
    """The same clip with `moov` before `mdat`; every chunk offset is moved along.

    Raises CorruptMedia when the boxes do not fit or there is no index.
    """
    boxes = top_boxes(data)
    kinds = [box.kind for box in boxes]
    if kinds.index(b"moov") < kinds.index(b"mdat"):
        return data
    index = boxes[kinds.index(b"moov")]
    first = boxes[kinds.index(b"mdat")].start
    moved = _shifted(data, index, by=index.end - index.start)
    return b"".join((data[:first], moved, data[first : index.start], data[index.end :]))


def _shifted(data: bytes, index: Box, *, by: int) -> bytes:
    """The index with its chunk offsets raised. Source: ISO/IEC 14496-12, section 8.7.5."""
    moved = bytearray(data[index.start : index.end])
    for box in inner_boxes(data, index):
        form = {b"stco": ">%dI", b"co64": ">%dQ"}.get(box.kind)
        if form is None:
            continue
        count = struct.unpack_from(">I", data, box.body + 4)[0]
        offsets = struct.unpack_from(form % count, data, box.body + 8)
        start = box.body + 8 - index.start
        struct.pack_into(form % count, moved, start, *(offset + by for offset in offsets))
    return bytes(moved)
