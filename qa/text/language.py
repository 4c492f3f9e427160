"""The language of each sentence, and English left standing in copy of another locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

from content_engine.types import Evidence
from qa.text.copy import Sentence, sentences
from qa.text.reading import Read, Reading
from qa.text.tongue import Tongue
from qa.text.words import Span

LATIN_LANGUAGES = ("en", "de", "fr", "es", "it", "pt")

# Below this many letters (kana, ideographs) a sentence says too little about its language.
_LEAST_LETTERS = 8
_LEAST_SIGNS = 6
# Source: measured on clean and planted sentences by serving/bench/text_qa.py, 2026-11-22.
_DOUBTFUL = 0.5
_EXCLUDED = 0.02
_MANY_WORDS = 6
_LEAST_KNOWN_WORDS = 2
_CLEARLY_KNOWN_WORDS = 3
_LEAST_RESIDUE = 3

_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿœŒß]")
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3]")
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]*[a-z][A-Za-z]+(?:[ '’-][A-Za-z]+)*(?![a-z])")


class LanguageReader:
    """Tells the language of a sentence among those in Latin script; others show by their script.

    Loads lingua's n-grams at the first sentence: 0.2 s and 12 MB in its low-accuracy mode, against
    2.1 s and 163 MB in the other; 0.04 ms a sentence (measured 2026-11-22).
    """

    def __init__(self, vocabularies: Mapping[str, frozenset[str]]) -> None:
        # Here, not above: importing the judge must load no model.
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, name.upper()) for name in LATIN_LANGUAGES]
        builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
        self._detector: Any = builder.with_low_accuracy_mode().build()
        self._only = {
            (one, other): vocabularies[one] - vocabularies[other]
            for one in vocabularies
            for other in vocabularies
        }

    def only_in(self, words: Set[str], *, one: str, other: str) -> int:
        """How many of the words are known in one language and not in the other."""
        return len(words & self._only[one, other])

    def shares(self, text: str) -> Mapping[str, float]:
        """Confidence by language; they add up to 1, or to 0 for a text without letters."""
        values = self._detector.compute_language_confidence_values(text)
        return {value.language.iso_code_639_1.name.lower(): value.value for value in values}


def language(reading: Reading, reader: LanguageReader) -> Iterator[Evidence]:
    """A fault for each sentence that is in another language than the brief asks."""
    for read in reading.slots:
        blank = read.blanked()
        for sentence in sentences(read.slot):
            other = _other(blank[sentence.start : sentence.end], reading.tongue, reader)
            if other:
                yield _foreign(sentence, other=other)


def _foreign(sentence: Sentence, *, other: str) -> Evidence:
    said = f"{sentence.text[:60]!r} is {other}"
    return sentence.slot.fault("language", said, (sentence.start, sentence.end))


def _other(text: str, tongue: Tongue, reader: LanguageReader) -> str:
    """The language that the text is in, when it is surely not the tongue's; else empty."""
    latin, arabic = len(_LATIN.findall(text)), len(_ARABIC.findall(text))
    signs = len(_SIGNS.findall(text))
    if tongue.language == "ja":
        return "not Japanese" if max(latin, arabic) > max(_LEAST_LETTERS, 4 * signs) else ""
    if tongue.language == "ar":
        return "not Arabic" if max(latin, 4 * signs) > max(_LEAST_LETTERS, 2 * arabic) else ""
    if signs >= _LEAST_SIGNS or arabic >= _LEAST_LETTERS:
        return "in another script"
    if latin < _LEAST_LETTERS:
        return ""
    return _other_latin(text, tongue, reader)


def _other_latin(text: str, tongue: Tongue, reader: LanguageReader) -> str:
    """The language that the words are of: n-grams and words together, or words alone if clear.

    N-grams alone take a list of nouns for its neighbour's.
    """
    shares = reader.shares(text)
    own_share = shares.get(tongue.language, 0.0)
    words = {word for word in _LETTERS.findall(text.lower()) if len(word) > 1}
    for name in sorted(shares, key=lambda language: -shares[language]):
        if name != tongue.language:
            theirs = reader.only_in(words, one=name, other=tongue.language)
            ours = reader.only_in(words, one=tongue.language, other=name)
            agree = theirs >= _LEAST_KNOWN_WORDS and theirs > ours and own_share <= _DOUBTFUL
            clear = theirs >= _CLEARLY_KNOWN_WORDS and not ours
            excluded = theirs > ours == 0 and own_share <= _EXCLUDED and len(words) >= _MANY_WORDS
            if agree or clear or excluded:
                return name
    return ""


def residue(reading: Reading) -> Iterator[Evidence]:
    """A fault for each English word left in another locale; a note for each that was reported."""
    if reading.tongue.language == "en":
        return
    for read in reading.slots:
        for start, end in read.left:
            shown = read.slot.text[start:end]
            yield read.slot.note("residue", f"keeps the merchant's {shown!r}", (start, end))
        yield from _left_english(reading, read)


def _left_english(reading: Reading, read: Read) -> Iterator[Evidence]:
    for start, end in _english(reading.tongue, read):
        if not read.is_name((start, end)):
            shown = read.slot.text[start:end]
            yield read.slot.fault("residue", f"{shown!r} is English", (start, end))


def _english(tongue: Tongue, read: Read) -> Iterator[Span]:
    if tongue.language in ("ja", "ar"):
        for match in _LATIN_WORD.finditer(read.blanked()):
            if len(match.group()) >= _LEAST_RESIDUE:
                yield match.span()
        return
    for word in read.words.words:
        if read.words.folded[word.start : word.end] in tongue.english:
            yield (word.start, word.end)
