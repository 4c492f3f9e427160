"""Sound: samples with their rate, and the sound track of a clip read from untrusted bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import av
import numpy as np

from assets.clipfacts import DEFAULT_LIMITS, VideoLimits
from assets.errors import TooLarge
from assets.guarded import checked, opened

RATE_HZ = 48_000
"""The one rate that is written and read. Source: every channel of `channels.toml` takes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Stereo sound: `samples` (n, 2) float32, −1..1, left then right."""

    samples: np.ndarray
    rate_hz: int = RATE_HZ

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 2 or self.samples.shape[1] != 2:
            raise ValueError(
                f"samples must be (n, 2) float32, are {self.samples.shape} {self.samples.dtype}"
            )

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate_hz


def read_sound(data: bytes, *, limits: VideoLimits = DEFAULT_LIMITS) -> Sound | None:
    """The clip's first sound track as 48 kHz stereo, or None when it has none.

    Begins where the first frame of the sound stands. Raises UnsupportedMedia, CorruptMedia,
    TooLarge as `probe_video` does.
    """
    media_type = checked(data, limits)
    with opened(data, media_type, limits) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        to_stereo = av.AudioResampler(format="flt", layout="stereo", rate=RATE_HZ)
        pieces: list[np.ndarray] = []
        held = 0
        for piece in _resampled(container.decode(stream), to_stereo):
            held += len(piece)
            if held > limits.max_duration_s * RATE_HZ:
                raise TooLarge(f"the sound lasts over {limits.max_duration_s:,.0f} s")
            pieces.append(piece)
        length_s = stream.duration and stream.time_base and stream.duration * stream.time_base
    samples = np.concatenate(pieces) if pieces else np.zeros((0, 2), np.float32)
    said = int(length_s * RATE_HZ) if length_s else len(samples)
    return Sound(np.clip(samples[:said], -1, 1))


def _resampled(
    frames: Iterator[av.AudioFrame], to_stereo: av.AudioResampler
) -> Iterator[np.ndarray]:
    for frame in chain(frames, (None,)):
        for piece in to_stereo.resample(frame):
            yield piece.to_ndarray().reshape(-1, 2)
