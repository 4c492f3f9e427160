"""Where a glide looks: details whole, ground even, the whole product at the end, or no glide."""

import cv2
import numpy as np
import pytest

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.details import details_of
from pipelines.studio.motion.route import Bounds, Look, along
from pipelines.studio.motion.stations import FILL, Stations, stations

BODY, WEFT, PRINT = (40, 70, 160), (58, 88, 178), (240, 200, 60)
WINDOW = (400, 400)


def bag(side: int = 900, *, share: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """A blue bag with a yellow print below its middle and a handle, (H, W, 3), and its mask."""
    rgb, mask = np.full((side, side, 3), 220, np.uint8), np.zeros((side, side), np.uint8)
    half = round(share * side / 2)
    low, high = side // 2 - half, side // 2 + half
    for picture, colour in ((rgb, BODY), (mask, 255)):
        cv2.rectangle(picture, (low, low + half // 2), (high, high), colour, -1)
        cv2.circle(picture, (side // 2, low + half // 2), half // 2, colour, half // 8)
    for row in range(0, side, side // 30):  # a weave: what has no line is dull
        rgb[row : row + side // 150 + 1][mask[row : row + side // 150 + 1] > 0] = WEFT
    size = half // 4
    cv2.rectangle(rgb, (low + size, high - 3 * size), (low + 3 * size, high - size), PRINT, -1)
    return rgb, mask


def seen(look: Look) -> tuple[float, float, float, float]:
    half = [side / 2 / look.scale for side in WINDOW]
    return look.x - half[0], look.y - half[1], look.x + half[0], look.y + half[1]


def found(side: int = 900, **bag_is) -> Stations:
    rgb, mask = bag(side, **bag_is)
    bounds = Bounds(window_px=WINDOW, photo_px=(side, side), free=False)
    return stations(rgb, mask, bounds=bounds, magnify_max=1.35)


def test_print_and_handle_are_the_details() -> None:
    rgb, mask = bag(200)
    boxes = [each.box for each in details_of(rgb, mask > 127)]
    assert any(y0 > 100 and x1 - x0 < 60 for x0, y0, x1, _ in boxes), "the print"
    assert any(y0 < 60 for _, y0, _, _ in boxes), "the handle"


def test_a_close_look_shows_the_print_whole() -> None:
    way = found()
    low, high, size = 450 - 270, 450 + 270, 270 // 4
    holds = [
        x0 < low + size and x1 > low + 3 * size and y0 < high - 3 * size and y1 > high - size
        for x0, y0, x1, y1 in map(seen, (way.first, way.second))
    ]
    assert any(holds)


def test_the_last_look_shows_the_whole_product_in_the_middle() -> None:
    last = found().last
    assert (last.x, last.y) == pytest.approx((450, 450), abs=40)
    assert 540 * last.scale == pytest.approx(FILL * WINDOW[0], rel=0.15)


@pytest.mark.parametrize("photo", [{"side": 420}, {"share": 0.2}])
def test_a_product_too_small_for_close_looks_gets_no_glide(photo) -> None:
    with pytest.raises(GenerationFailed, match="another design"):
        found(**photo)


def test_windows_that_open_only_gain() -> None:
    looks = (
        Look(x=300, y=300, scale=1.3),
        Look(x=420, y=500, scale=1.3),
        Look(x=450, y=450, scale=0.5),
    )
    bounds = Bounds(window_px=WINDOW, photo_px=(900, 900), free=False)
    way = along(*looks, duration_s=8.0, bounds=bounds)
    windows = np.array([seen(way(float(t))) for t in np.linspace(5.4, 8.0, 40)])
    steps = np.diff(windows, axis=0)
    assert (steps[:, :2] <= 1e-6).all(), "left and top edge go outwards"
    assert (steps[:, 2:] >= -1e-6).all(), "right and lower edge go outwards"
    assert way(0.0) == looks[0]
    assert way(8.0).scale == pytest.approx(0.5)


def test_the_way_is_never_at_rest() -> None:
    way = found()
    bounds = Bounds(window_px=WINDOW, photo_px=(900, 900), free=False)
    at = along(way.first, way.second, way.last, duration_s=9.0, bounds=bounds)
    corners = np.array([seen(at(t / 30)) for t in range(270)])
    assert np.abs(np.diff(corners, axis=0)).max(axis=1).min() > 0.1, "px a frame"
