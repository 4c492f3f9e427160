"""Reading a merchant's words: phrases over concepts, or raw where a word is unknown."""

from decimal import Decimal

import pytest

from content_engine.lexicon import Concepts
from content_engine.types import Quantity
from pipelines.language.phrase import Group, Parser, Phrase

PARSER = Parser(Concepts.load())


def only(text: str) -> Phrase:
    (said,) = PARSER.terms(text)
    assert isinstance(said, Phrase)
    return said


def test_adjectives_and_noun_modifiers_find_their_places() -> None:
    phrase = only("exposed clay foot")
    assert phrase.head.concept == "part.foot"
    assert [word.concept for word in phrase.adjectives] == ["quality.exposed"]
    assert [word.concept for word in phrase.nouns] == ["material.clay"]


def test_a_colour_before_a_coating_is_its_degree() -> None:
    (coating,) = only("white enamelled shade interior").adjectives
    assert (coating.concept, coating.degree) == ("coating.enamelled", "color.white")


def test_prepositions_link_phrases() -> None:
    phrase = only("push switch on the base")
    (link,) = phrase.links
    assert (link.preposition, link.phrase.head.concept) == ("on", "part.base")
    assert link.phrase.determiner == "the"


def test_numerals_and_links_nest() -> None:
    (peak,) = only("half sun with a peak above three bars").links
    (bars,) = peak.phrase.links
    assert bars.phrase.determiner == "numeral.three"
    assert bars.phrase.plural


def test_a_coordination_shares_its_adjectives() -> None:
    (group,) = PARSER.terms("ribbed collar, cuffs and hem")
    assert isinstance(group, Group)
    assert [phrase.head.concept for phrase in group.phrases] == [
        "part.collar",
        "part.cuff",
        "part.hem",
    ]
    assert [word.concept for word in group.adjectives] == ["quality.ribbed"]


def test_clauses_split_at_commas() -> None:
    glazed, varies = PARSER.terms("hand-glazed, every piece varies")
    assert isinstance(glazed, Phrase)
    assert isinstance(varies, Phrase)
    assert (glazed.role, varies.role) == ("adjective", "whole")


def test_quantities_stay_with_their_phrase() -> None:
    assert only("1.8 m braided cord").quantity == Quantity(value=Decimal("1.8"), unit="m")
    assert only("100% linen cover").share == 100
    assert only("30 °C wash").quantity == Quantity(value=Decimal(30), unit="°C")


@pytest.mark.parametrize(
    "text", ["zorblax frobs", "ribbed zorblax", "wash at", "made for long days"]
)
def test_unknown_words_make_a_phrase_raw(text: str) -> None:
    assert only(text).role == "raw"
    assert only(text).text == text
