"""Clips: untrusted bytes to facts and frames. Bytes in memory only: no protocol, no other file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.container import InputContainer

from assets.boxes import check_boxes, is_faststart
from assets.clock import Clock
from assets.errors import CorruptMedia, TooLarge, UnsupportedMedia
from assets.planes import luma, rgb, upright
from assets.sniffing import sniff_video
from assets.wholeness import check_gif, check_matroska

__all__ = [
    "DEFAULT_LIMITS",
    "AudioFacts",
    "Frame",
    "VideoFacts",
    "VideoLimits",
    "luma",
    "probe_video",
    "read_frames",
    "rgb",
]

_DEMUXERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "image/gif": "gif",
}
_CONTAINERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "image/gif": "gif",
}
_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "gif")
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 13: "iec61966-2-1", 16: "smpte2084", 18: "arib-std-b67"}
_MATRICES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}
_RANGES = {1: "tv", 2: "pc"}
"""Source of the numbers: ITU-T H.273, tables 2 to 4; the names are ffprobe's."""

_NAMES = {"libdav1d": "av1"}
_BOXED = ("video/mp4", "video/quicktime")
_DAMAGE = (av.error.FFmpegError, MemoryError, OverflowError, UnicodeError)
_STREAMS = 8
_SAMPLES_PER_SECOND = 100  # AAC has 47 at 48 kHz; video's own number is checked apart


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    """How large a clip may be; checked before a frame is decoded.

    Source: far above what a shop's channels take of a product clip (180 s, 4K); a designed clip
    has 15 s and about 4 MB.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 4096 * 2304
    max_frames: int = 12_000
    max_duration_s: float = 600.0


DEFAULT_LIMITS = VideoLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """What the sound track is; `codec` as ffprobe names it (`aac`)."""

    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """What a clip is, as a player shows it: sizes are upright, frames are those that are shown.

    `container` is mp4, mov, webm or gif. `fps` is the mean rate; `constant_frame_rate` says that
    every frame stands as long as every other, to a tick of the clip's clock. Colour names are
    ffprobe's, `unknown` when untagged. `longest_gop_s` is the longest way from one key frame to
    the next, `rotation_deg` how far (clockwise) a player turns the stored pictures.
    """

    container: str
    video_codec: str
    pixel_format: str
    width_px: int
    height_px: int
    fps: Fraction
    frames: int
    duration_s: float
    constant_frame_rate: bool
    faststart: bool
    color_primaries: str
    color_transfer: str
    color_matrix: str
    color_range: str
    bit_rate: int
    audio: AudioFacts | None
    longest_gop_s: float = 0.0
    square_pixels: bool = True
    rotation_deg: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A decoded frame: `index` from 0 in the order shown, `time_s` from the first frame's time."""

    index: int
    time_s: float
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The first frame as stored and as shown, its codec and whether its pixels are square."""

    frame: av.VideoFrame
    shown: av.VideoFrame
    codec: str
    square_pixels: bool

    @classmethod
    def of(cls, container: InputContainer, frame: av.VideoFrame) -> _Seen:
        context = container.streams.video[0].codec_context
        aspect = context.sample_aspect_ratio
        codec = _NAMES.get(context.name, context.name)
        return cls(frame, upright(frame)(frame), codec, aspect in (None, 0, 1))


def probe_video(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> VideoFacts:
    """The clip's facts: its packets are walked through, one frame is decoded.

    Raises UnsupportedMedia (not MP4, QuickTime, WebM or GIF; a codec or build that is not read),
    CorruptMedia (damaged, cut short, no frames), TooLarge (over `limits`).
    """
    media_type = _checked(data, limits)
    with _opened(data, media_type, limits) as container:
        clock = _clock(container, limits)
        audio = _audio(container)
    with _opened(data, media_type, limits) as container:
        first = next(_decoded(container, limits), None)
        if first is None:
            raise CorruptMedia("the clip has no frame that can be decoded")
        seen = _Seen.of(container, first)
    return _facts(data, media_type, clock=clock, audio=audio, seen=seen)


def read_frames(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> Iterator[Frame]:
    """Every frame of the clip in the order shown, upright, one at a time; one decode pass.

    Copy what you keep: a frame's memory is the decoder's. Raises what `probe_video` raises, and
    CorruptMedia where a frame cannot be decoded or the size changes.
    """
    media_type = _checked(data, limits)
    with _opened(data, media_type, limits) as container:
        _clock(container, limits)
    with _opened(data, media_type, limits) as container:
        turn: Callable[[av.VideoFrame], av.VideoFrame] | None = None
        size_px, start_s = (0, 0), 0.0
        for index, frame in enumerate(_decoded(container, limits)):
            if turn is None:
                turn = upright(frame)
                size_px, start_s = (frame.width, frame.height), frame.time or 0.0
            if (frame.width, frame.height) != size_px:
                raise CorruptMedia(
                    f"frame {index} is {frame.width} × {frame.height} px, the first is "
                    f"{size_px[0]} × {size_px[1]} px: one size throughout is read"
                )
            yield Frame(index, (frame.time or 0.0) - start_s, turn(frame))


def _checked(data: bytes, limits: VideoLimits) -> str:
    """The media type; size and structure are found sound before any decoder sees the bytes."""
    media_type = sniff_video(data)
    if len(data) > limits.max_bytes:
        raise TooLarge(f"the clip has {len(data):,} bytes; {limits.max_bytes:,} are allowed")
    checks = {
        "video/mp4": check_boxes,
        "video/quicktime": check_boxes,
        "video/webm": check_matroska,
        "image/gif": check_gif,
    }
    sound_samples = int(limits.max_duration_s) * _SAMPLES_PER_SECOND
    checks[media_type](data, max_samples=max(limits.max_frames, sound_samples))
    return media_type


@contextmanager
def _opened(data: bytes, media_type: str, limits: VideoLimits) -> Iterator[InputContainer]:
    """The container with one readable video stream; damage raises CorruptMedia."""
    try:
        with av.open(
            io.BytesIO(data),
            mode="r",
            format=_DEMUXERS[media_type],
            container_options={"max_streams": str(_STREAMS), "protocol_whitelist": ""},
            io_open=_refuse_to_open,
        ) as container:
            _check_stream(container, limits)
            yield container
    except _DAMAGE as error:
        raise CorruptMedia(f"the {media_type} file is damaged or cut short: {error}") from error


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> object:  # noqa: ARG001
    raise UnsupportedMedia("the clip asks for another file or address: give one that holds all")


def _check_stream(container: InputContainer, limits: VideoLimits) -> None:
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


def _clock(container: InputContainer, limits: VideoLimits) -> Clock:
    """The times of the frames shown, from the packets. Raises TooLarge, CorruptMedia."""
    stream = container.streams.video[0]
    shown: list[tuple[int, int]] = []
    keys: list[int] = []
    found = 0
    for packet in container.demux(stream):
        if packet.pts is None or packet.size == 0:
            continue
        found += 1
        if packet.is_corrupt:
            raise CorruptMedia(f"the clip is cut short at frame {found - 1}")
        if found > limits.max_frames:
            raise TooLarge(f"the clip has over {limits.max_frames:,} frames")
        if not packet.is_discard:
            shown.append((packet.pts, packet.duration or 0))
            keys += [packet.pts] if packet.is_keyframe else []
    if not shown:
        raise CorruptMedia("the clip has no frame")
    if found < stream.frames:
        raise CorruptMedia(f"the clip is cut short: it has {found} of {stream.frames} frames")
    shown.sort()
    tick_s = stream.time_base or Fraction(1, av.time_base)
    clock = Clock(tick_s, tuple(pts for pts, _ in shown), tuple(keys), shown[-1][1])
    if clock.duration_s > limits.max_duration_s:
        raise TooLarge(
            f"the clip lasts {clock.duration_s:,.1f} s; {limits.max_duration_s:,.0f} s are allowed"
        )
    return clock


def _audio(container: InputContainer) -> AudioFacts | None:
    """The first sound track, or None."""
    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    context = stream.codec_context
    length = stream.duration * stream.time_base if stream.duration and stream.time_base else None
    whole = Fraction(container.duration or 0, av.time_base)
    return AudioFacts(
        codec=context.name,
        sample_rate_hz=context.sample_rate,
        channels=context.channels,
        duration_s=float(whole if length is None else length),
    )


def _decoded(container: InputContainer, limits: VideoLimits) -> Iterator[av.VideoFrame]:
    """Frames as the decoder gives them. A lying stream is stopped by the decoder's own limit."""
    stream = container.streams.video[0]
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    stream.codec_context.thread_count = 1
    for index, frame in enumerate(container.decode(stream)):
        if frame.is_corrupt:
            raise CorruptMedia(f"frame {index} of the clip is damaged")
        if index >= limits.max_frames:
            raise TooLarge(f"the clip has over {limits.max_frames:,} frames")
        yield frame


def _facts(
    data: bytes, media_type: str, *, clock: Clock, audio: AudioFacts | None, seen: _Seen
) -> VideoFacts:
    """What packets, header and first frame say, in one place."""
    frame, shown = seen.frame, seen.shown
    duration_s = clock.duration_s
    return VideoFacts(
        container=_CONTAINERS[media_type],
        video_codec=seen.codec,
        pixel_format=frame.format.name,
        width_px=shown.width,
        height_px=shown.height,
        fps=clock.fps,
        frames=clock.frames,
        duration_s=duration_s,
        constant_frame_rate=clock.is_constant,
        faststart=media_type in _BOXED and is_faststart(data),
        color_primaries=_PRIMARIES.get(int(frame.color_primaries), "unknown"),
        color_transfer=_TRANSFERS.get(int(frame.color_trc), "unknown"),
        color_matrix=_MATRICES.get(int(frame.colorspace), "unknown"),
        color_range=_RANGES.get(int(frame.color_range), "unknown"),
        bit_rate=round(len(data) * 8 / duration_s) if duration_s else 0,
        audio=audio,
        longest_gop_s=clock.longest_gop_s,
        square_pixels=seen.square_pixels,
        rotation_deg=-round(frame.rotation) % 360,
    )
