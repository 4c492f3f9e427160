"""Catalog garments on photographed people: nothing folds, prints keep their shape."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.media import Picture, decode_picture
from assets.weights import locate
from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.body_seen import BodySeer
from pipelines.studio.fitting.fit import fit
from pipelines.studio.fitting.garment import see_garment
from pipelines.studio.fitting.garment_view import GarmentView, Sleeves, Style
from pipelines.studio.segmenter import U2NetSegmenter

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def seer() -> BodySeer:
    return BodySeer()


@pytest.fixture(scope="module")
def people(shared_data: Path, seer: BodySeer) -> dict[str, Body]:
    return {name: person(shared_data, name, seer) for name in ("ms02-black", "ws04-blue")}


def person(data: Path, name: str, seer: BodySeer) -> Body:
    rgb = picture(data / "people" / "images" / f"{name}_main.jpg").rgb
    scale = 1024 / max(rgb.shape[:2])
    rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return seer.see(rgb, kinds=frozenset({GarmentKind.UPPER}))


def picture(path: Path) -> Picture:
    return decode_picture(path.read_bytes())


def look(path: Path, seer: BodySeer, kind: GarmentKind = GarmentKind.UPPER) -> GarmentView:
    segmenter = U2NetSegmenter(locate("u2netp"))
    return see_garment(picture(path), kind=kind, segmenter=segmenter, seer=seer)


def saleor(data: Path, name: str) -> Path:
    return data / "catalogs" / "saleor" / "images" / f"saleor-{name}.png"


@pytest.mark.parametrize(
    ("name", "style", "sleeves"),
    [
        ("monospace-white-tee-front", Style.TEE, Sleeves.SHORT),
        ("team-tee-front", Style.TEE, Sleeves.SHORT),
        ("polo-shirt-front", Style.TEE, Sleeves.SHORT),
        ("blue-hoodie", Style.HOOD, Sleeves.LONG),
        ("grey-hoodie", Style.HOOD, Sleeves.LONG),
    ],
)
def test_a_catalog_top_fits_people(
    shared_data: Path, seer: BodySeer, people: dict[str, Body], name, style, sleeves
) -> None:
    view = look(saleor(shared_data, name), seer)
    assert (view.style, view.sleeves) == (style, sleeves)
    for who, body in people.items():
        fitted = fit(view, body, over=[], layer=0)
        folds = {k: v for k, v in fitted.measures.items() if k.startswith("folds") and v}
        assert not folds, f"{name} on {who} folds over: {folds}"
        assert fitted.measures.get("print.anisotropy", 1.0) < 1.5, f"{name} on {who}"
        trunk = body.parts == 3
        share = np.mean(fitted.target.covers[trunk] > 128)
        assert share > 0.85, f"{name} leaves {1 - share:.0%} of the worn top of {who} in sight"


@pytest.mark.parametrize("name", ["blue-hoodie", "grey-hoodie", "white-hoodie"])
def test_a_hood_lies_around_the_neck_and_closes_at_the_throat(
    shared_data: Path, seer: BodySeer, people: dict[str, Body], name: str
) -> None:
    view = look(saleor(shared_data, name), seer)
    assert view.torso is not None
    assert view.torso.has_hood, "the hood was taken for a collar"
    lobes = {"hood-left", "hood-right"} if name != "grey-hoodie" else set()
    for who, body in people.items():
        fitted = fit(view, body, over=[], layer=0)
        assert {piece.name for piece in fitted.pieces} >= lobes, f"no hood is laid on {who}"
        rim, unit = fitted.target.neck, body.unit_px
        assert np.ptp(rim[:, 0]) < 0.5 * unit, f"the opening on {who} is wider than a neck"
        throat = (rim[:, 1].max() - body.mid_shoulder[1]) / unit
        assert -0.1 < throat < 0.1, f"the throat of {who} lies {throat:.2f} U below the shoulders"


def test_the_polos_hang_tag_is_gone(shared_data: Path, seer: BodySeer) -> None:
    view = look(saleor(shared_data, "polo-shirt-front"), seer)
    assert view.hang_tag is not None
    x0, y0, x1, y1 = view.hang_tag
    bright = view.texture[y0:y1, x0:x1].astype(int)
    blue = (bright[..., 2] - bright[..., 0]) > 120
    assert blue.mean() < 0.1, "the blue card is still on the shirt"


def test_a_worn_top_is_taken_over_by_another_person(
    shared_data: Path, seer: BodySeer, people: dict[str, Body]
) -> None:
    path = shared_data / "people" / "images" / "mh05-green_main.jpg"
    view = look(path, seer)
    assert view.worn
    assert view.sleeves is Sleeves.LONG
    fitted = fit(view, people["ws04-blue"], over=[], layer=0)
    torso = next(piece for piece in fitted.pieces if piece.name == "torso")
    chest = torso.rgba[torso.rgba.shape[0] // 2, torso.rgba.shape[1] // 2, :3]
    assert chest[1] > chest[0] + 0.1, "the green front became another colour"
    with pytest.raises(Refused) as sleeveless:
        look(shared_data / "people" / "images" / "mt05-blue_main.jpg", seer)
    assert sleeveless.value.reason == "garment-view"


def test_a_beanie_sits_on_the_head_above_the_eyes(
    shared_data: Path, seer: BodySeer, people: dict[str, Body]
) -> None:
    view = look(saleor(shared_data, "beanie-1"), seer, GarmentKind.HEAD)
    assert abs(view.measures["turn_deg"]) > 25, "it lies on its side in the picture"
    for body in people.values():
        fitted = fit(view, body, over=[], layer=0)
        assert fitted.measures["folds.head"] == 0
        eyes = body.pose.points[[2, 5], :2]
        for x, y in np.rint(eyes).astype(int):
            assert fitted.target.covers[y, x] == 0, "the brim covers an eye"
        assert body.face_oval is not None
        forehead = body.face_oval[np.argmin(body.face_oval[:, 1])].astype(int)
        assert fitted.target.covers[forehead[1] - 20, forehead[0]] > 200


def test_street_photos_of_jeans_are_used_or_refused(
    shared_data: Path, seer: BodySeer, people: dict[str, Body]
) -> None:
    folder = shared_data / "catalogs" / "sylius" / "images"
    view = look(folder / "jeans_man_jeans_02.jpg", seer, GarmentKind.LOWER)
    assert view.style is Style.TROUSERS
    assert not any(fit(view, people["ms02-black"], over=[], layer=0).measures.values())
    with pytest.raises(Refused, match="garment-view"):
        look(folder / "jeans_woman_jeans_03.jpg", seer, GarmentKind.LOWER)
