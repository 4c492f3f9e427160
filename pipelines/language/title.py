"""What a product's title says: the noun that the product is called by, or a proper name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from content_engine.lexicon.concepts import PRODUCT_KINDS
from content_engine.types import Money, Product
from content_engine.units import find_quantities
from pipelines.language.phrase import Parser, Phrase, Word

_SIZE_CODE = re.compile(r"[A-Z]?\d+(?:[.,]\d+)?|[x×]|X{0,4}[SML]|\d+XL", re.IGNORECASE)
_SET = re.compile(r"(?i)\bset of \d+\b")
_SPLIT = re.compile(r"\s*(?:[,;|()]|\s[–-]\s|&|\s\+\s)\s*")


@dataclass(frozen=True)
class Title:
    """What a title says. `named` is True when it is a proper name; `value` is a gift card's."""

    item: Phrase
    nouns: tuple[Word, ...]
    named: bool
    name: str
    details: tuple[Phrase, ...]
    value: tuple[Money | str, ...]

    @classmethod
    def read(cls, product: Product, parser: Parser) -> Title:
        """The title read over the lexicon: descriptive when all of its words are known."""
        name = _without_brand(product.title, product.brand)
        segments = [part for part in _SPLIT.split(name) if part]
        first = parser.phrase(_bare(segments[0])) if segments else None
        nouns = _nouns(product, name, parser)
        noun = _narrowest(nouns)
        known = all(_is_known(part, parser) for part in segments)
        is_noun = first is not None and first.head.text == noun.text
        described = known and first is not None and (is_noun or first.head.kind in PRODUCT_KINDS)
        item = _item(first, noun) if described and first else Phrase(noun, text=noun.text)
        links = first.links if described and first else ()
        details = tuple(link.phrase for link in links if link.preposition == "with")
        is_card = described and noun.concept == "media.gift-card"
        value = _value(name, product) if is_card else ()
        return cls(item, nouns, not described, name, details, value)


def _value(name: str, product: Product) -> tuple[Money | str, ...]:
    """What a gift card is worth: the number in its title, as money when the price is the same."""
    number = re.search(r"(?<!\S)\d+$", name)
    if number is None:
        return ()
    price = product.price
    return (price if price and price.amount == Decimal(number[0]) else number[0],)


def _item(phrase: Phrase, noun: Word) -> Phrase:
    """The title's noun with what belongs to it; colours are said from their fact."""
    adjectives = tuple(word for word in phrase.adjectives if word.kind not in ("color", "person"))
    nouns = tuple(word for word in phrase.nouns if word.kind in ("aroma", "material"))
    return Phrase(noun, adjectives=adjectives, nouns=nouns, text=phrase.text)


def _bare(text: str) -> str:
    """The words of a title's segment without sizes, quantities and numbers of pieces."""
    text = _SET.sub("", text)
    for found in reversed(find_quantities(text)):
        text = f"{text[: found.start]} {text[found.end :]}"
    return " ".join(word for word in text.split() if not _SIZE_CODE.fullmatch(word))


def _is_known(text: str, parser: Parser) -> bool:
    bare = _bare(text)
    return not bare or parser.phrase(bare).role != "raw"


def _nouns(product: Product, name: str, parser: Parser) -> tuple[Word, ...]:
    """What the product is called in its title, its garment type and its category, in this order."""
    found = [parser.last_noun(text) for text in _noun_sources(product, name)]
    return (*(word for word in found if word is not None), Word("model", "label.model"))


def _narrowest(nouns: Sequence[Word]) -> Word:
    """The first noun, or a later one that says it more narrowly (shirt, T-shirt)."""
    best = nouns[0]
    for word in nouns[1:]:
        if _name(word).endswith(f"-{_name(best)}"):
            best = word
    return best


def _name(word: Word) -> str:
    return word.concept.partition(".")[2]


def _noun_sources(product: Product, name: str) -> Iterator[str]:
    yield re.split(r"[,(|]|\s[–-]\s|\s(?:with|in|for|by|from)\s", name, flags=re.IGNORECASE)[0]
    if kind := product.fact("garment_type"):
        yield kind.text
    yield from reversed(product.category)


def _without_brand(title: str, brand: str) -> str:
    bare = (
        re.sub(rf"^{re.escape(brand)}\b[\s:–-]*", "", title, flags=re.IGNORECASE) if brand else ""
    )
    return bare or title
