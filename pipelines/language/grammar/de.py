"""German: declension, compounds, contractions. Forms: `indef` `def` `bare` with `nom` `acc` `dat`.

`<a|b>`: singular | plural; `<a|b|c|d>`: masculine | feminine | neuter | plural. `noun` says a
colour as a noun (in Haferweiß).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from content_engine.lexicon import Entry
from content_engine.lexicon.concepts import PRODUCT_KINDS
from pipelines.language.phrase import Group, Link, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_LONGEST = 16
"""A longer compound of material and product reads worse than „Schlauchschal aus Wolle“."""

_CASES = ("nom", "acc", "dat")
_GENDERS = ("m", "f", "n", "pl")
# Rows: nominative, accusative, dative; columns: m f n plural. Source: Duden 4, §§ 1517-1525.
_STRONG = ("er e es e", "en e es e", "em er em en")
_WEAK = ("e e e en", "en e e en", "en en en en")
_MIXED = ("er e es e", "en e es e", "en en en en")
_DEFINITE = ("der die das die", "den die das die", "dem der dem den")
_INDEFINITE = ("ein eine ein", "einen eine ein", "einem einer einem")
_PREPOSITIONS = {
    "with": ("mit", "dat"),
    "on": ("an", "dat"),
    "of": ("aus", "dat"),
    "from": ("aus", "dat"),
    "in": ("in", "dat"),
    "for": ("für", "acc"),
    "above": ("über", "dat"),
    "under": ("unter", "dat"),
    "without": ("ohne", "acc"),
}
_CONTRACTIONS = {"an dem": "am", "in dem": "im"}


def noun_phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    """The phrase declined: `einem gerippten Schraubverschluss mit Trageschlaufe`."""
    forms = form.split(".")
    case = next((name for name in _CASES if name in forms), "nom")
    entry = tongue.lexicon.entries[phrase.head.concept]
    is_plural = phrase.plural or entry.number == "plural"
    gender = "pl" if is_plural else entry.gender
    article, endings = _article(phrase, forms, entry)
    adjectives = [
        _attributive(word, _cell(endings, case, gender), tongue)
        for word in phrase.adjectives
        if not tongue.post(word)
    ]
    head, source = _head(phrase, entry, case, tongue)
    words = [
        _cell(article, case, gender) if article else "",
        _numeral(phrase, tongue),
        tongue.percent(phrase.share) if phrase.share is not None and not source else "",
        _row(adjectives, phrase, tongue),
        head,
        source,
        f"({tongue.quantity(phrase.quantity)})" if phrase.quantity else "",
        *_posts(phrase, tongue),
        *(_link(link, tongue) for link in phrase.links),
    ]
    return " ".join(word for word in words if word)


def group(group: Group, form: str, tongue: Tongue) -> str:
    """Nouns with shared adjectives; said after them where the adjective has such a form."""
    shared = [tongue.lexicon.entries[word.concept].form("group") for word in group.adjectives]
    case = next((name for name in form.split(".") if name in _CASES), "nom")
    if all(shared):
        nouns = tongue.list([noun_phrase(phrase, case, tongue) for phrase in group.phrases])
        return " ".join([nouns, *shared])
    repeated = [
        Phrase(phrase.head, plural=phrase.plural, adjectives=group.adjectives + phrase.adjectives)
        for phrase in group.phrases
    ]
    return tongue.list([noun_phrase(phrase, case, tongue) for phrase in repeated])


def adjective(word: Word, form: str, tongue: Tongue) -> str:
    """The adjective as predicate, unchanging; a colour as a noun when the form says so."""
    entry = tongue.lexicon.entries[word.concept]
    if "noun" in form.split("."):
        noun = entry.form("noun")
        return noun or (title(entry.text) if word.kind == "color" else entry.text)
    degree = tongue.lexicon.entry(word.degree)
    return f"{degree.text} {entry.text}" if degree else entry.text


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001
    """Singular | plural, or masculine | feminine | neuter | plural."""
    if len(options) == 2:
        return options[plural]
    return options[_GENDERS.index("pl" if plural else gender or "n")]


def title(text: str) -> str:
    """Headline: German writes it as a sentence, with a capital first."""
    return text[:1].upper() + text[1:]


def _cell(table: Sequence[str], case: str, gender: str) -> str:
    row = table[_CASES.index(case)].split()
    at = _GENDERS.index(gender)
    return row[at] if at < len(row) else ""


def _article(
    phrase: Phrase, forms: Sequence[str], entry: Entry
) -> tuple[Sequence[str], Sequence[str]]:
    """The article's table (empty for none) and the adjective endings that go with it."""
    if phrase.determiner == "the" or "def" in forms:
        return _DEFINITE, _WEAK
    mass = entry.number == "mass" or phrase.head.kind == "material"
    wanted = "indef" in forms or phrase.determiner == "a"
    if wanted and not mass and not phrase.plural and entry.number != "plural":
        return _INDEFINITE, _MIXED
    return (), _STRONG


