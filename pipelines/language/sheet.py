"""All that a product lets us say, as named slots over phrases: still free of any locale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from content_engine.facts import Component, composition
from content_engine.lexicon import Concepts
from content_engine.types import Fact, Product, Quantity
from pipelines.language.items import Extent, Item, Labelled, Measure, Territory
from pipelines.language.phrase import Parser, Phrase, Said, Word
from pipelines.language.senses import sensed, view_of
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

_AS_IT_IS = ("label.certification", "label.model", "label.year", "label.title")
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
    """A product's slots.

    `item` is its noun with adjectives, `nouns` are broader words for it; `named` is True when its
    title is a proper name; `views` has a concept, or nothing, for each picture.
    """

    item: Phrase
    nouns: tuple[Word, ...]
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
        if slots.get("material"):
            nouns = tuple(word for word in item.nouns if word.kind != "material")
            item = replace(item, nouns=nouns)
        if any(word.kind == "aroma" for word in item.nouns):
            slots["flavor_told"] = slots.pop("flavor", ())
        slots["details"] = _with_new(slots.get("details", ()), title.details)
        slots["value"] = title.value
        if "fit" in slots:
            adjectives = tuple(word for word in item.adjectives if word.kind != "fit")
            item = replace(item, adjectives=adjectives)
        kind = item.head.kind
        return Sheet(
            item=item,
            nouns=title.nouns,
            slots={name: sensed(items, kind) for name, items in slots.items() if items},
            named=title.named,
            views=tuple(view_of(photo.source, self.concepts) for photo in product.photos),
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
        elif name == "color":
            yield from self._colors(fact)
        elif name in ("print_colors", "print_color"):
            yield "print_color", tuple(self._color(term) for term in fact.terms)
        elif name == "pattern" and self.concepts.concept(fact.text, ("pattern",)) == _PLAIN:
            return
        elif name in _PHRASES or name in ("gender", "print_motif", "print_position"):
            yield name, tuple(self._phrase(term, name) for term in fact.terms)
        else:
            spoken = name.replace("_", " ")
            label = self.concepts.concept(spoken, ("label",)) or ""
            said = Labelled(label, self._values(fact, label), f"{spoken}: {fact.text}")
            yield "labelled", (said,)

    def _sizes(self, fact: Fact) -> tuple[Item, ...]:
        found = self.parser.phrase(fact.text)
        if found.role == "whole":
            return (found,)
        amounts = tuple(quantity for quantity in fact.quantities if quantity.unit)
        if len(amounts) > 1 and len({quantity.unit for quantity in amounts}) == 1:
            return (Extent(amounts),)
        return amounts if len(amounts) == 1 else (fact.text,)

    def _values(self, fact: Fact, label: str) -> tuple[Phrase | Territory | Quantity | str, ...]:
        if label == "label.origin":
            return tuple(Territory(term) for term in fact.terms)
        if label in _AS_IT_IS:
            return (fact.text,)
        amounts = [quantity for quantity in fact.quantities if quantity.unit]
        if len(amounts) == 1 and len(fact.terms) == 1:
            return (amounts[0],)
        return tuple(self.parser.phrase(term) for term in fact.terms)

    def _colors(self, fact: Fact) -> Iterator[tuple[str, tuple[Item, ...]]]:
        """The colours; what stands before one (`matte black`) is said as the finish."""
        for term in fact.terms:
            found = self.parser.phrase(term)
            whole = self.concepts.concept(term, ("color",))
            if whole or found.role != "adjective" or found.head.kind != "color":
                yield "color", (self._color(term),)
                continue
            yield "color", (self._color(found.head.text),)
            for word in found.adjectives:
                yield "finish", (Phrase(word, role="adjective", text=word.text),)

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
            yield (_whole_slot(found) if found.role == "whole" else "traits"), (found,)

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
        first = next((at for at, item in enumerate(components) if item.part), len(components))
        phrases = [self._component(item) for item in components]
        weights = [item.weight for item in components[:first] if item.weight]
        return {
            "material": tuple(replace(phrase, quantity=None) for phrase in phrases[:first]),
            "grammage": tuple(weights[:1]),
            "parts": tuple(phrases[first:]),
        }

    def _component(self, component: Component) -> Phrase:
        material, part = component.material, component.part
        whole = self.concepts.readings(material, ("material",))
        said = self.parser.phrase(f"{material} {part}".strip())
        if whole and not part:
            said = Phrase(Word(material, whole[0].concept), text=material)
        return replace(said, share=component.share_percent, quantity=component.weight)

    def _measure(self, name: str) -> str | None:
        return self.concepts.concept(name.replace("_", " "), ("measure",))


def _whole_slot(said: Phrase) -> str:
    return {"suitability": "suitable", "care": "care"}.get(said.head.kind, "facts")


def _texts(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _with_new(details: tuple[Item, ...], more: Sequence[Phrase]) -> tuple[Item, ...]:
    """The details, and those of the title whose noun none of them has."""
    heads = {detail.head.concept for detail in details if isinstance(detail, Phrase)}
    return (*details, *(phrase for phrase in more if phrase.head.concept not in heads))
