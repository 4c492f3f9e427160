"""The lexicon: every locale's rows are about known concepts, say something, and fold as words do."""

import tomllib
from functools import cache
from importlib.resources import files

import pytest

from content_engine.errors import InvalidBrief
from content_engine.lexicon import Concepts, Lexicon, lexicon_locales

CONCEPTS = Concepts.load()
LOCALES = lexicon_locales()


@cache
def lexicon(locale: str) -> Lexicon:
    return Lexicon.load(locale, CONCEPTS)


@pytest.mark.parametrize(
    ("term", "concept"),
    [
        ("Dusty Blue", "color.dusty-blue"),
        ("dusty-blue", "color.dusty-blue"),
        ("gray", "color.grey"),
        ("hems", "part.hem"),
        ("feet", "part.foot"),
        ("Tees", "garment.t-shirt"),
        ("sunnies", "accessory.sunglasses"),
        ("18/8 stainless steel", "material.stainless-steel-18-8"),
        ("{q} wash", "care.wash-at"),
    ],
)
def test_terms_fold_to_concepts(term: str, concept: str) -> None:
    assert CONCEPTS.concept(term) == concept


def test_a_kind_narrows_what_a_term_means() -> None:
    assert CONCEPTS.concept("amber") == "color.amber"
    assert CONCEPTS.concept("amber", ("aroma",)) == "aroma.amber"
    assert CONCEPTS.concept("zorblax") is None


def test_there_are_enough_concepts_to_sell_a_shop() -> None:
    assert len(CONCEPTS.terms) >= 800


@pytest.mark.parametrize("locale", LOCALES)
def test_rows_are_about_known_concepts(locale: str) -> None:
    text = files("content_engine.lexicon").joinpath(f"{locale}.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    rows = {f"{kind}.{name}" for kind, table in tables.items() for name in table}
    unknown = {row for row in rows if not row.startswith("grammar.")} - CONCEPTS.terms.keys()
    assert not unknown, f"{locale}.toml has rows for unknown concepts: {sorted(unknown)}"


@pytest.mark.parametrize("locale", LOCALES)
def test_most_concepts_have_a_word(locale: str) -> None:
    missing = sorted(CONCEPTS.terms.keys() - lexicon(locale).entries.keys())
    assert len(missing) <= 0.02 * len(CONCEPTS.terms), f"{locale}.toml lacks {missing}"


@pytest.mark.parametrize("locale", LOCALES)
def test_care_keeps_its_quantity(locale: str) -> None:
    entries = lexicon(locale).entries
    wrong = [
        concept
        for concept, terms in CONCEPTS.terms.items()
        if concept in entries
        and concept.startswith("care.")
        and any("{q}" in term for term in terms) != ("{q}" in entries[concept].text)
    ]
    assert not wrong, f"{locale}.toml: quantity lost or invented in {wrong}"


@pytest.mark.parametrize("locale", LOCALES)
def test_words_are_clean(locale: str) -> None:
    entries = lexicon(locale).entries.values()
    forms = [(e.concept, form) for e in entries for form in (e.text, *e.forms.values())]
    wrong = [(concept, form) for concept, form in forms if form != form.strip() or not form]
    assert not wrong


def test_surfaces_hold_the_inflected_forms() -> None:
    german = lexicon("de")
    ribbed, hem = german.entries["quality.ribbed"], german.entries["part.hem"]
    assert {"gerippt", "gerippter", "gerippten", "in Rippstrick"} <= ribbed.surfaces()
    assert {"Saum", "Säume", "Säumen"} <= hem.surfaces()
    assert "part.hem" in german.by_surface["säumen"]


def test_an_unknown_locale_names_the_known_ones() -> None:
    with pytest.raises(InvalidBrief, match=r"known: .*de, en"):
        Lexicon.load("tlh")
