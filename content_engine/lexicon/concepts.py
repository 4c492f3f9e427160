"""Concepts: what merchants' English terms mean, whatever the locale."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

PRODUCT_KINDS = (
    *("garment", "footwear", "accessory", "bag", "drinkware", "homeware", "textile"),
    *("lighting", "furniture", "stationery", "fragrance", "food", "media", "tech"),
)
"""The kinds whose concepts name things that are sold."""

NOUN_KINDS = frozenset(
    (*PRODUCT_KINDS, "material", "part", "aroma", "motif", "person", "measure", "label")
)
"""The kinds whose concepts are nouns, so that their English plurals are folded too."""

_PLURAL = "+"


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of an English term; `plural` is True when the term was a plural form."""

    concept: str
    plural: bool = False

    @property
    def kind(self) -> str:
        """The concept's kind: `color`, `material`, `care`, …."""
        return self.concept.partition(".")[0]


@cache
def tables_of(name: str) -> Mapping[str, Any]:
    """The tables of a file of this package, parsed once a process: makers and judges share them.

    Nobody may change them.
    """
    return tomllib.loads(
        files("content_engine.lexicon").joinpath(f"{name}.toml").read_text("utf-8")
    )


@dataclass(frozen=True, eq=False)
class Concepts:
    """Every concept with its English terms. `terms` maps a concept to them, its own name first."""

    terms: Mapping[str, tuple[str, ...]]

    @classmethod
    @cache
    def load(cls) -> Concepts:
        """The concepts of `concepts.toml`, read once a process."""
        tables = tables_of("concepts")
        return cls(
            {
                f"{kind}.{name}": (name.replace("-", " "), *aliases)
                for kind, table in tables.items()
                for name, aliases in table.items()
            }
        )

    @cached_property
    def index(self) -> Mapping[str, tuple[Reading, ...]]:
        """Folded English term to its readings, in the order of the file."""
        index: dict[str, dict[Reading, None]] = {}
        for concept, terms in self.terms.items():
            for term in terms:
                reading = Reading(concept, plural=term.startswith(_PLURAL))
                index.setdefault(fold(term.removeprefix(_PLURAL)), {})[reading] = None
        for concept, terms in self.terms.items():
            if concept.partition(".")[0] in NOUN_KINDS:
                for term in terms:
                    index.setdefault(fold(plural(term)), {})[Reading(concept, plural=True)] = None
        return {term: tuple(readings) for term, readings in index.items()}

    @cached_property
    def longest(self) -> int:
        """The number of words of the longest term."""
        return max(term.count(" ") + 1 for term in self.index)

    def readings(self, term: str, kinds: Collection[str] = ()) -> tuple[Reading, ...]:
        """What the term may mean, most usual first; only of these kinds when any are given."""
        found = self.index.get(fold(term), ())
        return tuple(reading for reading in found if not kinds or reading.kind in kinds)

    def concept(self, term: str, kinds: Collection[str] = ()) -> str | None:
        """The concept most likely meant by an English term, or None when no entry knows it."""
        found = self.readings(term, kinds)
        return found[0].concept if found else None


_SPACES = re.compile(r"[\s\-‐‑]+")


def fold(term: str) -> str:
    """The term as the index keys it: lower case, hyphens and runs of space as one space."""
    return _SPACES.sub(" ", term.replace("’", "'")).strip().casefold()


def plural(word: str) -> str:
    """The regular English plural of a noun or noun phrase."""
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"
