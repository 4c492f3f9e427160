"""Arabic: what describes a noun follows it and agrees; materials and colours are said definite.

Forms: `def` (with the article), `for` (that after ل), `noun` (a colour after باللون: definite;
a neckline without its ب), `m` and `f` (an adjective for a noun of the frame). `<a|b>`: masculine
singular | feminine singular, which plurals of things take too. A row of an adjective may hold the
name of a noun with its own word there; a row of a noun the name of an adjective with the word that
says both (نصف شمس).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from content_engine.lexicon import Entry
from content_engine.lexicon.concepts import PRODUCT_KINDS
from pipelines.language.phrase import Group, Link, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_PREPOSITIONS = {
    "with": "مع",
    "on": "على",
    "of": "من",
    "in": "في",
    "for": "من أجل",
    "above": "فوق",
    "under": "تحت",
    "without": "بدون",
    "from": "من",
}
_OF_ITS_MATERIAL = ("quality.recycled", "quality.organic")
"""Adjectives that speak of the material named, not of the thing made of it."""

_BIDI = re.compile("[\u061c\u200e\u200f]")
_WITH = "ب"
_BETWEEN = ("على", "عند", "في", "من", "مع")
_DUALS = (("ة", "تين"), ("", "ين"))


def noun_phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    """The phrase: `غطاء لولبي مضلع مع حلقة حمل`; in the form `for`: للنساء."""
    if "for" in form.split("."):
        return f"ل{_phrase(phrase, 'def', tongue)}".replace("لال", "لل", 1)
    return _phrase(phrase, form, tongue)


def _phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[phrase.head.concept]
    head, adjectives = _fused(phrase, entry)
    definite = phrase.determiner == "the" or "def" in form.split(".")
    noun, definite = _noun(phrase, entry, head, definite=definite)
    feminine = entry.gender == "f" or phrase.plural or entry.number == "plural"
    of_source = [word for word in adjectives if _speaks_of_material(word, phrase, tongue)]
    own = [word for word in adjectives if word not in of_source]
    said = [_agreeing(word, phrase, tongue, feminine=feminine) for word in own]
    plain, fixed = _order(own, said, tongue, definite=definite)
    words = [
        tongue.percent(phrase.share) if phrase.share is not None and not _is_of_all(phrase) else "",
        *_counted(phrase, entry, noun, tongue),
        *plain,
        _source(phrase, of_source, tongue),
        *fixed,
        f"({tongue.quantity(phrase.quantity)})" if phrase.quantity else "",
        *(_link(link, tongue) for link in phrase.links),
    ]
    return " ".join(word for word in words if word)


def group(group: Group, form: str, tongue: Tongue) -> str:
    """Nouns with the adjectives they share behind: `ياقة وأطراف أكمام وحاشية مضلعة`."""
    nouns = [noun_phrase(phrase, form, tongue) for phrase in group.phrases]
    first = group.phrases[0]
    shared = [_agreeing(word, first, tongue, feminine=True) for word in group.adjectives]
    return " ".join([tongue.list(nouns), *reversed(shared)])


def adjective(word: Word, form: str, tongue: Tongue) -> str:
    """The adjective as predicate of the product, or as the form says."""
    forms = form.split(".")
    entry = tongue.lexicon.entries[word.concept]
    if "noun" in forms:
        return _definite_color(entry) if word.kind == "color" else _as_noun(entry)
    feminine = tongue.gender == "f" or tongue.plural
    feminine = "f" in forms or (feminine and "m" not in forms)
    return _agreeing(word, None, tongue, feminine=feminine)


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001
    """Masculine | feminine; a plural of things is feminine."""
    return options[-1] if gender == "f" or plural else options[0]


def polish(text: str) -> str:
    """Oblique duals after a preposition; none of CLDR's bidi signs."""
    text = _BIDI.sub("", text).replace("\xa0g/m²", "\xa0غ/م²")
    return re.sub(r"\b(من|لمدة|احتراق|تجاوز) (ساعت|سنت|يوم|شهر)ان\b", r"\1 \2ين", text)


def title(text: str) -> str:
    """A headline: Arabic has no capitals."""
    return text


def _name(concept: str) -> str:
    return concept.partition(".")[2]


def _fused(phrase: Phrase, entry: Entry) -> tuple[str, tuple[Word, ...]]:
    """The head, with an adjective that it has one word with, and the other adjectives."""
    for word in phrase.adjectives:
        if fused := entry.form(_name(word.concept)):
            return fused, tuple(other for other in phrase.adjectives if other != word)
    return "", phrase.adjectives


def _noun(phrase: Phrase, entry: Entry, head: str, *, definite: bool) -> tuple[str, bool]:
    """The noun in its number, and whether it is definite; one of several words stays as it is."""
    text = head or (entry.plural if phrase.plural else entry.text)
    written = entry.form("definite") if text == entry.text else ""
    if _is_definite(text) or (definite and written):
        return (written if definite else "") or text, True
    if definite and " " not in text:
        return f"ال{text}", True
    return text, False


def _is_definite(text: str) -> bool:
    """True for a noun with its article, or bound to one that has it (قطر القاعدة)."""
    words = takewhile(lambda word: word not in _BETWEEN and word[:2] != "لل", text.split())
    return any(word.startswith("ال") for word in words)


