"""A clip's bytes opened with care: sniffed, measured, whole, from memory alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
import av.error
from av.container import InputContainer

from assets.boxes import check_boxes
from assets.clipfacts import VideoLimits
from assets.errors import CorruptMedia, TooLarge, UnsupportedMedia
from assets.sniffing import sniff_video
from assets.wholeness import check_gif, check_matroska

_DEMUXERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "image/gif": "gif",
}
_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "gif")
_SOUND_CODECS = (
    *("aac", "aac_fixed", "mp3", "mp3float", "opus", "libopus", "vorbis", "libvorbis"),
    *("flac", "alac", "ac3", "eac3", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_f32le"),
)
_CHECKS = {
    "video/mp4": check_boxes,
    "video/quicktime": check_boxes,
    "video/webm": check_matroska,
    "image/gif": check_gif,
}
_DAMAGE = (av.error.FFmpegError, MemoryError, OverflowError, UnicodeError)
_STREAMS = 8
_OPTIONS = {
    "max_streams": str(_STREAMS),
    "protocol_whitelist": "",
    # Looking for a clip's kind must not wake a decoder that nobody here asked for.
    "codec_whitelist": ",".join((*_CODECS, *_SOUND_CODECS)),
}
_SAMPLES_PER_SECOND = 100  # AAC has 47 at 48 kHz; the frames' own number is checked apart


def checked(data: bytes, limits: VideoLimits) -> str:
    """The media type; size and structure are found sound before any decoder sees the bytes."""
    media_type = sniff_video(data)
    if len(data) > limits.max_bytes:
        raise TooLarge(f"the clip has {len(data):,} bytes; {limits.max_bytes:,} are allowed")
    sound_samples = int(limits.max_duration_s) * _SAMPLES_PER_SECOND
    _CHECKS[media_type](data, max_samples=max(limits.max_frames, sound_samples))
    return media_type


@contextmanager
def opened(data: bytes, media_type: str, limits: VideoLimits) -> Iterator[InputContainer]:
    """The container with one readable video stream; damage raises CorruptMedia."""
    try:
        with av.open(
            io.BytesIO(data),
            mode="r",
            format=_DEMUXERS[media_type],
            container_options={**_OPTIONS, "format_whitelist": _DEMUXERS[media_type]},
            io_open=_refuse_to_open,
        ) as container:
            _check_stream(container, limits)
            yield container
    except _DAMAGE as error:
        raise CorruptMedia(f"the {media_type} file is damaged or cut short: {error}") from error


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> object:  # noqa: ARG001
    raise UnsupportedMedia("the clip asks for another file or address: give one that holds all")


def _check_stream(container: InputContainer, limits: VideoLimits) -> None:
    if any(stream.codec_context is None for stream in container.streams.audio):
        raise UnsupportedMedia("the clip's sound is of a kind that nobody here knows")
    if not container.streams.video:
        raise UnsupportedMedia("the file has no pictures: it is sound alone")
    context = container.streams.video[0].codec_context
    if context is None or context.name not in _CODECS:
        what = "unknown" if context is None else context.name
        raise UnsupportedMedia(f"the clip's codec is {what}; read are {', '.join(_CODECS)}")
    if context.width < 1 or context.height < 1:
        raise CorruptMedia("the clip has no picture size: it is damaged or cut short")
    if context.width * context.height > limits.max_pixels:
        raise TooLarge(
            f"the clip is {context.width} × {context.height} px; "
            f"at most {limits.max_pixels:,} pixels are allowed"
        )
