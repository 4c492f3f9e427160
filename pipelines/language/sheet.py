"""All that a product lets us say, as named slots over phrases: still free of any locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from content_engine.facts import composition
from content_engine.lexicon import Concepts
from content_engine.types import Fact, Product, Quantity
from pipelines.language.items import Extent, Item, Labelled, Measure
from pipelines.language.phrase import Parser, Phrase, Said, Word
from pipelines.language.title import Title

UNSAID = frozenset(
    (
        "condition",
        "color_family",
        "shipping_weight",
        "availability",
        "age_group",
        "label_text",
        "size_type",
        "size_system",
        "title",
        "price",
        "garment_type",
    )
)
"""Facts that copy leaves out: logistics, or said by others in better words."""

MAIN_MEASURES = (
    *("height", "width", "length", "depth", "diameter", "thickness", "weight", "capacity"),
    *("burn_time", "max_power", "power", "voltage", "cold_hours", "hot_hours", "print_width"),
)
"""Amounts with a slot of their own; every other one comes in the list `measures`."""

_AS_IT_IS = ("certification", "model", "year", "title", "origin")
"""Facts whose values are names or codes."""

_PLAIN = "pattern.solid"
"""A plain pattern is what a shopper takes for granted: copy does not mention it."""

_NAMES = ("publisher", "author", "narrator", "socket")
_PHRASES = (
    "finish",
    "fit",
    "neckline",
    "sleeve",
    "pattern",
    "scent",
    "flavor",
    "ruling",
    "closure",
)


@dataclass(frozen=True)
class Sheet:
    """A product's slots. `item` is its noun; `named` is True when its title is a proper name."""

    item: Phrase
    slots: Mapping[str, tuple[Item, ...]]
    named: bool
    views: tuple[str, ...]


