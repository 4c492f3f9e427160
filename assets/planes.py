"""A decoded frame's pixels: brightness, sRGB, and the frame turned upright."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import av
import av.filter
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from assets.errors import UnsupportedMedia

_PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12")
_BT709 = 1
_UNTAGGED = 2
_HD_LINES = 720


def luma(frame: av.VideoFrame, size_px: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8 brightness of the frame at `size_px` (width, height): 0 black, 255 white.

    Reads the brightness plane alone, no colour is converted; shrinking averages areas.
    """
    plain = frame if frame.format.name in _PLANAR else frame.reformat(format="yuv420p")
    plane = plain.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    small = shrunk(rows[: plain.height, : plain.width], size_px)
    return small if _is_full_range(plain) else cv2.LUT(small, _full_swing())


def shrunk(plane: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """The plane (h, w) uint8 at `size_px` (width, height), areas averaged, within a level.

    Whole even factors go by halves: a tenth of the time of one step by four at 720 lines.
    """
    width, height = size_px
    while plane.shape[0] % (2 * height) == 0 and plane.shape[1] % (2 * width) == 0:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(plane, size_px, interpolation=cv2.INTER_AREA)


def rgb(frame: av.VideoFrame) -> np.ndarray:
    """(H, W, 3) uint8 sRGB of the frame at its full size.

    An untagged frame is read as BT.709 from 720 lines on and as BT.601 below, as players do.
    """
    hd = min(frame.width, frame.height) >= _HD_LINES
    is_709 = frame.colorspace == _BT709 or (frame.colorspace == _UNTAGGED and hd)
    return frame.to_ndarray(
        format="rgb24",
        src_colorspace=Colorspace.ITU709 if is_709 else Colorspace.ITU601,
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT,
    )


def upright(frame: av.VideoFrame) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """What turns this frame and those after it as their display matrix says.

    Raises UnsupportedMedia for a matrix that is no quarter turn.
    """
    degrees = round(frame.rotation)
    if degrees == 0:
        return _unturned
    if degrees % 90:
        raise UnsupportedMedia(f"the clip is turned by {degrees}°: only quarter turns are read")
    return _Turner(frame, degrees).turn


def _unturned(frame: av.VideoFrame) -> av.VideoFrame:
    return frame


class _Turner:
    """A filter graph that turns frames; `degrees` counter-clockwise, as in the display matrix."""

    def __init__(self, frame: av.VideoFrame, degrees: int) -> None:
        self._graph = av.filter.Graph()
        steps = {90: ["cclock"], -90: ["clock"]}.get(degrees, ["clock", "clock"])
        nodes = [
            self._graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base,
            ),
            *(self._graph.add("transpose", step) for step in steps),
            self._graph.add("buffersink"),
        ]
        self._graph.link_nodes(*nodes).configure()

    def turn(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame, upright."""
        self._graph.push(frame)
        return self._graph.vpull()


def _is_full_range(frame: av.VideoFrame) -> bool:
    return frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG


@cache
def _full_swing() -> np.ndarray:
    """Studio to full swing, 16..235 to 0..255. Source: ITU-R BT.709-6, section 6.10."""
    steps = (np.arange(256, dtype=np.float32) - 16) * (255 / 219)
    return np.clip(np.rint(steps), 0, 255).astype(np.uint8)
