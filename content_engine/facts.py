"""Facts from a merchant's words: names, terms, quantities, composition, impossible amounts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from content_engine.errors import InvalidFeed
from content_engine.types import Fact, Quantity
from content_engine.units import FoundQuantity, convert, dimension, find_quantities

_TRUE, _FALSE = ("true", "yes"), ("false", "no")
_COMMA = re.compile(r"\s*(?:[;•·|\n]|,(?!\d)|,(?<=\D,)(?=\d))\s*(?![^()]*\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One material of a product.

    `share_percent` is 0..100 of its part, None when not said; `part` is the part of the product
    it makes (`cover`), empty for the whole; `weight` is the fabric's own (g/m²).
    """

    material: str
    share_percent: Decimal | None = None
    part: str = ""
    weight: Quantity | None = None


@lru_cache(4096)
def snake_case(text: str) -> str:
    """The attribute name in snake_case: `Width with handle` → `width_with_handle`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
    return re.sub(r"[^\w]+", "_", spaced.casefold()).strip("_")


def fact_fields() -> dict[str, str]:
    """The feed fields that state a fact, with the fact's name, in the order facts are told."""
    return rules()["fields"]


def field_fact(field: str) -> str | None:
    """The fact that a feed field states, or None when it states none."""
    return fact_fields().get(field)


def detail_fact(section: str, attribute: str) -> str:
    """The canonical fact name of a `product_detail`: ("Print", "text") → `print_text`."""
    table = rules()
    area, name = snake_case(section), snake_case(attribute)
    for fact, pair in table["sections"]["attributes"].items():
        if [area, name] == pair:
            return fact
    name = table["aliases"].get(name, name)
    return f"{area}_{name}" if area in table["sections"]["named"] else name


def make_fact(name: str, text: str, *, source: str, language: str = "en") -> Fact:
    """The fact that a merchant's words state. `text` is clean; truth values become yes and no.

    A bare number takes the unit that the name says (`cold_hours`: 24 h).
    """
    said = {**dict.fromkeys(_TRUE, "yes"), **dict.fromkeys(_FALSE, "no")}.get(text.casefold(), text)
    found = tuple(item.quantity for item in find_quantities(said, locale=language))
    unit = rules()["unit_of_name"].get(name.rsplit("_", 1)[-1], "")
    quantities = tuple(replace(item, unit=item.unit or unit) for item in found)
    terms = split_terms(said, name=name)
    return Fact(name=name, text=said, terms=terms, quantities=quantities, source=source)


def sizes_fact(sizes: Sequence[str], *, source: str) -> Fact:
    """The fact `sizes`, each size once, smallest first; sizes of no known order stay as given."""
    unique = list(dict.fromkeys(size for size in sizes if size))
    ordered = _in_order(unique)
    quantities = tuple(
        found.quantity for size in ordered for found in find_quantities(size) if _is_number(size)
    )
    text = ", ".join(ordered)
    return Fact(name="sizes", text=text, terms=tuple(ordered), quantities=quantities, source=source)


def split_terms(text: str, *, name: str = "") -> tuple[str, ...]:
    """The atomic phrases of a fact's words: split at commas and semicolons, not inside brackets.

    Colours, scents, flavours and patterns also split at `and` and `/`; highlights and printed
    words are one phrase.
    """
    table = rules()["terms"]
    if name in table["whole"]:
        return (text,)
    parts = _COMMA.split(text)
    if name in table["joined"]:
        parts = [piece for part in parts for piece in _joints().split(part)]
    return tuple(part.strip() for part in parts if part.strip())


def composition(fact: Fact) -> tuple[Component, ...]:
    """The materials that a fact names, in the merchant's order.

    `80% cotton, 20% recycled polyester fleece, 320 g/m²` gives two components of 320 g/m²;
    `100% linen cover, feather filling` gives linen for the cover, feather for the filling.
    """
    found = find_quantities(fact.text)
    marked = _marked(fact.text, found)
    components: list[Component] = []
    part = ""
    for segment in _segments(marked, found):
        prefix, _, rest = segment.rpartition(":")
        part = prefix.strip().casefold() or part
        component = _component(rest, found, part=part)
        if component.material:
            components.append(component)
        elif component.weight is not None:
            components = [
                item if item.weight else replace(item, weight=component.weight)
                for item in components
            ]
    return tuple(components)


