"""The cut-out: what is product stays, what is not goes, and doubt is said."""

import cv2
import numpy as np
import pytest
from studio_kit import KnownPlace, photo_with_alpha, ring_on_grey

from assets.media import Picture, decode_picture
from content_engine.errors import GenerationFailed
from pipelines.studio.cutout import CutOut, cut_out
from pipelines.studio.segmenter import doubt


@pytest.fixture(scope="module")
def ring() -> CutOut:
    rgb, mask = ring_on_grey()
    return cut_out(Picture(rgb), segmenter=KnownPlace(mask))


def test_ring_keeps_its_hole_and_loses_its_shadow(ring: CutOut) -> None:
    _, mask = ring_on_grey()
    found = ring.alpha > 127
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    true = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert abs(ring.height_px - true.shape[0]) <= 6, "the box holds the shadow, or lacks product"
    assert ring.alpha[ring.height_px // 2, ring.width_px // 2] == 0, "the hole was filled"
    assert found.mean() == pytest.approx(true.mean(), abs=0.03)


def test_edge_colours_are_the_products_own(ring: CutOut) -> None:
    edge = ring.rgb[(ring.alpha > 20) & (ring.alpha < 235)].astype(int)
    away = np.abs(edge - (190, 30, 40)).max(axis=1)
    assert len(edge) > 100
    assert np.percentile(away, 90) < 45, "the grey ground still tints the outline"


def test_network_that_misses_the_hole_is_corrected_by_the_backdrop() -> None:
    rgb, mask = ring_on_grey()
    y, x = np.mgrid[0:240, 0:240]
    whole = np.hypot(x - 120, y - 120) < 0.32 * 240
    timid = np.where(mask, 1.0, np.where(whole, 0.7, 0.0))
    cutout = cut_out(Picture(rgb), segmenter=KnownPlace(timid))
    assert cutout.alpha[cutout.height_px // 2, cutout.width_px // 2] == 0


def test_tighter_outline_is_a_smaller_product(ring: CutOut) -> None:
    rgb, mask = ring_on_grey()
    one, two = (
        int(cut_out(Picture(rgb), segmenter=KnownPlace(mask), tight_px=tight).alpha.sum())
        for tight in (1.0, 2.0)
    )
    whole = int(ring.alpha.sum())
    assert whole > one > two > 0.85 * whole


def test_given_alpha_is_kept_and_its_baked_shadow_is_not() -> None:
    cutout = cut_out(decode_picture(photo_with_alpha()), segmenter=KnownPlace(np.zeros((9, 9))))
    assert cutout.given
    assert (cutout.width_px, cutout.height_px) == (80, 70), "the shadow is still in the matte"
    assert (cutout.alpha == 255).all()
    assert cutout.rgb[5, 5].tolist() == [230, 160, 30]


def test_a_tinted_lens_in_a_given_alpha_stays() -> None:
    picture = decode_picture(photo_with_alpha())
    assert picture.alpha is not None
    alpha = picture.alpha.copy()
    alpha[50:80, 60:100] = 150
    cutout = cut_out(Picture(picture.rgb, alpha), segmenter=KnownPlace(np.zeros((9, 9))))
    assert cutout.alpha[30, 30] == 150


def test_product_cut_by_the_photo_says_where() -> None:
    rgb, mask = ring_on_grey()
    half = slice(120, 240)
    cutout = cut_out(Picture(rgb[half].copy()), segmenter=KnownPlace(mask[half]))
    assert cutout.cut_sides == {"top"}


def test_doubtful_product_is_refused_with_the_reason() -> None:
    rgb, _ = ring_on_grey()
    haze = np.full((320, 320), 0.5, np.float32)
    haze[:60, :60] = 0.95
    assert doubt(haze) > 0.6
    with pytest.raises(GenerationFailed, match="undecided"):
        cut_out(Picture(rgb), segmenter=KnownPlace(haze))


def test_photo_without_product_is_refused() -> None:
    grey = np.full((200, 200, 3), 180, np.uint8)
    with pytest.raises(GenerationFailed):
        cut_out(Picture(grey), segmenter=KnownPlace(np.zeros((320, 320))))


@pytest.mark.parametrize("size", [(20, 200), (40, 900)])
def test_photo_too_small_or_too_slender_is_refused(size: tuple[int, int]) -> None:
    picture = Picture(np.zeros((*size, 3), np.uint8))
    with pytest.raises(GenerationFailed, match="too small or too slender"):
        cut_out(picture, segmenter=KnownPlace(np.zeros((9, 9))))


def test_speck_of_alpha_is_no_product() -> None:
    alpha = np.zeros((100, 100), np.uint8)
    alpha[50, 50] = 255
    picture = Picture(np.zeros((100, 100, 3), np.uint8), alpha)
    with pytest.raises(GenerationFailed, match="under 48 px"):
        cut_out(picture, segmenter=KnownPlace(np.zeros((9, 9))))


def test_product_that_fills_the_photo_is_refused() -> None:
    with pytest.raises(GenerationFailed, match="fills the whole photo"):
        cut_out(
            Picture(np.full((200, 200, 3), 90, np.uint8)), segmenter=KnownPlace(np.ones((9, 9)))
        )


def test_deep_shadow_in_a_narrow_gap_is_ground() -> None:
    rgb = np.full((240, 240, 3), 190, np.uint8)
    sleeve, body = (slice(40, 200), slice(40, 100)), (slice(40, 200), slice(112, 200))
    rows = np.arange(240)[:, None]
    gap = np.clip(190 - np.clip(200 - rows, 0, 160) * 0.7, 80, 190)
    rgb[40:200, 100:112] = gap[40:200, :, None].astype(np.uint8)
    rgb[sleeve] = rgb[body] = (200, 105, 55)
    mask = np.zeros((240, 240), bool)
    mask[sleeve] = mask[body] = True
    cutout = cut_out(Picture(rgb), segmenter=KnownPlace(np.where(mask, 1.0, 0.3) * _near(mask)))
    share = float(np.mean(cutout.alpha[10:150, 63:69] > 127))
    assert share < 0.05, f"{share:.0%} of the shadow between sleeve and body is still there"


def _near(mask: np.ndarray) -> np.ndarray:
    """1 in the mask and in gaps narrower than 15 px: where a network's guess runs over."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((15, 15)))
