"""French: elision, contractions, spaces before high signs. Forms: see romance.py."""

from __future__ import annotations

import re

from pipelines.language.grammar.romance import Dialect, bare_shares, grammar, said_once

_ARTICLES = {
    "def": ("le", "la", "les", "les"),
    "indef": ("un", "une", "des", "des"),
    "pair": ("", "", "des", "des"),
    "partitive": ("du", "de la", "des", "des"),
    "fronted": ("", "", "de", "de"),
}
# A vowel, or a mute h; onze, oui and foreign names in H keep their article whole.
# Source: Grevisse, Le bon usage, §§ 47-50.
_MUTE_H = "h(?:abit|abill|erbe|eure|iver|omme|orloge|uile|umid|ydro|ameçon)"
_VOWEL = re.compile(rf"(?i:(?!onze|oui)[aeiouàâäéèêëîïôöûü]|{_MUTE_H})")


def article(kind: str, at: int, word: str) -> str:
    """The article before a word, `l’` and `de l’` before a vowel or mute h."""
    if kind in ("def", "partitive") and at < 2 and _VOWEL.match(word):
        return "l’" if kind == "def" else "de l’"
    return _ARTICLES[kind][at]


def polish(text: str) -> str:
    """Elides `de`, `que`; no-break spaces before high signs, and inside quotation marks.

    Source: Lexique des règles typographiques en usage à l'Imprimerie nationale, 2002.
    """
    text = said_once(bare_shares(text), "passe")
    text = re.sub(r"\bdemi (?=\w)", "demi-", text)
    text = re.sub(r"\bde (?=" + _VOWEL.pattern + ")", "d’", text)
    text = re.sub(r"\b(jus)?que (?=" + _VOWEL.pattern + ")", r"\1qu’", text)
    # Only signs that a frame has set apart: those in a name (Part One: Dawn) stay as they are.
    text = re.sub(r"[ \u00a0\u202f]+([;!?])", "\u202f\\1", text)
    text = re.sub(r"[ \u00a0\u202f]+:(?=\s|$)", "\u00a0:", text)
    return text.replace("« ", "«\u00a0").replace(" »", "\u00a0»")


GRAMMAR = grammar(
    Dialect(
        article=article,
        prepositions={
            "with": "avec",
            "on": "sur",
            "of": "de",
            "in": "en",
            "for": "pour",
            "above": "au-dessus de",
            "under": "sous",
            "without": "sans",
            "from": "de",
        },
        contractions={
            "de le": "du",
            "de les": "des",
            "de des": "de",
            "de du": "de",
            "de de la": "de",
            "de de l’": "de",
            "de de": "de",
            "de l’": "de l’",
            "en le": "dans le",
            "en la": "dans la",
            "en les": "dans les",
            "en l’": "dans l’",
            "au-dessus de le": "au-dessus du",
            "au-dessus de les": "au-dessus des",
        },
        made_of="en",
        part_made_of="en",
        measured="de",
        of="de",
        quotes=("«\u00a0", "\u00a0»"),
        polish=polish,
        colon="\u00a0: ",
    )
)
