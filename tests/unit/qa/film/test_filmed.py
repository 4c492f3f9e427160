"""A photo is held against film as film can show it: fine colours go, broad ones stay."""

import cv2
import numpy as np
import pytest

from qa.film.filmed import as_filmed
from qa.vision.lab import to_lab

SIDE_PX, SCALE = 800, 0.3
PAPER, INK = (238, 238, 236), (28, 100, 240)


def printed() -> np.ndarray:
    """A white page with a broad band of blue above small blue print."""
    page = np.full((SIDE_PX, SIDE_PX, 3), PAPER, np.uint8)
    page[:300] = INK
    for line in range(380, 760, 48):
        cv2.putText(page, "Scale effortlessly at brands", (40, line), 0, 0.9, INK, 2)
    return page


def on_film(page: np.ndarray) -> np.ndarray:
    """The page at that scale through the colours of a 4:2:0 picture and back to 256 px."""
    small = cv2.resize(page, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
    planes = cv2.cvtColor(small, cv2.COLOR_RGB2YUV_I420)
    shown = cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)
    return cv2.resize(shown, (256, 256), interpolation=cv2.INTER_LINEAR)


def apart(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """CIELAB distance in a* and b* of cells of 12 px."""
    cells = (cv2.resize(each, (21, 21), interpolation=cv2.INTER_AREA) for each in (one, two))
    here, there = (to_lab(each) for each in cells)
    return np.linalg.norm((here - there)[..., 1:], axis=2)


def test_small_print_is_as_pale_as_film_shows_it() -> None:
    page = printed()
    own = as_filmed(page, size_px=(256, 256), scale=SCALE)
    bare = cv2.resize(page, (256, 256), interpolation=cv2.INTER_AREA)
    far, before = (np.percentile(apart(on_film(page), each), 96) for each in (own, bare))
    assert far < 0.6 * before


def test_a_broad_colour_and_the_brightness_stay() -> None:
    page = printed()
    own = as_filmed(page, size_px=(256, 256), scale=SCALE)
    assert own[20:70, 20:230].reshape(-1, 3).mean(axis=0) == pytest.approx(INK, abs=2)
    bare = cv2.GaussianBlur(
        cv2.resize(page, (256, 256), interpolation=cv2.INTER_AREA), (0, 0), 0.5 / (SCALE * 3.125)
    )
    one, two = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(int) for each in (own, bare))
    assert np.abs(one - two).mean() < 3
