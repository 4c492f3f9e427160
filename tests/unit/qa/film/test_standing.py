"""Lines that stand on the screen, on a picture that moves."""

import cv2
import numpy as np
import pytest
from filmstock import FPS, moving, reel_of

from qa.film.overlays.standing import (
    coming_lines,
    has_steps,
    keeps,
    standing_lines,
    standing_steps,
    wanders,
)
from qa.film.reel import Reel

_AREA = (0.05, 0.06, 0.95, 0.75)


def _lettered(first: int, last: int, *, share: float = 0.5, drift_px: float = 0.0) -> Reel:
    """A pan with letters laid over the frames first..last, their lower left corner at (20, 110)."""
    frames = moving(5, step_px=3.0)
    for at in range(first, last + 1):
        corner = (20 + round(drift_px * (at - first)), 110)
        word = cv2.putText(frames[at].copy(), "SAMPLES", corner, 0, 0.6, (235, 235, 235), 2)
        frames[at] = cv2.addWeighted(frames[at], 1 - share, word, share, 0)
    return reel_of(frames)


def _near(rect: tuple[int, int, int, int]) -> bool:
    return bool(np.allclose(rect, (20, 98, 97, 112), atol=8))


def test_a_mark_is_found_where_it_stands_and_in_all_frames() -> None:
    reel = _lettered(0, 47)
    steady = standing_steps(reel, span=(0, 47))
    rect = standing_lines(steady)[0]
    assert _near(rect), rect
    assert keeps(reel, rect, steady=steady, step=2).all()


def test_a_pan_without_letters_holds_no_line() -> None:
    assert standing_lines(standing_steps(reel_of(moving(5, step_px=3.0)), span=(0, 47))) == []


def test_a_caption_is_found_with_the_frames_it_stands_in() -> None:
    reel = _lettered(14, 37)
    rect, steady = coming_lines(reel, 24, area=_AREA, stood=standing_steps(reel, span=(0, 47)))[0]
    assert _near(rect), rect
    stands = has_steps(reel, rect, steady=steady, step=2)
    assert np.flatnonzero(stands)[[0, -1]].tolist() == pytest.approx([14, 37], abs=2)


def test_what_stands_all_the_time_does_not_come() -> None:
    reel = _lettered(0, 47)
    assert coming_lines(reel, 24, area=_AREA, stood=standing_steps(reel, span=(0, 47))) == []


def test_letters_that_move_on_wander_and_such_as_stay_do_not() -> None:
    rect = (18, 94, 104, 113)
    assert wanders(_lettered(0, 47, share=1.0, drift_px=0.5), rect, frame=0, other=5)
    assert not wanders(_lettered(0, 47, share=1.0), rect, frame=0, other=FPS // 5)


def test_letters_that_leave_over_the_edge_wander() -> None:
    rect = (0, 94, 104, 113)
    assert wanders(_lettered(0, 47, share=1.0, drift_px=-0.5), rect, frame=0, other=5)
    assert not wanders(_lettered(0, 47, share=1.0), rect, frame=0, other=FPS // 5)
