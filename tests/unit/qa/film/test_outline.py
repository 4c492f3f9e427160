"""A dent in the product's outline is found with its place; what a clip does anyway is none."""

import cv2
import numpy as np
import pytest

from qa.film.product.outline import outline
from qa.film.product.sought import followed
from qa.film.screened import Screened, Wanted
from qa.film.sight import Source, Views
from qa.gate import load_policy
from qa.vision.reference import Reference
from qa.vision.register import features
from tests.unit.qa.film.filmstock import reel_of, texture

SIDE_PX, FPS, STILLS = 240, 8, 5
DENTED = 2
LIMIT = load_policy().bound("video.outline").accept


@pytest.fixture(scope="module")
def source() -> Source:
    """A speckled jar in its photo, on plain ground."""
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.rectangle(mask, (75, 50), (165, 195), 1, -1)
    cv2.ellipse(mask, (120, 50), (45, 18), 0, 0, 360, 1, -1)
    body = np.clip(texture(3)[:SIDE_PX, :SIDE_PX] * 0.5, 0, 255).astype(np.uint8)
    rgb = np.where(mask[..., None] > 0, body, np.uint8(225))
    reference = Reference(
        rgb=rgb,
        mask=mask > 0,
        possible=mask > 0,
        core=mask > 0,
        backdrop=None,
        box=(75, 32, 166, 196),
        per_photo_px=1.0,
        cut_sides=frozenset(),
        features=features(rgb, mask > 0),
    )
    return Source(reference=reference, features=np.zeros(1280, np.float32), lines=())


def still(source: Source, at: int, *, ground: np.ndarray) -> np.ndarray:
    """The jar over a ground, a little nearer from still to still."""
    way = cv2.getRotationMatrix2D((120, 120), 0, 1.2 + 0.02 * at)
    photo = cv2.warpAffine(source.reference.rgb, way, (SIDE_PX, SIDE_PX))
    drawn = source.reference.mask.astype(np.float32)[..., None]
    share = cv2.warpAffine(drawn, way, (SIDE_PX, SIDE_PX))[..., None]
    return np.rint(photo * share + ground * (1 - share)).astype(np.uint8)


def pushed(picture: np.ndarray, far_px: float) -> np.ndarray:
    """The picture, its jar's right edge pushed outward (inward below 0) at half its height."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float32)
    near = np.clip(1 - np.hypot(x - 174, y - 120) / (2.2 * abs(far_px)), 0, 1)
    bump = near * near * (3 - 2 * near)
    return cv2.remap(picture, x - far_px * bump, y, cv2.INTER_LINEAR)


def beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A line-up: two pictures next to each other."""
    return np.hstack([left, right])


def seen(source: Source, stills: list[np.ndarray]) -> Screened:
    reel = reel_of([cv2.resize(each, (160, 160)) for each in stills for _ in range(FPS)], fps=FPS)
    shown = {at * FPS + FPS // 2: each for at, each in enumerate(stills)}
    return Screened(
        reel=reel,
        pulse=None,  # pyright: ignore[reportArgumentType]
        sound=None,
        wanted=Wanted(),
        views=Views(shown, sources=(source,)),
    )


def plain(source: Source) -> list[np.ndarray]:
    ground = np.full((SIDE_PX, SIDE_PX, 3), (205, 200, 190), np.float32)
    return [still(source, at, ground=ground) for at in range(STILLS)]


@pytest.mark.parametrize("far_px", [-16.0, 16.0], ids=["dent", "bulge"])
def test_a_dent_and_a_bulge_are_found_where_and_when_they_are(source, far_px) -> None:
    stills = plain(source)
    stills[DENTED] = pushed(stills[DENTED], far_px)
    read = outline(seen(source, stills))
    assert read.value > LIMIT
    (fault,) = read.evidence
    assert fault.kind == "silhouette"
    assert fault.frames == (16, 24)
    x0, y0, x1, y1 = fault.box or (0, 0, 0, 0)
    assert x0 < 174 / SIDE_PX < x1
    assert y0 < 0.5 < y1
    assert (x1 - x0) * (y1 - y0) < 0.15


def test_a_product_that_comes_nearer_keeps_its_outline(source) -> None:
    assert outline(seen(source, plain(source))).value == 0


def test_a_shadow_that_passes_behind_is_no_dent(source) -> None:
    stills = []
    for at in range(STILLS):
        ground = np.full((SIDE_PX, SIDE_PX, 3), (205, 200, 190), np.float32)
        ground[:, 30 * at : 30 * at + 70] *= 0.6
        stills.append(still(source, at, ground=ground))
    assert outline(seen(source, stills)).value <= LIMIT


def test_a_title_before_the_edge_is_no_dent(source) -> None:
    stills = plain(source)
    for at in (DENTED, DENTED + 1):
        cv2.putText(stills[at], "glazed by hand", (60, 130), 0, 1.0, (20, 20, 20), 3)
    assert outline(seen(source, stills)).value <= LIMIT


def test_a_line_up_that_shows_the_product_twice_is_held_against_itself(source) -> None:
    stills = [beside(each, each) for each in plain(source)[:4]]
    for side in (0, SIDE_PX):
        dented = stills[DENTED].copy()
        part = slice(side, side + SIDE_PX)
        dented[:, part] = pushed(dented[:, part], -16.0)
        (fault,) = outline(seen(source, [*stills[:DENTED], dented, *stills[3:]])).evidence
        x0, _, x1, _ = fault.box or (0, 0, 0, 0)
        assert x0 < (side + 174) / (2 * SIDE_PX) < x1


def test_of_two_stills_nobody_can_say_which_is_dented(source) -> None:
    stills = plain(source)[:2]
    stills[1] = pushed(stills[1], 16.0)
    assert outline(seen(source, stills)).value == 0


def test_a_still_between_two_that_shows_something_else_holds_no_product(source) -> None:
    stills = plain(source)
    stills[DENTED] = texture(9)[:SIDE_PX, :SIDE_PX]
    frames = [sight.frame for sight in followed(seen(source, stills).views)]
    assert frames == [at * FPS + FPS // 2 for at in range(STILLS) if at != DENTED]
