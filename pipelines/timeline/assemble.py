"""The joined clip: pieces of film and sound laid on one timeline (moviepy), written frame by frame.

A person waits for it, so frames that stay are passed on as they are stored: no colour is converted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from assets.encode import VideoWriter
from assets.sound import RATE_HZ, Sound, read_sound
from pipelines.timeline.footage import SECOND_CRF, Footage, packed_frames, parted
from pipelines.timeline.splice import Splice

if TYPE_CHECKING:
    from moviepy import VideoClip
    from moviepy.Clip import Clip

SEAM_S = 0.03
"""Least time over which the sound goes over: a shorter one clicks. Source: common editing practice,
10 to 30 ms."""


def assemble(footage: Footage, splice: Splice, *, mixed: Sequence[np.ndarray]) -> bytes:
    """The joined clip as an MP4; `mixed` are the new frames of the join, packed."""
    from moviepy import concatenate_videoclips

    fps = footage.fps
    pieces = [
        *_piece(_Forward(packed_frames(footage)).at, splice.left, fps=fps),
        *_piece(mixed.__getitem__, len(mixed), fps=fps),
        *_piece(_after(footage, splice), splice.frames - splice.right, fps=fps),
    ]
    timeline = concatenate_videoclips(pieces, method="chain")
    width, height = footage.size_px
    writer = VideoWriter(
        width_px=width,
        height_px=height,
        fps=footage.facts.fps,
        crf=SECOND_CRF,
        sound=spliced_sound(read_sound(footage.data), splice, fps=fps),
    )
    for index in range(splice.frames_out):
        # The middle of a frame's time: no rounding of times can fall into the next one.
        writer.write_planes(parted(np.asarray(timeline.get_frame((index + 0.5) / fps))))
    return writer.finish()


def spliced_sound(sound: Sound | None, splice: Splice, *, fps: float) -> Sound | None:
    """The sound cut where the picture is cut, and gone over while the picture goes over."""
    if sound is None:
        return None
    from moviepy import CompositeAudioClip

    length = round(splice.frames_out / fps * RATE_HZ)
    seam = _seam(splice, fps=fps)
    shift = round(splice.shift / fps * RATE_HZ)
    heard = []
    if splice.left + splice.mixed:
        heard.append(_leaving(sound.samples[: seam[1]], seam))
    if splice.right < splice.frames:
        heard.append(_coming(sound.samples[seam[0] - shift :], seam))
    timeline = CompositeAudioClip(heard).with_duration(length / RATE_HZ)
    samples = timeline.to_soundarray(fps=RATE_HZ)[:length]
    return Sound(np.clip(samples, -1, 1).astype(np.float32))


def _seam(splice: Splice, *, fps: float) -> tuple[int, int]:
    """The samples (first, end) of the new clip in which one side's sound goes over to the other.

    At a cut end there is one side only: it comes, or goes, within the clip.
    """
    least = round(SEAM_S * RATE_HZ)
    first = round(splice.left / fps * RATE_HZ)
    end = round((splice.left + splice.mixed) / fps * RATE_HZ)
    if splice.right >= splice.frames:
        return end - least, end
    if not end:
        return 0, least
    missing = max(0, least - (end - first))
    return first - missing // 2, end + missing - missing // 2


def _leaving(samples: np.ndarray, seam: tuple[int, int]) -> Clip:
    """The sound up to the seam's end, fading over the seam; one that ended before just ends."""
    from moviepy import afx

    fade = afx.AudioFadeOut((seam[1] - seam[0]) / RATE_HZ)
    return _audio(samples).with_effects([fade] if len(samples) == seam[1] else [])


def _coming(samples: np.ndarray, seam: tuple[int, int]) -> Clip:
    """The sound from the seam's beginning on, rising over the seam."""
    from moviepy import afx

    fade = afx.AudioFadeIn((seam[1] - seam[0]) / RATE_HZ)
    return _audio(samples).with_effects([fade]).with_start(seam[0] / RATE_HZ)


def _audio(samples: np.ndarray) -> Clip:
    from moviepy import AudioArrayClip

    # A track that ended before the pictures do leaves nothing: one silent sample stands for it.
    heard = samples if len(samples) else np.zeros((1, 2), np.float32)
    return AudioArrayClip(heard, RATE_HZ)


def _piece(at: Callable[[int], np.ndarray], count: int, *, fps: float) -> Iterator[VideoClip]:
    """A piece of film of `count` frames, or nothing."""
    from moviepy import VideoClip

    if count:
        yield VideoClip(lambda t: at(int(t * fps)), duration=count / fps)


def _after(footage: Footage, splice: Splice) -> Callable[[int], np.ndarray]:
    return _Forward(packed_frames(footage, first=splice.right)).at


class _Forward:
    """Frames by number, asked for in rising order: one decoder, one frame held."""

    def __init__(self, frames: Iterator[np.ndarray]) -> None:
        self._frames = enumerate(frames)
        self._index = -1
        self._frame = np.zeros((0, 0), np.uint8)

    def at(self, index: int) -> np.ndarray:
        """The frame of that number."""
        while self._index < index:
            self._index, self._frame = next(self._frames)
        return self._frame
