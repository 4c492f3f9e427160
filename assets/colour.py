"""Any pixel format to 8-bit sRGB: bit depth, palette, ink, alpha and ICC profile."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from assets.errors import UnsupportedMedia


def srgb_planes(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """The picture as (H, W, 3) uint8 sRGB and its (H, W) uint8 straight alpha.

    Alpha is None when every pixel is opaque. Both arrays are read-only. An embedded ICC profile is
    applied (relative colorimetric, black point compensated); one that is broken or made for other
    pixels is ignored, as browsers do. Ink (CMYK) without a profile is taken as plain
    complementary colour. Raises UnsupportedMedia for 32-bit pixels.
    """
    colour, alpha = _split(_eight_bits(image))
    colour = _through_profile(colour, image.info.get("icc_profile"))
    opacity = None if alpha is None else np.asarray(alpha)
    if opacity is not None and opacity.min(initial=255) == 255:
        opacity = None
    return np.asarray(colour if colour.mode == "RGB" else colour.convert("RGB")), opacity


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image at 8 bits a channel; 16-bit grey is scaled, not cut (Pillow cuts 16-bit colour)."""
    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.uint32)
        return _with_info(Image.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8)), image)
    if image.mode in ("I", "F"):
        raise UnsupportedMedia("the picture has 32-bit pixels: save it with 8 or 16 bits a channel")
    return image.convert("L") if image.mode == "1" else image


def _with_info(image: Image.Image, source: Image.Image) -> Image.Image:
    image.info = {key: value for key, value in source.info.items() if key != "transparency"}
    return image


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colour (L, RGB, CMYK or LAB) and straight alpha; premultiplied colour is divided out."""
    if image.has_transparency_data:
        if image.mode in ("LA", "La"):
            grey, alpha = image.convert("LA").split()
            return grey, alpha
        straight = image.convert("RGBA")
        return straight.convert("RGB"), straight.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, None
    return image.convert("RGB"), None


def _through_profile(colour: Image.Image, profile: bytes | None) -> Image.Image:
    if colour.mode == "LAB":
        return _converted(colour, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if not profile:
        return colour
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        # Most files say sRGB: converting sRGB to sRGB costs time and may move values by one.
        if ImageCms.getProfileDescription(source).startswith("sRGB"):
            return colour
        return _converted(colour, source)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return colour


def _converted(colour: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        colour,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return colour if converted is None else converted
