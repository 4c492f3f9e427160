"""Clips: untrusted bytes to facts and frames. Bytes in memory only: no protocol, no other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import av
import av.packet
from av.container import InputContainer
from av.video.stream import VideoStream

from assets.boxes import is_faststart
from assets.clipfacts import DEFAULT_LIMITS, AudioFacts, VideoFacts, VideoLimits
from assets.clock import Clock
from assets.errors import CorruptMedia, TooLarge
from assets.guarded import checked, opened
from assets.planes import luma, rgb, upright

__all__ = [
    "DEFAULT_LIMITS",
    "AudioFacts",
    "Frame",
    "VideoFacts",
    "VideoLimits",
    "luma",
    "opened_clip",
    "probe_video",
    "read_frames",
    "rgb",
]

_CONTAINERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "image/gif": "gif",
}
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 13: "iec61966-2-1", 16: "smpte2084", 18: "arib-std-b67"}
_MATRICES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}
_RANGES = {1: "tv", 2: "pc"}
"""Source of the numbers: ITU-T H.273, tables 2 to 4; the names are ffprobe's."""

_NAMES = {"libdav1d": "av1"}
_BOXED = ("video/mp4", "video/quicktime")


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


@dataclass(frozen=True, slots=True, eq=False)
class OpenClip:
    """A clip opened once: what it is, and its frames, which can be gone through once."""

    facts: VideoFacts
    frames: Iterator[Frame]


@contextmanager
def opened_clip(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> Iterator[OpenClip]:
    """The clip's facts and frames, as `probe_video` and `read_frames` tell them.

    Opening costs as much as decoding four frames, so this is for who needs both. Raises what they
    raise; frames are decoded while the context lasts.
    """
    with _walked(data, limits) as walked:
        frames = _decoded(walked, limits)
        first = next(frames, None)
        if first is None:
            raise CorruptMedia("the clip has no frame that can be decoded")
        yield OpenClip(_facts(data, walked, first), _shown(walked, first, frames))


def probe_video(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> VideoFacts:
    """The clip's facts: its packets are walked through, one frame is decoded.

    Raises UnsupportedMedia (not MP4, QuickTime, WebM or GIF; a codec or build that is not read),
    CorruptMedia (damaged, cut short, no frames), TooLarge (over `limits`).
    """
    with opened_clip(data, limits=limits) as clip:
        return clip.facts


def read_frames(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> Iterator[Frame]:
    """Every frame of the clip in the order shown, upright, one at a time; one decode pass.

    Copy what you keep: a frame's memory is the decoder's. Raises what `probe_video` raises, and
    CorruptMedia where a frame cannot be decoded or the size changes.
    """
    with opened_clip(data, limits=limits) as clip:
        yield from clip.frames


@dataclass(frozen=True, slots=True, eq=False)
class _Walked:
    """An open container, all packets of its pictures, read before one is decoded."""

    container: InputContainer
    media_type: str
    packets: tuple[av.packet.Packet, ...]
    clock: Clock


@contextmanager
def _walked(data: bytes, limits: VideoLimits) -> Iterator[_Walked]:
    media_type = checked(data, limits)
    with opened(data, media_type, limits) as container:
        stream = container.streams.video[0]
        packets = tuple(_packets(container, limits))
        clock = _clock(packets, stream, limits)
        yield _Walked(container, media_type, packets, clock)


def _shown(
    walked: _Walked, first: av.VideoFrame, others: Iterator[av.VideoFrame]
) -> Iterator[Frame]:
    turn, start_s = upright(first), first.time or 0.0
    count = 0
    for frame in chain((first,), others):
        _check_size(frame, first, count)
        yield Frame(count, (frame.time or 0.0) - start_s, turn(frame))
        count += 1
    if count < walked.clock.frames:
        raise CorruptMedia(f"{count} of the clip's {walked.clock.frames} frames can be decoded")


def _check_size(frame: av.VideoFrame, first: av.VideoFrame, index: int) -> None:
    if (frame.width, frame.height) != (first.width, first.height):
        raise CorruptMedia(
            f"frame {index} is {frame.width} × {frame.height} px, the first is "
            f"{first.width} × {first.height} px: one size throughout is read"
        )


def _packets(container: InputContainer, limits: VideoLimits) -> Iterator[av.packet.Packet]:
    """Every packet of the pictures, the empty one that ends them too."""
    stream = container.streams.video[0]
    frame_pixels = stream.codec_context.width * stream.codec_context.height
    found = held_bytes = 0
    for packet in container.demux(stream):
        yield packet
        # Packets may stand on the same bytes of the file, or be unpacked from few.
        held_bytes += packet.size
        if held_bytes > limits.max_bytes:
            raise TooLarge(f"the clip's frames hold over {limits.max_bytes:,} bytes")
        if packet.pts is None or packet.size == 0:
            continue
        found += 1
        if packet.is_corrupt:
            raise CorruptMedia(f"the clip is cut short at frame {found - 1}")
        if found > limits.max_frames:
            raise TooLarge(f"the clip has over {limits.max_frames:,} frames")
        if found * frame_pixels > limits.max_frame_pixels:
            raise TooLarge(f"the clip has over {limits.max_frame_pixels:,} pixels in all frames")


def _clock(packets: Sequence[av.packet.Packet], stream: VideoStream, limits: VideoLimits) -> Clock:
    """The times of the frames shown, from the packets. Raises TooLarge, CorruptMedia."""
    timed = [packet for packet in packets if packet.pts is not None and packet.size]
    kept = [packet for packet in timed if not packet.is_discard]
    if not kept:
        raise CorruptMedia("the clip has no frame")
    if len(timed) < stream.frames:
        raise CorruptMedia(f"the clip is cut short: it has {len(timed)} of {stream.frames} frames")
    shown = sorted((packet.pts or 0, packet.duration or 0) for packet in kept)
    keys = tuple(packet.pts or 0 for packet in kept if packet.is_keyframe)
    tick_s = stream.time_base or Fraction(1, av.time_base)
    clock = Clock(tick_s, tuple(pts for pts, _ in shown), keys, shown[-1][1])
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


def _decoded(walked: _Walked, limits: VideoLimits) -> Iterator[av.VideoFrame]:
    """Frames as the decoder gives them. A lying stream is stopped by the decoder's own limit."""
    stream = walked.container.streams.video[0]
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    stream.codec_context.thread_count = 1
    pictures = (frame for packet in walked.packets for frame in stream.decode(packet))
    for index, frame in enumerate(pictures):
        if frame.is_corrupt:
            raise CorruptMedia(f"frame {index} of the clip is damaged")
        if index >= limits.max_frames:
            raise TooLarge(f"the clip has over {limits.max_frames:,} frames")
        yield frame


def _facts(data: bytes, walked: _Walked, first: av.VideoFrame) -> VideoFacts:
    """What packets, header and first frame say, in one place."""
    seen = _Seen.of(walked.container, first)
    frame, shown, clock = seen.frame, seen.shown, walked.clock
    audio = _audio(walked.container)
    media_type = walked.media_type
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
