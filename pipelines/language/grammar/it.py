"""Italian: lo and gli, elision, articulated prepositions. Forms: see romance.py."""

from __future__ import annotations

import re

from pipelines.language.grammar.romance import Dialect, bare_shares, grammar, said_once

_ARTICLES = {"def": ("il", "la", "i", "le"), "indef": ("un", "una", "", "")}
# s + consonant, z, gn, ps, pn, x, y: lo, gli, uno. Source: Serianni, Italiano, IV §§ 4-10.
_IMPURE = re.compile(r"(?i:s[^aeiouhàèéìòù\s]|z|gn|p[sn]|x|y)")
_VOWEL = re.compile(r"(?i:[aeiouàèéìòù])")
_STEMS = {"di": "de", "in": "ne", "su": "su", "a": "a", "da": "da"}
_ENDINGS = {"il": "l", "lo": "llo", "l’": "ll’", "la": "lla", "i": "i", "gli": "gli", "le": "lle"}
_CONTRACTIONS = {
    f"{preposition} {article}": stem + ending
    for preposition, stem in _STEMS.items()
    for article, ending in _ENDINGS.items()
}


def article(kind: str, at: int, word: str) -> str:
    """The article before a word; nothing before a material or an indefinite plural."""
    if kind not in _ARTICLES:
        return ""
    if _VOWEL.match(word):
        elided = {"def": ("l’", "l’", "gli", "le"), "indef": ("un", "un’", "", "")}
        return elided[kind][at]
    if at in (0, 2) and _IMPURE.match(word):
        return {"def": ("lo", "", "gli"), "indef": ("uno", "", "")}[kind][at]
    return _ARTICLES[kind][at]


def polish(text: str) -> str:
    """Bare shares; `e` takes a d before another e, `a` before another a.

    Source: Accademia della Crusca, d eufonica.
    """
    text = said_once(bare_shares(text), "si può")
    text = re.sub(r"\be (?=[eèéEÈÉ])", "ed ", text)
    return re.sub(r"\ba (?=[aàAÀ]\w)", "ad ", text)


GRAMMAR = grammar(
    Dialect(
        article=article,
        prepositions={
            "with": "con",
            "on": "su",
            "of": "di",
            "in": "in",
            "for": "per",
            "above": "sopra",
            "under": "sotto",
            "without": "senza",
            "from": "da",
        },
        contractions=_CONTRACTIONS,
        made_of="in",
        part_made_of="in",
        measured="da",
        of="di",
        quotes=("«", "»"),
        polish=polish,
    )
)
