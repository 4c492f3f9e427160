"""Tracks that are lost: what a pan carries out of the picture is no loss."""

import cv2
import numpy as np

from qa.film.risk.tracks import follow

SIZE_PX = (320, 180)
MOST_LOST = 0.02


def test_what_a_pan_that_speeds_up_carries_out_is_not_gone() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (90, 400), np.uint8)
    wide = cv2.GaussianBlur(
        cv2.resize(noise, (1600, 360), interpolation=cv2.INTER_CUBIC), (0, 0), 2
    )
    places = np.cumsum([0, 3, 4, 5, 7, 9, 12, 15, 18, 21, 24, 27, 30])
    shots = [wide[90:270, place : place + SIZE_PX[0]] for place in places]
    maps = follow(np.ascontiguousarray(np.stack(shots)))
    share = float(maps.gone.sum() / maps.old.sum())
    assert share < MOST_LOST, f"{share:.3f} of the tracks count as lost in a plain pan"
