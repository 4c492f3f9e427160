"""Faults planted in clean copy at known places. The planters know none of the judge's rules."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from serving.bench.text_swaps import branded, concept, number, percentage, slip, translated, unit

WORDS_PATH = Path(__file__).with_name("text_plants.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A copy set with one fault. `places` are slot and characters; None: the slot as a whole.

    `wanted` are the kinds of evidence that would name the fault rightly.
    """

    kind: str
    wanted: frozenset[str]
    copy: Mapping[str, Any]
    places: tuple[Place, ...]


def load_words() -> Mapping[str, Mapping[str, Any]]:
    """The planters' words, by locale; `shared` holds those of no language."""
    return tomllib.loads(WORDS_PATH.read_text(encoding="utf-8"))


def plant(kind: str, draft: Draft) -> Plant | None:
    """The copy with one fault of this kind, or None where this copy gives no room for it."""
    planter, wanted = PLANTERS[kind]
    spot = planter(draft)
    if spot is None:
        return None
    return Plant(kind=kind, wanted=frozenset(wanted), copy=spot[0], places=spot[1])


def _said_from(key: str) -> Planter:
    """A planter that adds one of the locale's sentences of this key."""

    def planter(draft: Draft) -> Spot | None:
        sentences = draft.words[key]
        return put(draft, draft.rng.choice(sentences)) if sentences else None

    return planter


def _shared_from(key: str) -> Planter:
    """A planter that adds one of the words that belong to no language."""

    def planter(draft: Draft) -> Spot | None:
        values = draft.everywhere["shared"][key]
        return put(draft, draft.rng.choice(values))

    return planter


def _size(draft: Draft) -> Spot | None:
    offered = {term for fact in draft.product.facts for term in fact.terms}
    sizes = [size for size in draft.everywhere["shared"]["size"] if size not in offered]
    return put(draft, draft.rng.choice(draft.words["size"]).format(x=draft.rng.choice(sizes)))


def _foreign_sentence(draft: Draft) -> Spot | None:
    others = [name for name in draft.everywhere if name not in (draft.locale, "shared")]
    return put(draft, draft.rng.choice(draft.everywhere[draft.rng.choice(others)]["sentence"]))


def _residue(draft: Draft) -> Spot | None:
    phrases = draft.words["residue"]
    places = matches(draft, r"(?<=[^\W\d_])[ 、،](?=[^\W\d_])")
    places = [(field, match) for field, match in places if field == "description"]
    if not phrases:
        return None
    if not places:
        return put(draft, f"{draft.rng.choice(phrases)}.", field="description")
    field, match = draft.rng.choice(places)
    phrase = draft.rng.choice(phrases)
    copy, _ = swap(draft, field, match.span(), f"{match.group()}{phrase} ")
    return copy, ((field, (match.end(), match.end() + len(phrase))),)


def _overlong(draft: Draft) -> Spot | None:
    field = draft.rng.choice(("title", "seo_title", "meta_description", "alt_texts.0", "ads.0"))
    name = {"alt_texts.0": "alt_text", "ads.0": "ad"}.get(field, field)
    limit, text = getattr(draft.limits, name), slot_text(draft, field)
    for sentence in draft.words["sentence"] * 9:
        if len(text) > limit:
            break
        text = f"{text} {sentence}"
    return with_slot(draft.copy, field, text), ((field, (limit, len(text))),)


def _twice(draft: Draft) -> Spot | None:
    found = re.findall(
        r"[^.。!！?？؟\n]{12,}[.。!！?？؟](?=\s|$|[^\d\s])", draft.copy["description"]
    )
    whole = [text.strip() for text in found if not re.search(r"\d$", text.rstrip(".。"))]
    if not whole:
        return None
    sentence = draft.rng.choice(whole)
    first = draft.copy["description"].index(sentence)
    copy, places = put(draft, sentence, field="description")
    # Either of the two may be named; the first stands where it stood, or further on.
    text = copy["description"]
    others = [match.start() for match in re.finditer(re.escape(sentence), text)] or [first]
    return copy, (*places, *(("description", (at, at + len(sentence))) for at in others))


def _missing(draft: Draft) -> Spot | None:
    field = draft.rng.choice([name for name in draft.copy if name != "locale"])
    return {name: value for name, value in draft.copy.items() if name != field}, ((field, None),)


def _miscounted(draft: Draft) -> Spot | None:
    field = draft.rng.choice(("bullets", "ads", "alt_texts"))
    values = list(draft.copy[field])
    fewer = values[: 2 if field != "alt_texts" else -1]
    return {**draft.copy, field: fewer}, ((field, None),)


_CLAIMS = {
    "certification": ("certification",),
    "warranty": ("warranty",),
    "superlative": ("superlative",),
    "green": ("green",),
    "medical": ("medical",),
    "unproven": ("unproven",),
}

PLANTERS: Mapping[str, tuple[Planter, tuple[str, ...]]] = {
    "wrong number": (number, ("number", "size")),
    "wrong unit": (unit, ("unit", "number")),
    "percentage": (percentage, ("percentage",)),
    "material": (concept("material"), ("material",)),
    "colour": (concept("color"), ("color",)),
    "size": (_size, ("size",)),
    **{name: (_said_from(name), kinds) for name, kinds in _CLAIMS.items()},
    "foreign sentence": (_foreign_sentence, ("language",)),
    "English residue": (_residue, ("residue", "language")),
    "too long": (_overlong, ("length",)),
    "said twice": (_twice, ("duplicate",)),
    "e-mail": (_shared_from("email"), ("privacy",)),
    "phone": (_shared_from("phone"), ("privacy",)),
    "IBAN": (_shared_from("iban"), ("privacy",)),
    "card": (_shared_from("card"), ("privacy",)),
    "address": (_said_from("address"), ("privacy",)),
    "markup": (_shared_from("markup"), ("markup",)),
    "control sign": (_shared_from("control"), ("markup",)),
    "brand misspelt": (branded(slip), ("brand",)),
    "brand lower case": (branded(lambda brand, _: brand.lower()), ("brand",)),
    "brand translated": (translated, ("brand",)),
    "missing slot": (_missing, ("structure",)),
    "wrong count": (_miscounted, ("structure",)),
}
