"""Facts are what the merchant said: names, terms, composition, and amounts that can be."""

from decimal import Decimal

import pytest

from content_engine.errors import InvalidFeed
from content_engine.facts import (
    Component,
    check_amounts,
    composition,
    detail_fact,
    make_fact,
    sizes_fact,
)
from content_engine.types import Quantity


@pytest.mark.parametrize(
    ("section", "attribute", "name"),
    [
        ("Details", "color family", "color_family"),
        ("Details", "Colour", "color"),
        ("Print", "text", "print_text"),
        ("Print", "colors", "print_color"),
        ("Garment", "type", "garment_type"),
        ("Garment", "neckline", "neckline"),
        ("Electrical", "max power", "max_power"),
        ("Dimensions", "width with handle", "width_with_handle"),
        ("Details", "burn time", "burn_time"),
        ("", "Brand", "product_line"),
        ("", "Material", "material"),
    ],
)
def test_attribute_names_become_canonical(section: str, attribute: str, name: str) -> None:
    assert detail_fact(section, attribute) == name


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("care", "dishwasher safe, microwave safe", ("dishwasher safe", "microwave safe")),
        (
            "care",
            "cover: 40 °C gentle wash, do not tumble dry",
            ("cover: 40 °C gentle wash", "do not tumble dry"),
        ),
        ("color", "black/white and red", ("black", "white", "red")),
        ("scent", "fig and cedar", ("fig", "cedar")),
        ("highlight", "ribbed collar, cuffs and hem", ("ribbed collar, cuffs and hem",)),
        ("print_text", "MARKET, GROW SLOW", ("MARKET, GROW SLOW",)),
        ("width", "1,5 cm", ("1,5 cm",)),
        ("finish", "matt (inside, outside), waxed", ("matt (inside, outside)", "waxed")),
    ],
)
def test_terms_are_the_atomic_phrases(name: str, text: str, terms: tuple[str, ...]) -> None:
    assert make_fact(name, text, source="x").terms == terms


def test_a_bare_number_takes_the_unit_of_its_name() -> None:
    fact = make_fact("cold_hours", "24", source="x")
    assert fact.quantities == (Quantity(value=Decimal(24), unit="h"),)


def test_truth_values_become_yes_and_no() -> None:
    assert make_fact("bulb_included", "True", source="x").text == "yes"
    assert make_fact("bulb_included", "false", source="x").text == "no"


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["XL", "S", "M", "XXL", "S"], "S, M, XL, XXL"),
        (["41", "40", "42.5"], "40, 41, 42.5"),
        (["Tall", "Grande"], "Tall, Grande"),
    ],
)
def test_sizes_stand_in_size_order(given: list[str], ordered: str) -> None:
    assert sizes_fact(given, source="sizes").text == ordered


def components(text: str) -> list[Component]:
    return list(composition(make_fact("material", text, source="material")))


FLEECE = Quantity(value=Decimal(320), unit="g/m²")
PAPER = Quantity(value=Decimal(100), unit="g/m²")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "80% cotton, 20% recycled polyester fleece, 320 g/m²",
            [("cotton", 80, "", FLEECE), ("recycled polyester fleece", 20, "", FLEECE)],
        ),
        (
            "100% linen cover, feather filling",
            [("linen", 100, "cover", None), ("feather", None, "filling", None)],
        ),
        (
            "grained polyurethane cover, 100 g/m² paper",
            [("grained polyurethane", None, "cover", None), ("paper", None, "", PAPER)],
        ),
        ("18/8 stainless steel", [("18/8 stainless steel", None, "", None)]),
        ("60% Cotton 40% Polyester", [("Cotton", 60, "", None), ("Polyester", 40, "", None)]),
        ("Cotton 60% Polyester 40%", [("Cotton", 60, "", None), ("Polyester", 40, "", None)]),
        ("Cotton/Linen", [("Cotton", None, "", None), ("Linen", None, "", None)]),
        (
            "Upper: leather; Sole: rubber",
            [("leather", None, "upper", None), ("rubber", None, "sole", None)],
        ),
        (
            "Shell: 60% cotton, 40% polyester; Lining: 100% viscose",
            [
                ("cotton", 60, "shell", None),
                ("polyester", 40, "shell", None),
                ("viscose", 100, "lining", None),
            ],
        ),
    ],
)
def test_composition(
    text: str, expected: list[tuple[str, int | None, str, Quantity | None]]
) -> None:
    assert [(c.material, c.share_percent, c.part, c.weight) for c in components(text)] == expected


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        ("weight", "-3 kg", "product_weight"),
        ("weight", "0 g", "product_weight"),
        ("weight", "1000000000 kg", "product_weight"),
        ("weight", "1e9 kg", "product_weight"),
        ("height", "380", "product_height"),
        ("height", "12 kg", "product_height"),
        ("capacity", "0 ml", "product_detail: capacity"),
        ("material", "120% cotton", "material"),
    ],
)
def test_impossible_amounts_name_their_field(name: str, text: str, source: str) -> None:
    with pytest.raises(InvalidFeed, match=f"^{source}: "):
        check_amounts([make_fact(name, text, source=source)])


def test_minus_twenty_degrees_is_possible() -> None:
    fact = make_fact("highlight", "usable from -20 °C, 0 % sugar", source="product_highlight")
    check_amounts([fact])
    assert [str(item.value) for item in fact.quantities] == ["-20", "0"]
