"""XMP packets put into pictures and clips without touching their pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from assets.boxes import top_boxes
from assets.errors import CorruptMedia, UnsupportedMedia

SOURCE_TYPE_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Source: IPTC NewsCodes, Digital Source Type."""

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool={tool} Iptc4xmpExt:DigitalSourceType={source_type}>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

_TITLE_CHARACTERS = 500  # a JPEG segment holds 64 KiB
_PNG_SIGNATURE_BYTES = 8
_PNG_KEYWORD = b"XML:com.adobe.xmp\0"
_JPEG_KEYWORD = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_APP1 = 0xE1
_JPEG_HEADER_SEGMENTS = (0xE0, 0xE1)
_MP4_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_WEBP_XMP_FLAG = 0x04
_WEBP_ALPHA_FLAG = 0x10


def xmp_packet(*, title: str, source_type: str, tool: str) -> bytes:
    """An XMP packet that states title, creator tool and IPTC digital source type (a term)."""
    return _PACKET.format(
        tool=quoteattr(_printable(tool)),
        source_type=quoteattr(SOURCE_TYPE_PREFIX + source_type),
        title=escape(_printable(title)[:_TITLE_CHARACTERS]),
    ).encode()


def with_xmp(data: bytes, *, media_type: str, packet: bytes) -> bytes:
    """The same file with the packet as its only XMP; pixels are copied, never decoded.

    Takes PNG, JPEG, WebP, MP4 and QuickTime. Raises UnsupportedMedia for others, CorruptMedia
    when damaged.
    """
    writers = {
        "image/png": _in_png,
        "image/jpeg": _in_jpeg,
        "image/webp": _in_webp,
        "video/mp4": _in_mp4,
        "video/quicktime": _in_mp4,
    }
    if media_type not in writers:
        raise UnsupportedMedia(f"XMP goes into {', '.join(writers)}, not into {media_type}")
    try:
        return writers[media_type](data, packet)
    except (struct.error, IndexError, OverflowError) as error:
        raise CorruptMedia(
            f"the {media_type} file is damaged or cut short: no place for XMP"
        ) from error


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _in_png(data: bytes, packet: bytes) -> bytes:
    """An uncompressed iTXt chunk behind IHDR. Source: XMP Specification Part 3, section 1.1.5."""
    body = b"iTXt" + _PNG_KEYWORD + bytes(4) + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    spans = list(_png_chunks(data))
    kept = (data[start:end] for start, end in spans[1:] if not _is_png_xmp(data, start))
    head_end = spans[0][1]
    return b"".join((data[:head_end], chunk, *kept))


def _png_chunks(data: bytes) -> Iterator[tuple[int, int]]:
    start = _PNG_SIGNATURE_BYTES
    while start < len(data):
        end = start + 12 + struct.unpack_from(">I", data, start)[0]
        yield start, end
        start = end


def _is_png_xmp(data: bytes, start: int) -> bool:
    return data.startswith(b"iTXt" + _PNG_KEYWORD, start + 4)


def _in_jpeg(data: bytes, packet: bytes) -> bytes:
    """An APP1 segment behind JFIF and EXIF. Source: XMP Specification Part 3, section 1.1.3."""
    body = _JPEG_KEYWORD + packet
    segment = struct.pack(">BBH", 0xFF, _JPEG_APP1, len(body) + 2) + body
    spans = list(_jpeg_header_segments(data))
    kept = [data[a:b] for a, b in spans if not data.startswith(_JPEG_KEYWORD, a + 4)]
    rest = spans[-1][1] if spans else 2
    return b"".join((data[:2], *kept, segment, data[rest:]))


def _jpeg_header_segments(data: bytes) -> Iterator[tuple[int, int]]:
    start = 2
    while data[start] == 0xFF and data[start + 1] in _JPEG_HEADER_SEGMENTS:
        end = start + 2 + struct.unpack_from(">H", data, start + 2)[0]
        yield start, end
        start = end


def _in_webp(data: bytes, packet: bytes) -> bytes:
    """An `XMP ` chunk at the end of an extended file. Source: RFC 9649, section 2.7."""
    chunks = [(kind, body) for kind, body in _webp_chunks(data) if kind != b"XMP "]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _webp_extended_header(*chunks[0])))
    header = bytearray(chunks[0][1])
    header[0] |= _WEBP_XMP_FLAG
    chunks[0] = (b"VP8X", bytes(header))
    payload = b"".join(_webp_chunk(kind, body) for kind, body in [*chunks, (b"XMP ", packet)])
    return b"RIFF" + struct.pack("<I", len(payload) + 4) + b"WEBP" + payload


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = 12
    while start < len(data):
        kind, size = struct.unpack_from("<4sI", data, start)
        yield kind, data[start + 8 : start + 8 + size]
        start += 8 + size + size % 2


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)


def _webp_extended_header(kind: bytes, body: bytes) -> bytes:
    """A VP8X body for a simple file: its flags and its canvas."""
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", body, 1)[0]
        width_px, height_px = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        flags = _WEBP_ALPHA_FLAG if bits >> 28 & 1 else 0
    else:
        width_px, height_px = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        flags = 0
    canvas = (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    return bytes((flags, 0, 0, 0)) + canvas


def _in_mp4(data: bytes, packet: bytes) -> bytes:
    """A `uuid` box at the file's end: no chunk offset moves. Earlier XMP becomes free space.

    Source: XMP Specification Part 3, section 1.2.7 (MPEG-4, ISO base media).
    """
    kept = bytearray(data)
    for box in top_boxes(data):
        if box.kind == b"uuid" and data.startswith(_MP4_UUID, box.body):
            kept[box.start + 4 : box.start + 8] = b"free"
            kept[box.body : box.end] = bytes(box.end - box.body)
    body = b"uuid" + _MP4_UUID + packet
    return bytes(kept) + struct.pack(">I", len(body) + 4) + body
