"""A product drawn out of its proportions is found, by how much, and what hides it is told."""

import cv2
import numpy as np
import pytest

from assets.media import decode_picture
from qa.film.product.covered import uncovered
from qa.film.product.likeness import proportions
from qa.film.screened import Screened, Wanted
from qa.film.sight import Source, Views
from qa.gate import load_policy
from qa.vision.reference import read_reference
from qa.vision.segment import Segmenter
from tests.unit.qa.film.filmstock import reel_of

FPS = 8


@pytest.fixture(scope="module")
def source(samples) -> Source:
    picture = decode_picture((samples / "mug-main.jpg").read_bytes())
    reference = read_reference(picture, segmenter=Segmenter())
    return Source(reference=reference, features=np.zeros(1280, np.float32), lines=())


def clip(source: Source, stretch: list[float]) -> Screened:
    """One still a second: the photo, its width scaled by each of these."""
    picture = cv2.resize(source.reference.rgb, (480, 480), interpolation=cv2.INTER_AREA)
    stills = []
    for across in stretch:
        way = np.array([[across, 0, 240 * (1 - across)], [0, 1, 0]])
        seen = cv2.warpAffine(picture, way, (480, 480), borderMode=cv2.BORDER_REFLECT)
        stills += [cv2.resize(seen, (160, 120))] * FPS
    reel = reel_of(stills, fps=FPS)
    shown = {}
    for second, across in enumerate(stretch):
        way = np.array([[across, 0, 240 * (1 - across)], [0, 1, 0]])
        shown[second * FPS + FPS // 2] = cv2.warpAffine(
            picture, way, (480, 480), borderMode=cv2.BORDER_REFLECT
        )
    return Screened(
        reel=reel,
        pulse=None,  # pyright: ignore[reportArgumentType]
        sound=None,
        wanted=Wanted(),
        views=Views(shown, sources=(source,)),
    )


def test_a_product_that_widens_is_found_by_how_much(source) -> None:
    read = proportions(clip(source, [1.0, 1.0, 1.08, 1.2, 1.2]))
    assert read.value == pytest.approx(np.log(1.2), abs=0.05)
    assert read.evidence[0].kind == "product_drift"


def test_a_product_that_keeps_its_proportions_passes(source) -> None:
    limit = load_policy().bound("video.proportions").accept
    assert proportions(clip(source, [1.0] * 5)).value < limit / 2


def shown_share(source: Source, *, wall_px: int) -> float:
    """How much of the product is told to be seen in a still whose lower part a wall covers.

    The still before it shows the same wall and no product.
    """
    picture = cv2.resize(source.reference.rgb, (480, 480), interpolation=cv2.INTER_AREA)
    before = np.full_like(picture, 90)
    picture[-wall_px:] = before[-wall_px:] = (214, 200, 186)
    views = Views({4: before, 12: picture}, sources=(source,))
    (sight,) = views.sights
    return float(uncovered(views, sight).sum() / sight.mask.sum())


def test_a_wall_before_the_only_sight_is_told_by_the_still_beside_it(source) -> None:
    assert 0.5 < shown_share(source, wall_px=160) < 0.85


def test_where_most_of_a_product_stands_it_may_be_the_product_and_no_wall(source) -> None:
    assert shown_share(source, wall_px=280) == 1.0
