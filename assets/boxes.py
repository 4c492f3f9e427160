"""ISO base media boxes (MP4, QuickTime) read from bytes: structure alone, nothing is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from assets.errors import CorruptMedia, TooLarge, UnsupportedMedia

_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"}
_DEPTH = 8
_BOXES = 4096
_EDITS = 64
_LOCAL_ONLY = 1
_SIZES = re.compile(rb"st(?:sz|z2).{8}(.{4})", re.DOTALL)
"""The number of samples. Source: ISO/IEC 14496-12, section 8.7.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box: its type, where it starts, where its body starts, where it ends (bytes)."""

    kind: bytes
    start: int
    body: int
    end: int


def top_boxes(data: bytes) -> tuple[Box, ...]:
    """The boxes at the file's top level, in order. Raises CorruptMedia when one does not fit."""
    return tuple(_boxes(data, 0, len(data)))


def check_boxes(data: bytes, *, max_samples: int) -> None:
    """Passes when the file is whole, self-contained and its tables are no larger than said.

    Raises CorruptMedia (cut short, no index), UnsupportedMedia (refers to other files, comes in
    fragments), TooLarge (more than `max_samples` samples in one track).
    """
    kinds = {box.kind for box in top_boxes(data)}
    if b"moof" in kinds:
        raise UnsupportedMedia(
            "the video comes in fragments (moof): write it anew as a plain MP4, "
            "for example with ffmpeg -i IN -c copy -movflags +faststart OUT.mp4"
        )
    if not {b"moov", b"mdat"} <= kinds:
        raise CorruptMedia("the video has no index (moov) or no pictures (mdat): it is cut short")
    for index in top_boxes(data):
        if index.kind == b"moov":
            _check_index(data, index, max_samples)
    for box in (inner for index in top_boxes(data) for inner in inner_boxes(data, index)):
        _check_box(data, box)


def is_faststart(data: bytes) -> bool:
    """True when the index stands before the pictures, so that playing starts at once."""
    kinds = [box.kind for box in top_boxes(data)]
    return b"moov" in kinds and b"mdat" in kinds and kinds.index(b"moov") < kinds.index(b"mdat")


def inner_boxes(data: bytes, index: Box) -> Iterator[Box]:
    """The `moov` box and every box in it; nothing of others.

    Raises TooLarge over 4,096 of them (a real clip has about 60), CorruptMedia.
    """
    waiting = [(index, 1)] if index.kind == b"moov" else []
    for _ in range(_BOXES):
        if not waiting:
            return
        box, depth = waiting.pop()
        yield box
        if box.kind in _PARENTS and depth < _DEPTH:
            waiting += [(inner, depth + 1) for inner in _boxes(data, box.body, box.end)]
    raise TooLarge(f"the video's index has over {_BOXES:,} boxes")


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Boxes between two offsets. Source: ISO/IEC 14496-12, section 4.2."""
    while end - start >= 8:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and end - start >= 16:
            size, body = struct.unpack_from(">Q", data, body)[0], start + 16
        elif size == 0:
            size = end - start
        if start + size > end or size < body - start:
            raise CorruptMedia(
                f"the video is damaged or cut short: box {kind!r} at byte {start:,} says it has "
                f"{size:,} bytes, {end - start:,} are left"
            )
        yield Box(kind=kind, start=start, body=body, end=start + size)
        start += size


def _check_index(data: bytes, index: Box, max_samples: int) -> None:
    """Looks for what no depth may hide from us: decoders find boxes where none should stand.

    Four such letters stand by chance in one index of 4 GB.
    """
    if data.find(b"cmov", index.body, index.end) >= 0:
        raise UnsupportedMedia("the video's index is packed (cmov): write it anew as a plain MP4")
    for found in _SIZES.finditer(data, index.body, index.end):
        if (samples := int.from_bytes(found[1], "big")) > max_samples:
            raise TooLarge(
                f"the video says it has {samples:,} samples in one track; "
                f"at most {max_samples:,} are read"
            )


def _check_box(data: bytes, box: Box) -> None:
    if box.kind == b"elst" and _number(data, box, 4) > _EDITS:
        raise TooLarge(f"the video's edit list has over {_EDITS} entries")
    if box.kind == b"dref" and not _is_self_contained(data, box):
        raise UnsupportedMedia(
            "the video keeps its pictures in another file (dref): give one file that holds all"
        )


def _is_self_contained(data: bytes, box: Box) -> bool:
    """True when every data reference is this file. Source: ISO/IEC 14496-12, section 8.7.2."""
    references = _boxes(data, box.body + 8, box.end)
    return all(_number(data, inner, 0) & _LOCAL_ONLY for inner in references)


def _number(data: bytes, box: Box, offset: int) -> int:
    if box.body + offset + 4 > box.end:
        raise CorruptMedia(f"the video is damaged: box {box.kind!r} is too short")
    return struct.unpack_from(">I", data, box.body + offset)[0]
