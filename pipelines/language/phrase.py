"""What a merchant's English words mean: noun phrases over concepts, free of any locale."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from content_engine.lexicon import Concepts, Reading
from content_engine.lexicon.concepts import PRODUCT_KINDS
from content_engine.types import Quantity
from content_engine.units import find_quantities

HEAD_KINDS = ("part", *PRODUCT_KINDS, "material", "motif", "aroma")
"""Kinds that can head a noun phrase, the likelier reading first."""

MODIFIER_KINDS = ("material", "aroma", "motif")
"""Kinds of nouns that may stand before a head: what it is made of, smells of, shows."""

ADJECTIVE_KINDS = ("quality", "coating", "color", "pattern", "fit", "neckline", "sleeve", "person")
WHOLE_KINDS = ("care", "suitability", "feature", "size")
PREPOSITIONS = ("with", "on", "of", "in", "for", "above", "under", "without", "from")
DETERMINERS = ("a", "an", "the")
_TOKEN = re.compile(r"\{q\}|[^\s,;]+|[,;]")


@dataclass(frozen=True, slots=True)
class Word:
    """A concept as the merchant wrote it; `degree` is the colour of a coating (white enamelled)."""

    text: str
    concept: str = ""
    degree: str = ""

    @property
    def kind(self) -> str:
        """The concept's kind, empty for a word the lexicon does not know."""
        return self.concept.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Link:
    """A preposition with its phrase: `on the base`, `with carry loop`."""

    preposition: str
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing said about a product.

    `role`: `noun` (head noun with adjectives, noun modifiers and links), `adjective` (head is one),
    `whole` (an idiom, a care instruction; `quantity` fills its `{q}`), `raw` (words unknown).
    `determiner`: empty, `a`, `the`, or a numeral's concept. `share` is a percentage of a material.
    """

    head: Word
    role: str = "noun"
    plural: bool = False
    adjectives: tuple[Word, ...] = ()
    nouns: tuple[Word, ...] = ()
    links: tuple[Link, ...] = ()
    determiner: str = ""
    quantity: Quantity | None = None
    share: Decimal | None = None
    text: str = ""

    def words(self) -> Iterator[Word]:
        """Every word of the phrase, links included."""
        yield self.head
        yield from (*self.adjectives, *self.nouns)
        for link in self.links:
            yield from link.phrase.words()


@dataclass(frozen=True, slots=True)
class Group:
    """Nouns that share their adjectives: `ribbed collar, cuffs and hem`."""

    phrases: tuple[Phrase, ...]
    adjectives: tuple[Word, ...]
    text: str = ""

    def words(self) -> Iterator[Word]:
        """Every word of the group."""
        yield from self.adjectives
        for phrase in self.phrases:
            yield from phrase.words()


Said = Phrase | Group
"""What one term of a fact says."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    text: str
    readings: tuple[Reading, ...]

    def reading(self, kinds: Collection[str]) -> Reading | None:
        found = [reading for kind in kinds for reading in self.readings if reading.kind == kind]
        return found[0] if found else None


@dataclass(frozen=True)
class Parser:
    """Reads English terms over the lexicon's concepts."""

    concepts: Concepts

    def terms(self, text: str) -> tuple[Said, ...]:
        """What a fact's text says, clause by clause: split at commas unless they coordinate."""
        group = self.group(text)
        if group is not None:
            return (group,)
        clauses = [clause.strip() for clause in re.split(r"[,;](?!\d)", text)]
        return tuple(self.phrase(clause) for clause in clauses if clause)

    def group(self, text: str) -> Group | None:
        """The coordination `adjectives noun, noun and noun`, or None when the text is none."""
        parts = [part.strip() for part in re.split(r",|\band\b|&", text)]
        if len(parts) < 2 or not re.search(r"\band\b|&", text) or not all(parts):
            return None
        phrases = [self.phrase(part) for part in parts]
        if any(phrase.role != "noun" or phrase.links for phrase in phrases):
            return None
        if any(phrase.adjectives for phrase in phrases[1:]):
            return Group(tuple(phrases), (), text)
        first = replace(phrases[0], adjectives=())
        return Group((first, *phrases[1:]), phrases[0].adjectives, text)

    def phrase(self, text: str) -> Phrase:
        """What one term says; a phrase of role `raw` when any of its words is unknown."""
        bare, quantities = _without_quantities(text)
        whole = self.concepts.readings(bare, WHOLE_KINDS)
        if whole and self._wants_quantity(whole[0].concept) and not quantities:
            return Phrase(Word(text), role="raw", text=text)
        if whole:
            quantity = quantities[0] if quantities else None
            return Phrase(Word(text, whole[0].concept), role="whole", quantity=quantity, text=text)
        chunks = list(self._chunks(bare))
        found = self._noun_phrase(chunks) or self._adjective(chunks)
        if found is None or len(quantities) > 1:
            return Phrase(Word(text), role="raw", text=text)
        return _with_quantity(replace(found, text=text), quantities)

    def _wants_quantity(self, concept: str) -> bool:
        return any("{q}" in term for term in self.concepts.terms[concept])

    def last_noun(self, text: str) -> Word | None:
        """The last product noun in a text, or None when it names no known product."""
        found = [(chunk, chunk.reading(PRODUCT_KINDS)) for chunk in self._chunks(text)]
        words = [Word(chunk.text, reading.concept) for chunk, reading in found if reading]
        return words[-1] if words else None

    def _chunks(self, text: str) -> Iterator[_Chunk]:
        tokens = [token for token in _TOKEN.findall(text) if token != "{q}"]  # noqa: S105
        at = 0
        while at < len(tokens):
            size = min(self.concepts.longest, len(tokens) - at)
            spans = (" ".join(tokens[at : at + length]) for length in range(size, 0, -1))
            span = next((span for span in spans if self.concepts.readings(span)), tokens[at])
            yield _Chunk(span, self.concepts.readings(span))
            at += span.count(" ") + 1

    def _noun_phrase(self, chunks: Sequence[_Chunk]) -> Phrase | None:
        at = next((i for i, chunk in enumerate(chunks) if chunk.text.lower() in PREPOSITIONS), None)
        if at is None:
            return _simple(chunks)
        core, rest = _simple(chunks[:at]), self._noun_phrase(chunks[at + 1 :])
        if core is None or rest is None:
            return None
        return replace(core, links=(*core.links, Link(chunks[at].text.lower(), rest)))

    def _adjective(self, chunks: Sequence[_Chunk]) -> Phrase | None:
        words = _adjectives(chunks)
        if not words:
            return None
        return Phrase(words[-1], role="adjective", adjectives=words[:-1])


