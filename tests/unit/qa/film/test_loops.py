"""What does not repeat in a clip that repeats itself."""

import numpy as np

from qa.film.sudden.loops import unrepeated

SIZE = (96, 160)
TURN = 9


def wheel(count: int, *, turn: int = TURN) -> np.ndarray:
    """Wild motion that repeats every `turn` frames, two levels of coding noise on it."""
    rng = np.random.default_rng(4)
    pictures = rng.uniform(20, 235, (turn, *SIZE))
    noise = rng.normal(0, 2, (count, *SIZE))
    return (pictures[np.arange(count) % turn] + noise).astype(np.float32)


def test_a_loop_that_repeats_has_no_fault() -> None:
    assert list(unrepeated(wheel(40), 8.0)) == []


def test_what_one_turn_shows_and_no_other_is_found_at_its_frames_and_place() -> None:
    frames = wheel(40)
    frames[14:20, 36:60, 60:90] = 128
    (odd,) = unrepeated(frames, 8.0)
    assert odd.frames == (14, 19)
    assert odd.number > 1
    assert odd.barer
    left, top, right, bottom = odd.box
    assert left < 0.47 < right
    assert top < 0.5 < bottom


def test_wild_motion_that_never_repeats_is_no_loop() -> None:
    frames = wheel(40, turn=40)
    frames[14:20, 36:60, 60:90] = 128
    assert list(unrepeated(frames, 8.0)) == []


def test_a_picture_at_rest_is_no_loop() -> None:
    frames = wheel(40, turn=1)
    frames[14:20, 36:60, 60:90] = 128
    assert list(unrepeated(frames, 8.0)) == [], "a caption that comes and goes repeats nothing"
