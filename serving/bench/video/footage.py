"""A clip in memory, frame by frame: what faults are planted in, and how it is coded again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from assets.encode import Planes, Sound, VideoWriter, planes
from assets.planes import rgb
from assets.sound import read_sound
from assets.video import VideoFacts, probe_video, read_frames

Pixels = np.ndarray
"""(H, W, 3) uint8 sRGB."""

SMALL_SIDE_PX = 180
"""The shorter side of the small brightness pictures that motion is read from."""


@dataclass(frozen=True, eq=False)
class Footage:
    """A decoded clip: its frames, as they are coded (even sides), and its sound.

    `facts` describe the file it was read from.
    """

    planes: tuple[Planes, ...]
    facts: VideoFacts
    sound: Sound | None

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self.planes)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        height, width = self.planes[0].y.shape
        return width, height

    @property
    def fps(self) -> float:
        """Frames a second."""
        return float(self.facts.fps)

    def rgb(self, index: int) -> Pixels:
        """That frame in colours."""
        held = self.planes[index]
        stacked = np.concatenate([held.y.ravel(), held.u.ravel(), held.v.ravel()])
        rows = stacked.reshape(-1, held.y.shape[1])
        frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        frame.colorspace, frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        return rgb(frame)

    def frames_in(self, seconds: float, *, least: int = 1) -> int:
        """How many frames that is, at least `least`."""
        return max(least, round(seconds * self.fps))

    @cached_property
    def small(self) -> np.ndarray:
        """(n, h, w) uint8: brightness of every frame, the shorter side 180 px at most."""
        width, height = self.size_px
        scale = min(1.0, SMALL_SIDE_PX / min(width, height))
        size = (max(16, round(width * scale)), max(16, round(height * scale)))
        lumas = (held.y for held in self.planes)
        return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in lumas])

    @cached_property
    def steps(self) -> np.ndarray:
        """(n − 1,) float: mean difference in levels between each frame and the next."""
        small = self.small.astype(np.int16)
        return np.abs(np.diff(small, axis=0)).mean(axis=(1, 2))

    @cached_property
    def cuts(self) -> tuple[int, ...]:
        """Indices of the frames that begin another shot: a step far above those around it."""
        steps = self.steps
        return tuple(
            at + 1
            for at in range(len(steps))
            if steps[at] > 12.0 and steps[at] > 4.0 * np.median(steps[max(0, at - 6) : at + 7])
        )


def read_footage(data: bytes) -> Footage:
    """The clip in the bytes, whole. Raises what `assets.video.read_frames` raises."""
    facts = probe_video(data)
    held = tuple(_even(rgb(frame.frame)) for frame in read_frames(data))
    return Footage(held, facts, read_sound(data) if facts.audio else None)


def coded(footage: Footage, frames: Sequence[int | Pixels], *, sound: Sound | None = None) -> bytes:
    """An MP4 of those frames at the footage's rate: indices of its own frames, or pictures.

    Clean twins and spoilt clips go through here alike, so that the coding gives nothing away.
    """
    shown = (footage.planes[at] if isinstance(at, int) else planes(at) for at in frames)
    return _written(shown, fps=footage.facts.fps, sound=sound)


def filmed(frames: Iterable[Pixels], *, fps: Fraction | int, sound: Sound | None = None) -> bytes:
    """An MP4 of those pictures."""
    return _written((planes(picture) for picture in frames), fps=fps, sound=sound)


def _written(shown: Iterable[Planes], *, fps: Fraction | int, sound: Sound | None) -> bytes:
    shown = iter(shown)
    first = next(shown)
    height, width = first.y.shape
    writer = VideoWriter(width_px=width, height_px=height, fps=fps, sound=sound)
    for picture in chain((first,), shown):
        writer.write_planes(picture)
    return writer.finish()


def _even(picture: Pixels) -> Planes:
    """The picture as it is coded, without the last row or column of an odd side."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    return planes(np.ascontiguousarray(picture[:height, :width]))
