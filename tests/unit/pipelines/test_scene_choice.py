"""Which setting suits which product."""

import json
from pathlib import Path

import pytest

from content_engine.types import Product
from pipelines.studio.scene import choose_settings, load_settings
from pipelines.studio.scenes.choose import load_needs, need_of


def product(*category: str, title: str = "Thing", sku: str = "S-1") -> Product:
    return Product(sku=sku, title=title, brand="", category=category, facts=(), photos=())


@pytest.mark.parametrize(
    ("category", "title", "need"),
    [
        (("Home & Garden", "Kitchen & Dining", "Drinkware", "Mugs"), "Speckled mug", "drinkware"),
        (("Accessories", "Homewares"), "Mighty Mug", "drinkware"),
        (("Accessories", "Homewares"), "White Parrot Cushion", "cushions"),
        (("Accessories", "Gift cards"), "Gift card 100", "cards"),
        (("Apparel", "Headware", "Sunglasses"), "DRY Sunglasses", "sunglasses"),
        (("Handbags",), "Canvas Market Tote", "totes"),
        (("Home & Garden", "Lighting", "Lamps"), "Dome Desk Lamp in Satin Brass", "lighting"),
        (("Apparel", "Shirts"), "Crew-neck T-shirt with Chest Print", "garments"),
        (("Groceries", "Juices"), "Apple Juice", "juice"),
        ((), "Linen Cushion with Piping", "cushions"),
        (("Machinery",), "Flux capacitor", "any"),
    ],
)
def test_words_tell_the_need(category: tuple[str, ...], title: str, need: str) -> None:
    assert need_of(product(*category, title=title)).name == need


def test_every_need_names_settings_that_exist_and_serve_its_stance() -> None:
    settings = load_settings()
    for need in load_needs().values():
        assert need.settings, f"{need.name} has no setting"
        for name in (*need.settings, *need.above):
            assert name in settings, f"{need.name} names {name!r}, which settings.toml lacks"
        stances = {settings[name].stance for name in need.above}
        assert stances <= {"lie"}, f"{need.name}: a view from above needs sets that lie"


def test_every_setting_serves_some_need() -> None:
    used = {name for need in load_needs().values() for name in (*need.settings, *need.above)}
    assert set(load_settings()) == used


def test_things_that_cannot_stand_only_get_sets_to_lie_on() -> None:
    settings = load_settings()
    for need in ("garments", "headwear", "paper", "cards", "totes"):
        assert {settings[name].stance for name in load_needs()[need].settings} == {"lie"}, need


def test_a_catalog_of_one_class_is_spread_over_its_settings_and_each_product_keeps_its_own() -> (
    None
):
    mugs = [product("Mugs", sku=f"MUG-{number}") for number in range(60)]
    first = [choose_settings(mug)[0] for mug in mugs]
    assert first == [choose_settings(mug)[0] for mug in mugs]
    shares = {name: first.count(name) / len(first) for name in set(first)}
    assert set(shares) == set(load_needs()["drinkware"].settings)
    assert max(shares.values()) < 0.5
    assert all(len(set(choose_settings(mug))) == len(choose_settings(mug)) for mug in mugs)


def test_shoes_seen_from_above_lie_and_shoes_seen_from_the_side_stand() -> None:
    settings, shoes = load_settings(), product("Sneakers")
    above = choose_settings(shoes, shape_px=(600, 900))
    aside = choose_settings(shoes, shape_px=(900, 400))
    assert {settings[name].stance for name in above} == {"lie"}
    assert {settings[name].stance for name in aside} == {"stand"}


def test_every_sample_product_is_understood(samples: Path) -> None:
    for line in (samples / "products.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        category = tuple(part.strip() for part in item["google_product_category"].split(">"))
        sample = product(*category, title=item["title"], sku=item["id"])
        assert need_of(sample).name not in ("any", "decor", "office"), item["title"]
