"""Each instrument of the image judge on a small drawn product: clean, and with one fault."""

from dataclasses import replace

import cv2
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.media import Picture
from content_engine.channels import channel
from content_engine.errors import ScorerFailed
from content_engine.types import Asset, Digest, ImageSpec, Shot
from qa.vision import background, file, likeness, outline
from qa.vision.failures import OPENCV_ERRORS, measuring, reader_errors
from qa.vision.lab import delta_e2000
from qa.vision.observed import Observed, observe
from qa.vision.reference import Reference, read_reference
from qa.vision.register import align, features
from qa.vision.search import search
from qa.vision.segment import Segmenter

FRAME_PX = 640
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
]


def drawn_photo() -> Picture:
    """A transparent photo of a box with a label: 400 px, the product 240 × 280."""
    rng = np.random.default_rng(3)
    rgb = np.zeros((400, 400, 3), np.uint8)
    blotches = cv2.resize(rng.normal(0, 14, (40, 40, 3)).astype(np.float32), (400, 400))
    rgb[:] = np.clip(np.array([60, 110, 150]) + blotches, 0, 255)
    cv2.rectangle(rgb, (130, 120), (270, 260), (230, 225, 205), -1)
    for number in range(14):
        spot = (int(rng.integers(140, 260)), int(rng.integers(130, 250)))
        cv2.circle(rgb, spot, 4 + number % 5, (40 + 9 * number, 30, 60), -1)
    cv2.putText(rgb, "OAK", (150, 330), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (240, 240, 230), 4)
    alpha = np.zeros((400, 400), np.uint8)
    alpha[60:340, 80:320] = 255
    return Picture(rgb, cv2.GaussianBlur(alpha, (0, 0), 0.8))


@pytest.fixture(scope="module")
def photo() -> Picture:
    return drawn_photo()


@pytest.fixture(scope="module")
def reference(photo: Picture) -> Reference:
    return read_reference(photo, segmenter=Segmenter())


def placed(photo: Picture, *, scale: float, left: float, top: float) -> Picture:
    """The product alone in a transparent frame, moved and scaled."""
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    size = (FRAME_PX, FRAME_PX)
    alpha = cv2.warpAffine(photo.alpha, matrix, size, flags=cv2.INTER_CUBIC)
    return Picture(cv2.warpAffine(photo.rgb, matrix, size, flags=cv2.INTER_CUBIC), alpha)


def on_ground(cutout: Picture, ground: np.ndarray) -> Picture:
    share = cutout.alpha[..., None] / 255.0
    return Picture(np.rint(cutout.rgb * share + ground * (1 - share)).astype(np.uint8))


@pytest.fixture(scope="module")
def cutout(photo: Picture) -> Picture:
    return placed(photo, scale=2.0, left=-80, top=-80)


@pytest.fixture(scope="module")
def packshot(cutout: Picture) -> Picture:
    return on_ground(cutout, np.full((FRAME_PX, FRAME_PX, 3), 255.0))


def seen(
    picture: Picture, reference: Reference, shot: Shot = Shot.PACKSHOT, *, name: str = "web"
) -> Observed:
    asset = Asset(
        role=shot.value,
        digest=Digest("0" * 64),
        media_type="image/png",
        size_bytes=1000,
        width_px=picture.width_px,
        height_px=picture.height_px,
    )
    spec = ImageSpec(shot=shot, longer_side_px=FRAME_PX)
    rules = replace(channel(name).image, longer_side_min_px=FRAME_PX)
    return observe(picture, asset=asset, spec=spec, rules=rules, reference=reference)


def product_of(packshot: Picture) -> np.ndarray:
    return packshot.rgb.min(axis=2) < 250


@pytest.mark.parametrize(("one", "two", "difference"), SHARMA)
def test_colour_differences_are_those_of_the_published_pairs(one, two, difference) -> None:
    found = delta_e2000(np.array(one, float), np.array(two, float))
    assert found == pytest.approx(difference, abs=1e-4)


