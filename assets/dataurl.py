"""`data:` URLs."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from assets.errors import CorruptMedia, TooLarge


def decode_data_url(url: str, *, max_bytes: int) -> bytes:
    """The bytes of a `data:` URL, base64 or percent-encoded; its media type is not believed.

    Raises CorruptMedia when it is malformed, TooLarge when it holds more than `max_bytes`.
    Source: RFC 2397; white space and missing padding are tolerated, as browsers do.
    """
    head, comma, body = url.partition(",")
    if not head.lower().startswith("data:") or not comma:
        raise CorruptMedia("the data URL has no comma before its data")
    is_base64 = head.lower().replace(" ", "").endswith(";base64")
    # A byte takes at least 4/3 characters in base64 and at least one otherwise, at most three.
    if len(body) > max_bytes * 3 + 4:
        raise TooLarge(f"the data URL holds more than {max_bytes:,} bytes")
    plain = unquote_to_bytes(body)
    data = _from_base64(plain) if is_base64 else plain
    if len(data) > max_bytes:
        raise TooLarge(f"the data URL holds {len(data):,} bytes; {max_bytes:,} are allowed")
    return data


def _from_base64(text: bytes) -> bytes:
    packed = b"".join(text.split())
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise CorruptMedia(f"the data URL is not valid base64 ({error})") from error
