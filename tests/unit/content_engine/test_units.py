"""Quantities in text are read alike in every locale, and converted without loss."""

from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from babel.units import format_unit
from hypothesis import assume, given
from hypothesis import strategies as st

from content_engine.errors import InvalidBrief
from content_engine.types import Quantity
from content_engine.units import (
    convert,
    dimension,
    find_quantities,
    known_units,
    parse_quantities,
    same_quantity,
)

LOCALES = ("en", "de", "fr", "es", "it", "pt", "ja", "ar")
CLDR = {
    "mm": "length-millimeter",
    "cm": "length-centimeter",
    "m": "length-meter",
    "in": "length-inch",
    "g": "mass-gram",
    "kg": "mass-kilogram",
    "ml": "volume-milliliter",
    "l": "volume-liter",
    "W": "power-watt",
    "V": "electric-volt",
    "Hz": "frequency-hertz",
    "h": "duration-hour",
    "min": "duration-minute",
    "°C": "temperature-celsius",
}


def said(text: str, locale: str = "en") -> list[str]:
    """What was read, as short texts: `9.8 cm`, `220..240 V`."""
    found = parse_quantities(text, locale=locale)
    return [
        f"{q.value}{f'..{q.upper}' if q.upper is not None else ''} {q.unit}".strip() for q in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Speckled Stoneware Mug 350 ml", ["350 ml"]),
        ("45 × 45 cm", ["45 cm", "45 cm"]),
        ("30cm x 20cm x 10cm", ["30 cm", "20 cm", "10 cm"]),
        ("220-240 V, 50/60 Hz", ["220..240 V", "50 Hz", "60 Hz"]),
        ("80% cotton, 320 g/m²", ["80 %", "320 g/m²"]),
        ("-20 °C to 40 °C", ["-20..40 °C"]),
        ('15" screen, 5 1/2 in wide', ["15 in", "5.5 in"]),
        ("1½ l, 12 fl oz, 2000 mAh, 800 lm", ["1.5 l", "12 fl oz", "2000 mAh", "800 lm"]),
        ("1,500 g or 1.5 kg", ["1500 g", "1.5 kg"]),
        ("12-hour hold, 2 years, 6 months", ["12 h", "2 year", "6 month"]),
        ("a 3-pack of 96 sheets", ["3", "96"]),
        ("Ø9 cm, H9.8cm, W 11.7 cm", ["9 cm", "9.8 cm", "11.7 cm"]),
        ("1 000 g in 2 350 ml jars", ["1000 g", "2", "350 ml"]),
        ("9.8cm/3.9in, 5 m/16 ft", ["9.8 cm", "3.9 in", "5 m", "16 ft"]),
        ("2700 K and 3000K light", ["2700 K", "3000 K"]),
    ],
)
def test_english_quantities(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "18/8 stainless steel",
        "socket E14",
        "A5 notebook",
        "16:9",
        "3D",
        "4K",
        "24/7",
        "SC-MUG-350-OAT",
    ],
)
def test_codes_and_grades_are_no_quantities(text: str) -> None:
    assert said(text) == []


def test_in_stock_is_no_length() -> None:
    assert said("3 in stock, a 2-in-1") == ["3", "2"]


@pytest.mark.parametrize(
    ("locale", "text", "expected"),
    [
        ("de", "9,8 cm hoch, 1.500 g, 2er-Set, bei 30 Grad", ["9.8 cm", "1500 g", "2", "30 °C"]),
        ("de", "mit 12 Stunden, 80%ige Baumwolle, 220 bis 240 V", ["12 h", "80 %", "220..240 V"]),
        (
            "fr",
            "9,8\u202fcm, 1\u202f200\u202fg, 80\u00a0%, 24 mois",
            ["9.8 cm", "1200 g", "80 %", "24 month"],
        ),
        ("fr", "45 sur 45 cm, 220 à 240 V", ["45 cm", "45 cm", "220..240 V"]),
        ("es", "0,5 l, 2 años, 3 pulgadas", ["0.5 l", "2 year", "3 in"]),
        ("it", "2 anni, 350 g/mq, 40 gradi", ["2 year", "350 g/m²", "40 °C"]),
        ("pt", "8 polegadas, 45 horas", ["8 in", "45 h"]),
        (
            "ja",
            "高さ９．８ｃｍ、350ミリリットル、２４時間、30℃",
            ["9.8 cm", "350 ml", "24 h", "30 °C"],
        ),
        ("ja", "45×45cm、220〜240V、18か月保証", ["45 cm", "45 cm", "220..240 V", "18 month"]),
        ("ar", "٩٫٨ سم و١٢ ساعة، ٨٠٪ قطن", ["9.8 cm", "12 h", "80 %"]),
        ("ar", "320 غ/م²، من 220 إلى 240 فولت", ["320 g/m²", "220..240 V"]),
    ],
)
def test_quantities_of_other_locales(locale: str, text: str, expected: list[str]) -> None:
    assert said(text, locale) == expected


