"""A merchant's words on their way into a prompt: cleaned, shortened, in quotes."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 80
"""Characters of one quoted piece: a title's head has 20 to 60; more would be a text of its own."""

_KEPT = frozenset(" -'’.,&%/+°×()")
_SPACES = re.compile(r"\s+")


def cleaned(text: str) -> str:
    """Letters, digits and plain punctuation of the text, at most `LONGEST` characters of it.

    Brackets, quotes, pipes, backticks, control and invisible characters go: no text can end a
    quotation, open a chat template's turn (`<|im_start|>`) or a template's field.
    """
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(each if _is_kept(each) else " " for each in plain)
    tidy = _SPACES.sub(" ", kept).strip(" -.,&/+")
    if len(tidy) <= LONGEST:
        return tidy
    return tidy[:LONGEST].rpartition(" ")[0] or tidy[:LONGEST]


def quoted(text: str) -> str:
    """The cleaned text in typographic quotes, or the empty string when nothing is left of it."""
    tidy = cleaned(text)
    return f"“{tidy}”" if tidy else ""


def _is_kept(letter: str) -> bool:
    return letter in _KEPT or unicodedata.category(letter)[0] in "LN" or _is_mark(letter)


def _is_mark(letter: str) -> bool:
    """Accents and vowel signs that have no composed letter belong to the word they stand on."""
    return unicodedata.category(letter) in ("Mn", "Mc")
