"""What French, Spanish, Italian and Portuguese share: agreement, word order, articles.

Forms: `indef`, `def`, `bare` (default), each also with `de` (`de.def`: du, del, della, da). `noun`
says an adjective as what follows a preposition (en coloris ambre), `name` as what stands alone
(Couleur : ambre), `name.f` as what follows a feminine noun (na cor branca). `<a|b>`: singular |
plural; `<a|b|c|d>`: masculine | feminine | masculine plural | feminine plural.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from content_engine.lexicon import Entry
from pipelines.language.phrase import Group, Link, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_FORMS = ("text", "feminine", "plural", "feminine_plural")
_BARE_SHARE = re.compile(r"\b(?:en|de|in|em) (?=\d+(?:,\d+)?\s?%)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The tables in which the four tongues differ.

    `article(kind, at, next_word)` is the article before a word: `at` is the agreement (0 m, 1 f,
    2 m plural, 3 f plural), `kind` one of `def`, `indef`, `partitive` (of a material), `pair` (of
    a noun that is always plural), `fronted` (plural, an adjective follows). `prepositions` are by
    the English one; `contractions` by preposition and article. `made_of` stands between a thing
    and its material, `part_made_of` between a part and its own, `of` between a noun and any other
    noun, `measured` before a quantity, `coated_in` before the colour of a coating.
    """

    article: Callable[[str, int, str], str]
    prepositions: Mapping[str, str]
    contractions: Mapping[str, str]
    made_of: str
    of: str
    quotes: tuple[str, str]
    polish: Callable[[str], str]
    part_made_of: str
    measured: str
    coated_in: str = ""
    colon: str = ": "


def grammar(dialect: Dialect) -> Grammar:
    """The grammar of one of the four tongues."""

    def noun_phrase(phrase: Phrase, form: str, tongue: Tongue) -> str:
        return _noun_phrase(phrase, form.split("."), tongue, dialect)

    def group(group: Group, form: str, tongue: Tongue) -> str:
        return _group(group, form.split("."), tongue, dialect)

    return Grammar(
        noun_phrase=noun_phrase,
        group=group,
        adjective=adjective,
        agree=agree,
        polish=dialect.polish,
        title=title,
        quotes=dialect.quotes,
        colon=dialect.colon,
    )


def adjective(word: Word, form: str, tongue: Tongue) -> str:
    """The adjective as predicate of the product, or as a noun when the form is `noun` or `name`."""
    entry = tongue.lexicon.entries[word.concept]
    if "noun" in form.split("."):
        return entry.form("noun") or entry.text
    if "name" in form.split("."):
        return (entry.form("feminine") if "f" in form.split(".") else "") or entry.text
    return _agreeing(word, _at(tongue.gender, tongue.plural), tongue)


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001
    """Singular | plural, or masculine | feminine | masculine plural | feminine plural."""
    return options[plural] if len(options) == 2 else options[_at(gender, plural)]


def title(text: str) -> str:
    """A headline: these tongues write it as a sentence, with a capital first."""
    return text[:1].upper() + text[1:]


def bare_shares(text: str) -> str:
    """The text without a preposition before a share: `une housse 100 % lin`."""
    return _BARE_SHARE.sub("", text)


def said_once(text: str, lead: str) -> str:
    """The text with a verb that opens several clauses of a list said in the first alone.

    `passe au lave-vaisselle et passe au micro-ondes`: `… et au micro-ondes`.
    """
    again = re.compile(rf"((?i:\b{lead}\b)[^.;:]*?(?:,| \w\w?)) {lead}(?= )")
    folded = again.sub(r"\1", text)
    return folded if folded == text else said_once(folded, lead)


def _at(gender: str, plural: bool) -> int:  # noqa: FBT001
    return (gender == "f") + 2 * plural


def _noun_phrase(phrase: Phrase, forms: Sequence[str], tongue: Tongue, dialect: Dialect) -> str:
    entry = tongue.lexicon.entries[phrase.head.concept]
    at = _at(entry.gender, phrase.plural or entry.number == "plural")
    before = [said for word in phrase.adjectives if (said := _before(word, at, tongue))]
    words = [
        _share(phrase, tongue) if not _is_share_of_material(phrase) else "",
        _numeral(phrase, tongue),
        *before,
        entry.plural if phrase.plural else entry.text,
        *_modifiers(phrase, at, tongue, dialect),
        f"{dialect.measured} {tongue.quantity(phrase.quantity)}" if phrase.quantity else "",
        *(_link(link, tongue, dialect) for link in phrase.links),
    ]
    core = " ".join(word for word in words if word)
    kind = _article_kind(phrase, forms, entry)
    kind = "fronted" if kind == "indef" and before and at > 1 else kind
    article = dialect.article(kind, at, core) if kind else ""
    return _with_preposition(dialect.of if "de" in forms else "", article, core, dialect)


def _article_kind(phrase: Phrase, forms: Sequence[str], entry: Entry) -> str:
    is_share = phrase.share is not None and not _is_share_of_material(phrase)
    if is_share or phrase.determiner.startswith("numeral."):
        return ""
    if phrase.determiner == "the" or "def" in forms:
        return "def"
    if "indef" not in forms and phrase.determiner != "a":
        return ""
    if phrase.head.kind == "material" and not phrase.quantity:
        return "partitive"
    return "pair" if entry.number == "plural" and phrase.head.kind != "part" else "indef"


