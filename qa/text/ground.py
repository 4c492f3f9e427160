"""The ground that copy stands on: everything the product's own facts and names let it say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from content_engine.facts import composition
from content_engine.types import Fact, Product, Quantity
from content_engine.units import find_quantities
from qa.text.tongue import Rule, Tongue
from qa.text.words import Phrases, Words, fold

_CODE = re.compile(r"[^\W_]*\d[^\W_]*(?:[/.:\-][^\W_]*\d[^\W_]*)*")
# A fact of these names says which words are colours (or materials), not both.
_KIND_OF_FACT = {"color": "color", "color_family": "color", "print_color": "color"}
_NUMERALS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_VERBATIM = (
    "print_text",
    "label_text",
    "text",
    "product_line",
    "publisher",
    "author",
    "model",
    "title",
)
NOTE_PREFIX = "untranslated:"


_LEAST_ITEM_NUMBER = 5
"""Characters from which an item number is read as a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What copy may say of one product.

    `concepts` are what facts, title and category name; `quantities` every fact's amounts;
    `counts` the plain numbers; `codes` words with digits in them (`a5`, `18/8`), folded; `sizes`
    the product's sizes; `shares` the per cents of each material concept; `certificates` and
    `proven` ids of marks and claims that a fact states; `names` texts that
    stay as they are; `left` fact values that the maker reported as untranslated.
    """

    product: Product
    concepts: frozenset[str]
    quantities: tuple[Quantity, ...]
    counts: frozenset[Decimal]
    codes: frozenset[str]
    sizes: tuple[str, ...]
    shares: Mapping[str, frozenset[Decimal]]
    certificates: frozenset[str]
    proven: frozenset[str]
    names: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def is_food(self) -> bool:
        """True when the product is something to eat or drink."""
        return any(name.startswith("food.") for name in self.concepts)


def ground(
    product: Product,
    *,
    notes: Sequence[str],
    english: Phrases,
    native: Tongue,
    rules: Mapping[str, Rule],
) -> Ground:
    """What copy may say of the product. `native` is the tongue of the merchant's words."""
    texts = _texts(product)
    words = [Words(text, language=native.language) for text in texts]
    amounts = tuple(quantity for fact in product.facts for quantity in fact.quantities)
    in_title = tuple(
        found.quantity for found in find_quantities(product.title, locale=product.language)
    )
    sizes = _sizes(product)
    reader = english if native.language == "en" else native.concepts
    return Ground(
        product=product,
        concepts=frozenset(_concepts(product, reader=reader, language=native.language)),
        quantities=amounts + in_title,
        counts=frozenset(_counts(product, amounts=amounts + in_title, sizes=sizes)),
        codes=frozenset(code for text in texts for code in codes(text)),
        sizes=sizes,
        shares=_shares(product, reader=reader, language=native.language),
        certificates=_labels(native.certificates, words),
        proven=_proven(product, said=_labels(native.claims, words), rules=rules),
        names=_names(product),
        left=_left(notes),
    )


def codes(text: str) -> Iterator[str]:
    """The folded words of a text that hold a digit: `a5`, `18/8`, `e14`, `420`."""
    for match in _CODE.finditer(fold(text)):
        yield match.group()
        yield from re.split(r"[/.:\-]", match.group())


def _texts(product: Product) -> list[str]:
    facts = [fact.text for fact in product.facts]
    return [product.title, product.brand, " / ".join(product.category), *facts]


def _names(product: Product) -> tuple[str, ...]:
    """Texts that copy repeats as they are, longest first."""
    kept = [fact.text for fact in product.facts if fact.name in _VERBATIM]
    parts = [part.strip() for text in kept for part in re.split(r"[,·|]", text)]
    # A shorter item number could hide an amount that no fact states.
    number = product.sku if len(product.sku) >= _LEAST_ITEM_NUMBER else ""
    names = {product.brand, product.title, number, *kept, *parts} - {""}
    return tuple(sorted(names, key=len, reverse=True))


def _left(notes: Sequence[str]) -> tuple[str, ...]:
    said = (note.removeprefix(NOTE_PREFIX) for note in notes if note.startswith(NOTE_PREFIX))
    left = {part.strip() for text in said for part in text.split("; ")} - {""}
    return tuple(sorted(left, key=len, reverse=True))


def _sizes(product: Product) -> tuple[str, ...]:
    facts = (fact for fact in product.facts if fact.name in ("sizes", "size"))
    return tuple(dict.fromkeys(term for fact in facts for term in fact.terms))


def _concepts(product: Product, *, reader: Phrases, language: str) -> Iterator[str]:
    for fact in product.facts:
        said = Words(f"{fact.name.replace('_', ' ')}: {fact.text}", language=language)
        yield from _of_kind(reader, said, fact=fact)
    for text in (product.title, *product.category):
        for hit in reader.find_all(Words(text, language=language)):
            yield from hit.labels


def _shares(
    product: Product, *, reader: Phrases, language: str
) -> Mapping[str, frozenset[Decimal]]:
    """Material concept to the shares that the facts give it."""
    stated: dict[str, set[Decimal]] = {}
    materials = (fact for fact in product.facts if fact.name == "material")
    for component in (part for fact in materials for part in composition(fact)):
        if component.share_percent is not None:
            for hit in reader.find_all(Words(component.material, language=language)):
                for label in hit.labels:
                    stated.setdefault(label, set()).add(component.share_percent)
    return {label: frozenset(shares) for label, shares in stated.items()}


def _of_kind(reader: Phrases, words: Words, *, fact: Fact) -> Iterator[str]:
    """What the fact names; the words of a colour fact mean colours wherever they can."""
    wanted = _KIND_OF_FACT.get(fact.name, "")
    for hit in reader.find_all(words):
        same = [name for name in hit.labels if wanted and name.startswith(f"{wanted}.")]
        yield from same or hit.labels


def _counts(
    product: Product, *, amounts: Collection[Quantity], sizes: Sequence[str]
) -> Iterator[Decimal]:
    for amount in amounts:
        yield amount.value
        if amount.upper is not None:
            yield amount.upper
    if sizes:
        yield Decimal(len(sizes))
    for text in _texts(product):
        yield from (Decimal(run) for run in re.findall(r"\d+", fold(text)) if run.isascii())
        said = set(re.findall(r"[a-z]+", fold(text)))
        yield from (Decimal(value) for value, word in enumerate(_NUMERALS) if word in said)


def _labels(phrases: Phrases, texts: Sequence[Words]) -> frozenset[str]:
    return frozenset(
        label for words in texts for hit in phrases.find_all(words) for label in hit.labels
    )


def _proven(product: Product, *, said: frozenset[str], rules: Mapping[str, Rule]) -> frozenset[str]:
    stated = {fact.name for fact in product.facts}
    return frozenset(
        name
        for name, rule in rules.items()
        if (rule.words and name in said) or stated.intersection(rule.facts)
    )
