"""What the judge knows of one locale: claim words, number words, concepts' surfaces."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief
from content_engine.lexicon import Concepts, Lexicon
from qa.text.words import Hit, Phrases, Words, fold

CHECKED_KINDS = frozenset(
    ("color", "material", "pattern", "neckline", "sleeve", "suitability", "coating")
)
"""Kinds of concept that copy may name only when a fact does.

Care is read by its quantities; fits are everyday adjectives (`weit`, `gerade`) in every language.
"""

STRICT_KINDS = frozenset(("color", "material"))
"""Kinds whose words are checked even where they have another use as well."""

_QUANTITY = "{q}"
_LEAST_COMPOUND = 7
_LEAST_RESIDUE = 3
_LINKS = ("", "s", "n", "en", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A claim that needs proof. See `qa/claims/claims.toml`."""

    kind: str
    words: bool
    facts: tuple[str, ...]
    source: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One locale, ready to read copy in it. `concepts` is empty without a lexicon."""

    language: str
    claims: Phrases
    certificates: Phrases
    any_case: frozenset[str]
    numbers: Phrases
    concepts: Phrases
    surfaces: Mapping[str, frozenset[str]]
    heads: Mapping[str, frozenset[str]]
    function_words: frozenset[str]
    postal: tuple[str, ...]
    english: frozenset[str]

    def named(self, words: Words) -> list[Hit]:
        """Every concept that the text names, compounds taken apart."""
        hits = self.concepts.find(words)
        if not self.heads:
            return hits
        taken = {place for hit in hits for place in range(hit.start, hit.end)}
        for word in words.words:
            if word.end - word.start >= _LEAST_COMPOUND and word.start not in taken:
                hits += self._taken_apart(words.folded[word.start : word.end], start=word.start)
        return hits

    def _taken_apart(self, word: str, *, start: int) -> Iterator[Hit]:
        """`Steinzeugbecher` names stoneware and a mug: longest head whose rest is a known word."""
        for cut in range(len(word) - 3, 2, -1):
            labels = self.heads.get(word[:cut])
            if labels:
                for link in _LINKS:
                    rest = word[cut:].removeprefix(link) if word[cut:].startswith(link) else ""
                    if rest in self.surfaces:
                        yield Hit(start, start + cut, labels)
                        yield Hit(
                            start + len(word) - len(rest), start + len(word), self.surfaces[rest]
                        )
                        return


def load_rules() -> Mapping[str, Rule]:
    """Every claim that needs proof, by its id."""
    return {name: from_plain(Rule, table) for name, table in _tables("claims").items()}


def load_vocabularies(
    languages: Iterable[str], *, concepts: Concepts
) -> Mapping[str, frozenset[str]]:
    """The words by which each language is known: its little words, and its lexicon's."""
    return {name: _vocabulary(name, concepts=concepts) for name in languages}


def _vocabulary(language: str, *, concepts: Concepts) -> frozenset[str]:
    words = set(_tables(language)["language"]["words"].split())
    for surface in _surfaces(Lexicon.load(language, concepts)):
        words.update(re.findall(r"[^\W\d_]+", surface))
    return frozenset(words)


def load_tongue(locale: str, *, concepts: Concepts) -> Tongue:
    """What the judge knows of a locale (`pt-BR` is read as `pt`).

    Raises InvalidBrief when there are no claim words or no lexicon for it: nobody may ship copy
    unread.
    """
    language = locale.replace("_", "-").split("-")[0]
    if not _data(f"{language}.toml").is_file():
        raise InvalidBrief(f"no claim words for locale {locale!r}; add qa/claims/{language}.toml")
    own = _tables(language)
    plain = _surfaces(Lexicon.load(language, concepts))
    numbers = {word: (str(value),) for word, value in own["numbers"].items()}
    return Tongue(
        language=language,
        claims=Phrases(_by_form(own["claims"]), language=language),
        certificates=Phrases(_by_form(_certificates(language)), language=language),
        any_case=frozenset(
            name for name, row in _tables("certificates").items() if "any_case" in row
        ),
        numbers=Phrases(numbers, language=language),
        concepts=Phrases(_checkable(plain, own), language=language),
        surfaces=plain,
        heads=_heads(language, plain),
        function_words=frozenset(own["language"]["words"].split()),
        postal=tuple(own["postal"]["patterns"]),
        english=_english(language, surfaces=plain),
    )


def english_terms(concepts: Concepts) -> Phrases:
    """The merchants' English terms of every concept, to read facts with."""
    terms = {
        term: {reading.concept for reading in readings} for term, readings in concepts.index.items()
    }
    return Phrases(
        {term: names for term, names in terms.items() if _QUANTITY not in term}, language="en"
    )


def _surfaces(lexicon: Lexicon) -> dict[str, frozenset[str]]:
    """Folded surface to the concepts it may stand for; texts with a quantity inside left out.

    In English the merchants' own terms count too (`navy blue`, `rayon`).
    """
    index: dict[str, set[str]] = {}
    for entry in lexicon.entries.values():
        for surface in entry.surfaces():
            if _QUANTITY not in surface and surface:
                index.setdefault(fold(surface), set()).add(entry.concept)
    if lexicon.locale == "en":
        for term, readings in lexicon.concepts.index.items():
            if _QUANTITY not in term:
                index.setdefault(term, set()).update(reading.concept for reading in readings)
    return {surface: frozenset(names) for surface, names in index.items()}


def _checkable(
    surfaces: Mapping[str, frozenset[str]], own: Mapping[str, Any]
) -> dict[str, frozenset[str]]:
    """The surfaces without those that mostly mean something else (`down` in English)."""
    homographs = set(own.get("concepts", {}).get("homographs", []))
    return {text: names for text, names in surfaces.items() if text not in homographs}


def _english(language: str, *, surfaces: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """English words that are foreign in this language."""
    data = _tables("english")
    words = {word for name in ("function", "words") for word in data[name].split()}
    shared = set(fold(data["shared"].get(language, "")).split())
    own = {part for text in surfaces for part in text.replace("-", " ").split()}
    return frozenset(word for word in words - shared - own if len(word) >= _LEAST_RESIDUE)


def _heads(language: str, surfaces: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Words that may begin a compound: German names materials and colours that way."""
    if language != "de":
        return {}
    return {
        text: names
        for text, names in surfaces.items()
        if text.isalpha() and any(name.startswith(("material.", "color.")) for name in names)
    }


def _certificates(language: str) -> dict[str, list[str]]:
    return {
        name: [*table["forms"], *table.get(language, [])]
        for name, table in _tables("certificates").items()
    }


def _by_form(forms: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Form to the names that it stands for: one form may say two things."""
    index: dict[str, set[str]] = {}
    for name, texts in forms.items():
        for text in texts:
            index.setdefault(text, set()).add(name)
    return index


def _data(name: str) -> Any:
    return files("qa.text.claim_words").joinpath(name)


def _tables(name: str) -> dict[str, Any]:
    return tomllib.loads(_data(f"{name}.toml").read_text("utf-8"))