def _with_preposition(preposition: str, article: str, core: str, dialect: Dialect) -> str:
    joined = " ".join(word for word in (preposition, article) if word)
    joined = dialect.contractions.get(joined, joined)
    return f"{joined}{'' if joined.endswith('’') or not joined else ' '}{core}"


def _before(word: Word, at: int, tongue: Tongue) -> str:
    has_place_before = tongue.lexicon.entries[word.concept].form("before")
    return _agreeing(word, at, tongue) if has_place_before else ""


def _modifiers(phrase: Phrase, at: int, tongue: Tongue, dialect: Dialect) -> list[str]:
    """What follows the noun: other nouns, adjectives, its material, then unchanging phrases."""
    entries = [tongue.lexicon.entries[word.concept] for word in phrase.nouns]
    nouns = tongue.list([entry.text for entry in entries]) if entries else ""
    of_material = bool(phrase.nouns) and phrase.nouns[0].kind == "material"
    is_fabric = of_material and phrase.head.kind == "material"
    if nouns and _is_share_of_material(phrase):
        nouns = f"{_share(phrase, tongue)} {nouns}".lstrip()
    # In `jersey of recycled cotton` the adjective speaks of the cotton.
    agreement = _at(entries[-1].gender, plural=False) if is_fabric else at
    # What stands next to the noun in English does so here too, on its other side.
    stays = [word for word in reversed(phrase.adjectives) if _stands_after(word, tongue)]
    after = _colors_last(stays)
    adjectives = [_agreeing(word, agreement, tongue, dialect) for word in after]
    close, posts = _posts(phrase, tongue)
    if not nouns:
        return [*close, *adjectives, *posts]
    if of_material and not is_fabric:
        made_of = dialect.part_made_of if phrase.head.kind == "part" else dialect.made_of
        at_material = _at(entries[-1].gender, plural=False)
        of_it = [
            _agreeing(word, at_material, tongue, dialect)
            for word in after
            if _tells_material(word, tongue)
        ]
        rest = [
            _agreeing(word, at, tongue, dialect)
            for word in after
            if not _tells_material(word, tongue)
        ]
        return [*close, *rest, f"{made_of} {nouns}", *of_it, *posts]
    return [f"{dialect.of} {nouns}", *close, *adjectives, *posts]


def _tells_material(word: Word, tongue: Tongue) -> bool:
    """True for an adjective that describes the material: `un t-shirt en coton recyclé`."""
    return tongue.lexicon.entries[word.concept].form("close") == "material"


def _colors_last(words: Iterable[Word]) -> list[Word]:
    """The words with colours last: `une bouteille isotherme vert sapin`."""
    return sorted(words, key=lambda word: word.kind == "color")


def _posts(phrase: Phrase, tongue: Tongue) -> tuple[list[str], list[str]]:
    """The unchanging phrases: those that belong close to the noun (a costine), and the others."""
    words = [word for word in phrase.adjectives if tongue.post(word)]
    close = [word for word in words if tongue.lexicon.entries[word.concept].form("close")]
    others = _colors_last(word for word in words if word not in close)
    return [tongue.post(word) for word in close], [tongue.post(word) for word in others]


def _share(phrase: Phrase, tongue: Tongue) -> str:
    return tongue.percent(phrase.share) if phrase.share is not None else ""


def _is_share_of_material(phrase: Phrase) -> bool:
    """True for `100% linen cover`: it is the linen that makes up all of the cover."""
    return phrase.head.kind != "material" and bool(phrase.nouns)


def _stands_after(word: Word, tongue: Tongue) -> bool:
    return not tongue.post(word) and not tongue.lexicon.entries[word.concept].form("before")


def _agreeing(word: Word, at: int, tongue: Tongue, dialect: Dialect | None = None) -> str:
    entry = tongue.lexicon.entries[word.concept]
    text = entry.form(_FORMS[at]) or entry.text
    degree = tongue.lexicon.entry(word.degree)
    coated_in = dialect.coated_in if dialect else ""
    return " ".join(filter(None, (text, coated_in, degree.text))) if degree else text


def _numeral(phrase: Phrase, tongue: Tongue) -> str:
    is_numeral = phrase.determiner.startswith("numeral.")
    return tongue.lexicon.entries[phrase.determiner].text if is_numeral else ""


def _link(link: Link, tongue: Tongue, dialect: Dialect) -> str:
    preposition = dialect.prepositions[link.preposition]
    phrase = _noun_phrase(link.phrase, (), tongue, dialect)
    entry = tongue.lexicon.entries[link.phrase.head.concept]
    if link.phrase.determiner != "the":
        return f"{preposition} {phrase}"
    plural = link.phrase.plural or entry.number == "plural"
    article = dialect.article("def", _at(entry.gender, plural), entry.text)
    bare = phrase.removeprefix(article).lstrip()
    return _with_preposition(preposition, article, bare, dialect)


def _group(group: Group, forms: Sequence[str], tongue: Tongue, dialect: Dialect) -> str:
    """Nouns with the adjectives they share said once, behind: `col, poignets et ourlet côtelés`."""
    nouns = [_noun_phrase(phrase, forms, tongue, dialect) for phrase in group.phrases]
    heads = [tongue.lexicon.entries[phrase.head.concept] for phrase in group.phrases]
    gender = "f" if all(head.gender == "f" for head in heads) else "m"
    shared = [_agreeing(word, _at(gender, plural=True), tongue) for word in group.adjectives]
    return " ".join([tongue.list(nouns), *shared])
