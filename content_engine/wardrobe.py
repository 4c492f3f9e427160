"""Where a product is worn, told by the words of its category and title."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from content_engine.lexicon.concepts import Concepts, fold
from content_engine.lexicon.entries import Lexicon, lexicon_locales
from content_engine.types import GarmentKind, Photo, PhotoRole, Product

LAYERS: Mapping[GarmentKind, int] = {
    GarmentKind.LOWER: 0,
    GarmentKind.UPPER: 1,
    GarmentKind.FULL: 1,
    GarmentKind.OUTER: 2,
    GarmentKind.HEAD: 3,
}
"""What is usually worn over what; who orders an outfit may say otherwise."""

_HEAD_FIRST = frozenset({"ar", "es", "fr", "it", "pt"})
"""Languages whose noun phrases begin with the thing itself: `camisa de algodão`."""
_HIDDEN_LEAST = {"de": 4, "ja": 2}
"""Japanese parts no words and German compounds hide them (`Leinenkleid`); a shorter word is found
in what it is no part of (`Laptop`). House rule."""
_WORDS_MOST = 5
_CUT = re.compile(r"[,;:|(]|\s[-\u2013\u2014]\s|\b(?:with|in|for|from|of)\b")


def garment_kind(product: Product) -> GarmentKind | None:
    """Where the product is worn, or None for what can't be tried on.

    The narrowest class speaks first, the title last; English words count in every language.
    """
    texts = (*reversed(product.category), _CUT.split(product.title, maxsplit=1)[0])
    language = product.language.partition("-")[0]
    told = (_told_by(text, language) for text in texts)
    return next((kind for kind in told if kind is not None), None)


def garment_photo(product: Product) -> Photo | None:
    """The photo that shows the garment by itself: the one meant for it, else the main one."""
    for role in (PhotoRole.GARMENT, PhotoRole.MAIN, PhotoRole.ADDITIONAL, PhotoRole.VARIANT):
        found = next((photo for photo in product.photos if photo.role is role), None)
        if found is not None:
            return found
    return None


def _told_by(text: str, language: str) -> GarmentKind | None:
    """The kind that the text's garment word has: the head's, where there are several."""
    surfaces = _surfaces(language)
    words = re.findall(r"[^\W_]+", fold(text))
    found = [(place, surfaces[run]) for place, run in _runs(words) if run in surfaces]
    if not found:
        return _hidden(text, surfaces, least=_HIDDEN_LEAST.get(language, 0))
    first = language in _HEAD_FIRST
    return (min if first else max)(found, key=lambda each: each[0])[1]


def _runs(words: list[str]) -> Iterator[tuple[int, str]]:
    """Every run of words with where its last word stands."""
    for start in range(len(words)):
        for length in range(1, _WORDS_MOST + 1):
            if start + length <= len(words):
                yield start + length, " ".join(words[start : start + length])


def _hidden(text: str, surfaces: Mapping[str, GarmentKind], *, least: int) -> GarmentKind | None:
    """The kind of the longest garment word that a text ends with and does not part off."""
    hidden = [word for word in surfaces if len(word) >= least and fold(text).endswith(word)]
    return surfaces[max(hidden, key=len)] if least and hidden else None


@cache
def _surfaces(language: str) -> Mapping[str, GarmentKind]:
    """Folded garment words, English and of one language, to where the garment is worn."""
    concepts = Concepts.load()
    kinds = _kinds()
    found = {
        term: kinds[reading.concept]
        for term, readings in concepts.index.items()
        for reading in readings[:1]
        if reading.concept in kinds
    }
    if language in lexicon_locales():
        lexicon = Lexicon.load(language, concepts)
        for concept, kind in kinds.items():
            entry = lexicon.entry(concept)
            words = entry.surfaces() | {entry.plural} if entry else ()
            found |= {_plain(word): kind for word in words}
    return found


def _plain(surface: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", fold(surface)))


@cache
def _kinds() -> Mapping[str, GarmentKind]:
    text = files("content_engine").joinpath("wardrobe.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {name: GarmentKind(kind) for kind, names in tables.items() for name in names}