@settings(max_examples=5, deadline=None)
@given(scale=st.floats(0.6, 2.2), left=st.floats(-60, 40), top=st.floats(-60, 40))
def test_the_product_is_found_where_it_was_put(
    photo: Picture, reference: Reference, scale: float, left: float, top: float
) -> None:
    picture = on_ground(
        placed(photo, scale=scale, left=left, top=top), np.full((FRAME_PX, FRAME_PX, 3), 190.0)
    )
    found = align(reference.features, features(picture.rgb))
    assert found is not None
    centre = np.array([200.0, 200.0]) * scale + (left, top)
    middle = np.array([*np.array(reference.rgb.shape[1::-1]) / 2, 1.0])
    assert found.matrix @ middle == pytest.approx(centre, abs=2.5)


def terrazzo() -> np.ndarray:
    """A ground with far more distinct points than a product has."""
    rng = np.random.default_rng(5)
    ground = np.full((FRAME_PX, FRAME_PX, 3), 225, np.uint8)
    for _ in range(900):
        chip = rng.integers(0, FRAME_PX, 2) + rng.integers(-9, 9, (5, 2))
        shade = tuple(int(tone) for tone in rng.integers(40, 200, 3))
        cv2.fillPoly(ground, [cv2.convexHull(chip.astype(np.int32))], shade)
    return ground


