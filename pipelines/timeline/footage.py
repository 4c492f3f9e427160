"""A clip read for cutting: a small look at every frame, and full frames in stored planes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import av
import cv2
import numpy as np

from assets.encode import Planes, planes
from assets.video import Frame, VideoFacts, luma, read_frames, rgb

LOOK_PX = 160
"""Longer side of a look. Texture and noise are averaged away, what an eye follows is not."""

SECOND_CRF = 18
"""Quality of a clip that is encoded a second time: its first loss shall stay the only one seen.
Source: measured on 4 s of a rendered clip of 1080² (2026-11-22): crf 18 51.7 dB to the first
generation, 23 49.0 dB."""

_BT709 = 1
_STUDIO_SWING = 1
"""Source: ITU-T H.273, tables 4 and section 8.3."""


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """The clip's bytes and facts, and `looks` (n, h, w) float32 0..255, one for each frame."""

    data: bytes
    facts: VideoFacts
    looks: np.ndarray

    @property
    def fps(self) -> float:
        """Frames a second."""
        return float(self.facts.fps)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of what is written: even, as 4:2:0 asks."""
        return self.facts.width_px // 2 * 2, self.facts.height_px // 2 * 2


def read_footage(data: bytes, facts: VideoFacts) -> Footage:
    """The clip with a look at every frame: one decode pass. Raises what `read_frames` raises."""
    size = look_size_px(facts.width_px, facts.height_px)
    looks = [luma(each.frame, size) for each in read_frames(data)]
    return Footage(data, facts, np.stack(looks).astype(np.float32))


def look_size_px(width_px: int, height_px: int) -> tuple[int, int]:
    """(width, height) of a look at a frame of that size."""
    scale = min(1.0, LOOK_PX / max(width_px, height_px))
    return max(8, round(width_px * scale)), max(8, round(height_px * scale))


def packed_frames(footage: Footage, *, first: int = 0) -> Iterator[np.ndarray]:
    """The frames from `first` on as (H·3/2, W) uint8: Y, then U, then V, BT.709 in studio swing."""
    kept = (each for each in read_frames(footage.data) if each.index >= first)
    return (packed(each, footage.size_px) for each in kept)


def chosen_frames(footage: Footage, numbers: Collection[int]) -> list[np.ndarray]:
    """Those frames as `packed_frames` gives them, in rising order; reads up to the last of them."""
    frames = islice(read_frames(footage.data), max(numbers) + 1)
    return [packed(each, footage.size_px) for each in frames if each.index in numbers]


def packed(frame: Frame, size_px: tuple[int, int]) -> np.ndarray:
    """One frame as `packed_frames` gives them; pixels stored so already are not converted."""
    picture, width, height = frame.frame, *size_px
    even = (picture.width, picture.height) == size_px
    if even and _is_stored_so(picture):
        return picture.to_ndarray(format="yuv420p")
    return joined(planes(np.ascontiguousarray(rgb(picture)[:height, :width])))


def joined(picture: Planes) -> np.ndarray:
    """The planes in one (H·3/2, W) array."""
    height, width = picture.y.shape
    colour = np.concatenate((picture.u.ravel(), picture.v.ravel()))
    return np.vstack((picture.y, colour.reshape(height // 2, width)))


def parted(array: np.ndarray) -> Planes:
    """The planes of a (H·3/2, W) array."""
    height, width = array.shape[0] * 2 // 3, array.shape[1]
    colour = array[height:].reshape(2, height // 2, width // 2)
    return Planes(array[:height], colour[0], colour[1])


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two looks are apart: root mean square, 0..255. Local changes weigh more than mean."""
    return float(np.sqrt(np.mean(np.square(one - other))))


def look_at(picture_rgb: np.ndarray, footage: Footage) -> np.ndarray:
    """A picture (H, W, 3) uint8 sRGB as a look of the footage's size."""
    size = (footage.looks.shape[2], footage.looks.shape[1])
    grey = cv2.cvtColor(picture_rgb, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _is_stored_so(picture: av.VideoFrame) -> bool:
    return (
        picture.format.name == "yuv420p"
        and picture.colorspace == _BT709
        and picture.color_range == _STUDIO_SWING
    )
