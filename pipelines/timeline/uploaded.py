"""An uploaded clip in the shape that the channel takes: as it is, or encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np

from assets.encode import VideoWriter
from assets.sound import RATE_HZ, Sound, read_sound
from assets.video import read_frames, rgb
from pipelines.timeline.footage import SECOND_CRF
from pipelines.timeline.recipe import Swap


def published(data: bytes, swap: Swap) -> bytes:
    """The clip as an MP4 of the size and rate ordered. Raises what `read_frames` raises."""
    if swap.as_it_is:
        return data
    fps = Fraction(swap.fps)
    size = (swap.width_px, swap.height_px)
    sound = read_sound(data)
    if sound is None and swap.sound:
        sound = Sound(np.zeros((RATE_HZ, 2), np.float32))
    writer = VideoWriter(width_px=size[0], height_px=size[1], fps=fps, crf=SECOND_CRF, sound=sound)
    for picture in _at_rate(data, fps=float(fps)):
        writer.write(fitted(picture, size))
    return writer.finish()


def still(data: bytes, *, at_s: float) -> np.ndarray:
    """The frame shown at a time, (H, W, 3) uint8 sRGB; the last one after the end."""
    shown: np.ndarray | None = None
    for frame in read_frames(data):
        if shown is not None and frame.time_s > at_s:
            break
        shown = rgb(frame.frame)
    return shown if shown is not None else np.zeros((16, 16, 3), np.uint8)


def fitted(picture: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The picture (H, W, 3) scaled to fill (width, height), what juts out cut off on both sides."""
    height, width = picture.shape[:2]
    if (width, height) == size_px:
        return picture
    scale = max(size_px[0] / width, size_px[1] / height)
    scaled_px = (
        max(size_px[0], round(width * scale)),
        max(size_px[1], round(height * scale)),
    )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, scaled_px, interpolation=how)
    left, top = (scaled_px[0] - size_px[0]) // 2, (scaled_px[1] - size_px[1]) // 2
    return np.ascontiguousarray(scaled[top : top + size_px[1], left : left + size_px[0]])


def _at_rate(data: bytes, *, fps: float) -> Iterator[np.ndarray]:
    """The frames at a constant rate: at each tick the one whose time is nearest before it."""
    tick, shown = 0, None
    last_s = step_s = 0.0
    for frame in read_frames(data):
        while shown is not None and tick / fps < frame.time_s - 0.5 / fps:
            yield shown
            tick += 1
        shown = rgb(frame.frame)
        step_s, last_s = frame.time_s - last_s, frame.time_s
    while shown is not None and tick / fps < last_s + step_s - 0.5 / fps:
        yield shown
        tick += 1
