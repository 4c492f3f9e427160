"""Every dress a picture may come in is read as upright 8-bit sRGB, or refused in clear words."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from assets.errors import AssetError, CorruptMedia, TooLarge, UnsupportedMedia
from assets.media import DecodeLimits, Picture, decode_picture, probe, sniff

STILL = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
ORIENTATION = 0x0112


def far(picture: Picture, image: Image.Image) -> float:
    """Mean absolute difference, 0..255."""
    return float(np.abs(picture.rgb.astype(int) - np.asarray(image.convert("RGB"))).mean())


@pytest.mark.parametrize("form", STILL)
def test_every_still_format_is_read(form, scene, encode):
    data = encode(scene, form)
    picture = decode_picture(data)
    assert (picture.width_px, picture.height_px) == (64, 48)
    assert picture.alpha is None
    assert far(picture, scene) < 8
    assert probe(data) == (f"image/{form.lower()}", 64, 48)
    assert sniff(data) == f"image/{form.lower()}"


def turned(scene, orientation):
    """The stored pixels that, with this orientation, show `scene` upright."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    return scene.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else scene


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone(form, orientation, scene, encode):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    data = encode(turned(scene, orientation), form, exif=exif, **options)
    picture = decode_picture(data)
    assert (picture.width_px, picture.height_px) == (64, 48)
    assert far(picture, scene) < 8, "the picture is not upright"
    assert probe(data)[1:] == (64, 48), "probe and decode disagree about the upright size"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_leaves_the_picture_as_it_lies(scene, encode):
    data = encode(scene, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode_picture(data).width_px == 64


def test_cmyk_becomes_rgb(scene, encode):
    picture = decode_picture(encode(scene.convert("CMYK"), "JPEG", quality=95))
    assert far(picture, scene) < 6


def test_adobe_cmyk_is_not_inverted(encode):
    white = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert decode_picture(encode(white, "JPEG")).rgb.min() > 250, "no ink must be white paper"


def test_16_bit_grey_is_scaled_not_cut(encode):
    wide = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    picture = decode_picture(encode(Image.fromarray(wide), "PNG"))
    assert picture.rgb[0, 0, 0] == 0
    assert picture.rgb[-1, -1, 0] == 255
    assert np.abs(picture.rgb[..., 0].astype(int) - wide / 257).max() <= 0.5


def test_16_bit_colour_is_read():
    rows = b"".join(b"\0" + struct.pack(">HHH", 65535, 32768, 0) * 4 for _ in range(4))
    data = png(4, 4, depth=16, colour_type=2, rows=rows)
    assert decode_picture(data).rgb[0, 0].tolist() == [255, 128, 0]


def test_palette_transparency_becomes_alpha(scene, encode):
    indexed = scene.quantize(8)
    picture = decode_picture(encode(indexed, "PNG", transparency=bytes([0, 128] + [255] * 6)))
    assert picture.alpha is not None
    assert set(np.unique(picture.alpha)) == {0, 128, 255}


def test_colour_key_becomes_alpha(scene, encode):
    key = scene.getpixel((0, 0))
    picture = decode_picture(encode(scene, "PNG", transparency=key))
    assert picture.alpha is not None
    assert picture.alpha[0, 0] == 0
    assert picture.alpha[-1, -1] == 255


def test_grey_with_alpha(scene, encode):
    grey = scene.convert("LA")
    grey.putalpha(77)
    picture = decode_picture(encode(grey, "PNG"))
    assert picture.alpha is not None
    assert picture.alpha.min() == 77
    assert (picture.rgb[..., 0] == picture.rgb[..., 2]).all()


def test_full_opacity_is_no_alpha(scene, encode):
    assert decode_picture(encode(scene.convert("RGBA"), "PNG")).alpha is None


def test_premultiplied_tiff_is_divided_out(encode):
    data = encode(Image.new("RGBA", (8, 8), (100, 50, 25, 128)), "TIFF")
    straight, premultiplied = (struct.pack("<HHII", 338, 3, 1, kind) for kind in (2, 1))
    assert straight in data
    picture = decode_picture(data.replace(straight, premultiplied))
    assert picture.alpha is not None
    assert np.abs(picture.rgb[0, 0].astype(int) - [200, 100, 50]).max() <= 2


def linear_profile() -> bytes:
    """An ICC profile with sRGB's primaries and gamma 1: pixels must change visibly."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = profile.find(b"para\0\0\0\0\0\x03")
    assert curve > 0
    profile[curve : curve + 16] = b"para\0\0\0\0\0\0\0\0\0\x01\0\0"
    name = profile.find("sRGB".encode("utf-16-be"))
    profile[name : name + 8] = "flat".encode("utf-16-be")
    return bytes(profile)


def test_icc_profile_is_applied(encode):
    grey = Image.new("RGB", (8, 8), (128, 128, 128))
    data = encode(grey, "PNG", icc_profile=linear_profile())
    # 128/255 linear light is 188 in sRGB. Source: IEC 61966-2-1.
    assert np.abs(decode_picture(data).rgb.astype(int) - 188).max() <= 1


def test_srgb_profile_changes_nothing(scene, encode):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert far(decode_picture(encode(scene, "PNG", icc_profile=profile)), scene) == 0


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 200])
def test_broken_profile_is_ignored(profile, scene, encode):
    assert far(decode_picture(encode(scene, "PNG", icc_profile=profile)), scene) == 0


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_and_several_pages_are_refused(form, scene, encode):
    frames = [scene, scene.transpose(Image.Transpose.ROTATE_180)]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedMedia, match="animated or has several pages"):
        decode_picture(data)
    with pytest.raises(UnsupportedMedia):
        probe(data)


def test_of_a_telephones_multi_picture_jpeg_the_first_is_taken(scene, encode):
    data = encode(scene, "MPO", save_all=True, append_images=[scene.resize((32, 24))])
    assert decode_picture(data).width_px == 64


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"<svg/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html>404</html>", "an HTML page"),
        (b"%PDF-1.7", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript file"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"\0\0\0\x1cftypavif", "an AVIF picture"),
        (b"\0\0\0\x18ftypheic", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"PK\3\4", "a zip archive"),
        (b'{"error": "not found"}', "JSON text"),
        (b"hello", "of an unknown kind"),
    ],
)
def test_other_files_are_refused_by_name(data, what):
    with pytest.raises(UnsupportedMedia, match=what):
        decode_picture(data)


def test_an_empty_file_is_told_so():
    with pytest.raises(CorruptMedia, match="0 bytes"):
        decode_picture(b"")


@pytest.fixture(scope="module")
def whole_files(scene, encode):
    return {form: encode(scene.resize((256, 192)), form) for form in STILL}


@pytest.mark.parametrize("form", STILL)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_cut_short_is_damaged(form, share, whole_files):
    data = whole_files[form]
    with pytest.raises(CorruptMedia, match="damaged or cut short"):
        decode_picture(data[: int(len(data) * share)])


def chunk(kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width_px, height_px, *, depth=8, colour_type=2, rows=b"", extra=b""):
    header = struct.pack(">IIBBBBB", width_px, height_px, depth, colour_type, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + body


@pytest.mark.parametrize("size", [(60_000, 60_000), (9_000, 9_000), (1, 20_000), (2**31 - 1, 1)])
def test_a_png_bomb_is_refused_by_its_header(size):
    with pytest.raises(TooLarge):
        decode_picture(png(*size))


def test_a_gif_bomb_is_refused_by_its_header():
    frame = b",\0\0\0\0" + struct.pack("<HH", 65535, 65535) + b"\0\x02\x02\x44\x01\0;"
    with pytest.raises(TooLarge):
        decode_picture(b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0" + frame)


def test_a_webp_bomb_is_refused_by_its_header(scene, encode):
    data = bytearray(encode(scene.convert("RGBA"), "WEBP", exif=b"x"))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xff\xff\xff\xff\xff\0"
    with pytest.raises(TooLarge):
        decode_picture(bytes(data))


def test_a_text_bomb_is_refused():
    text = b"Comment\0\0" + zlib.compress(bytes(70_000_000), 1)
    rows = (b"\0" + bytes(12)) * 4
    with pytest.raises(AssetError):
        decode_picture(png(4, 4, rows=rows, extra=chunk(b"zTXt", text) * 2))


def test_a_jpeg_of_endless_scans_is_refused(scene, encode):
    data = encode(scene, "JPEG", progressive=True)
    scan = data[data.index(b"\xff\xda") : -2]
    with pytest.raises(TooLarge, match="scans"):
        decode_picture(data[:-2] + scan * 40 + data[-2:])


def test_limits_are_the_callers(scene, encode):
    data = encode(scene, "PNG")
    with pytest.raises(TooLarge, match="64 × 48 px; at most 3,000 pixels"):
        decode_picture(data, limits=DecodeLimits(max_pixels=3000))
    with pytest.raises(TooLarge, match="bytes"):
        decode_picture(data, limits=DecodeLimits(max_bytes=10))


def test_32_bit_pixels_are_refused(encode):
    with pytest.raises(UnsupportedMedia, match="32-bit"):
        decode_picture(encode(Image.new("F", (8, 8), 0.5), "TIFF"))


def test_a_picture_holds_what_it_promises():
    with pytest.raises(ValueError, match="rgb must be"):
        Picture(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="alpha must be"):
        Picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))
