"""Photographs of people in real places: a cut-out worth having, or a refusal that says why."""

from pathlib import Path

import numpy as np
import pytest

from assets.media import Picture, decode_picture
from assets.weights import locate
from content_engine.errors import GenerationFailed
from pipelines.studio.cutout import cut_out
from pipelines.studio.segmenter import U2NetSegmenter


@pytest.fixture(scope="module")
def network() -> U2NetSegmenter:
    return U2NetSegmenter(locate("u2netp"))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "cut"),
    [("jeans_man_jeans_01", {"top"}), ("caps_cap_04", set())],
)
def test_worn_garment_is_cut_out_where_the_photo_ends(
    shared_data: Path, network: U2NetSegmenter, name: str, cut: set[str]
) -> None:
    photo = shared_data / "catalogs" / "sylius" / "images" / f"{name}.jpg"
    cutout = cut_out(decode_picture(photo.read_bytes()), segmenter=network)
    assert cutout.cut_sides == cut
    assert 0.3 < float(np.mean(cutout.alpha > 127)) < 0.9


@pytest.mark.shared
def test_shop_cut_out_loses_its_floating_shadow(shared_data: Path, network: U2NetSegmenter) -> None:
    photo = shared_data / "catalogs" / "saleor" / "images" / "saleor-sunnies.png"
    cutout = cut_out(decode_picture(photo.read_bytes()), segmenter=network)
    assert cutout.given
    assert cutout.width_px > 2 * cutout.height_px, "the shadow under the glasses is still there"
    lenses = (cutout.alpha > 127) & (cutout.alpha < 250)
    assert lenses.mean() > 0.2, "the tinted lenses are no longer translucent"


def test_a_wall_of_wood_is_no_product(network: U2NetSegmenter, samples: Path) -> None:
    photo = decode_picture((samples / "mug-top.jpg").read_bytes())
    with pytest.raises(GenerationFailed):
        cut_out(Picture(photo.rgb[:250, :300].copy()), segmenter=network)
