"""Small real pictures and clips of every kind that is read, in every dress that decoders know."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from assets.encode import VideoWriter
from assets.errors import UnsupportedMedia
from assets.provenance import Claims, IngredientClaim, Signer
from assets.sniffing import sniff_media
from assets.sound import RATE_HZ, Sound

_SAMPLE = Path(__file__).parents[3] / "assets" / "samples" / "mug-main.jpg"
_SIZE_PX = (96, 64)
_FRAMES = 6
_QUIET = {"libx265": {"x265-params": "log-level=none"}, "libaom-av1": {"cpu-used": "8"}}
_PLAIN: Mapping[str, Any] = {}
_CLIPS = {
    "mp4 h264": ("mp4", "libx264", "yuv420p"),
    "mp4 h264 full colour": ("mp4", "libx264", "yuv444p"),
    "mp4 hevc": ("mp4", "libx265", "yuv420p"),
    "mp4 av1": ("mp4", "libaom-av1", "yuv420p"),
    "mov mpeg4": ("mov", "mpeg4", "yuv420p"),
    "webm vp8": ("webm", "libvpx", "yuv420p"),
    "webm vp9": ("webm", "libvpx-vp9", "yuv420p"),
    "webm av1": ("webm", "libaom-av1", "yuv420p"),
    "gif moving": ("gif", "gif", "rgb8"),
}


def samples() -> Mapping[str, bytes]:
    """The bytes of each sample by its name; the same wherever the same encoders are."""
    picture = Image.open(_SAMPLE).convert("RGB").resize(_SIZE_PX)
    found = dict(_pictures(picture))
    for name, (form, codec, pixels) in _CLIPS.items():
        if codec in av.codecs_available:
            found[name] = _clip(picture, form, codec=codec, pixels=pixels)
    found["mp4 ours"] = _our_clip(picture)
    return found | dict(_signed(found))


def _pictures(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    """The picture in every format, mode and packing."""
    clear = picture.convert("RGBA")
    clear.putalpha(picture.convert("L"))
    wide = Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    exif, words = Image.Exif(), PngInfo()
    exif[0x0112] = 6
    words.add_text("Comment", "words " * 50, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    yield "jpeg", _saved(picture, "JPEG")
    yield "jpeg progressive", _saved(picture, "JPEG", {"progressive": True, "exif": exif})
    yield "jpeg ink", _saved(picture.convert("CMYK"), "JPEG", {"icc_profile": profile})
    yield "png", _saved(picture, "PNG", {"icc_profile": profile, "pnginfo": words})
    yield "png clear", _saved(clear, "PNG", {"exif": exif})
    yield "png palette", _saved(picture.quantize(16), "PNG", {"transparency": 3})
    yield "png wide", _saved(wide, "PNG")
    yield "webp", _saved(picture, "WEBP", {"exif": exif, "icc_profile": profile})
    yield "webp lossless", _saved(clear, "WEBP", {"lossless": True})
    yield "webp clear", _saved(clear, "WEBP")
    yield "gif", _saved(picture.quantize(32), "GIF")
    yield "bmp", _saved(picture, "BMP")
    yield "bmp palette", _saved(picture.quantize(16), "BMP")
    for packing in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"tiff {packing}", _saved(picture, "TIFF", {"compression": packing})
    yield "tiff wide", _saved(wide, "TIFF")
    yield "tiff ink", _saved(picture.convert("CMYK"), "TIFF", {"compression": "tiff_lzw"})


def _saved(picture: Image.Image, form: str, options: Mapping[str, Any] = _PLAIN) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _moving(picture: Image.Image) -> Iterator[np.ndarray]:
    pixels = np.asarray(picture)
    for index in range(_FRAMES):
        yield np.roll(pixels, 3 * index, axis=1)


def _clip(picture: Image.Image, form: str, *, codec: str, pixels: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        if not isinstance(stream, VideoStream):
            raise UnsupportedMedia(f"{codec} writes no pictures")
        stream.width, stream.height = _SIZE_PX
        stream.pix_fmt = pixels
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _QUIET.get(codec, {})
        for frame in _moving(picture):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def _our_clip(picture: Image.Image) -> bytes:
    time_s = np.arange(RATE_HZ * _FRAMES // 25) / RATE_HZ
    wave = (0.1 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    sound = Sound(np.stack((wave, wave), axis=1))
    width_px, height_px = _SIZE_PX
    writer = VideoWriter(width_px=width_px, height_px=height_px, fps=Fraction(25), sound=sound)
    for frame in _moving(picture):
        writer.write(frame)
    return writer.finish()


def _signed(found: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Some of the samples with credentials in them, of themselves and of what they came from."""
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer.open(folder)
        origin = IngredientClaim(title="o", data=found["jpeg"], media_type="image/jpeg")
        claims = Claims(
            title="x",
            digital_source_type="digitalCapture",
            generator="studio",
            ingredients=(origin,),
        )
        for name in ("jpeg", "png", "webp", "mp4 ours"):
            data = found[name]
            yield f"{name} signed", signer.sign(data, media_type=sniff_media(data), claims=claims)
