"""The language of each sentence, and English left standing in copy of another locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from content_engine.types import Evidence
from qa.text_copy import Sentence, sentences
from qa.text_reading import Read, Reading
from qa.text_tongue import Tongue
from qa.text_words import Span

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ja", "ar")

# Below this many letters (kana, ideographs) a sentence says too little about its language.
_LEAST_LETTERS = 18
_LEAST_SIGNS = 6
# Source: measured on clean and planted sentences by serving/bench_text_qa.py, 2026-11-22.
_SURE = 0.5
_RULED_OUT = 0.1
_LEAST_FUNCTION_WORDS = 2
_LEAST_RESIDUE = 3

_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿœŒß]")
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3]")
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]*[a-z][A-Za-z]+(?:[ '’-][A-Za-z]+)*(?![a-z])")


class LanguageReader:
    """Tells the language of a sentence among the eight that we write.

    Loads its n-grams at the first sentence: 0.2 s and 12 MB in lingua's low-accuracy mode, against
    2.1 s and 163 MB in the other; 0.04 ms a sentence (measured 2026-11-22).
    """

    def __init__(self, function_words: Mapping[str, frozenset[str]]) -> None:
        self._function_words = function_words
        # Here, not above: importing the judge must load no model.
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, language.upper()) for language in LANGUAGES]
        builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
        self._detector: Any = builder.with_low_accuracy_mode().build()

    def spoken(self, words: frozenset[str]) -> Mapping[str, int]:
        """How many of the words are function words of each language."""
        return {name: len(words & own) for name, own in self._function_words.items()}

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
        return "" if max(latin, arabic) < max(_LEAST_LETTERS, signs) else "not Japanese"
    if tongue.language == "ar":
        return "" if max(latin, signs * 2) < max(_LEAST_LETTERS, arabic) else "not Arabic"
    if signs >= _LEAST_SIGNS or arabic >= _LEAST_LETTERS:
        return "in another script"
    if latin < _LEAST_LETTERS:
        return ""
    return _other_latin(text, tongue, reader)


def _other_latin(text: str, tongue: Tongue, reader: LanguageReader) -> str:
    shares = reader.shares(text)
    best = max(shares, key=lambda name: shares[name])
    ruled_out = shares.get(tongue.language, 0.0) <= _RULED_OUT
    if not ruled_out or shares[best] < _SURE:
        return ""
    # N-grams alone take a list of nouns for its neighbour's: function words must agree.
    spoken = reader.spoken(frozenset(_LETTERS.findall(text.lower())))
    agree = spoken[best] >= _LEAST_FUNCTION_WORDS and spoken[best] > spoken[tongue.language]
    return best if agree else ""


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
