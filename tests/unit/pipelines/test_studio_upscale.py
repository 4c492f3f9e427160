"""SPAN on the CPU: more pixels, the same picture, no seams."""

import cv2
import numpy as np
import pytest

from assets.weights import locate
from pipelines.studio.upscale import TILE_PX, SpanEnlarger


@pytest.fixture(scope="module")
def span() -> SpanEnlarger:
    return SpanEnlarger({2: locate("span-x2"), 4: locate("span-x4")})


def waves(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = [128 + 90 * np.sin(x / a + y / b) for a, b in ((5, 9), (11, 6), (7, 17))]
    return np.rint(np.stack(planes, axis=2)).astype(np.uint8)


@pytest.mark.parametrize("factor", [2, 4])
def test_enlarged_picture_shrinks_back_to_itself(span: SpanEnlarger, factor: int) -> None:
    small = waves(40, 52)
    large = span.enlarge(small, factor=factor)
    assert large.shape == (40 * factor, 52 * factor, 3)
    back = cv2.resize(large, (52, 40), interpolation=cv2.INTER_AREA)
    apart = np.abs(back.astype(int) - small)
    assert apart.mean() < 3.0, "the upscaler changed the picture's colours"


def test_no_seam_where_tiles_meet(span: SpanEnlarger) -> None:
    large = span.enlarge(waves(24, TILE_PX + 30), factor=2).astype(int)
    steps = np.abs(np.diff(large, axis=1)).mean(axis=(0, 2))
    seam = 2 * TILE_PX - 1
    assert steps[seam] < 1.6 * np.median(steps) + 2, "a step runs along the tile's edge"


def test_same_picture_same_pixels(span: SpanEnlarger) -> None:
    small = waves(30, 30)
    assert (span.enlarge(small, factor=2) == span.enlarge(small, factor=2)).all()
