"""Entries: what a concept is called in one locale, with the grammar of the word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from content_engine.errors import InvalidBrief
from content_engine.lexicon.concepts import NOUN_KINDS, Concepts, plural, tables_of

_NOT_A_SURFACE = frozenset({"gender", "number", "invariable", "close"})


@dataclass(frozen=True)
class Entry:
    """One concept in one locale. `forms` holds every other key of its row, all texts."""

    concept: str
    text: str
    forms: Mapping[str, str]
    endings: tuple[str, ...] = ("",)

    @property
    def kind(self) -> str:
        """The concept's kind."""
        return self.concept.partition(".")[0]

    @property
    def gender(self) -> str:
        """`m`, `f`, `n`, or empty where the locale or the word has none."""
        return self.forms.get("gender", "")

    @property
    def number(self) -> str:
        """`plural` for a word that is always plural, `mass` for one without plural, or empty."""
        return self.forms.get("number", "")

    @property
    def plural(self) -> str:
        """The plural form; the text itself where none is given."""
        return self.forms.get("plural", self.text)

    def form(self, name: str) -> str:
        """A named form of the row, or the empty string."""
        return self.forms.get(name, "")

    def surfaces(self) -> frozenset[str]:
        """Every form in which the concept may stand in copy, as written in mid-sentence.

        A quantity is left as `{q}`; compare without regard to the case of the first letter.
        """
        shown = (value for key, value in self.forms.items() if key not in _NOT_A_SURFACE)
        return frozenset(
            _inflected(form, ending) for form in (self.text, *shown) for ending in self.endings
        )


def _inflected(form: str, ending: str) -> str:
    return form + ending[1:] if ending[:1] == form[-1:] == "e" else form + ending


@dataclass(frozen=True)
class Lexicon:
    """The words of one locale. Ask `lexicon_locales()` which there are."""

    locale: str
    concepts: Concepts
    entries: Mapping[str, Entry]

    @classmethod
    @cache
    def load(cls, locale: str, concepts: Concepts | None = None) -> Lexicon:
        """The lexicon of a locale, read once. Raises InvalidBrief naming the known ones."""
        if locale not in lexicon_locales():
            known = ", ".join(lexicon_locales())
            raise InvalidBrief(f"no lexicon for locale {locale!r}; known: {known}")
        concepts = concepts or Concepts.load()
        return cls(locale, concepts, _entries(tables_of(locale), concepts))

    def concept(self, english_term: str, kinds: Collection[str] = ()) -> str | None:
        """See `Concepts.concept`."""
        return self.concepts.concept(english_term, kinds)

    def entry(self, concept: str) -> Entry | None:
        """The concept's entry, or None when this locale has no word for it."""
        return self.entries.get(concept)

    @cached_property
    def by_surface(self) -> Mapping[str, frozenset[str]]:
        """Case-folded surface to the concepts it may stand for: from copy back to facts."""
        index: dict[str, set[str]] = {}
        for entry in self.entries.values():
            for surface in entry.surfaces():
                index.setdefault(surface.casefold(), set()).add(entry.concept)
        return {surface: frozenset(concepts) for surface, concepts in index.items()}


def lexicon_locales() -> tuple[str, ...]:
    """The locales that have a lexicon, sorted."""
    names = (path.name for path in files("content_engine.lexicon").iterdir())
    found = (name.removesuffix(".toml") for name in names if name.endswith(".toml"))
    return tuple(sorted(name for name in found if name != "concepts"))


def _entries(tables: Mapping[str, Any], concepts: Concepts) -> dict[str, Entry]:
    grammar = tables.get("grammar", {})
    entries = {}
    for concept, terms in concepts.terms.items():
        kind, _, name = concept.partition(".")
        row = tables.get(kind, {}).get(name)
        if row is None and grammar.get("fallback") == "id":
            row = {"text": terms[0]}
        if row is not None:
            entries[concept] = _entry(concept, row, grammar)
    return entries


def _entry(concept: str, row: str | Mapping[str, str], grammar: Mapping[str, Any]) -> Entry:
    kind = concept.partition(".")[0]
    forms = {"text": row} if isinstance(row, str) else dict(row)
    text = forms.pop("text")
    is_noun = kind in NOUN_KINDS
    if is_noun and grammar.get("plural") == "english" and not forms.keys() & {"plural", "number"}:
        forms["plural"] = plural(text)
    endings = tuple(grammar.get("noun_endings" if is_noun else "adjective_endings", [""]))
    invariable = "invariable" in forms or kind in ("care", "feature", "numeral")
    return Entry(concept, text, forms, ("",) if invariable else endings)
