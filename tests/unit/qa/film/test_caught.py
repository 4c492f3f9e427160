"""Holds in slow motion, at which the coder works: told by the step that catches up."""

import cv2
import numpy as np
from filmstock import moving, watched

from qa.film.frames import pacing
from qa.film.frames.caught import holds, repeats
from qa.vision.arrays import Mask, Numbers, Pixels

SHOT = (0, 47)


def worked_at(pictures: list[Pixels], shown: list[int]) -> list[Pixels]:
    """Those pictures, each with a little of what a coder changes from frame to frame."""
    rng = np.random.default_rng(3)
    coded = []
    for at in shown:
        grain = cv2.GaussianBlur(rng.normal(0, 2.0, (120, 160)), (0, 0), 1.5)
        coded.append(np.clip(pictures[at] + grain[..., None], 0, 255).astype(np.uint8))
    return coded


def repeated(frames: list[Pixels]) -> Mask:
    reel, pulse = watched(frames)
    return repeats(reel, pulse, reel.shots[0])


def test_a_slow_stutter_is_counted_though_no_frame_stands_quite_still() -> None:
    slow = moving(step_px=0.4)
    every = [at - (16 <= at < 40 and at % 3 == 1) for at in range(48)]
    reel, pulse = watched(worked_at(slow, every))
    read = pacing.duplicate(reel, pulse)
    assert read.value >= 7
    assert read.evidence[0].frames == (16, 37)


def test_slow_even_motion_repeats_nothing_for_all_that_the_coder_does() -> None:
    assert not repeated(worked_at(moving(step_px=0.4), list(range(48)))).any()


def levels(hold: list[float], *, before: float, after: float, leap: float) -> Numbers:
    """Steps of 0.4 s before, of the hold, the leap, and 0.4 s after."""
    return np.array([*[before] * 10, *hold, leap, *[after] * 10])


def test_a_hold_that_is_coded_afresh_once_ends_with_a_leap() -> None:
    coded = [0.11, 0.1, 0.12, 0.08, 0.45, 0.0, 0.0, 0.01, 0.02, 0.0]
    change = levels(coded, before=0.5, after=0.5, leap=20.0)
    assert list(holds(change, (0, len(change) - 1), fps=24)) == [(10, 19)]


def test_a_hold_soon_after_a_cut_is_one_too() -> None:
    coded = [0.4, 0.45, 0.3, 0.3, *[0.1] * 6]
    change = levels(coded, before=4.0, after=4.0, leap=20.0)
    assert list(holds(change, (7, len(change) - 1), fps=24)) == [(10, 19)]


def test_motion_that_slows_down_and_then_stops_from_one_step_to_the_next_has_not_rested() -> None:
    change = levels([0.0] * 10, before=0.8, after=0.5, leap=20.0)
    change[:9] = 6.0
    assert list(holds(change, (0, len(change) - 1), fps=24)) == [(10, 19)]


def test_what_eases_to_a_stop_has_rested() -> None:
    eased = [0.4, 0.3, 0.2, 0.14, *[0.05] * 10]
    change = levels(eased, before=0.5, after=0.5, leap=20.0)
    assert not list(holds(change, (0, len(change) - 1), fps=24))
