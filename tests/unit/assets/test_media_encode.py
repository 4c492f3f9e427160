"""Encoding keeps what it must keep, and gives the same bytes for the same picture."""

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from assets.errors import AssetError, UnsupportedMedia
from assets.media import Picture, decode_picture, encode_jpeg, encode_png, encode_webp

sides = st.integers(1, 24)
pixels = st.tuples(sides, sides).flatmap(
    lambda size: st.tuples(
        arrays(np.uint8, (*size, 3)),
        st.none() | arrays(np.uint8, size, elements=st.integers(0, 255)),
    )
)


@given(pixels)
def test_png_returns_every_pixel(planes):
    picture = Picture(*planes)
    again = decode_picture(encode_png(picture))
    assert (again.rgb == picture.rgb).all()
    opaque = picture.alpha is None or (picture.alpha == 255).all()
    assert (again.alpha is None) == opaque
    assert opaque or (again.alpha == picture.alpha).all()


@pytest.fixture(scope="module")
def packshot():
    """A coloured disc on pure white, 400 px."""
    y, x = np.mgrid[0:400, 0:400]
    rgb = np.full((400, 400, 3), 255, np.uint8)
    rgb[(x - 200) ** 2 + (y - 200) ** 2 < 150**2] = (180, 40, 60)
    return Picture(rgb)


@pytest.mark.parametrize("encode_as", [encode_png, encode_jpeg, encode_webp])
def test_same_picture_same_bytes(encode_as, packshot):
    assert encode_as(packshot) == encode_as(Picture(packshot.rgb.copy()))


def test_white_stays_white_in_jpeg(packshot):
    again = decode_picture(encode_jpeg(packshot)).rgb
    y, x = np.mgrid[0:400, 0:400]
    clear = (x - 200) ** 2 + (y - 200) ** 2 > 165**2  # an 8 px block away from the edge
    assert (again[clear] == 255).all(), "a pure white ground must survive JPEG"


def test_jpeg_keeps_full_colour_resolution(packshot):
    with Image.open(io.BytesIO(encode_jpeg(packshot))) as image:
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_png_states_its_colour_space(packshot):
    assert encode_png(packshot)[37:41] == b"sRGB"


def test_webp_keeps_alpha(packshot):
    alpha = np.zeros((400, 400), np.uint8)
    alpha[100:300, 100:300] = 200
    again = decode_picture(encode_webp(Picture(packshot.rgb, alpha)))
    assert (again.alpha == alpha).all()


def test_jpeg_refuses_transparency(packshot):
    with pytest.raises(UnsupportedMedia, match="no transparency"):
        encode_jpeg(Picture(packshot.rgb, packshot.rgb[..., 0].copy()))


SAMPLE_FORMS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


@pytest.mark.parametrize("form", SAMPLE_FORMS)
@given(data=st.data())
def test_mutated_bytes_are_read_or_refused_as_an_asset_error(form, data, encoded_samples):
    mutated = bytearray(encoded_samples[form])
    places = st.integers(0, len(mutated) - 1)
    for place, value in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)
    ):
        mutated[place] = value
    del mutated[data.draw(st.integers(len(mutated) // 2, len(mutated))) :]
    with suppress(AssetError):  # anything else fails the test
        assert decode_picture(bytes(mutated)).width_px > 0


@pytest.fixture(scope="module")
def encoded_samples(scene, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    small = scene.resize((20, 16)).convert("RGBA")
    small.putalpha(90)
    options = {"PNG": {"exif": exif}, "WEBP": {"exif": exif}, "JPEG": {"exif": exif}}
    return {
        form: encode(
            small.convert("RGB") if form == "JPEG" else small, form, **options.get(form, {})
        )
        for form in SAMPLE_FORMS
    }
