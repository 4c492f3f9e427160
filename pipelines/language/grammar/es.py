"""Spanish: contractions, `el` before a stressed a, y/e and o/u. Forms: see romance.py."""

from __future__ import annotations

import re

from pipelines.language.grammar.romance import Dialect, bare_shares, grammar, said_once

_ARTICLES = {
    "def": ("el", "la", "los", "las"),
    "indef": ("un", "una", "", ""),
    "pair": ("", "", "unos", "unas"),
}
# Feminine nouns with a stressed first a take `el`, `un` in the singular. Source: RAE, NGLE § 14.2.
_STRESSED_A = re.compile(r"(?:asa|ala|agua|alma|área|ancla|haya|aspa|arpa|ave)\b")


def article(kind: str, at: int, word: str) -> str:
    """The article before a word; nothing before a material or an indefinite plural."""
    if kind not in _ARTICLES:
        return ""
    masculine = at == 1 and _STRESSED_A.match(word)
    return _ARTICLES[kind][0 if masculine else at]


def polish(text: str) -> str:
    """Bare shares; `y` becomes `e` before an i sound, `o` becomes `u` before an o sound.

    Source: RAE, Diccionario panhispánico de dudas, s. vv. y, o.
    """
    text = said_once(bare_shares(text), "se puede")
    text = re.sub(r"\by (?=h?[iíIÍ](?![aeoáéó]))", "e ", text)
    return re.sub(r"\bo (?=h?[oóOÓ])", "u ", text)


GRAMMAR = grammar(
    Dialect(
        article=article,
        prepositions={
            "with": "con",
            "on": "en",
            "of": "de",
            "in": "en",
            "for": "para",
            "above": "sobre",
            "under": "bajo",
            "without": "sin",
            "from": "de",
        },
        contractions={"de el": "del", "a el": "al"},
        made_of="de",
        part_made_of="de",
        measured="de",
        coated_in="en",
        of="de",
        quotes=("«", "»"),
        polish=polish,
    )
)
