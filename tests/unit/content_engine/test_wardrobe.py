"""Where a product is worn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content_engine.lexicon.concepts import Concepts
from content_engine.types import Digest, GarmentKind, Photo, PhotoRole, Product
from content_engine.wardrobe import _kinds, garment_kind, garment_photo


def worn(title: str, *category: str, language: str = "en") -> GarmentKind | None:
    product = Product(
        sku="X", title=title, brand="", category=category, facts=(), photos=(), language=language
    )
    return garment_kind(product)


@pytest.mark.parametrize(
    ("title", "category", "kind"),
    [
        ("Darko Polo", ("Apparel", "Shirts", "Polo shirts"), GarmentKind.UPPER),
        ("Crew-neck T-shirt", ("Clothing", "Shirts & Tops"), GarmentKind.UPPER),
        ("Pirate's Beanie", ("Apparel", "Headware", "Beanies"), GarmentKind.HEAD),
        ("Slim jeans", ("Clothing", "Pants"), GarmentKind.LOWER),
        ("Rain jacket for dogs' owners", (), GarmentKind.OUTER),
        ("Summer dress with belt", (), GarmentKind.FULL),
        ("Shirt dress", (), GarmentKind.FULL),
    ],
)
def test_category_and_title_tell_where_it_is_worn(
    title: str, category: tuple[str, ...], kind: GarmentKind
) -> None:
    assert worn(title, *category) is kind


@pytest.mark.parametrize("title", ["Speckled mug", "Neck warmer", "White plimsolls", "Socks"])
def test_what_cannot_be_tried_on_has_no_kind(title: str) -> None:
    assert worn(title) is None


@pytest.mark.parametrize(
    ("language", "title", "kind"),
    [
        ("de", "Leinenkleid", GarmentKind.FULL),
        ("de", "Jeans", GarmentKind.LOWER),
        ("fr", "Robe en lin", GarmentKind.FULL),
        ("es", "Falda de algodón", GarmentKind.LOWER),
        ("it", "Giacca di jeans", GarmentKind.OUTER),
        ("pt", "Calças de ganga", GarmentKind.LOWER),
        ("ja", "コットンTシャツ", GarmentKind.UPPER),
        ("ar", "فستان", GarmentKind.FULL),
    ],
)
def test_words_of_every_language_are_known(language: str, title: str, kind: GarmentKind) -> None:
    assert worn(title, language=language) is kind, f"{title} ({language}) is {kind.value}"


def test_a_laptop_is_no_top() -> None:
    assert worn("Laptop") is None
    assert worn("Laptop", language="de") is None


def test_the_photo_meant_for_trying_on_comes_first() -> None:
    main, flat = (
        Photo(role=role, digest=Digest(mark * 64), source="x", width_px=1, height_px=1)
        for role, mark in ((PhotoRole.MAIN, "1"), (PhotoRole.GARMENT, "2"))
    )
    product = Product(sku="X", title="Tee", brand="", category=(), facts=(), photos=(main, flat))
    assert garment_photo(product) == flat
    assert garment_photo(replace(product, photos=(main,))) == main
    assert garment_photo(replace(product, photos=())) is None


def test_the_table_names_concepts_that_exist() -> None:
    assert set(_kinds()) <= set(Concepts.load().terms)
