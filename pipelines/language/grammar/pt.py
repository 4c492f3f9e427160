"""European Portuguese: contractions of de, em, a, por with the article. Forms: see romance.py."""

from __future__ import annotations

from pipelines.language.grammar.romance import Dialect, bare_shares, grammar, said_once

_ARTICLES = {
    "def": ("o", "a", "os", "as"),
    "indef": ("um", "uma", "", ""),
    "pair": ("", "", "uns", "umas"),
}
# Source: Cunha & Cintra, Nova gramática do português contemporâneo, cap. 9.
_STEMS = {"de": "d", "em": "n", "por": "pel"}
_CONTRACTIONS = {
    f"{preposition} {article}": stem + article
    for preposition, stem in _STEMS.items()
    for article in _ARTICLES["def"]
} | {"a o": "ao", "a a": "à", "a os": "aos", "a as": "às"}


def article(kind: str, at: int, word: str) -> str:  # noqa: ARG001
    """The article before a word; nothing before a material or an indefinite plural."""
    return _ARTICLES[kind][at] if kind in _ARTICLES else ""


def polish(text: str) -> str:
    """Shares without preposition; a verb that opens each clause of a list is said once."""
    return said_once(bare_shares(text), "pode ir")


GRAMMAR = grammar(
    Dialect(
        article=article,
        prepositions={
            "with": "com",
            "on": "em",
            "of": "de",
            "in": "em",
            "for": "para",
            "above": "sobre",
            "under": "sob",
            "without": "sem",
            "from": "de",
        },
        contractions=_CONTRACTIONS,
        made_of="em",
        part_made_of="de",
        measured="de",
        coated_in="a",
        of="de",
        quotes=("«", "»"),
        polish=polish,
    )
)
