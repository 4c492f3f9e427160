"""English: articles, plurals, headline case. Forms: `indef`, `def`, `bare` (default), `noun`.

`<a|b>`: singular | plural.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.phrase import Group, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_SMALL = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")
)
_VOWEL = re.compile(r"(?i:[aeio]|u(?!ni|se|sa)|8|11\b|18\b|hour|honest)|[EFLMNRSX](?:[\d-]|\b)")


def noun_phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    """The phrase with its article: `a ribbed screw cap with carry loop`."""
    core = " ".join([*_amount(phrase, tongue), *_modifiers(phrase, tongue), _head(phrase, tongue)])
    posts = [post for word in phrase.adjectives if (post := tongue.post(word))]
    links = [f"{link.preposition} {noun_phrase(link.phrase, '', tongue)}" for link in phrase.links]
    return " ".join([*_article(phrase, form, core, tongue), core, *posts, *links])


def group(group: Group, form: str, tongue: Tongue) -> str:  # noqa: ARG001
    """Nouns with shared adjectives, the adjectives said once: `ribbed collar, cuffs and hem`."""
    first, *rest = group.phrases
    first = replace(first, adjectives=group.adjectives + first.adjectives)
    return tongue.list([noun_phrase(phrase, "", tongue) for phrase in (first, *rest)])


def adjective(word: Word, form: str, tongue: Tongue) -> str:
    """The adjective, unchanging; a coating after its colour."""
    degree = tongue.lexicon.entry(word.degree)
    entry = tongue.lexicon.entries[word.concept]
    text = entry.form("noun") if "noun" in form and entry.form("noun") else entry.text
    return f"{degree.text} {text}" if degree else text


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001, ARG001
    """Singular | plural."""
    return options[1] if plural and len(options) > 1 else options[0]


def title(text: str) -> str:
    """Headline case: every word but the small ones; words that hold capitals stay."""
    words = text.split(" ")
    return " ".join(
        word if word in _SMALL and at else word[:1].upper() + word[1:]
        for at, word in enumerate(words)
    )


def _modifiers(phrase: Phrase, tongue: Tongue) -> list[str]:
    adjectives = [
        adjective(word, "", tongue) for word in phrase.adjectives if not tongue.post(word)
    ]
    return [*adjectives, *(tongue.lexicon.entries[word.concept].text for word in phrase.nouns)]


def _head(phrase: Phrase, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[phrase.head.concept]
    return entry.plural if phrase.plural else entry.text


def _amount(phrase: Phrase, tongue: Tongue) -> list[str]:
    amount = [tongue.percent(phrase.share)] if phrase.share is not None else []
    return [*amount, *([tongue.quantity(phrase.quantity)] if phrase.quantity else [])]


def _article(phrase: Phrase, form: str, core: str, tongue: Tongue) -> list[str]:
    if phrase.determiner.startswith("numeral."):
        return [tongue.lexicon.entries[phrase.determiner].text]
    forms = form.split(".")
    if phrase.determiner == "the" or "def" in forms:
        return ["the"]
    number = tongue.lexicon.entries[phrase.head.concept].number
    countable = not phrase.plural and not number and phrase.head.kind != "material"
    if countable and ("indef" in forms or phrase.determiner == "a"):
        return ["an" if _VOWEL.match(core) else "a"]
    return []


GRAMMAR = Grammar(
    noun_phrase=noun_phrase,
    group=group,
    adjective=adjective,
    agree=agree,
    polish=lambda text: text,
    title=title,
    quotes=("“", "”"),
)
