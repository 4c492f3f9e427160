"""Clips written: frames and sound to an MP4 that every channel and browser plays."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from tempfile import TemporaryFile

import av
import cv2
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags
from av.container import OutputContainer

from assets.faststart import put_index_first
from assets.sound import RATE_HZ, Sound

__all__ = ["Planes", "Sound", "VideoWriter", "planes"]

_BT709 = 1
_STUDIO_SWING = 1
"""Source: ITU-T H.273, tables 2, 3, 4 and section 8.3."""

_AAC_SAMPLES = 1024
_AAC_BITS_PER_SECOND = 160_000
_THREADS = 2
_SETTINGS = {
    "preset": "superfast",
    "profile": "high",
    "x264-params": "open-gop=0:bframes=2:rc-lookahead=0:mbtree=0:aq-mode=3",
}
"""Source: measured at 1080² on a rendered scene with textured ground, per frame of one core
(2026-11-22): superfast crf 23 10.8 ms, 374 kB/s, 49.2 dB; crf 20 11.5 ms, 668 kB/s, 51.4 dB;
veryfast crf 20 17.2 ms, 418 kB/s, 50.3 dB; faster crf 22 37 ms, 264 kB/s, 49.0 dB. Without
mbtree: its vector code reads memory that was never written (same frames, other bytes).
`aq-mode=3` spends more on dark, smooth grounds, where bands would show.
"""

_MUXING = {"fflags": "+bitexact", "movflags": "+negative_cts_offsets", "use_editlist": "0"}
"""No name of the muxer, no edit lists. Source: support.google.com/youtube/answer/1722171."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """A picture as H.264 stores it: BT.709 in studio swing, uint8.

    `y` (H, W) 16..235, `u` and `v` (H/2, W/2) 16..240.
    """

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray


def planes(rgb: np.ndarray) -> Planes:
    """The picture (H, W, 3) uint8 sRGB as BT.709 planes; colour is averaged over 2 × 2 pixels.

    Three times faster than swscale (5 ms against 15 ms at 1080², one core). H and W are even.
    """
    height_px, width_px = rgb.shape[:2]
    half = cv2.resize(rgb, (width_px // 2, height_px // 2), interpolation=cv2.INTER_AREA)
    to_y, to_u, to_v = _matrix()
    return Planes(cv2.transform(rgb, to_y), cv2.transform(half, to_u), cv2.transform(half, to_v))


class VideoWriter:
    """Writes one clip: H.264 High, yuv420p, BT.709 tagged, constant rate, a key frame a second.

    Memory does not grow with the clip's length: the file waits in the system's folder for temporary
    files until it is finished. The same frames give the same bytes. `crf` is the quality: 20 for
    masters, 23 shows no bands or blocks in smooth walls at four times the contrast, 26 is lean.
    Raises ValueError for odd sizes: 4:2:0 has no half colour pixels.
    """

    def __init__(
        self,
        *,
        width_px: int,
        height_px: int,
        fps: Fraction | int,
        sound: Sound | None = None,
        crf: int = 23,
    ) -> None:
        if width_px % 2 or height_px % 2 or min(width_px, height_px) < 16:
            raise ValueError(
                f"a clip's sides must be even and 16 px at least: {width_px} × {height_px}"
            )
        if sound is not None and sound.rate_hz != RATE_HZ:
            raise ValueError(f"sound must have {RATE_HZ:,} Hz, has {sound.rate_hz:,}")
        self._size_px = (width_px, height_px)
        self._fps = Fraction(fps)
        self._frames = 0
        self._crf = crf
        self._file = TemporaryFile()  # noqa: SIM115 -- open while frames come; `finish` closes it
        weakref.finalize(self, self._file.close)
        self._container = av.open(self._file, "w", format="mp4", options=_MUXING)
        self._video = self._video_stream()
        self._track = None if sound is None else _SoundTrack(self._container, sound)
        self._nameless = BitStreamFilterContext("filter_units=remove_types=6", self._video)

    def write(self, rgb: np.ndarray) -> None:
        """Adds a frame: (H, W, 3) uint8 sRGB of the clip's size."""
        self.write_planes(planes(rgb))

    def write_planes(self, picture: Planes) -> None:
        """Adds a frame that is in BT.709 planes already."""
        width_px, height_px = self._size_px
        if picture.y.shape != (height_px, width_px):
            raise ValueError(f"the frame is {picture.y.shape}, the clip {(height_px, width_px)}")
        frame = av.VideoFrame(width_px, height_px, "yuv420p")
        for plane, pixels in zip(frame.planes, (picture.y, picture.u, picture.v), strict=True):
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            rows[: pixels.shape[0], : pixels.shape[1]] = pixels
        frame.pts = self._frames
        frame.time_base = 1 / self._fps
        self._frames += 1
        self._put(frame)
        if self._track:
            self._track.advance(self._frames / self._fps)

    def finish(self) -> bytes:
        """The whole MP4, its index first. Sound is cut, or filled with silence, to the pictures."""
        if not self._frames:
            raise ValueError("a clip has one frame at least")
        self._put(None)
        if self._track:
            self._track.finish(self._frames / self._fps)
        self._container.close()
        with self._file as file:
            put_index_first(file)
            file.seek(0)
            return file.read()

    def _video_stream(self) -> av.VideoStream:
        stream = self._container.add_stream("libx264", rate=self._fps)
        stream.width, stream.height = self._size_px
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.options = {**_SETTINGS, "crf": str(self._crf)}
        context.flags |= Flags.bitexact
        context.thread_count = _THREADS
        context.gop_size = max(1, int(self._fps))
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _STUDIO_SWING
        return stream

    def _put(self, frame: av.VideoFrame | None) -> None:
        for packet in self._video.encode(frame):
            for nameless in self._nameless.filter(packet):
                self._container.mux(nameless)


