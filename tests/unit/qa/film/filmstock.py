"""Tiny reels made by hand: a textured picture that moves, and what spoils it."""

from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np

from assets.video import VideoFacts
from qa.film.pulse import Pulse, read_pulse
from qa.film.reel import Reel
from qa.film.shots import split

FPS = 24
SIZE = (160, 120)
FRAMES = 48


def texture(seed: int = 0) -> np.ndarray:
    """(240, 480, 3) uint8: soft coloured noise with some fine grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 215, (16, 32, 3), dtype=np.uint8)
    large = cv2.resize(coarse, (480, 240), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(0, 12, (240, 480)), (0, 0), 0.9)
    return np.clip(large + grain[..., None], 0, 255).astype(np.uint8)


def moving(seed: int = 0, *, step_px: float = 1.0, frames: int = FRAMES) -> list[np.ndarray]:
    """A steady pan over the texture, (120, 160, 3) uint8 each."""
    picture = texture(seed)
    shift = (np.array([[1, 0, -40 - at * step_px], [0, 1, -40]], float) for at in range(frames))
    return [cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_LINEAR) for matrix in shift]


def spoilt(first: int, last: int, change: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """The pan with the frames first..last replaced."""
    frames = moving()
    return [change(at) if first <= at <= last else frame for at, frame in enumerate(frames)]


def reel_of(frames: list[np.ndarray], *, fps: int = FPS) -> Reel:
    """The reel of RGB frames, as if they had been decoded."""
    luma = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    small = (SIZE[0] // 4, SIZE[1] // 4)
    colour = np.stack([cv2.resize(f, small, interpolation=cv2.INTER_AREA) for f in frames])
    cuts, shots = split(luma)
    return Reel(
        facts=facts(frames=len(frames), fps=fps),
        luma=luma,
        colour=colour,
        stills={at: frames[at] for at in range(fps // 2, len(frames), fps)},
        times_s=np.arange(len(frames)) / fps,
        fps=float(fps),
        cuts=cuts,
        shots=shots,
    )


def watched(frames: list[np.ndarray], *, fps: int = FPS) -> tuple[Reel, Pulse]:
    """The reel and its pulse."""
    reel = reel_of(frames, fps=fps)
    return reel, read_pulse(reel)


def facts(*, frames: int = FRAMES, fps: int = FPS) -> VideoFacts:
    """What a faultless square file of that length says of itself."""
    return VideoFacts(
        container="mp4",
        video_codec="h264",
        pixel_format="yuv420p",
        width_px=1080,
        height_px=1080,
        fps=Fraction(fps),
        frames=frames,
        duration_s=frames / fps,
        constant_frame_rate=True,
        faststart=True,
        color_primaries="bt709",
        color_transfer="bt709",
        color_matrix="bt709",
        color_range="tv",
        bit_rate=4_000_000,
        audio=None,
    )
