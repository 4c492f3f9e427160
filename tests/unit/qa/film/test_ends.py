"""Both ends of a sudden fault of one place, told from what comes and goes by itself."""

import cv2
import numpy as np

from qa.film.places.patches import trail
from qa.film.places.surprise import Surprise, surprise
from qa.film.sudden.ends import ends_of, held

SIZE = (96, 160)
FIRST, AFTER = 12, 20
PLACE = np.zeros((16, 16), bool)
PLACE[5:11, 6:10] = True
AROUND = cv2.dilate(PLACE.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def texture(seed: int, shape: tuple[int, int]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.6)
    return np.clip(128 + 60 * soft / soft.std(), 0, 255).astype(np.uint8)


def rough_water() -> list[np.ndarray]:
    """Nothing in it comes back as it was."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    waves = (
        128
        + 40 * np.sin(columns / 13 + at * 0.5) * np.cos(rows / 11 - at * 0.3)
        + 20 * np.sin(columns / 17 - at * 0.4 + rows / 15)
        for at in range(30)
    )
    return [wave.astype(np.uint8) for wave in waves]


def sureness(frames: list[np.ndarray]) -> float:
    seen: Surprise = surprise(np.stack(frames))
    steps = list(trail(seen, PLACE, first=FIRST, after=AFTER))
    between = held(seen, steps)
    within = between.share if between else 0.0
    ends = ends_of(seen, steps, PLACE, AROUND)
    return ends.sureness() * max(0.0, 1.0 - within) if ends else 0.0


def test_one_picture_on_rough_water_is_one_happening_though_nothing_comes_back() -> None:
    frames = rough_water()
    for at in range(FIRST, AFTER):
        frames[at][30:66, 60:96] = texture(2, (36, 36))
    assert sureness(frames) > 0.6


def test_what_comes_and_goes_at_once_but_changes_meanwhile_is_not() -> None:
    frames = rough_water()
    for at in range(FIRST, AFTER):
        frames[at][30:66, 60:96] = texture(10 + at, (36, 36))
    assert sureness(frames) == 0.0, "spray, a flock, a screen: no single picture"


def test_a_hand_that_rests_there_for_a_moment_is_not() -> None:
    frames = rough_water()
    hand = texture(3, (36, 36))
    for at, frame in enumerate(frames):
        away = 36 * max(FIRST - at, 0, at - AFTER + 1)
        if away < 64:
            frame[30:66, 60 + away : 96 + away] = hand
    assert sureness(frames) == 0.0, "it surprises beside its rest just before and just after"


def test_water_alone_is_not() -> None:
    assert sureness(rough_water()) < 0.1


def test_of_a_place_that_left_the_picture_nothing_is_said() -> None:
    seen = surprise(np.stack(rough_water()))
    corner = np.zeros((16, 16), bool)
    corner[14:, 14:] = True
    moving = Surprise(
        frames=seen.frames, residual=seen.residual, motion=seen.motion + 4, sudden=seen.sudden
    )
    steps = list(trail(moving, corner, first=FIRST, after=AFTER))
    assert held(moving, steps) is None