class _SoundTrack:
    """The sound of a clip, encoded piece by piece beside the pictures.

    AAC begins with a frame of its own making; without an edit list a player plays it. It stands
    in for the first 21 ms of the sound, so that all after it is in step with the pictures.
    """

    def __init__(self, container: OutputContainer, sound: Sound) -> None:
        self._container = container
        self._samples = sound.samples
        self._taken = _AAC_SAMPLES
        self._stream = container.add_stream("aac", rate=RATE_HZ)
        self._stream.layout = "stereo"
        self._stream.bit_rate = _AAC_BITS_PER_SECOND
        self._stream.codec_context.flags |= Flags.bitexact

    def advance(self, until_s: Fraction) -> None:
        """Encodes whole AAC frames up to a time, so that pictures and sound lie side by side."""
        while self._taken + _AAC_SAMPLES <= int(until_s * RATE_HZ):
            self._encode(_AAC_SAMPLES)

    def finish(self, until_s: Fraction) -> None:
        """Ends the track at that time: the sound is cut, or filled up with silence."""
        self.advance(until_s)
        rest = int(until_s * RATE_HZ) - self._taken
        if rest > 0:
            self._encode(rest)
        for packet in self._stream.encode(None):
            self._container.mux(packet)

    def _encode(self, count: int) -> None:
        piece = np.zeros((2, count), np.float32)
        heard = self._samples[self._taken : self._taken + count]
        piece[:, : len(heard)] = heard.T
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE_HZ, self._taken - _AAC_SAMPLES
        frame.time_base = Fraction(1, RATE_HZ)
        self._taken += count
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


@cache
def _matrix() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that give Y, Cb and Cr in studio swing from R, G, B of 0..255, the offset last.

    Source: ITU-R BT.709-6, sections 3.2 to 3.4 and 6.10.
    """
    luma = np.array([0.2126, 0.7152, 0.0722])
    to_y = luma * 219 / 255
    to_u = (np.array([0, 0, 1]) - luma) / 1.8556 * 224 / 255
    to_v = (np.array([1, 0, 0]) - luma) / 1.5748 * 224 / 255
    return (
        np.append(to_y, 16)[None],
        np.append(to_u, 128)[None],
        np.append(to_v, 128)[None],
    )