def check_amounts(facts: Sequence[Fact]) -> None:
    """Raises InvalidFeed naming the field whose amount no product can have."""
    for fact in facts:
        measure = rules()["measures"].get(fact.name)
        if measure and not fact.quantities and _must_measure(fact):
            raise InvalidFeed(f"{fact.source}: no amount with a unit in {_short(fact.text)}")
        for quantity in fact.quantities:
            _check_amount(fact, quantity, measure=measure or "")


def _check_amount(fact: Fact, quantity: Quantity, *, measure: str) -> None:
    kind = dimension(quantity.unit)
    if measure and _must_measure(fact) and kind != measure:
        raise InvalidFeed(f"{fact.source}: {_short(fact.text)} is no {measure}; give a unit")
    if measure == kind and quantity.value <= 0:
        raise InvalidFeed(f"{fact.source}: {_short(fact.text)} must be above zero")
    largest, unit = rules()["largest"].get(kind, (None, ""))
    if largest is not None and convert(quantity, unit).value > largest:
        raise InvalidFeed(f"{fact.source}: {_short(fact.text)} is more than {largest} {unit}")
    if fact.name == "material" and kind == "share" and not 0 < quantity.value <= 100:
        raise InvalidFeed(f"{fact.source}: {_short(fact.text)} has a share outside 0-100 %")


@cache
def rules() -> dict[str, Any]:
    """The tables of `facts.toml`."""
    path = Path(__file__).with_name("facts.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _joints() -> re.Pattern[str]:
    joins = rules()["terms"]["joins"]
    words = "|".join(re.escape(join) for join in joins if join.isalpha())
    signs = "|".join(re.escape(join) for join in joins if not join.isalpha())
    return re.compile(rf"\s+(?:{words})\s+|\s*(?:{signs})\s*", re.IGNORECASE)


def _must_measure(fact: Fact) -> bool:
    return fact.source in rules()["measures"]["fields"]["required"]


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}…")


def _is_number(size: str) -> bool:
    return size.replace(".", "", 1).replace(",", "", 1).isdecimal()


def _in_order(sizes: Sequence[str]) -> list[str]:
    order = {size: rank for rank, size in enumerate(rules()["sizes"]["order"])}
    if all(size.upper() in order for size in sizes):
        return sorted(sizes, key=lambda size: order[size.upper()])
    if all(_is_number(size) for size in sizes):
        return sorted(sizes, key=lambda size: Decimal(size.replace(",", ".")))
    return list(sizes)


def _marked(text: str, found: Sequence[FoundQuantity]) -> str:
    """The text with each share and fabric weight as a sign that no splitter touches."""
    for index, item in reversed(list(enumerate(found))):
        if item.quantity.unit in ("%", "g/m²"):
            text = f"{text[: item.start]}\x00{index}\x00{text[item.end :]}"
    return text


def _segments(marked: str, found: Sequence[FoundQuantity]) -> list[str]:
    """The text cut at commas, `and`, `/`, and where a share begins (or ends) a component."""
    shares = "|".join(str(i) for i, item in enumerate(found) if item.quantity.unit == "%")
    cut = re.sub(r"\s+(?:and|&|\+)\s+|(?<!\d)/(?!\d)", ";", marked)
    if shares:
        leads = re.match(rf"[^\w\x00]*(?:[^:\x00]*:\s*)?\x00(?:{shares})\x00", marked) is not None
        share = rf"(\x00(?:{shares})\x00)"
        cut = re.sub(share, r";\1" if leads else r"\1;", cut)
        cut = re.sub(r":\s*;", ": ", cut)
    return [part for part in re.split(r"\s*[;,•·\n]\s*", cut) if part.strip()]


def _component(segment: str, found: Sequence[FoundQuantity], *, part: str) -> Component:
    numbers = [found[int(index)].quantity for index in re.findall(r"\x00(\d+)\x00", segment)]
    share = next((item.value for item in numbers if item.unit == "%"), None)
    weight = next((item for item in numbers if item.unit == "g/m²"), None)
    words = re.sub(r"\x00\d+\x00", " ", segment).replace("(", " ").replace(")", " ").split()
    names = rules()["parts"]["names"]
    for length in (2, 1):
        tail = " ".join(words[-length:]).casefold()
        if len(words) > length and tail in names:
            words, part = words[:-length], tail
    material = " ".join(words).strip(" .")
    return Component(material=material, share_percent=share, part=part, weight=weight)
