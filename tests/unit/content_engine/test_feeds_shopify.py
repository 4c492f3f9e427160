"""A Shopify export gives one product a Handle, as its shop shows it."""

from pathlib import Path

import pytest

from content_engine.feeds import FeedFault, FeedItem, read_feed
from content_engine.types import PhotoRole

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Price,Image Src,Image Position,"
    "Image Alt Text,Google Shopping / Gender,Fabric (product.metafields.shopify.fabric),Status"
)
TEE = [
    'tee,Crew Tee,"<p>Soft,\n<b>100% gold</b></p>",Sola,Apparel > Tops,Tee,"new, sale",true,Size,M,Color,Blue,'
    "T-M-B,165,29.00,https://x.test/2.jpg,2,Back,Unisex,Cotton; Elastane,active",
    "tee,,,,,,,,,S,,Blue,T-S-B,165,29.00,https://x.test/1.jpg,1,Front,,,",
    "tee,,,,,,,,,M,,Red,T-M-R,165,29.00,,,,,,",
]
CARD = "card,Gift Card,,Sola,,Card,,true,Title,Default Title,,,GC,0,10.00,,,,,,active"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "products_export.csv"


def read(path: Path, *rows: str) -> list[FeedItem | FeedFault]:
    path.write_text("\ufeff" + "\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return list(read_feed(path))


def test_variants_are_one_product(export: Path) -> None:
    found = read(export, *TEE, CARD)
    assert [type(entry) for entry in found] == [FeedItem, FeedItem]
    tee = found[0]
    assert isinstance(tee, FeedItem)
    product = tee.product
    assert (product.sku, product.title, product.brand) == ("tee", "Crew Tee", "Sola")
    assert product.category == ("Apparel", "Tops")
    assert {fact.name: fact.terms for fact in product.facts} == {
        "gender": ("unisex",),
        "sizes": ("S", "M"),
        "color": ("Blue", "Red"),
        "shipping_weight": ("165 g",),
        "material": ("Cotton", "Elastane"),
    }


def test_photos_stand_by_position(export: Path) -> None:
    tee = read(export, *TEE)[0]
    assert isinstance(tee, FeedItem)
    assert [(photo.role, photo.source) for photo in tee.photos] == [
        (PhotoRole.MAIN, "https://x.test/1.jpg"),
        (PhotoRole.ADDITIONAL, "https://x.test/2.jpg"),
    ]


def test_photos_of_variants_show_its_other_forms(export: Path) -> None:
    header = HEADER.replace("Status", "Variant Image,Status")
    rows = [
        "cap,Cap,,Sola,Hats,Hat,,true,Color,Blue,,,B,80,9.00,https://x.test/b.jpg,1,,,,"
        "https://x.test/b.jpg,active",
        "cap,,,,,,,,,Red,,,R,80,9.00,https://x.test/side.jpg,2,,,,https://x.test/r.jpg,active",
    ]
    export.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (cap,) = read_feed(export)
    assert isinstance(cap, FeedItem)
    assert [(each.role, each.source[-6:]) for each in cap.photos] == [
        (PhotoRole.MAIN, "/b.jpg"),
        (PhotoRole.ADDITIONAL, "de.jpg"),
        (PhotoRole.VARIANT, "/r.jpg"),
    ]


def test_a_product_without_variants_has_no_options(export: Path) -> None:
    card = read(export, CARD)[0]
    assert isinstance(card, FeedItem)
    assert card.product.facts == ()
    assert card.photos == ()


def test_negative_grams_fail_that_product_alone(export: Path) -> None:
    found = read(export, CARD.replace(",0,10.00", ",-5,10.00"), *TEE)
    assert isinstance(found[0], FeedFault)
    assert "Variant Grams" in found[0].message
    assert isinstance(found[1], FeedItem)


def test_a_handle_that_comes_back_later_is_a_fault(export: Path) -> None:
    found = read(export, CARD, *TEE, CARD)
    assert [type(entry) for entry in found] == [FeedItem, FeedItem, FeedFault]
    assert found[2].message.startswith("id 'card' stands already in line 2")


def test_the_newer_template_reads_alike(export: Path) -> None:
    export.write_text(
        "Title,URL handle,Description,Vendor,Product category,Type,SKU,Option1 name,Option1 value,"
        "Weight value (grams),Product image URL,Image position\n"
        "Mug,mug,<p>x</p>,Kiln,Home > Mugs,Mug,M-1,Color,White,380,https://x.test/a.jpg,1\n"
    )
    (mug,) = read_feed(export)
    assert isinstance(mug, FeedItem)
    assert (mug.product.sku, mug.product.brand) == ("mug", "Kiln")
    assert [(fact.name, fact.text) for fact in mug.product.facts] == [
        ("color", "White"),
        ("shipping_weight", "380 g"),
    ]
    assert mug.photos[0].source == "https://x.test/a.jpg"
