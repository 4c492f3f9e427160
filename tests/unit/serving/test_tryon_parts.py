"""Small parts of the try-on door: photos made safe, the description of its bodies."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from assets.cleaning import LONGER_SIDE_MOST_PX, clean_garment, clean_person
from assets.errors import TooLarge, UnsupportedMedia
from serving.api.tryon_schema import body

MOST = 8_000_000


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_stands_up_and_says_nothing_of_its_origin(turn: int) -> None:
    upright = np.zeros((40, 30, 3), np.uint8)
    upright[:20] = 250  # light above, dark below
    lying = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: upright.transpose(1, 0, 2)[::-1],
        7: upright.transpose(1, 0, 2)[::-1, ::-1], 8: upright.transpose(1, 0, 2)[:, ::-1],
    }[turn]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turn, "Berta's telephone"
    sent = encoded(Image.fromarray(np.ascontiguousarray(lying)), exif=exif, comment=b"at home")
    clean = clean_person(sent, max_bytes=MOST)
    assert (clean.width_px, clean.height_px) == (30, 40)
    with Image.open(io.BytesIO(clean.data)) as kept:
        pixels = np.asarray(kept)
        assert not kept.getexif()
    assert pixels[5].mean() > 240 > 20 > pixels[35].mean()
    assert b"Berta" not in clean.data
    assert b"at home" not in clean.data


def test_a_large_photo_is_shrunk_in_shape() -> None:
    sent = encoded(Image.new("RGB", (1500, 3000), (90, 90, 90)), quality=30)
    clean = clean_person(sent, max_bytes=MOST)
    assert (clean.width_px, clean.height_px) == (LONGER_SIDE_MOST_PX // 2, LONGER_SIDE_MOST_PX)


def test_what_is_transparent_is_white_on_people_and_stays_on_garments() -> None:
    half = Image.new("RGBA", (40, 40), (200, 0, 0, 0))
    half.paste((0, 0, 200, 255), (0, 20, 40, 40))
    sent = encoded(half, "PNG")
    with Image.open(io.BytesIO(clean_person(sent, max_bytes=MOST).data)) as person:
        assert min(person.getpixel((5, 5))) > 250  # type: ignore[type-var]
    with Image.open(io.BytesIO(clean_garment(sent, max_bytes=MOST).data)) as garment:
        assert (garment.mode, garment.getpixel((5, 5))[3]) == ("RGBA", 0)  # type: ignore[index]


def test_what_is_no_photo_is_refused() -> None:
    with pytest.raises(UnsupportedMedia):
        clean_person(b"%PDF-1.7 " * 20, max_bytes=MOST)
    with pytest.raises(TooLarge, match="no shape of a photo"):
        clean_person(encoded(Image.new("RGB", (16_000, 20))), max_bytes=MOST)
    with pytest.raises(TooLarge):
        clean_person(encoded(Image.new("RGB", (40, 40))), max_bytes=100)


def test_the_description_names_both_bodies_without_references() -> None:
    content = body()["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert "$ref" not in json.dumps(content)
    properties = content["application/json"]["schema"]["properties"]
    assert set(properties) == {"upload", "garments", "longer_side_px"}