def _counted(phrase: Phrase, entry: Entry, noun: str, tongue: Tongue) -> list[str]:
    """The noun with its numeral: ست أوراق, ثلاثة أشرطة, جيبين, جيب واحد."""
    if not phrase.determiner.startswith("numeral."):
        return [noun]
    feminine = entry.gender == "f"
    number = tongue.lexicon.entries[phrase.determiner]
    if phrase.determiner == "numeral.one":
        return [entry.text, number.form("feminine") if feminine else number.text]
    if phrase.determiner in ("numeral.eleven", "numeral.twelve"):
        tens = number.form("feminine") if feminine else number.text
        return [tens, entry.text if feminine else f"{entry.text}ًا"]
    if phrase.determiner == "numeral.two":
        if " " in entry.text or phrase.adjectives:
            return [noun, "(2)"]
        ending, dual = next(pair for pair in _DUALS if entry.text.endswith(pair[0]))
        return [f"{entry.text.removesuffix(ending)}{dual}"]
    return [(number.form("feminine") if feminine else "") or number.text, noun]


def _speaks_of_material(word: Word, phrase: Phrase, tongue: Tongue) -> bool:
    is_fabric = phrase.head.kind == "material" and word.kind != "color"
    entry = tongue.lexicon.entries[word.concept]
    has_own_word = any(entry.form(_name(noun.concept)) for noun in phrase.nouns)
    is_of_it = is_fabric or has_own_word or word.concept in _OF_ITS_MATERIAL
    return bool(phrase.nouns) and is_of_it


def _agreeing(word: Word, phrase: Phrase | None, tongue: Tongue, *, feminine: bool) -> str:
    entry = tongue.lexicon.entries[word.concept]
    names = [_name(other.concept) for other in (*phrase.nouns, phrase.head)] if phrase else []
    text = next((form for name in names if (form := entry.form(name))), "")
    text = text or (entry.form("feminine") if feminine else "")
    text = text or entry.form("attributive") or entry.text
    if phrase:
        head = tongue.lexicon.entries[phrase.head.concept].text
        text = text.removeprefix(f"{_WITH}{head} ")
    degree = tongue.lexicon.entry(word.degree)
    return f"{text} باللون {_definite_color(degree)}" if degree else text


def _order(
    words: Sequence[Word], said: Sequence[str], tongue: Tongue, *, definite: bool
) -> tuple[list[str], list[str]]:
    """What stands right after the noun, the last first; then phrases like بأكمام, باللون."""
    plain: list[str] = []
    fixed: list[str] = []
    for word, text in reversed([*zip(words, said, strict=True)]):
        entry = tongue.lexicon.entries[word.concept]
        if word.kind == "color" and " " in text:
            fixed.append(f"باللون {_definite_color(entry)}")
        elif word.degree:
            fixed.append(_definite_adjective(text) if definite else text)
        elif _is_fixed(entry, text):
            fixed.insert(0, text)
        else:
            plain.append(_definite_adjective(text) if definite else text)
    return plain, fixed


def _is_fixed(entry: Entry, text: str) -> bool:
    return entry.kind != "color" and (bool(entry.form("invariable")) or text.startswith("لل"))


def _definite_adjective(text: str) -> str:
    bare = text.removeprefix("غير ")
    return f"غير ال{bare}" if bare != text else f"ال{text}"


def _definite_color(entry: Entry) -> str:
    words = (word if word.startswith(("ال", "لل")) else f"ال{word}" for word in entry.text.split())
    return " ".join(words)


def _as_noun(entry: Entry) -> str:
    noun = entry.form("noun")
    is_phrase = entry.text.startswith(_WITH) and not entry.text.startswith("بلا")
    return noun or (entry.text.removeprefix(_WITH) if is_phrase else entry.text)


def _source(phrase: Phrase, adjectives: Sequence[Word], tongue: Tongue) -> str:
    """What a thing is made of: من القطن; the juice of a fruit and its like: عصير تفاح."""
    if not phrase.nouns:
        return ""
    entries = [tongue.lexicon.entries[word.concept] for word in phrase.nouns]
    if phrase.nouns[0].kind != "material":
        return " ".join(entry.text for entry in entries)
    said = [_definite(entry) for entry in reversed(entries)]
    agreeing = [
        _agreeing(word, phrase, tongue, feminine=entries[0].gender == "f") for word in adjectives
    ]
    said[-1] = " ".join([said[-1], *(_definite_adjective(text) for text in agreeing)])
    is_share = phrase.share is not None and _is_of_all(phrase)
    share = f" بنسبة {tongue.percent(phrase.share)}" if is_share and phrase.share else ""
    return f"من {' من '.join(said)}{share}"


def _is_of_all(phrase: Phrase) -> bool:
    """True for `100% cotton jersey`, `100% linen cover`: a share of what the thing is made of."""
    is_part = phrase.head.kind != "material" or phrase.share == 100
    return bool(phrase.nouns) and is_part


def _definite(entry: Entry) -> str:
    written = entry.form("definite")
    is_as_it_is = _is_definite(entry.text) or entry.text.isascii()
    return written or (entry.text if is_as_it_is else f"ال{entry.text}")


def _link(link: Link, tongue: Tongue) -> str:
    is_source = link.preposition in ("of", "in") and link.phrase.head.kind == "material"
    if is_source and link.phrase.share is None:
        return f"من {noun_phrase(link.phrase, 'def', tongue)}"
    is_place = link.preposition in ("on", "above", "under")
    is_thing = link.phrase.head.kind not in (*PRODUCT_KINDS, "motif", "material")
    form = "def" if is_place and is_thing else ""
    return f"{_PREPOSITIONS[link.preposition]} {noun_phrase(link.phrase, form, tongue)}"


GRAMMAR = Grammar(
    noun_phrase=noun_phrase,
    group=group,
    adjective=adjective,
    agree=agree,
    polish=polish,
    title=title,
    quotes=("«", "»"),
    comma="، ",
)
