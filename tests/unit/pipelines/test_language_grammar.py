"""Grammar: the same phrase declined, contracted and agreed with, locale by locale."""

import pytest

from content_engine.lexicon import Concepts
from pipelines.language.phrase import Parser
from pipelines.language.tongue import Tongue

CONCEPTS = Concepts.load()
PARSER = Parser(CONCEPTS)
TONGUES = {locale: Tongue.load(locale, CONCEPTS) for locale in ("en", "de")}


def said(locale: str, text: str, form: str = "") -> str:
    return TONGUES[locale].say_all(PARSER.terms(text), form).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("wide ear handle", "indef.acc", "einen breiten Ohrhenkel"),
        ("wide ear handle", "dat", "breitem Ohrhenkel"),
        ("exposed clay foot", "def", "der freiliegende Tonfuß"),
        (
            "ribbed screw cap with carry loop",
            "indef.dat",
            "einem gerippten Schraubverschluss mit Trageschlaufe",
        ),
        ("push switch on the base", "", "Druckschalter am Fuß"),
        ("twin-needle hems", "dat", "Säumen mit Doppelnaht"),
        ("white enamelled shade interior", "indef", "eine weiß emaillierte Schirminnenseite"),
        ("1.8 m braided cord", "", "geflochtenes Kabel (1,8 m)"),
        ("turned top hem", "", "umgeschlagener oberer Saum"),
        ("fan of six leaves", "indef", "ein Fächer aus sechs Blättern"),
        ("100% linen cover", "dat", "Bezug aus 100 % Leinen"),
        ("20% recycled polyester fleece", "dat", "20 % recyceltem Polyesterfleece"),
        ("ribbed collar, cuffs and hem", "", "Kragen, Bündchen und Saum in Rippstrick"),
        (
            "hidden collar, zip and seam",
            "",
            "verdeckter Kragen, verdeckter Reißverschluss und verdeckte Naht",
        ),
        ("inner pad included", "indef", "ein mitgeliefertes Innenkissen"),
        ("30 °C wash, iron inside out", "comma", "bei 30 °C waschen, auf links bügeln"),
    ],
)
def test_german(text: str, form: str, wanted: str) -> None:
    assert said("de", text, form) == wanted


@pytest.mark.parametrize(
    ("text", "form", "wanted"),
    [
        ("exposed clay foot", "indef", "an exposed clay foot"),
        ("double-wall vacuum insulation", "indef", "double-wall vacuum insulation"),
        ("rounded corners", "indef", "rounded corners"),
        ("ribbed collar, cuffs and hem", "", "ribbed collar, cuffs, and hem"),
        ("1.8 m braided cord", "indef", "a 1.8 m braided cord"),
        ("BPA free", "", "BPA free"),
        (
            "half sun with a peak above three bars",
            "indef",
            "a half sun with a peak above three bars",
        ),
    ],
)
def test_english(text: str, form: str, wanted: str) -> None:
    assert said("en", text, form) == wanted


def test_unknown_words_stay_as_they_are() -> None:
    assert said("de", "zorblax frobs", "indef.dat") == "zorblax frobs"