def test_places_hold_number_and_unit() -> None:
    text = "Höhe 9,8 cm, aus 80\u00a0% Wolle"
    found = find_quantities(text, locale="de")
    assert [text[item.start : item.end] for item in found] == ["9,8 cm", "80\u00a0%"]


@pytest.mark.parametrize("locale", LOCALES)
@given(
    tenths=st.integers(21, 99_999),
    unit=st.sampled_from(sorted(CLDR)),
    length=st.sampled_from(["short", "long"]),
)
def test_what_cldr_writes_is_read_back(locale: str, unit: str, tenths: int, length: str) -> None:
    amount = Decimal(tenths) / 10
    text = format_unit(amount, CLDR[unit], length, locale=locale)
    assume(CLDR[unit] not in text)  # Babel has no short form there and writes the unit's id
    read = parse_quantities(f"({text})", locale=locale)
    assert len(read) == 1, f"{locale}: {text!r} was read as {read}"
    expected = Quantity(value=amount, unit=unit)
    assert same_quantity(read[0], expected), f"{locale}: {text!r} was read as {read}"


@pytest.mark.parametrize("locale", LOCALES)
@given(whole=st.integers(0, 999_999), part=st.integers(0, 99))
def test_grouped_decimals_are_read_back(locale: str, whole: int, part: int) -> None:
    amount = Decimal(whole) + Decimal(part) / 100
    text = format_decimal(amount, locale=locale, format="#,##0.00")
    read = parse_quantities(f"{text} kg", locale=locale)
    assert [(item.value, item.unit) for item in read] == [(amount, "kg")], text


@given(
    value=st.decimals(Decimal("-1e6"), Decimal("1e6"), places=3),
    units=st.sampled_from(
        [(a, b) for a in known_units() for b in known_units() if dimension(a) == dimension(b)]
    ),
)
def test_conversion_and_back_says_the_same(value: Decimal, units: tuple[str, str]) -> None:
    old = Quantity(value=value, unit=units[0])
    there = convert(old, units[1])
    back = convert(there, units[0])
    # Twelve digits, and temperatures lose some to their offset.
    assert abs(back.value - value) <= Decimal("1e-6") * max(abs(value), abs(there.value), 1)


def test_known_conversions() -> None:
    assert convert(Quantity(value=Decimal(1), unit="in"), "cm").value == Decimal("2.54")
    assert convert(Quantity(value=Decimal(68), unit="°F"), "°C").value == 20
    assert convert(Quantity(value=Decimal(1), unit="fl oz"), "ml").value == Decimal("29.5735295625")


def test_length_is_not_mass() -> None:
    with pytest.raises(InvalidBrief, match="not convertible"):
        convert(Quantity(value=Decimal(1), unit="cm"), "g")


def test_same_quantity_knows_units_ranges_and_rounding() -> None:
    mm, cm, inch, span, low = (
        parse_quantities(text)[0] for text in ("98 mm", "9.8 cm", "3.86 in", "220-240 V", "220 V")
    )
    assert same_quantity(mm, cm)
    assert not same_quantity(cm, inch)
    assert same_quantity(cm, inch, tolerance=0.005)
    assert not same_quantity(span, low)
    assert not same_quantity(mm, low)


@given(st.text(max_size=200), st.sampled_from(LOCALES))
def test_any_text_is_read_without_an_error(text: str, locale: str) -> None:
    for item in find_quantities(text, locale=locale):
        assert 0 <= item.start < item.end <= len(text)
        assert item.quantity.unit in known_units()