@dataclass(frozen=True)
class Sheets:
    """Makes sheets. `parser` reads the merchant's words."""

    parser: Parser

    @property
    def concepts(self) -> Concepts:
        """The concepts that the parser reads with."""
        return self.parser.concepts

    def sheet(self, product: Product) -> Sheet:
        """The sheet of a product: every fact in the slot it belongs to."""
        title = Title.read(product, self.parser)
        slots = {"brand": _texts(product.brand), **self._facts(product)}
        slots |= self._material(product)
        if title.named:
            slots["name"] = (title.name,)
            if (color := product.fact("color")) and color.source == "title":
                slots.pop("color", None)
        item = title.item
        if "material" in slots:
            nouns = tuple(word for word in item.nouns if word.kind != "material")
            item = replace(item, nouns=nouns)
        if any(word.kind == "aroma" for word in item.nouns):
            slots["flavor_told"] = slots.pop("flavor", ())
        slots["details"] = _unrepeated((*slots.get("details", ()), *title.details))
        slots["value"] = title.value
        kind = item.head.kind
        return Sheet(
            item=item,
            slots={name: _sensed(items, kind) for name, items in slots.items() if items},
            named=title.named,
            views=tuple(_view(photo.source, self.concepts) for photo in product.photos),
        )

    def _facts(self, product: Product) -> dict[str, tuple[Item, ...]]:
        slots: dict[str, tuple[Item, ...]] = {}
        for fact in product.facts:
            for name, items in self._fact(fact):
                if name != "maker" or items != _texts(product.brand):
                    slots[name] = (*slots.get(name, ()), *items)
        slots["format"] = slots.get("size", ()) if "sizes" not in slots else ()
        if "sizes" in slots or self._repeats(product):
            slots.pop("size", None)
        return slots

    def _repeats(self, product: Product) -> bool:
        """True when the size only says width and height again (45 × 45 cm)."""
        size = product.fact("size")
        others = [fact for fact in product.facts if fact.name in MAIN_MEASURES]
        known = {quantity for fact in others for quantity in fact.quantities}
        return size is not None and bool(size.quantities) and set(size.quantities) <= known

    def _fact(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        name = fact.name
        if name in UNSAID or name == "material":
            return
        if fact.text in ("yes", "no"):
            yield from self._truth(fact)
        elif name in ("highlight", "finish"):
            yield from self._highlight(fact)
        elif name == "care":
            yield from self._care(fact)
        elif name in MAIN_MEASURES and fact.quantities:
            yield name, fact.quantities[:1]
        elif fact.quantities and fact.quantities[0].unit and (measure := self._measure(name)):
            yield "measures", (Measure(measure, fact.quantities[0], f"{name}: {fact.text}"),)
        else:
            yield from self._other(fact)

    def _other(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        name = fact.name
        if name in ("brand", "product_line"):
            yield "maker", (fact.text,)
        elif name in _NAMES or name in ("print_text", "size", "sizes"):
            items = self._sizes(fact) if name == "size" else tuple(fact.terms)
            yield ("one_size" if isinstance(items[0], Phrase) else name), items
        elif name in ("sheets", "pages", "pieces"):
            if fact.text != "1":
                yield name, fact.quantities[:1]
        elif name in ("color", "print_colors", "print_color"):
            yield name.removesuffix("s"), tuple(self._color(term) for term in fact.terms)
        elif name == "pattern" and self.concepts.concept(fact.text, ("pattern",)) == _PLAIN:
            return
        elif name in _PHRASES or name in ("gender", "print_motif", "print_position"):
            yield name, tuple(self._phrase(term, name) for term in fact.terms)
        elif label := self.concepts.concept(name.replace("_", " "), ("label",)):
            yield "labelled", (Labelled(label, self._values(fact), f"{name}: {fact.text}"),)
        else:
            yield "others", (_unknown(fact),)

    def _sizes(self, fact: Fact) -> tuple[Item, ...]:
        found = self.parser.phrase(fact.text)
        if found.role == "whole":
            return (found,)
        amounts = tuple(quantity for quantity in fact.quantities if quantity.unit)
        if len(amounts) > 1 and len({quantity.unit for quantity in amounts}) == 1:
            return (Extent(amounts),)
        return amounts if len(amounts) == 1 else (fact.text,)

    def _values(self, fact: Fact) -> tuple[Phrase | Quantity | str, ...]:
        amounts = [quantity for quantity in fact.quantities if quantity.unit]
        if len(amounts) == 1 and len(fact.terms) == 1:
            return (amounts[0],)
        if fact.name in _AS_IT_IS:
            return (fact.text,)
        return tuple(self.parser.phrase(term) for term in fact.terms)

    def _color(self, term: str) -> Phrase:
        concept = self.concepts.concept(term, ("color",))
        role = "adjective" if concept else "raw"
        return Phrase(Word(term, concept or ""), role=role, text=term)

    def _phrase(self, term: str, name: str) -> Said:
        kinds = {"ruling": ("quality",), "scent": ("aroma",), "flavor": ("aroma",)}
        kinds |= {"gender": ("person",), "print_position": ("part",)}
        found = self.concepts.readings(term, kinds.get(name, (name,)))
        if not found:
            return self.parser.phrase(term)
        nouns = ("scent", "flavor", "gender", "print_position")
        role = "noun" if name in nouns else "adjective"
        return Phrase(Word(term, found[0].concept), role=role, plural=found[0].plural, text=term)

    def _truth(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        words = fact.name.replace("_", " ")
        term = words if fact.text == "yes" else words.replace(" included", " not included")
        found = self.parser.phrase(term)
        if found.role in ("whole", "adjective") and (fact.text == "yes" or term != words):
            yield ("facts" if found.head.kind == "feature" else "traits"), (found,)

    def _highlight(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        for said in self.parser.terms(fact.text):
            if not isinstance(said, Phrase) or said.role == "noun":
                yield "details", (said,)
            elif said.role == "raw":
                yield "others", (said,)
            elif said.role == "adjective":
                yield ("finish" if fact.name == "finish" else "traits"), (said,)
            else:
                yield _whole_slot(said), (said,)

    def _care(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        label, colon, rest = fact.text.rpartition(":")
        part = self.concepts.concept(label, ("part",)) if colon else None
        if part:
            yield "care_part", (Phrase(Word(label, part), text=label),)
        for said in self.parser.terms(rest.strip() if part else fact.text):
            raw = isinstance(said, Phrase) and said.role == "raw"
            whole = isinstance(said, Phrase) and said.role == "whole"
            slot = _whole_slot(said) if whole and isinstance(said, Phrase) else "care"
            yield ("care_raw" if raw else slot), (said,)

    def _material(self, product: Product) -> dict[str, tuple[Item, ...]]:
        fact = product.fact("material")
        if fact is None:
            return {}
        components = composition(fact)
        phrases: list[Item] = []
        for component in components:
            said = self._component(component.material, component.part)
            weight = component.weight if any(item.part for item in components) else None
            phrases.append(replace(said, share=component.share_percent, quantity=weight))
        weights = [item.weight for item in components if item.weight]
        parts = any(item.part for item in components)
        name = "parts" if parts else "material"
        return {name: tuple(phrases), "grammage": tuple(weights[:1]) if not parts else ()}

    def _component(self, material: str, part: str) -> Phrase:
        whole = self.concepts.readings(material, ("material",))
        if whole and not part:
            return Phrase(Word(material, whole[0].concept), text=material)
        return self.parser.phrase(f"{material} {part}".strip())

    def _measure(self, name: str) -> str | None:
        return self.concepts.concept(name.replace("_", " "), ("measure",))


def _whole_slot(said: Phrase) -> str:
    return {"suitability": "suitable", "care": "care"}.get(said.head.kind, "facts")


def _unknown(fact: Fact) -> Phrase:
    return Phrase(Word(fact.text), role="raw", text=fact.text)


def _texts(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _unrepeated(details: Sequence[Item]) -> tuple[Item, ...]:
    """The details, without a bare noun that another detail already says in more words."""
    kept: list[Item] = []
    heads: set[str] = set()
    for detail in details:
        head = detail.head.concept if isinstance(detail, Phrase) else ""
        if head not in heads or (isinstance(detail, Phrase) and detail.adjectives):
            kept.append(detail)
        heads |= {head} - {""}
    return tuple(kept)


_SENSES = {
    ("stationery", "part.cover"): "part.book-cover",
    ("media", "part.cover"): "part.book-cover",
    ("homeware", "part.handle"): "part.grip",
    ("tech", "part.handle"): "part.grip",
    ("accessory", "part.leg"): "part.temple",
}
"""Words that mean another thing on some kinds of product: (kind of product, concept) to concept."""


def _sensed(items: Sequence[Item], kind: str) -> tuple[Item, ...]:
    return tuple(_sense(item, kind) if isinstance(item, Phrase) else item for item in items)


def _sense(phrase: Phrase, kind: str) -> Phrase:
    concept = _SENSES.get((kind, phrase.head.concept))
    return replace(phrase, head=Word(phrase.head.text, concept)) if concept else phrase


def _view(source: str, concepts: Concepts) -> str:
    """The concept of what a picture's file name says it shows (`mug-top.jpg`), or empty."""
    stem = source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    last = re.split(r"[-_ ]", stem)[-1]
    return concepts.concept(last, ("view",)) or ""
