"""A clip as the judge's instruments see it: decoded once, small, split into shots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import av
import cv2
import numpy as np

from assets.planes import shrunk
from assets.video import VideoFacts, luma, opened_clip, read_frames, rgb
from qa.film.shots import split
from qa.vision.arrays import Numbers, Pixels

LUMA_PIXELS = 57_600
"""About 320 × 180: what local detectors need. Source: research 2026-11, judge, best recipe 2."""

_SIDE_STEP_PX = 8
_NEARLY_THERE = 1.05
_COLOUR_SHRINK = 4
_STILL_EVERY_S = 1.0
_MOST_STILLS = 16
_STILL_PIXELS = 2_100_000
_PLANAR = {"yuv420p": (2, 2), "yuvj420p": (2, 2), "yuv422p": (2, 1), "yuv444p": (1, 1)}
_FULL_RANGE, _BT709, _UNTAGGED = 2, 1, 2
_HD_LINES = 720
_SHARES = {_BT709: (0.2126, 0.0722), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_BT601 = (0.299, 0.114)
_TINT = 255 / 224


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reel:
    """A clip after its one decode pass. Frames count from 0 in the order of showing.

    `luma` (n, h, w) uint8, full range, about 57.6k px, sides multiples of 8; `colour`
    (n, h / 4, w / 4, 3) uint8 sRGB; `stills` frame index → (H, W, 3) uint8 sRGB, about one a second
    and at most 16, full size up to 2.1 megapixels; `times_s` (n,) float64, when each frame is
    shown; `shots` (first, last) inclusive, split at hard cuts; `cuts` (n,) float32, how much a
    frame is cut off from the one before (see `qa.film.shots`).
    """

    facts: VideoFacts
    luma: Pixels
    colour: Pixels
    stills: dict[int, Pixels]
    times_s: Numbers
    fps: float
    cuts: Numbers
    shots: tuple[tuple[int, int], ...]

    @property
    def frames(self) -> int:
        """How many frames the clip really has."""
        return len(self.luma)


def read_reel(data: bytes) -> Reel:
    """The reel of a clip's bytes. Raises what `assets.video.read_frames` raises.

    Peak memory is 130 kB a frame and 3 to 6 MB a still: about 130 MB for 15 s at 30 fps.
    """
    stills: dict[int, Pixels] = {}
    small: list[Pixels] = []
    colour: list[Pixels] = []
    times: list[float] = []
    with opened_clip(data) as clip:
        facts = clip.facts
        size, wanted = luma_size(facts.width_px, facts.height_px), _still_indices(facts)
        for item in clip.frames:
            small.append(_small(item.frame, size))
            colour.append(_colour(item.frame, small[-1]))
            times.append(item.time_s)
            if item.index in wanted:
                stills[item.index] = _still(item.frame)
    brightness = np.stack(small)
    cuts, shots = split(brightness)
    return Reel(
        facts=facts,
        luma=brightness,
        colour=np.stack(colour),
        stills=stills,
        times_s=np.array(times),
        fps=float(facts.fps),
        cuts=cuts,
        shots=shots,
    )


def stills_of(data: bytes, wanted: frozenset[int]) -> dict[int, Pixels]:
    """Those frames of a clip as `Reel.stills` has them: decoded anew, up to the last wanted one.

    Frames beyond the clip's end are left out. Raises what `assets.video.read_frames` raises.
    """
    stills: dict[int, Pixels] = {}
    last = max(wanted, default=-1)
    for item in read_frames(data):
        if item.index in wanted:
            stills[item.index] = _still(item.frame)
        if item.index >= last:
            break
    return stills


def luma_size(width_px: int, height_px: int) -> tuple[int, int]:
    """(width, height) of the small picture: about 57.6k px, sides multiples of 8, never larger."""
    scale = min(1.0, math.sqrt(LUMA_PIXELS / (width_px * height_px)))
    sides = (round(side * scale / _SIDE_STEP_PX) for side in (width_px, height_px))
    width, height = (max(_SIDE_STEP_PX, side * _SIDE_STEP_PX) for side in sides)
    return width, height


def _still_indices(facts: VideoFacts) -> frozenset[int]:
    """Frames in the middle of each of up to 16 equal stretches of a second or more."""
    count = min(_MOST_STILLS, max(1, round(facts.frames / float(facts.fps or 1) / _STILL_EVERY_S)))
    return frozenset(int((turn + 0.5) * facts.frames / count) for turn in range(count))


def _small(frame: av.VideoFrame, size: tuple[int, int]) -> Pixels:
    """The frame's brightness at `size`: first by a whole factor, which is four times as quick."""
    most = min(frame.width // size[0], frame.height // size[1])
    whole = math.gcd(frame.width, frame.height)
    factor = max(part for part in range(1, max(most, 1) + 1) if whole % part == 0)
    between = luma(frame, (frame.width // factor, frame.height // factor))
    if between.shape == (size[1], size[0]):
        return between
    return _resized(between, size)


def _resized(plane: Pixels, size: tuple[int, int]) -> Pixels:
    """The plane at `size`, areas averaged; where a twentieth at most is missing, between pixels.

    There both agree within a fiftieth of the step from row to row, in a third of the time.
    """
    little = plane.shape[0] <= _NEARLY_THERE * size[1] and plane.shape[1] <= _NEARLY_THERE * size[0]
    return cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR if little else cv2.INTER_AREA)


def _colour(frame: av.VideoFrame, gray: Pixels) -> Pixels:
    """(h / 4, w / 4, 3) uint8 sRGB from the small brightness and the shrunk chroma planes.

    An untagged frame is read as BT.709 from 720 lines on and as BT.601 below, as players do.
    Source: ITU-R BT.601, BT.709, BT.2020 (shares of red and blue; 224 chroma levels).
    """
    size = (gray.shape[1] // _COLOUR_SHRINK, gray.shape[0] // _COLOUR_SHRINK)
    coded = cv2.merge([shrunk(gray, size), *_chroma(frame, size)])
    tint = 1.0 if _is_full_range(frame) else _TINT
    return cv2.transform(coded, _matrix(_shares(frame), (0.0, 1.0, tint)))


def _chroma(frame: av.VideoFrame, size: tuple[int, int]) -> list[Pixels]:
    """Both chroma planes at `size`, (h, w) uint8, 128 is grey."""
    small = []
    for whole in _planes(frame)[1:]:
        height, width = whole.shape
        factor = max(1, min(width // size[0], height // size[1]))
        even = whole[: height // factor * factor, : width // factor * factor]
        small.append(_resized(shrunk(even, (width // factor, height // factor)), size))
    return small


def _planes(frame: av.VideoFrame) -> list[Pixels]:
    """Brightness and both chroma planes as they are coded, 8 bits each."""
    plain = frame if frame.format.name in _PLANAR else frame.reformat(format="yuv420p")
    across, down = _PLANAR[plain.format.name]
    sizes = ((1, 1), (across, down), (across, down))
    planes: tuple[Any, ...] = plain.planes
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[
            : -(-plain.height // lower), : -(-plain.width // fewer)
        ]
        for plane, (fewer, lower) in zip(planes[:3], sizes, strict=True)
    ]


def _is_full_range(frame: av.VideoFrame) -> bool:
    return frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE


def _shares(frame: av.VideoFrame) -> tuple[float, float]:
    matrix = int(frame.colorspace)
    hd = min(frame.width, frame.height) >= _HD_LINES
    return _SHARES.get(_BT709 if matrix == _UNTAGGED and hd else matrix, _BT601)


def _still(frame: av.VideoFrame) -> Pixels:
    """(H, W, 3) uint8 sRGB, a third of a level from `assets.planes.rgb`, in a quarter of its time.

    Source: ITU-R BT.601, BT.709, BT.2020.
    """
    shrink = min(1.0, math.sqrt(_STILL_PIXELS / (frame.width * frame.height)))
    size = (round(frame.width * shrink), round(frame.height * shrink))
    if frame.format.name not in _PLANAR:
        return cv2.resize(rgb(frame), size, interpolation=cv2.INTER_AREA)
    level, *chroma = _planes(frame)
    coded = [
        cv2.resize(level, size, interpolation=cv2.INTER_AREA),
        *(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma),
    ]
    return cv2.transform(cv2.merge(coded), _to_rgb(frame))


def _to_rgb(frame: av.VideoFrame) -> Numbers:
    """The (3, 4) map of brightness and chroma levels as coded to red, green and blue."""
    levels = (0.0, 1.0, 1.0) if _is_full_range(frame) else (16.0, 255 / 219, _TINT)
    return _matrix(_shares(frame), levels)


@cache
def _matrix(shares: tuple[float, float], levels: tuple[float, float, float]) -> Numbers:
    """That map from the shares of red and blue and from (black, light, tint): where 0 is, steps."""
    red, blue = shares
    green = 1 - red - blue
    black, light, tint = levels
    matrix = np.array(
        [
            [light, 0.0, 2 * (1 - red) * tint],
            [light, -2 * blue * (1 - blue) / green * tint, -2 * red * (1 - red) / green * tint],
            [light, 2 * (1 - blue) * tint, 0.0],
        ]
    )
    return np.hstack([matrix, -matrix @ [[black], [128.0], [128.0]]])
