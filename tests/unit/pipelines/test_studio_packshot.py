"""Placement and composition: whole, well filled, pure white, pixels untouched."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_kit import block

from assets.media import decode_picture, encode_jpeg
from pipelines.studio.packshot import on_nothing, on_white, placed, scaled, stands
from pipelines.studio.placement import ASPECTS, Placement, frame_px, place

SIDES = ("left", "right", "top", "bottom")
FRAMES = st.sampled_from([frame_px(aspect, longer_side_px=1600) for aspect in ASPECTS])
PRODUCTS = st.tuples(st.integers(20, 3000), st.integers(20, 3000))
CUTS = st.frozensets(st.sampled_from(SIDES))


class NoEnlarger:
    """Fails when asked: these pictures need no upscaling."""

    def enlarge(self, rgb: np.ndarray, *, factor: int) -> np.ndarray:
        raise AssertionError(f"upscaled ×{factor} below the magnification that asks for it")


@given(product=PRODUCTS, frame=FRAMES, cut=CUTS)
def test_the_product_is_whole_and_fills_the_frame(
    product: tuple[int, int], frame: tuple[int, int], cut: frozenset[str]
) -> None:
    spot = place(product, frame_px=frame, fill=0.88, cut_sides=cut)
    assert 0 <= spot.left_px <= frame[0] - spot.width_px
    assert 0 <= spot.top_px <= frame[1] - spot.height_px
    filled = max(spot.width_px / frame[0], spot.height_px / frame[1])
    assert filled >= 0.87, "neither side of the frame is filled"


@given(product=PRODUCTS, frame=FRAMES, side=st.sampled_from(SIDES))
def test_one_cut_side_lies_at_the_frames_edge(
    product: tuple[int, int], frame: tuple[int, int], side: str
) -> None:
    spot = place(product, frame_px=frame, fill=0.88, cut_sides=frozenset({side}))
    gaps = {
        "left": spot.left_px,
        "top": spot.top_px,
        "right": frame[0] - spot.left_px - spot.width_px,
        "bottom": frame[1] - spot.top_px - spot.height_px,
    }
    assert gaps[side] == 0


@settings(max_examples=12, deadline=None)
@given(size=st.tuples(st.integers(30, 300), st.integers(30, 300)), shadow=st.booleans())
def test_ground_far_from_the_product_is_pure_white(size: tuple[int, int], shadow: bool) -> None:
    cutout = block(*size)
    frame = (320, 320)
    spot = placed(cutout, frame_px=frame, fill=0.88)
    ready = scaled(cutout, placement=spot, enlarger=NoEnlarger(), upscale_above=99)
    picture = on_white(ready, placement=spot, frame_px=frame, shadow=shadow)
    ground = np.ones(frame[::-1], bool)
    reach = 36 if shadow else 0
    ground[
        max(0, spot.top_px - reach) : spot.top_px + spot.height_px + reach,
        max(0, spot.left_px - reach) : spot.left_px + spot.width_px + reach,
    ] = False
    assert (picture.rgb[ground] == 255).all()


def test_pixels_at_their_own_size_are_the_products_own() -> None:
    cutout = block(60, 40)
    spot = Placement(left_px=10, top_px=20, width_px=60, height_px=40, scale=1.0)
    ready = scaled(cutout, placement=spot, enlarger=NoEnlarger(), upscale_above=1.25)
    white = on_white(ready, placement=spot, frame_px=(100, 90), shadow=True)
    bare = on_nothing(ready, placement=spot, frame_px=(100, 90))
    assert (white.rgb[20:60, 10:70] == cutout.rgb).all()
    assert (bare.rgb[20:60, 10:70] == cutout.rgb).all()
    assert bare.alpha is not None
    assert bare.alpha.sum() == 255 * 60 * 40


def test_white_survives_jpeg_outside_the_products_blocks() -> None:
    cutout = block(120, 120)
    spot = placed(cutout, frame_px=(320, 320), fill=0.5)
    ready = scaled(cutout, placement=spot, enlarger=NoEnlarger(), upscale_above=99)
    picture = on_white(ready, placement=spot, frame_px=(320, 320), shadow=False)
    decoded = decode_picture(encode_jpeg(picture, quality=92)).rgb
    assert (decoded[:72] == 255).all()
    assert (decoded[248:] == 255).all()


@pytest.mark.parametrize("cut", ["bottom", "left"])
def test_what_the_photo_cuts_casts_no_shadow(cut: str) -> None:
    cutout = block(100, 100, cut_sides=frozenset({cut}))
    spot = placed(cutout, frame_px=(200, 200), fill=0.6)
    ready = scaled(cutout, placement=spot, enlarger=NoEnlarger(), upscale_above=99)
    with_shadow = on_white(ready, placement=spot, frame_px=(200, 200), shadow=True)
    without = on_white(ready, placement=spot, frame_px=(200, 200), shadow=False)
    assert (with_shadow.rgb == without.rgb).all()


def test_shadow_lies_under_the_foot_and_is_neutral() -> None:
    cutout = block(100, 100)
    spot = placed(cutout, frame_px=(400, 400), fill=0.5)
    ready = scaled(cutout, placement=spot, enlarger=NoEnlarger(), upscale_above=99)
    rgb = on_white(ready, placement=spot, frame_px=(400, 400), shadow=True).rgb
    below = rgb[300:304, 200]
    assert below.min() < 250, "nothing dark under the foot"
    assert (below.max(axis=1) == below.min(axis=1)).all(), "the shadow has a tint"
    assert (rgb[:90] == 255).all(), "there is shadow above the product"


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("1:1", (1600, 1600)), ("4:5", (1280, 1600)), ("9:16", (900, 1600)), ("16:9", (1600, 900))],
)
def test_frames_have_the_longer_side_asked_for(aspect: str, size: tuple[int, int]) -> None:
    assert frame_px(aspect, longer_side_px=1600) == size


def test_a_wavy_hem_is_no_base_and_casts_no_shadow() -> None:
    flat = block(100, 100)
    assert stands(flat)
    alpha = flat.alpha.copy()
    alpha[96:, 20:40] = 0
    alpha[94:, 60:75] = 0
    assert not stands(replace(flat, alpha=alpha))


def test_corners_are_no_base() -> None:
    pillow = block(100, 100)
    rows, columns = np.mgrid[0:100, 0:100]
    alpha = np.where(rows < 99 - 20 * np.sin(np.pi * columns / 99), 255, 0).astype(np.uint8)
    assert not stands(replace(pillow, alpha=alpha))
