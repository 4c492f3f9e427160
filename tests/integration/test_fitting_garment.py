"""What `see_garment` finds on drawn garments."""

import cv2
import numpy as np
import pytest

from assets.media import Picture
from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.garment import see_garment
from pipelines.studio.fitting.garment_print import carried_on
from pipelines.studio.fitting.garment_view import GarmentView, Sleeves, Style

TEE = [
    (330, 100),
    (470, 100),
    (560, 130),
    (700, 260),
    (630, 330),
    (560, 280),
    (555, 700),
    (245, 700),
    (240, 280),
    (170, 330),
    (100, 260),
    (240, 130),
]
TROUSERS = [
    (250, 60),
    (550, 60),
    (575, 200),
    (600, 740),
    (470, 745),
    (405, 330),
    (395, 330),
    (330, 745),
    (200, 740),
    (225, 200),
]


class Unused:
    """Neither network is asked about a picture with alpha."""

    def saliency(self, rgb):
        raise AssertionError("asked about a picture with alpha")

    def see(self, rgb, *, kinds):
        raise AssertionError("asked about a picture with alpha")


def drawn(outline, *, tilt_deg: float = 0.0, badge=None) -> Picture:
    rgb = np.full((800, 800, 3), (70, 110, 160), np.uint8)
    cv2.ellipse(rgb, (400, 100), (70, 45), 0, 0, 180, (40, 60, 90), -1)
    if badge is not None:
        cv2.fillConvexPoly(rgb, np.int32(cv2.boxPoints(badge)), (230, 90, 40))
    alpha = np.zeros((800, 800), np.uint8)
    cv2.fillPoly(alpha, [np.int32(outline)], 255)
    turn = cv2.getRotationMatrix2D((400, 400), tilt_deg, 0.9)
    return Picture(
        cv2.warpAffine(rgb, turn, (800, 800), borderMode=cv2.BORDER_REPLICATE),
        cv2.warpAffine(alpha, turn, (800, 800)),
    )


def seen(picture: Picture, kind: GarmentKind = GarmentKind.UPPER) -> GarmentView:
    return see_garment(picture, kind=kind, segmenter=Unused(), seer=Unused())


@pytest.mark.parametrize("tilt_deg", [0.0, 7.0])
def test_a_tees_corners_are_found_and_it_is_set_upright(tilt_deg: float) -> None:
    view = seen(drawn(TEE, tilt_deg=tilt_deg))
    assert (view.style, view.sleeves) == (Style.TEE, Sleeves.SHORT)
    torso = view.torso
    assert torso is not None
    assert torso.chest_px == pytest.approx(0.9 * 318, rel=0.06), "armpit to armpit"
    assert torso.length_px == pytest.approx(0.9 * 600, rel=0.05), "neck to hem"
    assert abs(torso.hem[0, 1] - torso.hem[-1, 1]) < 10, "the hem is not level"
    assert abs(torso.neck[0, 1] - torso.neck[-1, 1]) < 10, "the neck points are not level"
    left, right = view.sleeves_of["left"], view.sleeves_of["right"]
    middle = (torso.neck[0, 0] + torso.neck[-1, 0]) / 2
    assert abs((middle - left.outer[-1, 0]) - (right.outer[-1, 0] - middle)) < 15
    assert left.outer[-1, 1] < left.inner[-1, 1], "the cuff's corners are swapped"


def test_a_straight_badge_is_print_and_a_swinging_card_is_covered() -> None:
    badge = seen(drawn(TEE, badge=((400, 330), (110, 70), 0)))
    assert badge.hang_tag is None
    assert badge.print_box is not None
    x0, y0, x1, y1 = badge.print_box
    assert (x1 - x0, y1 - y0) == (pytest.approx(99, abs=14), pytest.approx(63, abs=14))
    card = seen(drawn(TEE, badge=((410, 300), (48, 88), 11)))
    assert card.hang_tag is not None, "the card stayed on the shirt"
    assert card.print_box is None
    x0, y0, x1, y1 = card.hang_tag
    patch = card.texture[y0:y1, x0:x1].reshape(-1, 3)
    assert np.abs(patch.mean(axis=0) - (70, 110, 160)).max() < 12


def test_trousers_have_legs_and_skirts_have_none() -> None:
    trousers = seen(drawn(TROUSERS), GarmentKind.LOWER)
    assert trousers.style is Style.TROUSERS
    assert trousers.lower is not None
    assert set(trousers.lower.inner) == {"left", "right"}
    skirt = [(300, 100), (500, 100), (640, 700), (160, 700)]
    assert seen(drawn(skirt), GarmentKind.LOWER).style is Style.SKIRT


def test_what_cannot_be_fitted_is_refused_with_its_reason() -> None:
    with pytest.raises(Refused) as dress:
        seen(drawn(TEE), GarmentKind.FULL)
    assert dress.value.reason == "category"
    bottle = [(370, 60), (430, 60), (440, 740), (360, 740)]
    for kind in (GarmentKind.UPPER, GarmentKind.HEAD):
        with pytest.raises(Refused) as view:
            seen(drawn(bottle), kind)
        assert view.value.reason == "garment-view"
    askew = [(250, 60), (550, 60), (760, 400), (700, 440), (420, 300), (330, 745), (200, 740)]
    with pytest.raises(Refused, match="garment-view"):
        seen(drawn(askew), GarmentKind.LOWER)


def test_colours_go_on_beyond_the_edge_and_into_holes() -> None:
    rgba = np.zeros((120, 120, 4), np.float32)
    rgba[20:100, 20:100] = (0.8, 0.2, 0.1, 1.0)
    rgba[50:60, 50:60] = 0
    filled = carried_on(rgba)
    for y, x in ((10, 60), (55, 55), (60, 110)):
        assert np.abs(filled[y, x].astype(int) - (204, 51, 26)).max() < 8, (y, x)
