"""What a clip is: the facts that a probe tells, and the limits a clip must keep to be read."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    """How large a clip may be; checked before a frame is decoded.

    Source: far above what a shop's channels take of a product clip (180 s, 4K); a designed clip
    has 15 s and about 4 MB. `max_frame_pixels` bounds the work: frames times their pixels, as
    many as 180 s of 1080 lines at 60 a second have.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 4096 * 2304
    max_frames: int = 12_000
    max_duration_s: float = 600.0
    max_frame_pixels: int = 24_000_000_000


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
