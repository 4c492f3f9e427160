"""Places followed through a shot, where the picture's edge cuts them."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qa.film.places.patches import Patch, inside, solidity
from qa.film.places.surprise import Surprise

WIDTH, HEIGHT = 160, 90
NOTHING = np.zeros((2, 16, 16), np.float32)
SEEN = Surprise(
    frames=np.zeros((2, HEIGHT, WIDTH), np.float32),
    residual=NOTHING,
    motion=np.zeros((2, 16, 16, 2), np.float32),
    sudden=NOTHING,
)


def places(*corners: tuple[float, float]) -> list[Patch]:
    return [Patch(frame=at, x=x, y=y, width=40, height=30) for at, (x, y) in enumerate(corners)]


def test_a_place_that_the_edge_cuts_for_a_while_keeps_what_is_always_shown() -> None:
    steps = inside(SEEN, places((50, 10), (50, 2), (50, -6.5)))
    assert [(step.y, step.height) for step in steps] == [(17, 23), (9, 23), (0.5, 23)]
    assert {(step.x, step.width) for step in steps} == {(50, 40)}


def test_a_place_that_has_left_stays_as_it_was_asked_for() -> None:
    gone = places((50, 10), (50, -25))
    assert inside(SEEN, gone) == gone


@given(st.lists(st.tuples(st.floats(-20, 140), st.floats(-10, 70)), min_size=1, max_size=5))
def test_what_is_kept_lies_in_the_picture(corners: list[tuple[float, float]]) -> None:
    before = places(*corners)
    steps = inside(SEEN, before)
    assert len({(step.width, step.height) for step in steps}) == 1
    for step in steps if steps != before else []:
        assert step.x >= 0
        assert step.y >= 0
        assert step.x + step.width <= WIDTH
        assert step.y + step.height <= HEIGHT


def test_a_line_that_grows_by_a_pixel_is_not_solid_and_a_thing_is() -> None:
    ground = np.random.default_rng(0).normal(128, 2, (HEIGHT, WIDTH)).astype(np.float32)
    lined, filled = ground.copy(), ground.copy()
    lined[:, 70] += 40
    filled[20:40, 60:80] += 40
    seen = replace(SEEN, frames=np.stack([lined, filled]))
    before = ground[10:50, 50:90]
    line, thing = (
        solidity(before, seen, Patch(frame=at, x=50, y=10, width=40, height=40)) for at in (0, 1)
    )
    assert line < 0.1 < 0.8 < thing
