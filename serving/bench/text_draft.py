"""What planters of faults work on: a clean copy set, its product, and ways to change it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content_engine.channels import TextLimits
from content_engine.lexicon import Lexicon
from content_engine.types import Product

PROSE = ("description", "bullets.0", "ads.1")
Place = tuple[str, tuple[int, int] | None]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a planter may use: clean copy, its product, the locale's words, all locales' words."""

    copy: Mapping[str, Any]
    product: Product
    limits: TextLimits
    locale: str
    lexicon: Lexicon
    everywhere: Mapping[str, Mapping[str, Any]]
    rng: random.Random

    @property
    def words(self) -> Mapping[str, Any]:
        """The locale's own words."""
        return self.everywhere[self.locale]

    def fields(self) -> Iterator[tuple[str, str]]:
        """Every slot's name and text."""
        for name, value in self.copy.items():
            if isinstance(value, str) and name != "locale":
                yield name, value
            for index, item in enumerate(value if isinstance(value, list) else []):
                yield f"{name}.{index}", item["text"] if isinstance(item, dict) else item

    def said(self) -> str:
        """Everything the merchant says of the product, in lower case."""
        facts = " ".join(fact.text for fact in self.product.facts)
        return f"{self.product.title} {self.product.brand} {facts}".lower()


Spot = tuple[Mapping[str, Any], tuple[Place, ...]]
Planter = Callable[[Draft], Spot | None]


def slot_text(draft: Draft, field: str) -> str:
    """The text of a slot."""
    return dict(draft.fields())[field]


def with_slot(copy: Mapping[str, Any], field: str, text: str) -> dict[str, Any]:
    """A copy of the copy set with another text in one slot."""
    changed = json.loads(json.dumps(copy))
    name, _, index = field.partition(".")
    if not index:
        changed[name] = text
    elif isinstance(changed[name][int(index)], dict):
        changed[name][int(index)]["text"] = text
    else:
        changed[name][int(index)] = text
    return changed


def put(draft: Draft, sentence: str, *, field: str = "") -> Spot:
    """The sentence at the end of a paragraph."""
    chosen = field or draft.rng.choice(PROSE)
    paragraphs = slot_text(draft, chosen).split("\n\n")
    index = draft.rng.randrange(len(paragraphs))
    gap = "" if draft.locale == "ja" else " "
    stop = "" if paragraphs[index][-1:] in ".!?。！？؟" else ("。" if draft.locale == "ja" else ".")
    lead = f"{paragraphs[index]}{stop}{gap}"
    start = sum(len(paragraph) + 2 for paragraph in paragraphs[:index]) + len(lead)
    paragraphs[index] = lead + sentence
    span = (start, start + len(sentence))
    return with_slot(draft.copy, chosen, "\n\n".join(paragraphs)), ((chosen, span),)


def swap(draft: Draft, field: str, span: tuple[int, int], new: str) -> Spot:
    """The copy with a piece of a slot replaced."""
    text = slot_text(draft, field)
    changed = text[: span[0]] + new + text[span[1] :]
    return with_slot(draft.copy, field, changed), ((field, (span[0], span[0] + len(new))),)


def matches(draft: Draft, pattern: str) -> list[tuple[str, re.Match[str]]]:
    """Where the pattern stands, by slot; alt texts are left out: their views are numbered."""
    return [
        (field, match)
        for field, text in draft.fields()
        if not field.startswith("alt_texts")
        for match in re.finditer(pattern, text)
    ]
