"""Another moment that shines through where few frames a second show much motion."""

import cv2
import numpy as np

from qa.film.frames.exposures import exposure
from qa.film.frames.softness import SURE

FPS = 8.0
SIZE = (176, 320)


def texture(seed: int, shape: tuple[int, int]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3.0)
    return np.clip(128 + 50 * soft / soft.std(), 0, 255).astype(np.uint8)


def walked(count: int) -> np.ndarray:
    """A dark thing that crosses a textured wall in wide steps, (count, h, w)."""
    wall, thing = texture(1, SIZE), texture(2, (90, 40)) // 3
    frames = np.repeat(wall[None], count, axis=0)
    for at, frame in enumerate(frames):
        left = 10 + 7 * at
        frame[50:140, left : left + 40] = thing
    return frames


def shone_through(frames: np.ndarray, *, span: tuple[int, int], away: int) -> np.ndarray:
    """The frames with half of the moment `away` frames from each one of the span in it."""
    out = frames.copy()
    for at in range(span[0], span[1] + 1):
        out[at] = cv2.addWeighted(frames[at], 0.5, frames[at + away], 0.5, 0.0)
    return out


def test_a_ghost_is_found_from_its_first_frame_to_its_last() -> None:
    spoilt = shone_through(walked(36), span=(15, 19), away=-3)
    seen = exposure(spoilt, FPS, uneven=np.zeros(36, bool))
    assert seen is not None
    assert seen.span == (15, 19)
    assert seen.likeness > SURE


def test_a_thing_that_walks_is_no_ghost() -> None:
    seen = exposure(walked(36), FPS, uneven=np.zeros(36, bool))
    assert seen is None or seen.likeness < 0.8 * SURE


def test_frames_beside_repeated_ones_prove_nothing() -> None:
    spoilt = shone_through(walked(36), span=(15, 19), away=-3)
    uneven = np.zeros(36, bool)
    uneven[14:17] = True
    seen = exposure(spoilt, FPS, uneven=uneven)
    assert seen is None or seen.span[0] not in (14, 15, 16)


def test_a_picture_that_boils_is_no_ghost() -> None:
    """Flow fails everywhere, so any other moment seems to hold half of what it fails at."""
    frames = np.stack([texture(seed, SIZE) for seed in range(24)])
    seen = exposure(frames, FPS, uneven=np.zeros(24, bool))
    assert seen is None or seen.likeness < 0.5 * SURE


def test_a_ghost_tells_how_much_of_another_moment_it_holds() -> None:
    wall = texture(3, (SIZE[0], SIZE[1] + 5 * 24))
    panned = np.stack([wall[:, 5 * at : 5 * at + SIZE[1]] for at in range(24)])
    spoilt = panned.copy()
    for at in range(8, 13):
        spoilt[at] = cv2.addWeighted(panned[at], 0.7, panned[at - 2], 0.3, 0.0)
    seen = exposure(spoilt, FPS, uneven=np.zeros(24, bool))
    assert seen is not None
    assert seen.span == (8, 12)
    assert abs(seen.share - 0.3) < 0.08
