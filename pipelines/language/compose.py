"""A product's copy set in one locale: what is said where, in which order, within which limits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from content_engine.channels import TextLimits
from content_engine.types import Product
from pipelines.language.frames import Frames
from pipelines.language.items import Labelled
from pipelines.language.localise import localise, notes, with_known_noun
from pipelines.language.phrase import Phrase, Word
from pipelines.language.sheet import Sheet
from pipelines.language.tongue import VERBATIM, Tongue
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
        """The copy set of a product: same arguments, same words."""
        said_not = tuple(notes(sheet, tongue=self.tongue, language=product.language))
        sheet = with_known_noun(sheet, self.tongue)
        tongue = self.tongue.about(sheet.item.head)
        slots = localise(sheet, tongue=tongue, language=product.language)
        rng = random.Random(f"{product.sku}/{tongue.locale}/{seed}")
        writer = Writer(tongue, self.frames, scopes_of(sheet), voice, rng, dict(slots))
        description = _description(writer, limits.description)
        return CopySet(
            title=_one(writer.fresh(slots), "title", limits.title),
            description=description,
            bullets=_bullets(writer, slots, limits=limits, product=product),
            seo_title=_one(writer.fresh(slots), "seo_title", limits.seo_title),
            meta_description=_one(writer.fresh(slots), "meta", limits.meta_description),
            alt_texts=tuple(_alt_texts(writer, slots, views=sheet.views, limit=limits.alt_text)),
            ads=tuple(self._ads(writer, slots, limit=limits.ad)),
            notes=said_not,
        )

    def _ads(self, writer: Writer, slots: Slots, *, limit: int) -> Iterator[tuple[str, str]]:
        for name in AD_VOICES:
            writer = writer.fresh(slots, voice=self.voices[name])
            yield name, _one(writer, "ad", limit, slack=1)


def _one(writer: Writer, move: str, limit: int, *, slack: int = 0) -> str:
    """A frame of the move, or at least the product's name, cut where nothing else fits."""
    return writer.write(move, limit=limit, slack=slack) or _name(writer, limit)


def _name(writer: Writer, limit: int) -> str:
    names = [writer.unsaid.get(slot, ()) for slot in ("name", "item", "kind")]
    texts = [writer.tongue.say(items[0], "title") for items in names if items]
    texts = [text.replace(VERBATIM, "") for text in texts]
    fitting = [text for text in texts if len(text) <= limit]
    return fitting[0] if fitting else f"{texts[0][: limit - 1].rpartition(' ')[0]}…"


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


def _bullets(
    writer: Writer, slots: Slots, *, limits: TextLimits, product: Product
) -> tuple[str, ...]:
    """The facts as bullets; where they carry too few, the product's own number and title."""
    fewest, most = limits.bullets
    writer = writer.fresh(slots)
    writer.used.clear()
    texts = [text for move in BULLETS if (text := writer.write(move, limit=limits.bullet))]
    if "label.model" in writer.scopes:
        writer.unsaid.pop("item", None)
    while len(texts) < fewest:
        text = writer.write("bullet_basic", limit=limits.bullet, once=True)
        if text is None:
            break
        texts.append(text)
    plain = {"label.sku": product.sku, "label.title": product.title}
    for label, text in plain.items():
        if len(texts) < fewest:
            said = writer.tongue.say(Labelled(label, (text,), text), "title")
            texts.append(said.replace(VERBATIM, "")[: limits.bullet])
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


def scopes_of(sheet: Sheet) -> tuple[str, ...]:
    """The scopes of frames that suit a product, from the widest to the narrowest."""
    concept = sheet.item.head.concept
    return ("any", "named" if sheet.named else "described", concept.partition(".")[0], concept)