def _simple(chunks: Sequence[_Chunk]) -> Phrase | None:
    """A noun phrase without prepositions: [determiner] adjective* noun* head adjective*."""
    determiner, chunks = _determiner(chunks)
    heads = [i for i, chunk in enumerate(chunks) if chunk.reading(HEAD_KINDS)]
    if not heads:
        return None
    at = heads[-1]
    after = _adjectives(chunks[at + 1 :])
    before = _modifiers(chunks[:at])
    head = chunks[at].reading(HEAD_KINDS)
    if head is None or before is None or len(after) < len(chunks) - at - 1:
        return None
    adjectives, nouns = before
    return Phrase(
        Word(chunks[at].text, head.concept),
        plural=head.plural,
        adjectives=(*adjectives, *after),
        nouns=nouns,
        determiner=determiner,
        text=" ".join(chunk.text for chunk in chunks),
    )


def _determiner(chunks: Sequence[_Chunk]) -> tuple[str, Sequence[_Chunk]]:
    if not chunks:
        return "", chunks
    first = chunks[0].text.lower()
    if first in DETERMINERS:
        return ("the" if first == "the" else "a"), chunks[1:]
    numeral = chunks[0].reading(("numeral",))
    return (numeral.concept, chunks[1:]) if numeral else ("", chunks)


def _adjectives(chunks: Sequence[_Chunk]) -> tuple[Word, ...]:
    """The chunks as adjectives, a colour before a coating as its degree; empty when one is none."""
    words: list[Word] = []
    for chunk in chunks:
        reading = chunk.reading(ADJECTIVE_KINDS)
        if reading is None:
            return ()
        if reading.kind == "coating" and words and words[-1].kind == "color":
            colour = words.pop()
            text = f"{colour.text} {chunk.text}"
            words.append(Word(text, reading.concept, degree=colour.concept))
        else:
            words.append(Word(chunk.text, reading.concept))
    return tuple(words)


def _modifiers(chunks: Sequence[_Chunk]) -> tuple[tuple[Word, ...], tuple[Word, ...]] | None:
    split = next(
        (i for i, chunk in enumerate(chunks) if not chunk.reading(ADJECTIVE_KINDS)), len(chunks)
    )
    adjectives = _adjectives(chunks[:split])
    nouns = [(chunk, chunk.reading(MODIFIER_KINDS)) for chunk in chunks[split:]]
    if len(adjectives) < _adjective_count(chunks[:split]) or any(not read for _, read in nouns):
        return None
    return adjectives, tuple(Word(chunk.text, read.concept) for chunk, read in nouns if read)


def _adjective_count(chunks: Sequence[_Chunk]) -> int:
    coatings = sum(1 for chunk in chunks[1:] if chunk.reading(("coating",)))
    return len(chunks) - coatings


def _without_quantities(text: str) -> tuple[str, list[Quantity]]:
    found = [item for item in find_quantities(text) if item.quantity.unit]
    for item in reversed(found):
        text = f"{text[: item.start]}{{q}}{text[item.end :]}"
    return text, [item.quantity for item in found]


def _with_quantity(phrase: Phrase, quantities: Sequence[Quantity]) -> Phrase:
    if not quantities:
        return phrase
    if quantities[0].unit == "%":
        return replace(phrase, share=quantities[0].value)
    return replace(phrase, quantity=quantities[0])
