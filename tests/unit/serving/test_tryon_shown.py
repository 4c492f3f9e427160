"""A planted tear counts where it shows: on drawn cloth, not on plain cloth."""

import numpy as np
import pytest

from serving.bench.tryon_shown import LEAST_SHARE, seen_change, shown_share


def stripes(ground: int, ink: int) -> np.ndarray:
    """Cloth of 96 px, plain above, with upright stripes 12 px apart below its middle."""
    cloth = np.full((96, 96, 3), ground, np.uint8)
    cloth[48:, np.arange(96) // 6 % 2 == 0] = ink
    return cloth


@pytest.mark.parametrize(("row", "shows"), [(20, False), (60, True)])
def test_a_slip_shows_where_something_is_drawn(row: int, shows: bool) -> None:
    cloth = stripes(200, 90)
    change = seen_change(cloth, np.roll(cloth, 6, axis=1))
    share = shown_share(change, np.ones((96, 96), bool), row=row)
    assert (share >= LEAST_SHARE) == shows


def test_a_slip_of_grain_that_no_eye_sees_does_not_show() -> None:
    grain = np.random.default_rng(0).integers(196, 205, (96, 96, 3)).astype(np.uint8)
    change = seen_change(grain, np.roll(grain, 20, axis=1))
    assert shown_share(change, np.ones((96, 96), bool), row=40) == 0.0


def test_a_line_where_nothing_slips_shows_nothing() -> None:
    change = np.full((96, 96), 50.0)
    assert shown_share(change, np.zeros((96, 96), bool), row=40) == 0.0