@pytest.mark.parametrize("scale", [0.5, 0.83])
def test_a_smaller_product_on_a_busy_ground_is_found_and_no_different(
    photo: Picture, reference: Reference, scale: float
) -> None:
    width = round(400 * scale)
    small = cv2.resize(photo.rgb, (width, width), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(photo.alpha, (width, width), interpolation=cv2.INTER_AREA)
    rgb = terrazzo()
    share = alpha[..., None] / 255.0
    window = rgb[150 : 150 + width, 200 : 200 + width]
    window[:] = np.rint(small * share + window * (1 - share)).astype(np.uint8)
    look = seen(Picture(rgb), reference, Shot.SCENE)
    assert look.found().scale == pytest.approx(scale, rel=0.01)
    assert likeness.colour_p95(look).value < 2.0
    assert likeness.sharpness(look).value > 0.95
    assert likeness.structure(look).value < 0.001


def test_a_product_that_is_not_there_is_not_measured(reference: Reference) -> None:
    look = seen(Picture(terrazzo()), reference, Shot.SCENE)
    for instrument in (likeness.colour_p95, likeness.structure, outline.halo, outline.clipped):
        with pytest.raises(ScorerFailed, match="not found"):
            instrument(look)


def test_a_product_without_distinct_points_is_found_by_its_shades(
    photo: Picture, reference: Reference
) -> None:
    soft = cv2.GaussianBlur(reference.rgb, (0, 0), 4)
    picture = cv2.warpAffine(
        soft,
        np.array([[0.9, 0, 150.0], [0, 0.9, 180.0]]),
        (FRAME_PX, FRAME_PX),
        borderValue=(190, 190, 185),
    )
    found = search(soft, reference.mask, picture)
    assert found is not None
    assert found.matrix == pytest.approx(np.array([[0.9, 0, 150], [0, 0.9, 180]]), abs=1.0)


def test_a_mirrored_product_is_not_found(packshot: Picture, reference: Reference) -> None:
    mirrored = np.ascontiguousarray(packshot.rgb[:, ::-1])
    assert align(reference.features, features(mirrored)) is None


def test_what_opencv_raises_leaves_a_metric_unscored() -> None:
    with (
        pytest.raises(ScorerFailed, match="measuring broke"),
        measuring("measuring", breaks_with=OPENCV_ERRORS),
    ):
        cv2.resize(np.zeros((0, 0), np.uint8), (3, 3))


def test_what_onnxruntime_raises_leaves_a_metric_unscored() -> None:
    with (
        pytest.raises(ScorerFailed, match="the network broke"),
        measuring("the network", breaks_with=reader_errors()),
    ):
        onnxruntime.InferenceSession(b"no model", providers=["CPUExecutionProvider"])


def test_glass_is_left_out_by_its_own_narrow_rim(photo: Picture) -> None:
    alpha = photo.alpha.copy()
    alpha[90:310, 110:290] = 180
    framed = read_reference(Picture(photo.rgb, alpha), segmenter=Segmenter())
    x0, y0, x1, y1 = framed.box
    assert not framed.core[(y0 + y1) // 2, (x0 + x1) // 2]
    assert framed.core[y0 + 20, (x0 + x1) // 2], "the frame around the glass can be compared"


def test_nothing_in_the_photo_is_told_and_not_guessed() -> None:
    empty = Picture(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8))
    with pytest.raises(ScorerFailed, match="look at the photo"):
        read_reference(empty, segmenter=Segmenter())


def test_a_good_packshot_is_measured_clean(packshot: Picture, reference: Reference) -> None:
    look = seen(packshot, reference)
    assert background.white_share(look).value == 1.0
    assert background.stray_share(look).value == 0.0
    assert background.fill_shortfall(look).value == pytest.approx(0.0, abs=0.01)
    assert outline.clipped(look).value < 0.003
    assert outline.halo(look).value <= 2.0
    assert likeness.colour_median(look).value < 0.8
    assert likeness.structure(look).value == 0.0
    assert likeness.sharpness(look).value > 0.85
    assert likeness.exposure(look).value < 0.002
    assert file.resolution(look).value == 1.0
    assert file.broken_rules(look).value == 0.0


def test_one_level_off_white_is_seen(packshot: Picture, reference: Reference) -> None:
    look = seen(Picture(np.minimum(packshot.rgb, 254)), reference)
    assert background.white_share(look).value < 0.05


def test_a_grey_patch_is_boxed(packshot: Picture, reference: Reference) -> None:
    rgb = packshot.rgb.copy()
    rgb[10:50, 10:50] = 247
    reading = background.white_share(seen(Picture(rgb), reference))
    assert reading.value < 0.999
    x0, y0, x1, y1 = reading.evidence[0].box
    assert (x0, y0, x1, y1) == pytest.approx((10 / 640, 10 / 640, 50 / 640, 50 / 640), abs=0.01)


def with_shadow(packshot: Picture) -> Picture:
    ground = np.full((FRAME_PX, FRAME_PX), 255.0, np.float32)
    ground[600:612, 100:540] = 170
    ground = cv2.GaussianBlur(ground, (0, 0), 6)
    rgb = np.where(product_of(packshot)[..., None], packshot.rgb, ground[..., None])
    return Picture(rgb.astype(np.uint8))


def test_a_contact_shadow_is_fine_where_the_channel_allows_it(
    packshot: Picture, reference: Reference
) -> None:
    shaded = with_shadow(packshot)
    assert background.white_share(seen(shaded, reference)).value > 0.999
    assert background.white_share(seen(shaded, reference, name="amazon")).value < 0.999
    assert background.stray_share(seen(shaded, reference)).value == 0.0


def test_a_small_product_lacks_fill(photo: Picture, reference: Reference) -> None:
    small = placed(photo, scale=1.2, left=80, top=80)
    look = seen(on_ground(small, np.full((FRAME_PX, FRAME_PX, 3), 255.0)), reference)
    assert background.fill_shortfall(look).value == pytest.approx(0.85 - 1.2 * 280 / 640, abs=0.02)


def test_a_second_object_is_boxed(packshot: Picture, reference: Reference) -> None:
    rgb = packshot.rgb.copy()
    cv2.circle(rgb, (30, 320), 18, (180, 40, 30), -1)
    reading = background.stray_share(seen(Picture(rgb), reference))
    assert reading.value > 0.003
    x0, y0, x1, y1 = reading.evidence[0].box
    assert x0 < 30 / 640 < x1
    assert y0 < 320 / 640 < y1


@pytest.mark.parametrize("grey", [150, 215])
@pytest.mark.parametrize("shot", [Shot.PACKSHOT, Shot.CUTOUT])
def test_a_fringe_is_wider_than_a_clean_edge(
    grey: int, shot: Shot, packshot: Picture, cutout: Picture, reference: Reference
) -> None:
    ring = cv2.dilate((cutout.alpha > 127).astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    ring &= cutout.alpha <= 127
    clean = packshot if shot is Shot.PACKSHOT else cutout
    rgb = np.where(ring[..., None], np.uint8(grey), clean.rgb)
    alpha = None if clean.alpha is None else np.where(ring, np.uint8(255), clean.alpha)
    before = outline.halo(seen(clean, reference, shot)).value
    after = outline.halo(seen(Picture(rgb, alpha), reference, shot)).value
    assert after > before + 1.0, f"a ring of 6 px in {grey} raised the fringe {before} → {after}"


@pytest.mark.parametrize(("shift", "side"), [(60, "right"), (-60, "left")])
def test_a_product_run_into_the_edge_is_clipped(
    shift: int, side: str, photo: Picture, reference: Reference
) -> None:
    moved = placed(photo, scale=2.0, left=-80 + 2 * shift, top=-80)
    look = seen(on_ground(moved, np.full((FRAME_PX, FRAME_PX, 3), 255.0)), reference)
    assert outline.clipped(look).value > 0.03, f"cut on the {side}"


@pytest.mark.parametrize("shot", [Shot.PACKSHOT, Shot.CUTOUT])
def test_a_lost_corner_is_missing(
    shot: Shot, packshot: Picture, cutout: Picture, reference: Reference
) -> None:
    clean = packshot if shot is Shot.PACKSHOT else cutout
    rgb, alpha = clean.rgb.copy(), None if clean.alpha is None else clean.alpha.copy()
    rgb[40:110, 80:180] = 255
    if alpha is not None:
        alpha[40:110, 80:180] = 0
    reading = outline.clipped(seen(Picture(rgb, alpha), reference, shot))
    assert reading.value > 0.01
    x0, y0, x1, y1 = reading.evidence[0].box
    assert x0 < 0.2 < x1
    assert y0 < 0.12 < y1


def test_a_tint_is_measured_as_large_as_it_is(packshot: Picture, reference: Reference) -> None:
    lab = cv2.cvtColor(packshot.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lab[..., 0] -= 8
    darker = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1) * 255
    rgb = np.where(product_of(packshot)[..., None], darker, packshot.rgb).astype(np.uint8)
    assert likeness.colour_median(seen(Picture(rgb), reference)).value == pytest.approx(7.8, abs=1)


def test_a_redrawn_label_differs_in_structure(packshot: Picture, reference: Reference) -> None:
    rgb = packshot.rgb.copy()
    rgb[180:380, 200:440] = rgb[180:380, 200:440][:, ::-1]
    reading = likeness.structure(seen(Picture(rgb), reference))
    assert reading.value > 0.01
    assert reading.evidence[0].box is not None


@pytest.mark.parametrize("sigma", [3.0, 6.0])
def test_blur_takes_fine_contrast(sigma: float, packshot: Picture, reference: Reference) -> None:
    blurred = Picture(cv2.GaussianBlur(packshot.rgb, (0, 0), sigma))
    assert likeness.sharpness(seen(blurred, reference)).value < 0.8


def test_burnt_out_is_seen(packshot: Picture, reference: Reference) -> None:
    bright = np.clip(packshot.rgb.astype(float) * 1.25, 0, 255).astype(np.uint8)
    assert likeness.exposure(seen(Picture(bright), reference)).value > 0.02


def test_another_product_has_nothing_in_common(reference: Reference) -> None:
    rng = np.random.default_rng(9)
    rgb = np.full((FRAME_PX, FRAME_PX, 3), 255, np.uint8)
    rgb[100:540, 150:490] = cv2.resize(
        rng.integers(0, 255, (22, 17, 3)).astype(np.uint8), (340, 440)
    )
    look = seen(Picture(rgb), reference)
    assert likeness.colour_median(look).value > 8
    assert likeness.structure(look).value > 0.2


def test_too_few_pixels_and_a_wrong_type_are_told(packshot: Picture, reference: Reference) -> None:
    small = Picture(cv2.resize(packshot.rgb, (400, 400), interpolation=cv2.INTER_AREA))
    look = seen(small, reference)
    assert file.resolution(look).value == pytest.approx(400 / 640)
    heavy = replace(look, asset=replace(look.asset, media_type="image/bmp", size_bytes=10**9))
    assert file.broken_rules(heavy).value == 2.0
