"""What a file is by its first bytes: never by its name or the type its sender claims."""

from __future__ import annotations

import re

from assets.errors import CorruptMedia, UnsupportedMedia

READABLE = "JPEG, PNG, WebP, GIF, BMP and TIFF"
READABLE_CLIPS = "MP4, QuickTime, WebM and GIF"

_HEAD_BYTES = 4096

_PICTURES = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/tiff", re.compile(rb"II\*\x00|MM\x00\*")),
    ("image/bmp", re.compile(rb"BM.{8}", re.DOTALL)),
)

_CLIPS = (
    ("video/quicktime", re.compile(rb".{4}(?:ftypqt  |moov|mdat|wide|free|skip)", re.DOTALL)),
    ("video/mp4", re.compile(rb".{4}ftyp(?!avi[fs]|hei|hev|mif1|msf1)", re.DOTALL)),
    ("video/webm", re.compile(rb"\x1aE\xdf\xa3")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
)

_OTHERS = (
    ("an SVG drawing", re.compile(rb"\s*(?:<\?xml.{0,2048}?|<!--.{0,2048}?)?<svg", re.DOTALL)),
    ("an HTML page", re.compile(rb"\s*<(?:!doctype html|html|head|body)", re.IGNORECASE)),
    ("an XML or HTML document", re.compile(rb"\s*<[?!a-z]", re.IGNORECASE)),
    ("a PDF document", re.compile(rb"%PDF")),
    ("a PostScript file", re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")),
    ("a Photoshop document", re.compile(rb"8BPS")),
    ("an AVIF picture", re.compile(rb".{4}ftypavi[fs]", re.DOTALL)),
    ("a HEIC picture", re.compile(rb".{4}ftyp(?:hei|hev|mif1|msf1)", re.DOTALL)),
    ("a JPEG XL picture", re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL ")),
    ("a JPEG 2000 picture", re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51")),
    ("a video", re.compile(rb".{4}ftyp|\x1aE\xdf\xa3", re.DOTALL)),
    ("a zip archive", re.compile(rb"PK\x03\x04")),
    ("a Windows icon", re.compile(rb"\x00\x00\x01\x00")),
    ("JSON text", re.compile(rb"\s*[\[{]")),
)


def sniff(data: bytes) -> str:
    """The media type of a picture the engine reads: image/jpeg png webp gif bmp tiff.

    Raises CorruptMedia for an empty file, UnsupportedMedia for anything else, naming what it is.
    """
    if not data:
        raise CorruptMedia("the file is empty (0 bytes)")
    found = _match(data, _PICTURES)
    if found is None:
        what = _match(data, _OTHERS) or "of an unknown kind"
        raise UnsupportedMedia(f"the file is {what}: only {READABLE} pictures are read")
    return found


def sniff_video(data: bytes) -> str:
    """The media type of a clip the engine reads: video/mp4 video/quicktime video/webm image/gif.

    Raises CorruptMedia for an empty file, UnsupportedMedia for anything else, naming what it is.
    """
    if not data:
        raise CorruptMedia("the file is empty (0 bytes)")
    found = _match(data, _CLIPS)
    if found is None:
        what = _match(data, (*_PICTURES, *_OTHERS)) or "of an unknown kind"
        raise UnsupportedMedia(f"the file is {what}: only {READABLE_CLIPS} clips are read")
    return found


def sniff_media(data: bytes) -> str:
    """The media type of a picture or clip the engine reads. Raises what `sniff` raises."""
    found = _match(data, (*_PICTURES, *_CLIPS))
    return sniff(data) if found is None else found


def _match(data: bytes, magics: tuple[tuple[str, re.Pattern[bytes]], ...]) -> str | None:
    head = data[:_HEAD_BYTES]
    return next((name for name, magic in magics if magic.match(head)), None)
