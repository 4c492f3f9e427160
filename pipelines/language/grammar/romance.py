"""What French, Spanish, Italian and Portuguese share: agreement, word order, articles.

Forms: `indef`, `def`, `bare` (default), each also with `de` (`de.def`: du, del, della, da). `noun`
says an adjective in its citation form (en bleu marine). `<a|b>`: singular | plural;
`<a|b|c|d>`: masculine | feminine | masculine plural | feminine plural.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from content_engine.lexicon import Entry
from pipelines.language.phrase import Group, Link, Phrase, Word
from pipelines.language.tongue import Grammar, Tongue

_FORMS = ("text", "feminine", "plural", "feminine_plural")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The tables in which the four tongues differ.

    `article(kind, at, next_word)` is the article before a word: `kind` is `def` or `indef`, `at`
    the agreement (0 m, 1 f, 2 m plural, 3 f plural). `prepositions` are by the English one;
    `contractions` by preposition and article. `made_of` stands between a thing and its material,
    `of` between a noun and any other noun. `mass_article`: parts without plural take `indef` too.
    """

    article: Callable[[str, int, str], str]
    prepositions: Mapping[str, str]
    contractions: Mapping[str, str]
    made_of: str
    of: str
    quotes: tuple[str, str]
    polish: Callable[[str], str]
    colon: str = ": "
    mass_article: bool = False


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
    """The adjective as predicate of the product; as it is cited when the form says `noun`."""
    entry = tongue.lexicon.entries[word.concept]
    if "noun" in form.split("."):
        return entry.form("noun") or entry.text
    return _agreeing(word, _at(tongue.gender, tongue.plural), tongue)


def agree(options: Sequence[str], gender: str, plural: bool) -> str:  # noqa: FBT001
    """Singular | plural, or masculine | feminine | masculine plural | feminine plural."""
    return options[plural] if len(options) == 2 else options[_at(gender, plural)]


def title(text: str) -> str:
    """A headline: these tongues write it as a sentence, with a capital first."""
    return text[:1].upper() + text[1:]


def _at(gender: str, plural: bool) -> int:  # noqa: FBT001
    return (gender == "f") + 2 * plural


def _noun_phrase(phrase: Phrase, forms: Sequence[str], tongue: Tongue, dialect: Dialect) -> str:
    entry = tongue.lexicon.entries[phrase.head.concept]
    at = _at(entry.gender, phrase.plural or entry.number == "plural")
    before = [_before(word, at, tongue) for word in phrase.adjectives]
    words = [
        _share(phrase, tongue) if not _is_share_of_material(phrase) else "",
        _numeral(phrase, tongue),
        *before,
        entry.plural if phrase.plural else entry.text,
        *_modifiers(phrase, at, tongue, dialect),
        f"{dialect.of} {tongue.quantity(phrase.quantity)}" if phrase.quantity else "",
        *(_link(link, tongue, dialect) for link in phrase.links),
    ]
    core = " ".join(word for word in words if word)
    kind = _article_kind(phrase, forms, entry, dialect)
    article = dialect.article(kind, at, core) if kind else ""
    return _with_preposition(dialect.of if "de" in forms else "", article, core, dialect)


def _article_kind(phrase: Phrase, forms: Sequence[str], entry: Entry, dialect: Dialect) -> str:
    if phrase.share is not None or phrase.determiner.startswith("numeral."):
        return ""
    if phrase.determiner == "the" or "def" in forms:
        return "def"
    is_mass = phrase.head.kind == "material" or (
        entry.number == "mass" and not dialect.mass_article
    )
    wanted = "indef" in forms or phrase.determiner == "a"
    return "indef" if wanted and not is_mass else ""


def _with_preposition(preposition: str, article: str, core: str, dialect: Dialect) -> str:
    joined = " ".join(word for word in (preposition, article) if word)
    joined = dialect.contractions.get(joined, joined)
    return f"{joined}{'' if joined.endswith('’') or not joined else ' '}{core}"


def _before(word: Word, at: int, tongue: Tongue) -> str:
    has_place_before = tongue.lexicon.entries[word.concept].form("before")
    return _agreeing(word, at, tongue) if has_place_before else ""


def _modifiers(phrase: Phrase, at: int, tongue: Tongue, dialect: Dialect) -> list[str]:
    """What follows the noun: its material or other nouns, adjectives, then unchanging phrases."""
    entries = [tongue.lexicon.entries[word.concept] for word in phrase.nouns]
    nouns = tongue.list([entry.text for entry in entries]) if entries else ""
    of_material = bool(phrase.nouns) and phrase.nouns[0].kind == "material"
    is_fabric = of_material and phrase.head.kind == "material"
    if nouns and _is_share_of_material(phrase):
        nouns = f"{_share(phrase, tongue)} {nouns}".lstrip()
    # A colour is said last of all: une bouteille isotherme vert sapin.
    after = sorted(
        (word for word in phrase.adjectives if _stands_after(word, tongue)),
        key=lambda word: word.kind == "color",
    )
    # In `jersey of recycled cotton` the adjective speaks of the cotton.
    agreement = _at(entries[-1].gender, plural=False) if is_fabric else at
    adjectives = [_agreeing(word, agreement, tongue) for word in after]
    posts = [tongue.post(word) for word in phrase.adjectives if tongue.post(word)]
    if not nouns:
        return [*adjectives, *posts]
    if of_material and not is_fabric:
        return [*adjectives, *posts, f"{dialect.made_of} {nouns}"]
    return [f"{dialect.of} {nouns}", *adjectives, *posts]


def _share(phrase: Phrase, tongue: Tongue) -> str:
    return tongue.percent(phrase.share) if phrase.share is not None else ""


def _is_share_of_material(phrase: Phrase) -> bool:
    """True for `100% linen cover`: it is the linen that makes up all of the cover."""
    return phrase.head.kind != "material" and bool(phrase.nouns)


def _stands_after(word: Word, tongue: Tongue) -> bool:
    return not tongue.post(word) and not tongue.lexicon.entries[word.concept].form("before")


def _agreeing(word: Word, at: int, tongue: Tongue) -> str:
    entry = tongue.lexicon.entries[word.concept]
    text = entry.form(_FORMS[at]) or entry.text
    degree = tongue.lexicon.entry(word.degree)
    return f"{text} {degree.text}" if degree else text


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