def _attributive(word: Word, ending: str, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[word.concept]
    degree = tongue.lexicon.entry(word.degree)
    stem = entry.form("stem") or entry.text
    text = stem if entry.form("invariable") else stem.removesuffix("e") + ending
    return f"{degree.text} {text}" if degree else text


def _row(adjectives: Sequence[str], phrase: Phrase, tongue: Tongue) -> str:
    """Adjectives in a row: a comma between equals, none before one that belongs to the noun."""
    words = [word for word in phrase.adjectives if not tongue.post(word)]
    text = ""
    for word, adjective in zip(words, adjectives, strict=True):
        close = word.kind == "color" or tongue.lexicon.entries[word.concept].form("close")
        text += f"{' ' if close else ', '}{adjective}" if text else adjective
    return text


def _head(phrase: Phrase, entry: Entry, case: str, tongue: Tongue) -> tuple[str, str]:
    """The noun with its compound, and `aus …` for what makes no compound."""
    text = entry.plural if phrase.plural else entry.text
    is_plural = phrase.plural or entry.number == "plural"
    if is_plural and case == "dat" and text[-1] not in "ns" and " " not in text:
        text += "n"
    nouns = [tongue.lexicon.entries[word.concept] for word in phrase.nouns]
    kinds = {word.kind for word in phrase.nouns}
    compounds = [noun.form("compound") for noun in nouns]
    is_compound = phrase.share is None or phrase.head.kind == "material"
    if nouns and is_compound and all(compounds):
        joined = reduce(lambda word, first: _compound(first, word), reversed(compounds), text)
        if phrase.head.kind not in PRODUCT_KINDS or len(joined) <= _LONGEST or "aroma" in kinds:
            return joined, ""
    share = f"{tongue.percent(phrase.share)} " if phrase.share is not None else ""
    source = tongue.list([noun.text for noun in nouns]) if nouns else ""
    return text, f"aus {share}{source}" if source else ""


def _compound(first: str, second: str) -> str:
    if first.endswith("-"):
        return first + second
    if "-" in second or second.isupper():
        return f"{first}-{second}"
    return first + second[:1].lower() + second[1:]


def _numeral(phrase: Phrase, tongue: Tongue) -> str:
    is_numeral = phrase.determiner.startswith("numeral.")
    return tongue.lexicon.entries[phrase.determiner].text if is_numeral else ""


def _posts(phrase: Phrase, tongue: Tongue) -> list[str]:
    posts = [tongue.post(word) for word in phrase.adjectives]
    return [post for post in posts if post]


def _link(link: Link, tongue: Tongue) -> str:
    preposition, case = _PREPOSITIONS[link.preposition]
    text = f"{preposition} {noun_phrase(link.phrase, case, tongue)}"
    for long, short in _CONTRACTIONS.items():
        if text.startswith(f"{long} "):
            return short + text[len(long) :]
    return text


GRAMMAR = Grammar(
    noun_phrase=noun_phrase,
    group=group,
    adjective=adjective,
    agree=agree,
    polish=lambda text: text,
    title=title,
    quotes=("„", "“"),
)
