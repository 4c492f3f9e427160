"""WebM and GIF files looked at from outside: whole or cut short, within limits."""

from __future__ import annotations

from assets.errors import CorruptMedia

_SEGMENT = b"\x18\x53\x80\x67"
_GIF_TRAILER = 0x3B


def check_matroska(data: bytes, *, max_samples: int) -> None:  # noqa: ARG001
    """Passes when the segment is as long as it says. Raises CorruptMedia.

    Source: RFC 8794, sections 4 and 6 (element sizes), RFC 9559, section 5 (Segment).
    """
    header_bytes, header_length = _size_at(data, 4)
    start = 4 + header_length + header_bytes
    if data[start : start + 4] != _SEGMENT:
        raise CorruptMedia("the WebM file has no segment: it is damaged or cut short")
    size, length = _size_at(data, start + 4)
    is_open_ended = size == (1 << (7 * length)) - 1
    end = start + 4 + length + size
    if not is_open_ended and end > len(data):
        raise CorruptMedia(
            f"the WebM file is cut short: it says it has {end:,} bytes, it has {len(data):,}"
        )


def check_gif(data: bytes, *, max_samples: int) -> None:  # noqa: ARG001
    """Passes when the file ends with its trailer. Source: GIF89a, section 27."""
    if len(data) < 14 or data.rstrip(b"\0\r\n")[-1] != _GIF_TRAILER:
        raise CorruptMedia("the GIF is cut short: its end mark is missing")


def _size_at(data: bytes, start: int) -> tuple[int, int]:
    """(value, bytes used) of an EBML size."""
    if start >= len(data) or data[start] == 0:
        raise CorruptMedia("the WebM file is damaged or cut short in its header")
    length = 9 - data[start].bit_length()
    number = int.from_bytes(data[start : start + length], "big")
    return number & ((1 << (7 * length)) - 1), length
