"""Medians over neighbouring maps, sorted all at once, are those that numpy gives one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.film.bends import _graded
from qa.film.maps import medians_around


@settings(max_examples=25)
@given(count=st.integers(1, 30), reach=st.integers(2, 6), own=st.integers(1, 2), seed=st.integers())
def test_each_median_is_that_of_the_maps_around(
    count: int, reach: int, own: int, seed: int
) -> None:
    maps = np.random.default_rng(abs(seed)).random((count, 16, 16), np.float32)
    medians = medians_around(maps, reach=reach, own=own, fewest=3)
    for index in range(count):
        near = [at for at in range(count) if own <= abs(at - index) <= reach]
        wanted = np.median(maps[near], axis=0) if len(near) >= 3 else np.inf
        assert np.array_equal(medians[index], np.broadcast_to(wanted, (16, 16)))


def test_a_place_that_never_changes_is_no_bend() -> None:
    """A frozen picture is like itself at every step: nothing to divide by."""
    assert _graded(np.zeros(16), np.ones(4), 0.125) == (0.0, 1)
