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


def test_a_label_inside_the_collar_lies_above_the_opening_and_is_painted_out() -> None:
    picture = drawn(TEE)
    plain = seen(picture)
    x0, x1, y0, y1 = 378, 424, 160, 200
    picture.rgb[y0:y1, x0:x1] = (230, 90, 40)
    view = seen(picture)
    assert view.torso is not None
    assert plain.torso is not None
    shift = view.torso.hem[0, 1] - plain.torso.hem[0, 1]
    opened = view.torso.neck[:, 1].max() - plain.torso.neck[:, 1].max()
    assert shift == pytest.approx(0, abs=2), "the label moved the garment"
    assert opened > 20, f"the opening reaches {opened:.0f} px deeper: the label stays in sight"
    red = (view.texture[..., 0] > 180) & (view.texture[..., 2] < 90)
    assert not red.any(), f"{red.sum()} px of the label are left"


@pytest.mark.parametrize("lean_px", [0, 25])
def test_a_hanging_long_sleeve_reaches_round_its_narrow_cuff(lean_px: int) -> None:
    left = [(240, 130), (150, 230), (120 - lean_px, 600), (140 - lean_px, 620)]
    left += [(142 - lean_px, 660), (198 - lean_px, 660), (200 - lean_px, 620), (236, 330)]
    right = [(800 - x, y) for x, y in left][::-1]
    view = seen(drawn([(330, 100), *left, (245, 700), (555, 700), *right, (470, 100)]))
    assert view.sleeves is Sleeves.LONG
    for side, sleeve in view.sleeves_of.items():
        apart = abs(sleeve.outer[-1, 1] - sleeve.inner[-1, 1])
        wide = abs(sleeve.outer[-1, 0] - sleeve.inner[-1, 0])
        assert apart < 20, f"the {side} cuff is cut off askew: corners {apart:.0f} px apart"
        assert wide == pytest.approx(0.9 * 56, rel=0.35), f"the {side} cuff"
        outwards = sleeve.outer[-1, 0] - sleeve.inner[-1, 0]
        assert (outwards < 0) == (side == "left"), f"the {side} cuff is turned inside out"
