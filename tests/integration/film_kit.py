"""Small clips whose every frame says its own number: a bar as long as the frame's place."""

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from assets.encode import Sound, VideoWriter
from assets.video import read_frames, rgb

SIDE_PX = 96


def sliding(index: int) -> np.ndarray:
    """A bright square that moves half a pixel a frame over a slope of grey."""
    canvas = np.tile(np.linspace(40, 90, SIDE_PX, dtype=np.float32), (SIDE_PX, 1))
    x = 4 + index * 0.45
    left = int(x)
    canvas[30:60, left : left + 20] = 200
    return np.repeat(canvas.astype(np.uint8)[..., None], 3, axis=2)


def pulsing(index: int) -> np.ndarray:
    """A picture that has nothing to do with `sliding`: what a glitch looks like."""
    picture = np.full((SIDE_PX, SIDE_PX, 3), (200, 30, 30), np.uint8)
    picture[::4] = index % 7 * 30
    return picture


def tone(duration_s: float) -> Sound:
    """A quiet chord whose loudness rises with time, so that places in it can be told."""
    t = np.arange(round(duration_s * 48_000)) / 48_000
    wave = (0.05 + 0.03 * t) * np.sin(2 * np.pi * 220 * t)
    return Sound(np.stack((wave, wave), axis=1).astype(np.float32))


def clip(
    frames: int,
    *,
    picture: Callable[[int], np.ndarray] = sliding,
    glitch: tuple[int, int] | None = None,
    sound: bool = False,
    fps: Fraction | int = 30,
) -> bytes:
    """An MP4 of `picture(0..frames−1)`, with `pulsing` in the frames (first, last) of `glitch`."""
    heard = tone(float(frames / Fraction(fps))) if sound else None
    writer = VideoWriter(width_px=SIDE_PX, height_px=SIDE_PX, fps=fps, sound=heard)
    for index in range(frames):
        bad = glitch is not None and glitch[0] <= index <= glitch[1]
        writer.write(pulsing(index) if bad else picture(index))
    return writer.finish()


def as_quicktime(data: bytes, path: Path) -> bytes:
    """The same film in a QuickTime file at `path`, its index first."""
    early = {"movflags": "+faststart"}
    with av.open(io.BytesIO(data)) as source, av.open(path, "w", options=early) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path.read_bytes()


def pictures(data: bytes) -> np.ndarray:
    """All frames of a clip, (n, H, W, 3) uint8."""
    return np.stack([rgb(frame.frame) for frame in read_frames(data)])


def gap(one: np.ndarray, other: np.ndarray) -> float:
    """The mean distance of two pictures, 0..255."""
    return float(np.abs(one.astype(int) - other).mean())
