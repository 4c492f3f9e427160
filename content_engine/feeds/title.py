"""Facts that a title states when no attribute does: colour, capacity, size, pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from content_engine.facts import make_fact, rules
from content_engine.types import Fact, Quantity
from content_engine.units import FoundQuantity, dimension, find_quantities, same_quantity

_PIECES = re.compile(
    r"\b(?:set|pack|box|bundle|case) of (?P<of>\d{1,4})\b"
    r"|\b(?P<pack>\d{1,4})[\s-]?(?:pack|pk|piece|pieces|pcs|pc|count|ct)\b",
    re.IGNORECASE,
)
_FACT_OF = {
    "volume": "capacity",
    "length": "size",
    "mass": "size",
    "power": "power",
    "voltage": "voltage",
}


def title_facts(
    title: str, *, present: Sequence[Fact], brand: str, category: Sequence[str], language: str
) -> tuple[Fact, ...]:
    """The facts, `source` "title", that the title adds to the present ones.

    Colour words are read in English titles only, and not where the category makes them a name
    (red wine, a Blue album).
    """
    names = {fact.name for fact in present}
    found = list(_amounts(title, present=present, language=language))
    if pieces := _PIECES.search(title):
        found.append(("pieces", pieces["of"] or pieces["pack"]))
    if language.startswith("en") and not _colourless(category):
        colours = list(dict.fromkeys(_colours(_without(title, brand))))
        found += [("color", ", ".join(colours))] if colours else []
    return tuple(
        make_fact(name, text, source="title", language=language)
        for name, text in dict(reversed(found)).items()
        if name not in names
    )


def _amounts(title: str, *, present: Sequence[Fact], language: str) -> Iterator[tuple[str, str]]:
    """Measures in the title that no attribute has, as (fact name, words); `30 × 20 cm` is one."""
    known = [quantity for fact in present for quantity in fact.quantities]
    groups: list[list[FoundQuantity]] = []
    for item in find_quantities(title, locale=language):
        between = title[groups[-1][-1].end : item.start] if groups else ""
        if groups and re.fullmatch(r"\s*[×xX]\s*", between):
            groups[-1].append(item)
        else:
            groups.append([item])
    for group in groups:
        name = _FACT_OF.get(dimension(group[0].quantity.unit))
        if name and not all(_said(item.quantity, known) for item in group):
            yield name, title[group[0].start : group[-1].end]


def _said(quantity: Quantity, known: Sequence[Quantity]) -> bool:
    return any(same_quantity(quantity, other) for other in known)


def _without(title: str, brand: str) -> str:
    return re.sub(re.escape(brand), " ", title, flags=re.IGNORECASE) if brand else title


def _colourless(category: Sequence[str]) -> bool:
    never = rules()["colours"]["never_in"]
    words = re.split(r"\W+", " ".join(category).casefold())
    return any(term in words or term == part.casefold() for term in never for part in category)


def _colours(title: str) -> Iterator[str]:
    for match in _colour_pattern().finditer(title):
        yield match.group().casefold()


@cache
def _colour_pattern() -> re.Pattern[str]:
    table = rules()["colours"]
    names, never = "|".join(table["names"]), "|".join(table["never_before"])
    modifiers = "|".join(table["modifiers"])
    return re.compile(
        rf"(?<![\w-])(?:(?:{modifiers})[ -])?(?:{names})(?![\w-]|\s+(?:{never})\b)", re.IGNORECASE
    )
