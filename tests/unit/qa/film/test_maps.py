"""Medians over neighbouring maps, sorted all at once, are those that numpy gives one by one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.film.places.maps import cells, median_of, medians_around
from qa.film.risk.glitch import TOLD
from qa.film.risk.residuals import residuals, surges
from qa.film.slow.bends import _graded
from qa.gate import load_policy


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


def test_cells_are_the_means_of_what_lies_in_them() -> None:
    picture = np.random.default_rng(5).random((88, 160)).astype(np.float32)
    shrunk = cv2.resize(picture, (16, 16), interpolation=cv2.INTER_AREA)
    assert np.abs(cells(picture) - shrunk).max() < 1e-5


@pytest.mark.parametrize("rows", [1, 2, 7, 8])
def test_the_median_of_rows_is_the_median(rows: int) -> None:
    values = np.random.default_rng(rows).random((rows, 5, 3))
    assert np.array_equal(median_of(values), np.median(values, axis=0))


def test_what_the_risk_ranks_is_measured_alike_alone_and_with_all_maps() -> None:
    rng = np.random.default_rng(3)
    frames = cv2.GaussianBlur(rng.integers(0, 256, (96, 240), np.uint8), (0, 0), 2.0)
    luma = np.stack([frames[:, 4 * at : 4 * at + 128] for at in range(7)])
    every = residuals(luma, np.full((7, 24, 32, 3), 128, np.uint8))
    for kind, maps in surges(luma).items():
        assert np.array_equal(maps, every[kind]), kind


def test_the_risk_tells_its_places_before_it_fails_anything() -> None:
    assert load_policy().bound("video.glitch_risk").accept >= TOLD
