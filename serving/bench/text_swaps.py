"""Planters that change what stands in the copy: numbers, units, shares, concepts, brands."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from serving.bench.text_draft import (
    Draft,
    Place,
    Planter,
    Spot,
    matches,
    put,
    slot_text,
    swap,
    with_slot,
)

_IN_PLACE = 0.5
"""How often a planter changes what stands there, where it can, rather than add a sentence."""


def concept(kind: str) -> Planter:
    """A planter that swaps a word of this kind for a foreign one, or says the foreign one anew."""

    def planter(draft: Draft) -> Spot | None:
        new = _foreign_concept(draft, kind)
        kept = f"{draft.product.brand} {draft.product.title}"
        found = matches(draft, _words_of(draft, kind))
        found = [(field, match) for field, match in found if match.group() not in kept]
        if found and draft.rng.random() < _IN_PLACE:
            field, match = draft.rng.choice(found)
            return swap(draft, field, match.span(), new)
        return put(draft, draft.rng.choice(draft.words[kind]).format(x=new))

    return planter


def _words_of(draft: Draft, kind: str) -> str:
    """A pattern for the locale's words of this kind; in German they may begin a compound."""
    own = {entry.text for entry in draft.lexicon.entries.values() if entry.kind == kind}
    names = "|".join(sorted(map(re.escape, own), key=len, reverse=True))
    before = "" if draft.locale == "ja" else r"(?<!\w)"
    after = {"ja": "", "de": r"(?:(?!\w)|(?=becher|hemd|kissen|hoodie))"}
    return before + f"(?:{names})" + after.get(draft.locale, r"(?!\w)")


def _foreign_concept(draft: Draft, kind: str) -> str:
    """The locale's word for a concept that the merchant does not name."""
    names = draft.everywhere["shared"][kind]
    said = draft.said()
    entries = [
        entry
        for name in names
        if not any(word in said for word in name.split("-"))
        if (entry := draft.lexicon.entry(f"{kind}.{name}")) is not None
    ]
    return draft.rng.choice(entries).text


def number(draft: Draft) -> Spot | None:
    """Another number in the place of one, or a sentence with one that no fact states."""
    found = matches(draft, r"(?<![\w.,/‑–-])\d+(?:[.,٫]\d+)?(?![\w/‑–-])(?!\s?[%٪％])")
    found = [(field, match) for field, match in found if match.group() not in draft.product.title]
    if not found or draft.rng.random() > _IN_PLACE:
        return put(draft, draft.rng.choice(draft.words["number"]))
    field, match = draft.rng.choice(found)
    new = _other_number(match.group(), draft.said())
    return swap(draft, field, match.span(), new)


def _other_number(number: str, said: str) -> str:
    """A number as long as this one, in its own digits, that stands in no fact."""
    zero = ord(number[0]) - int(number[0])
    for step in range(1, 9):
        first = (int(number[0]) - 1 + step) % 9 + 1
        new = chr(zero + first) + number[1:]
        plain = "".join(str(int(c)) if c.isdecimal() else "." for c in new)
        if not re.search(rf"(?<!\d){re.escape(plain)}(?!\d)", said):
            return new
    return number + chr(zero + 7) * 3


def unit(draft: Draft) -> Spot | None:
    """A unit of another kind behind a right number."""
    swaps = draft.words["unit"]
    units = "|".join(sorted(map(re.escape, swaps), key=len, reverse=True))
    # A range or product of numbers shares its unit: its other parts would be right still.
    amount = r"(?<![\w.,/×–-])\d[\d.,]*[\s\u00a0\u202f]?"
    found = [
        (field, match)
        for field, match in matches(draft, rf"{amount}({units})(?![\w²/])(?!\s*[×–])")
        if not re.search(r"[×–-]\s*$", slot_text(draft, field)[: match.start()])
    ]
    if not found:
        return None
    field, match = draft.rng.choice(found)
    head = match.group()[: match.start(1) - match.start()]
    return swap(draft, field, match.span(), head + swaps[match[1]])


def percentage(draft: Draft) -> Spot | None:
    """Another share in the place of one, or a sentence with one that no fact states."""
    found = matches(draft, r"(?<!\d)\d+(?=[\s\u00a0\u202f]?[%٪])")
    if not found or draft.rng.random() > _IN_PLACE:
        return put(draft, draft.rng.choice(draft.words["percentage"]))
    field, match = draft.rng.choice(found)
    return swap(draft, field, match.span(), _other_number(match.group(), draft.said()))


def branded(change: Callable[[str, random.Random], str]) -> Planter:
    """A planter that writes the brand otherwise in one place."""

    def planter(draft: Draft) -> Spot | None:
        brand = draft.product.brand
        new = change(brand, draft.rng)
        found = matches(draft, re.escape(brand))
        if not found or new == brand:
            return None
        field, match = draft.rng.choice(found)
        return swap(draft, field, match.span(), new)

    return planter


def slip(brand: str, rng: random.Random) -> str:
    """The brand with one letter left out, doubled or swapped with its neighbour."""
    word = max(brand.split(), key=len)
    at = rng.randrange(1, len(word) - 1)
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    return brand.replace(word, rng.choice([slip for slip in slips if slip != word]))


def translated(draft: Draft) -> Spot | None:
    """The brand as words of the locale, everywhere, as a translator does."""
    copy, new = draft.copy, draft.words["brand_words"]
    places: list[Place] = []
    for field, text in draft.fields():
        if draft.product.brand in text:
            start = text.index(draft.product.brand)
            places.append((field, (start, start + len(new))))
            copy = with_slot(copy, field, text.replace(draft.product.brand, new))
    return (copy, tuple(places)) if places else None
