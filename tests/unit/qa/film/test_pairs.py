"""Sudden faults of places that a moving view carries along, and faint ones that stand alone."""

from dataclasses import replace

import numpy as np
import pytest

from qa.film.places.surprise import surprise
from qa.film.sudden.pairs import pairs, settled, view_path
from qa.film.sudden.spikes import LIMIT, spikes
from tests.unit.qa.film.filmstock import moving, reel_of

FIRST, LAST = 16, 30


def painted(
    frames: list[np.ndarray], *, left: float, step_px: float, levels: int
) -> list[np.ndarray]:
    """The frames with a square that is that much brighter, and moves with the picture."""
    out = [frame.copy() for frame in frames]
    for at in range(FIRST, LAST + 1):
        x = round(left - step_px * (at - FIRST))
        place = out[at][50:74, x : x + 24].astype(int)
        out[at][50:74, x : x + 24] = np.clip(place + levels, 0, 255)
    return out


def test_both_ends_of_a_fault_in_a_pan_are_one_place() -> None:
    frames = painted(moving(step_px=5.0), left=110, step_px=5.0, levels=70)
    reel = reel_of(frames)
    seen = surprise(reel.luma)
    path = view_path(seen, reel.fps)
    found = pairs(seen, path, reel.fps)
    assert (FIRST, LAST + 1) in [(pair.first, pair.after) for pair in found]
    still = np.zeros_like(path)
    alone = pairs(seen, still, reel.fps)
    assert (FIRST, LAST + 1) not in [(pair.first, pair.after) for pair in alone]
    fault = next(pair for pair in found if pair.first == FIRST)
    row, column = fault.cell
    onset = settled(seen, fault, path).sudden[FIRST, row - 1 : row + 2, column - 1 : column + 2]
    assert onset.max() >= fault.strength, "the onset lies where the place is at the end"


def test_where_the_view_rests_nothing_is_moved() -> None:
    reel = reel_of(painted(moving(step_px=0.0), left=70, step_px=0.0, levels=70))
    seen = surprise(reel.luma)
    path = view_path(seen, reel.fps)
    assert all(settled(seen, pair, path) is seen for pair in pairs(seen, path, reel.fps))


@pytest.mark.parametrize(("levels", "faulty"), [(9, True), (0, False)])
def test_a_faint_fault_in_a_calm_view_is_found_for_nothing_else_happens_there(
    levels: int, faulty: bool
) -> None:
    reel = reel_of(painted(moving(), left=70, step_px=1.0, levels=levels))
    assert (spikes(reel).value > LIMIT) is faulty


def test_at_few_frames_a_second_standing_out_proves_nothing() -> None:
    reel = reel_of(painted(moving(), left=70, step_px=1.0, levels=9))
    assert spikes(replace(reel, fps=12.0)).value < spikes(reel).value
