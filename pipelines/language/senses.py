"""What depends on where a word stands: senses of parts by kind of product, views by file name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from content_engine.lexicon import Concepts
from pipelines.language.items import Item
from pipelines.language.phrase import Phrase, Word

_SENSES = {
    ("stationery", "part.cover"): "part.book-cover",
    ("media", "part.cover"): "part.book-cover",
    ("homeware", "part.handle"): "part.grip",
    ("tech", "part.handle"): "part.grip",
    ("accessory", "part.leg"): "part.temple",
}
"""Words that mean another thing on some kinds of product: (kind of product, concept) to concept."""


def sensed(items: Sequence[Item], kind: str) -> tuple[Item, ...]:
    """The items with each word in the sense it has on this kind of product."""
    return tuple(_sense(item, kind) if isinstance(item, Phrase) else item for item in items)


def _sense(phrase: Phrase, kind: str) -> Phrase:
    concept = _SENSES.get((kind, phrase.head.concept))
    return replace(phrase, head=Word(phrase.head.text, concept)) if concept else phrase


def view_of(source: str, concepts: Concepts) -> str:
    """The concept of what a picture's file name says it shows (`mug-top.jpg`), or empty."""
    stem = source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    last = re.split(r"[-_ ]", stem)[-1]
    return concepts.concept(last, ("view",)) or ""
