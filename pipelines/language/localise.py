"""What a locale can say of a sheet, and what it has no words for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from content_engine.lexicon import fold
from pipelines.language.items import Item, Labelled, Measure, Territory
from pipelines.language.phrase import Group, Phrase
from pipelines.language.sheet import Sheet
from pipelines.language.tongue import Tongue

_INFLECTED = ("details", "traits", "facts", "care", "suitable", "finish", "measures", "labelled")
"""Slots whose items move to `others` when the locale lacks a word of theirs."""

_LETTER_SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL", "5XL")

_SHORT_WORDS = 4
"""A foreign phrase of more words is left out of copy (and reported): it would be a sentence."""


def localise(sheet: Sheet, *, tongue: Tongue, language: str) -> dict[str, tuple[Item, ...]]:
    """The slots as this locale can say them; the item is one that it knows (`with_known_noun`).

    What has no word stays as the merchant wrote it: in its place when that is a name or a list, in
    the slot `others` when its place wants grammar. `language` is that of the merchant's words.
    """
    slots = dict(sheet.slots)
    homeless: list[Item] = []
    for name in (name for name in _INFLECTED if name in slots):
        homeless += [item for item in slots[name] if not tongue.knows(item)]
        slots[name] = tuple(item for item in slots[name] if tongue.knows(item))
    foreign = language != tongue.locale
    homeless += [*slots.get("care_raw", ()), *slots.get("others", ())]
    unsaid = dict.fromkeys(homeless)
    slots["others"] = tuple(item for item in unsaid if not foreign or _is_word(item))
    slots |= _names(sheet, tongue)
    return {name: items for name, items in slots.items() if items}


def with_known_noun(sheet: Sheet, tongue: Tongue) -> Sheet:
    """The sheet with the narrowest noun, and those of its adjectives, that the locale has."""
    nouns = (sheet.item.head, *sheet.nouns)
    head = next((word for word in nouns if tongue.entry(word)), sheet.item.head)
    adjectives = tuple(word for word in sheet.item.adjectives if tongue.entry(word))
    modifiers = tuple(word for word in sheet.item.nouns if tongue.entry(word))
    item = replace(sheet.item, head=head, adjectives=adjectives, nouns=modifiers)
    return replace(sheet, item=item)


def notes(sheet: Sheet, *, tongue: Tongue, language: str) -> Iterator[str]:
    """A note for each thing of the sheet that the locale has no word for; none in `language`."""
    if language == tongue.locale:
        return
    adjectives = (Phrase(word, text=word.text) for word in sheet.item.adjectives)
    said = [item for items in sheet.slots.values() for item in items]
    named = [item for item in said if isinstance(item, Labelled) and tongue.knows(item)]
    values = [value for item in named for value in item.values]
    said = [*said, *(value for value in values if isinstance(value, Phrase)), *adjectives]
    unknown = (_text(item) for item in said if not tongue.knows(item))
    noun = Phrase(sheet.item.head, text=sheet.item.head.text)
    for text in dict.fromkeys((*unknown, *([] if tongue.knows(noun) else [noun.text]))):
        yield f"untranslated: {text}"


def _names(sheet: Sheet, tongue: Tongue) -> dict[str, tuple[Item, ...]]:
    """The ways to name the product: LOCALES.md says what each is."""
    item = sheet.item
    entries = [(word, tongue.entry(word)) for word in item.adjectives]
    posts = tuple(word for word, entry in entries if entry and entry.form("post"))
    looks = tuple(word for word in item.adjectives if word not in posts)
    noun = replace(item, adjectives=posts)
    slots: dict[str, tuple[Item, ...]] = {
        "item": (item,),
        "noun": (noun,),
        "kind": () if _is_told(sheet, tongue) else (noun,),
        "by": sheet.slots.get("maker", sheet.slots.get("brand", ()))[:1],
        "looks": tuple(Phrase(word, role="adjective", text=word.text) for word in looks),
    }
    sizes = [str(size) for size in sheet.slots.get("sizes", ())]
    if len(sizes) > 2 and _in_sequence(sizes):
        slots |= {"size_from": (sizes[0],), "size_to": (sizes[-1],)}
    return slots


def _is_told(sheet: Sheet, tongue: Tongue) -> bool:
    """True when the product's proper name already says its noun in this locale."""
    name = str(sheet.slots.get("name", ("",))[0]).casefold()
    concept = sheet.item.head.concept
    entry = tongue.entry(sheet.item.head)
    aliases = tongue.lexicon.concepts.terms[concept] if tongue.locale == "en" else ()
    last = [fold(alias).split()[-1] for alias in aliases[:1]]
    surfaces = {*aliases, *last, *(entry.surfaces() if entry else ())}
    return any(surface.casefold() in name for surface in surfaces)


def _in_sequence(sizes: list[str]) -> bool:
    if all(size.isdecimal() for size in sizes):
        return [int(size) for size in sizes] == list(range(int(sizes[0]), int(sizes[-1]) + 1))
    return f"/{'/'.join(sizes)}/" in f"/{'/'.join(_LETTER_SIZES)}/"


def _is_word(item: Item) -> bool:
    """True for a foreign value short enough to stand among this locale's words."""
    return not isinstance(item, Labelled) and len(_text(item).split()) <= _SHORT_WORDS


def _text(item: Item) -> str:
    return (
        item.text
        if isinstance(item, Phrase | Group | Measure | Labelled | Territory)
        else str(item)
    )
