"""The poster beside its clip: is it one of the clip's frames, and one worth showing?

What the frame shows was judged with the clip; these are the faults that a poster has of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from assets.media import Picture
from qa.film.found import found
from qa.film.reel import Reel
from qa.film.screened import Screened
from qa.vision.arrays import Numbers, Pixels
from qa.vision.observed import Reading

_AROUND_S = 1.0
_CELLS = 8
_BT709, _BT601 = (0.2126, 0.7152, 0.0722), (0.299, 0.587, 0.114)
"""Shares of red, green and blue in brightness. Source: ITU-R BT.709, BT.601."""

_LEAST_EDGE_LEVELS = 0.5


def size_differs(poster: Picture, seen: Screened) -> Reading:
    """How far the poster's sides are from the clip's, as a share of the larger; 0 is best."""
    facts = seen.reel.facts
    shares = (
        abs(poster.width_px - facts.width_px) / max(poster.width_px, facts.width_px),
        abs(poster.height_px - facts.height_px) / max(poster.height_px, facts.height_px),
    )
    message = (
        f"the poster is {poster.width_px} × {poster.height_px} px, "
        f"its clip {facts.width_px} × {facts.height_px} px: the picture jumps when it begins"
    )
    return _read(message, number=max(shares), frames=(0, seen.reel.frames - 1))


def foreign(poster: Picture, seen: Screened) -> Reading:
    """How far the poster is from the likest frame of its clip; 0 is best.

    The mean difference in brightness of the worst of 8 × 8 cells, 0..255 levels.
    """
    apart = _apart(poster, seen.reel)
    message = "the poster is no frame of its clip: whoever presses play sees something else"
    frames = (0, seen.reel.frames - 1)
    return _read(message, number=float(apart.min()), frames=frames)


def moment(poster: Picture, seen: Screened) -> Reading:
    """How much less there is to see on the poster than within a second of it, 0..1; 0 is best.

    By the strength of edges: a frame between two captions, or one that moves, has fewer.
    """
    reel = seen.reel
    at, reach = int(_apart(poster, reel).argmin()), max(1, round(_AROUND_S * reel.fps))
    nearby = reel.luma[max(0, at - reach) : at + reach + 1]
    most = max(_edges(frame) for frame in nearby)
    less = max(0.0, 1.0 - _edges(reel.luma[at]) / max(most, _LEAST_EDGE_LEVELS))
    message = f"frame {at} is a poor moment for a poster: within a second there is more to see"
    return _read(message, number=less, frames=(at, at))


POSTER = "beside-frames@1"
POSTER_READINGS: Mapping[str, Callable[[Picture, Screened], Reading]] = {
    "video.poster": foreign,
    "video.poster_moment": moment,
    "video.poster_size": size_differs,
}
"""What is read of a poster, by metric."""


def _read(message: str, *, number: float, frames: tuple[int, int]) -> Reading:
    item = found("poster", message, frames=frames, number=number)
    return Reading(value=number, evidence=(item,))


def _edges(luma: Pixels) -> float:
    """The mean slope of the brightness, levels a pixel."""
    across = cv2.Sobel(luma, cv2.CV_32F, 1, 0) / 8
    down = cv2.Sobel(luma, cv2.CV_32F, 0, 1) / 8
    slopes: Numbers = cv2.magnitude(across, down)
    return float(slopes.mean())


def _apart(poster: Picture, reel: Reel) -> Numbers:
    """(n,) How far the poster is from each frame, whichever matrix the clip's file was in."""
    small = (_small(poster, shares, reel) for shares in (_BT709, _BT601))
    return np.minimum(*(_gaps(each, reel) for each in small))


def _gaps(small: Numbers, reel: Reel) -> Numbers:
    grid = (_CELLS, _CELLS)
    gaps = (cv2.absdiff(frame.astype(np.float32), small) for frame in reel.luma)
    return np.array([cv2.resize(gap, grid, interpolation=cv2.INTER_AREA).max() for gap in gaps])


def _small(poster: Picture, shares: tuple[float, float, float], reel: Reel) -> Numbers:
    """The poster's brightness at the size of the reel's."""
    height, width = reel.luma.shape[1:]
    shrunk = cv2.resize(poster.rgb, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.transform(shrunk.astype(np.float32), np.array([shares]))
