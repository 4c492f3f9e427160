"""A photo from outside made safe: decoded behind the guards, upright, shrunk, pixels alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.errors import TooLarge
from assets.media import DecodeLimits, Picture, decode_picture, encode_jpeg, encode_png

LONGER_SIDE_MOST_PX = 2048
"""No result is larger, so no more of the shopper is kept. Issue of the try-on, section 3."""
_SHORTER_SIDE_LEAST_PX = 32
_QUALITY = 95
_PIXELS_MOST = 64_000_000
"""Telephones have up to 50 megapixels; decoded they take 200 MB for a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPhoto:
    """A photo encoded anew: upright sRGB, at most 2048 px, no EXIF, no other word of its origin."""

    data: bytes
    width_px: int
    height_px: int


def clean_person(data: bytes, *, max_bytes: int) -> CleanPhoto:
    """The shopper's photo as a JPEG without metadata; what is transparent becomes white.

    Raises UnsupportedMedia, CorruptMedia, TooLarge.
    """
    picture = _shrunk(decode_picture(data, limits=_limits(max_bytes)))
    rgb = picture.rgb if picture.alpha is None else _on_white(picture.rgb, picture.alpha)
    return _clean(encode_jpeg(Picture(rgb), quality=_QUALITY), picture)


def clean_garment(data: bytes, *, max_bytes: int) -> CleanPhoto:
    """A garment's picture without metadata: a PNG where it is transparent, else a JPEG.

    Raises UnsupportedMedia, CorruptMedia, TooLarge.
    """
    picture = _shrunk(decode_picture(data, limits=_limits(max_bytes)))
    opaque = picture.alpha is None
    encoded = encode_jpeg(picture, quality=_QUALITY) if opaque else encode_png(picture)
    return _clean(encoded, picture)


def _limits(max_bytes: int) -> DecodeLimits:
    return DecodeLimits(max_bytes=max_bytes, max_pixels=_PIXELS_MOST)


def _clean(data: bytes, picture: Picture) -> CleanPhoto:
    return CleanPhoto(data=data, width_px=picture.width_px, height_px=picture.height_px)


def _shrunk(picture: Picture) -> Picture:
    longer_px = max(picture.width_px, picture.height_px)
    if longer_px <= LONGER_SIDE_MOST_PX:
        return picture
    scale = LONGER_SIDE_MOST_PX / longer_px
    size = (round(picture.width_px * scale), round(picture.height_px * scale))
    if min(size) < _SHORTER_SIDE_LEAST_PX:
        raise TooLarge(f"{picture.width_px}×{picture.height_px} px is no shape of a photo")
    rgb = cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA)
    if picture.alpha is None:
        return Picture(rgb)
    return Picture(rgb, cv2.resize(picture.alpha, size, interpolation=cv2.INTER_AREA))


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    cover = alpha[..., None].astype(np.float32) / 255
    return (rgb * cover + 255 * (1 - cover) + 0.5).astype(np.uint8)
