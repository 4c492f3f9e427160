"""A poster is a frame of its clip, as large, and of a moment that shows what there is to see."""

from functools import cache

import cv2
import numpy as np
import pytest
from filmstock import moving, watched

from assets.media import Picture
from content_engine.faults import fault_kinds
from content_engine.types import Kind, Outcome
from qa.film.poster import POSTER_READINGS
from qa.film.screened import Screened, Wanted
from qa.film.sight import Views
from qa.gate import load_policy

WORDED = (12, 36)


def worded(at: int, picture: np.ndarray) -> np.ndarray:
    """A line of letters over a plain ground while a caption stands."""
    plain = cv2.GaussianBlur(picture, (0, 0), 12)
    if WORDED[0] <= at <= WORDED[1]:
        cv2.putText(plain, "Holds 350 ml", (6, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (10, 10, 10), 2)
    return plain


CLIP = [worded(at, picture) for at, picture in enumerate(moving())]


@cache
def seen() -> Screened:
    reel, pulse = watched(CLIP)
    views = Views(reel.stills, sources=())
    return Screened(reel=reel, pulse=pulse, sound=None, wanted=Wanted(), views=views)


def large(picture: np.ndarray, size: tuple[int, int] = (1080, 1080)) -> Picture:
    return Picture(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize(
    ("poster", "faulty"),
    [
        (large(CLIP[20]), set()),
        (large(CLIP[5]), {"video.poster_moment"}),
        (large(CLIP[20], (1080, 1350)), {"video.poster_size"}),
        (large(np.fliplr(CLIP[20])), {"video.poster"}),
    ],
    ids=["a good frame", "before the caption", "another shape", "another picture"],
)
def test_each_fault_of_a_poster_is_told_by_its_own_metric(poster, faulty) -> None:
    policy, clip = load_policy(), seen()
    read = {metric: reading(poster, clip) for metric, reading in POSTER_READINGS.items()}
    outcomes = {metric: policy.bound(metric).outcome(each.value) for metric, each in read.items()}
    assert {metric for metric, each in outcomes.items() if each is Outcome.REVIEW} == faulty, read


def test_the_poor_moment_is_named_by_its_frame_and_in_known_words() -> None:
    item = POSTER_READINGS["video.poster_moment"](large(CLIP[5]), seen()).evidence[0]
    assert abs((item.frames or (0, 0))[0] - 5) <= 1
    assert item.kind in fault_kinds(Kind.VIDEO)
