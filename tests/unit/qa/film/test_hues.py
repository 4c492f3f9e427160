"""What does not belong on rough ground of one hue, told where flow loses the ground."""

import cv2
import numpy as np

from qa.film.places.hues import hue_surprise
from qa.film.places.surprise import surprise
from qa.film.sudden.spikes import LIMIT, spikes
from tests.unit.qa.film.filmstock import SIZE, reel_of

SHOWN = range(14, 20)


def gravel(*, hue: float) -> list[np.ndarray]:
    """Green ground that is another one in every frame, with a place of another hue for a while."""
    frames = []
    for at in range(30):
        rough = np.random.default_rng(at).normal(0, 40, (SIZE[1] // 4, SIZE[0] // 4))
        lab = np.full((SIZE[1], SIZE[0], 3), (0, 104, 150), np.float32)
        lab[..., 0] = np.clip(128 + cv2.resize(rough, SIZE), 0, 255)
        if at in SHOWN:
            lab[40:80, 60:100, 1] += hue
        frames.append(cv2.cvtColor(lab.astype(np.uint8), cv2.COLOR_LAB2RGB))
    return frames


def test_another_hue_stands_out_where_brightness_tells_nothing() -> None:
    reel = reel_of(gravel(hue=40), fps=8)
    seen = surprise(reel.luma)
    hued = hue_surprise(seen, reel.colour)
    assert seen.sudden.max() < 2 < 4 < hued.sudden.max()
    ends = hued.sudden.reshape(len(hued.sudden), -1).max(axis=1)
    assert set(np.argsort(ends)[-2:]) == {SHOWN.start, SHOWN.stop}, "it comes and goes at once"


def test_rough_ground_alone_is_no_fault() -> None:
    assert spikes(reel_of(gravel(hue=0), fps=8)).value < LIMIT
