"""A product's copy set in one locale: what is said where, in which order, within which limits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from content_engine.channels import TextLimits
from content_engine.errors import GenerationFailed
from content_engine.types import Product
from pipelines.language.frames import Frames
from pipelines.language.phrase import Group, Phrase, Word
from pipelines.language.sheet import Item, Labelled, Measure, Sheet
from pipelines.language.tongue import Tongue
from pipelines.language.voice import AD_VOICES, Voice
from pipelines.language.writing import Slots, Writer

PARAGRAPHS = (
    ("material", "story"),
    ("cut", "details", "print", "function"),
    ("sizes", "dimensions", "care", "rest"),
)
"""The moves of a description, paragraph by paragraph."""

BULLETS = (
    *("bullet_material", "bullet_details", "bullet_function", "bullet_cut", "bullet_print"),
    *("bullet_sizes", "bullet_dimensions", "bullet_care", "bullet_more"),
)
"""The moves of the bullets, the more telling first."""

_TRANSLATED = frozenset(
    ("details", "traits", "facts", "care", "suitable", "finish", "measures", "labelled")
)
"""Slots whose items move to `others` when the locale lacks a word of theirs."""

_LETTER_SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL", "5XL")

_SHORT_WORDS = 4
"""A foreign phrase of more words is left out of copy (and reported): it would be a sentence."""


@dataclass(frozen=True)
class CopySet:
    """Everything written about one product; `notes` says what had no word in the locale."""

    title: str
    description: str
    bullets: tuple[str, ...]
    seo_title: str
    meta_description: str
    alt_texts: tuple[str, ...]
    ads: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Composer:
    """Writes copy sets in one locale."""

    tongue: Tongue
    frames: Frames
    voices: Mapping[str, Voice]

    def compose(
        self, sheet: Sheet, *, product: Product, voice: Voice, limits: TextLimits, seed: int
    ) -> CopySet:
        """The copy set of a product: same arguments, same words. Raises GenerationFailed."""
        tongue = self.tongue.about(sheet.item.head)
        slots, notes = _localised(sheet, tongue=tongue, product=product)
        rng = random.Random(f"{product.sku}/{tongue.locale}/{seed}")
        writer = Writer(tongue, self.frames, _scopes(sheet), voice, rng, dict(slots))
        description = _description(writer, limits.description)
        return CopySet(
            title=_one(writer.fresh(slots), "title", limits.title),
            description=description,
            bullets=_bullets(writer, slots, limits=limits),
            seo_title=_one(writer.fresh(slots), "seo_title", limits.seo_title),
            meta_description=_one(writer.fresh(slots), "meta", limits.meta_description),
            alt_texts=tuple(_alt_texts(writer, slots, views=sheet.views, limit=limits.alt_text)),
            ads=tuple(self._ads(writer, slots, limit=limits.ad)),
            notes=notes,
        )

    def _ads(self, writer: Writer, slots: Slots, *, limit: int) -> Iterator[tuple[str, str]]:
        for name in AD_VOICES:
            writer = writer.fresh(slots, voice=self.voices[name])
            yield name, _one(writer, "ad", limit, slack=1)


def _one(writer: Writer, move: str, limit: int, *, slack: int = 0) -> str:
    text = writer.write(move, limit=limit, slack=slack)
    if text is None:
        where = f"sentences/{writer.tongue.locale}.toml"
        raise GenerationFailed(f"no {move!r} frame of {where} fits {limit} characters")
    return text


def _description(writer: Writer, limit: int) -> str:
    opening = _one(writer, "opening", limit)
    paragraphs = [
        [text for move in moves for text in writer.write_all(move)] for moves in PARAGRAPHS
    ]
    paragraphs = [texts for texts in [[opening, *paragraphs[0]], *paragraphs[1:]] if texts]
    if sum(map(len, paragraphs)) < 4 or len(paragraphs) < 2:
        closing = [text for text in [writer.write("closing")] if text]
        paragraphs = (
            [*paragraphs[:-1], [*paragraphs[-1], *closing]]
            if paragraphs[1:]
            else [*paragraphs, closing]
        )
    space = writer.tongue.grammar.space
    text = "\n\n".join(space.join(texts) for texts in paragraphs)
    while len(text) > limit:
        text = text.rpartition("\n\n" if "\n\n" in text else " ")[0]
    return text


def _bullets(writer: Writer, slots: Slots, *, limits: TextLimits) -> tuple[str, ...]:
    fewest, most = limits.bullets
    writer = writer.fresh(slots)
    texts = [text for move in BULLETS if (text := writer.write(move, limit=limits.bullet))]
    while len(texts) < fewest and (text := writer.write("bullet_basic", limit=limits.bullet)):
        texts.append(text)
    if len(texts) < fewest:
        raise GenerationFailed(f"facts carry {len(texts)} bullets only, the channel wants {fewest}")
    return tuple(texts[:most])


def _alt_texts(
    writer: Writer, slots: Slots, *, views: tuple[str, ...], limit: int
) -> Iterator[str]:
    for index, view in enumerate(views):
        seen = {"view": (Phrase(Word(view, view), role="whole"),)} if view else {}
        if index and (not view or view in views[:index]):
            seen = {"index": (str(index + 1),)}
        fresh = writer.fresh({**slots, **seen})
        fresh.used = set()
        yield _one(fresh, "alt", limit)


def _scopes(sheet: Sheet) -> tuple[str, ...]:
    concept = sheet.item.head.concept
    return ("any", "named" if sheet.named else "described", concept.partition(".")[0], concept)


def _localised(
    sheet: Sheet, *, tongue: Tongue, product: Product
) -> tuple[dict[str, tuple[Item, ...]], tuple[str, ...]]:
    """The slots as this locale can say them, and a note for each thing it has no word for."""
    slots: dict[str, tuple[Item, ...]] = {}
    unknown = [item for items in sheet.slots.values() for item in items if not tongue.knows(item)]
    for name, items in sheet.slots.items():
        known = tuple(item for item in items if name not in _TRANSLATED or tongue.knows(item))
        slots[name] = known
    foreign = product.language != tongue.locale
    others = [item for item in (*unknown, *sheet.slots.get("care_raw", ())) if _is_short(item)]
    scalar = [item for name in ("color", "scent") for item in sheet.slots.get(name, ())]
    slots["others"] = tuple(item for item in dict.fromkeys(others) if item not in scalar)
    slots |= _names(sheet, tongue)
    notes = tuple(f"untranslated: {_text(item)}" for item in dict.fromkeys(unknown))
    return {name: items for name, items in slots.items() if items}, notes if foreign else ()


def _names(sheet: Sheet, tongue: Tongue) -> dict[str, tuple[Item, ...]]:
    """The ways to name the product: LOCALES.md says what each is."""
    item = sheet.item if tongue.knows(sheet.item) else replace(sheet.item, adjectives=(), nouns=())
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
    surfaces = {*aliases, *(entry.surfaces() if entry else ())}
    return any(surface.casefold() in name for surface in surfaces)


def _in_sequence(sizes: list[str]) -> bool:
    if all(size.isdecimal() for size in sizes):
        return [int(size) for size in sizes] == list(range(int(sizes[0]), int(sizes[-1]) + 1))
    return f"/{'/'.join(sizes)}/" in f"/{'/'.join(_LETTER_SIZES)}/"


def _is_short(item: Item) -> bool:
    return len(_text(item).split()) <= _SHORT_WORDS


def _text(item: Item) -> str:
    return item.text if isinstance(item, Phrase | Group | Measure | Labelled) else str(item)
