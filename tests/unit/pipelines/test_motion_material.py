"""What a clip is made from: views that can stand on one floor, colours that can be magnified."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipelines.studio.beyond import extended
from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.composition import Composition, Piece, steadily
from pipelines.studio.motion.material import on_one_line
from pipelines.studio.motion.sprites import opaque, pyramid
from pipelines.studio.motion.wording import CONTRAST_MIN, DARK, LIGHT, veiled_ink


def parts(*blocks: tuple[int, int, int, int]) -> CutOut:
    """A product of blocks (left, top, right, bottom) on 200 × 200 px."""
    alpha = np.zeros((200, 200), np.uint8)
    for x0, y0, x1, y1 in blocks:
        alpha[y0:y1, x0:x1] = 255
    return CutOut(rgb=np.full((200, 200, 3), 90, np.uint8), alpha=alpha)


@pytest.mark.parametrize(
    ("blocks", "stands"),
    [
        ([(10, 0, 190, 200)], True),
        ([(0, 40, 90, 195), (110, 30, 200, 200)], True),
        ([(0, 0, 90, 165), (110, 140, 200, 200)], False),
        ([(10, 0, 190, 200), (195, 5, 199, 9)], True),
    ],
    ids=["one thing", "a pair of shoes", "a cap before its bottle", "a crumb"],
)
def test_only_things_on_one_line_stand_on_a_floor(blocks: Sequence, stands: bool) -> None:
    assert on_one_line(parts(*blocks)) is stands


def test_colours_go_on_beyond_an_outline_cut_from_black() -> None:
    rgb, alpha = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), np.uint8)
    rgb[15:45, 15:45], alpha[15:45, 15:45] = (180, 90, 40), 255
    beyond = extended(rgb, alpha)[15:45, 10:15].reshape(-1, 3)
    assert np.abs(beyond.astype(int) - (180, 90, 40)).max() <= 2, "a cliff that SPAN makes noise of"


@pytest.mark.parametrize("grey", [20, 90, 118, 128, 150, 235])
def test_letters_read_on_any_ground_with_the_faintest_veil(grey: int) -> None:
    wall = pyramid(opaque(np.full((80, 80, 3), grey, np.uint8)))
    layer = Piece(picture=wall, pose=steadily(np.eye(3)))
    scene = Composition(width_px=80, height_px=80, fps=30, frames=30, ground=(layer,), front=())
    dark, veil = veiled_ink(scene, times_s=[0.5], box=(0, 0, 80, 80))
    shown = grey + veil * ((255 if dark else 0) - grey)

    def light(value: float) -> float:
        return ((value / 255 + 0.055) / 1.055) ** 2.4

    low, high = sorted((light(shown), light((DARK if dark else LIGHT)[1])))
    assert (high + 0.05) / (low + 0.05) >= CONTRAST_MIN * 0.97
    assert veil <= 0.1, "a veil that can be seen where a fainter one would do"
