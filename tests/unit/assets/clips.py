"""Small clips in every dress, built by code."""

import io
from fractions import Fraction

import av
import numpy as np

from assets.encode import VideoWriter
from assets.sound import RATE_HZ, Sound

SIZE_PX = (96, 64)


def moving(count: int = 30, size_px: tuple[int, int] = SIZE_PX) -> list[np.ndarray]:
    """Frames with a ramp that moves right by two pixels a frame; the first corner is red."""
    width_px, height_px = size_px
    y, x = np.mgrid[0:height_px, 0:width_px]
    frames = []
    for index in range(count):
        ramp = ((x + 2 * index) * 3 % 200 + 20).astype(np.uint8)
        frame = np.stack((ramp, ramp // 2, (y * 2).astype(np.uint8)), axis=-1)
        frame[:16, :16] = (220, 20, 20)
        frames.append(frame)
    return frames


def tone(duration_s: float) -> Sound:
    """A quiet tone on both sides, with a click in the middle."""
    time = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    wave = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    wave[len(wave) // 2 : len(wave) // 2 + 96] = 0.9
    return Sound(np.stack((wave, wave), axis=1))


def written(frames: list[np.ndarray], *, fps: int | Fraction = 30, sound: Sound | None = None):
    """The frames as our own MP4."""
    height_px, width_px = frames[0].shape[:2]
    writer = VideoWriter(width_px=width_px, height_px=height_px, fps=fps, sound=sound)
    for frame in frames:
        writer.write(frame)
    return writer.finish()


def foreign(
    form: str, codec: str, *, options: dict[str, str] | None = None, times=None, pix_fmt="yuv420p"
) -> bytes:
    """A clip as another program would write it; `times` gives each frame's tick of 1/600 s."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = SIZE_PX
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 600)
        for index, pixels in enumerate(moving()):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pix_fmt)
            frame.time_base = Fraction(1, 600)
            frame.pts = index * 20 if times is None else times[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def turned(data: bytes, *, quarter: bool) -> bytes:
    """The MP4 with a display matrix: a quarter turn clockwise, or an eighth, which nobody reads."""
    one, side = 0x10000, 0xB504  # 1 and cos 45° in 16.16
    matrix = (0, one, 0, -one, 0, 0) if quarter else (side, side, 0, -side, side, 0)
    at = data.index(b"tkhd") + 4 + 4 + 20 + 16
    packed = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    return data[:at] + packed + data[at + 24 :]
