"""The text judge: clean copy passes in every locale; each kind of fault is named at its place."""

from typing import Any

import pytest
from copydesk import LOCALES, clean, faults, found, judge, product, scores

from content_engine.errors import InvalidBrief
from content_engine.types import Asset, Brief, Candidate, Digest, Kind, Outcome, Recipe, TextSpec
from qa.gate import decide, load_policy
from qa.text import METRICS

SAYINGS = {
    "en": {
        "number": "It comes with a 913 cm cord.",
        "percentage": "Made with 37% more clay.",
        "material": "The lid is made of silk.",
        "color": "The inside is purple.",
        "certification": "Tested to OEKO-TEX Standard 100.",
        "warranty": "With a five year warranty.",
        "superlative": "Simply unbeatable.",
        "green": "A climate neutral mug.",
        "medical": "It relieves pain.",
        "unproven": "Completely waterproof.",
        "language": "Nehmen Sie sich Zeit damit, denn gute Dinge sind das Warten wert.",
        "privacy": "Write to max@example.com.",
        "size": "Also in size XXL.",
        "markup": "It is <b>new</b>.",
    },
    "de": {
        "number": "Mit einem 913 cm langen Kabel.",
        "percentage": "Mit 37 % mehr Ton.",
        "material": "Der Deckel ist aus Seide.",
        "color": "Innen ist er lila.",
        "certification": "Geprüft nach OEKO-TEX Standard 100.",
        "warranty": "Mit fünf Jahren Garantie.",
        "superlative": "Einfach unschlagbar.",
        "green": "Ein klimaneutraler Becher.",
        "medical": "Er lindert Schmerzen.",
        "unproven": "Vollständig wasserdicht.",
        "language": "Take your time with it, because good things are worth the wait.",
        "residue": "Der Becher kommt with a wide handle.",
        "privacy": "Schreiben Sie an max@example.com.",
        "size": "Auch in Größe XXL.",
        "markup": "Er ist <b>neu</b>.",
    },
    "fr": {
        "number": "Avec un cordon de 913 cm.",
        "material": "Le couvercle est en soie.",
        "color": "L'intérieur est violet.",
        "warranty": "Avec cinq ans de garantie.",
        "superlative": "Le meilleur de sa catégorie.",
        "green": "Respectueux de l'environnement.",
        "medical": "Il soulage les douleurs.",
        "residue": "Le mug est fait for every day.",
    },
    "es": {
        "number": "Con un cable de 913 cm.",
        "material": "La tapa es de seda.",
        "color": "El interior es morado.",
        "warranty": "Con cinco años de garantía.",
        "superlative": "Sencillamente insuperable.",
        "green": "Neutro en carbono.",
        "medical": "Alivia el dolor.",
        "residue": "La taza es hand wash only.",
    },
    "it": {
        "number": "Con un cavo di 913 cm.",
        "material": "Il coperchio è in seta.",
        "color": "L'interno è viola.",
        "warranty": "Con cinque anni di garanzia.",
        "superlative": "Semplicemente imbattibile.",
        "green": "Rispettoso dell'ambiente.",
        "medical": "Allevia il dolore.",
        "residue": "La tazza è soft to the touch.",
    },
    "pt": {
        "number": "Com um cabo de 913 cm.",
        "material": "A tampa é de seda.",
        "color": "O interior é roxo.",
        "warranty": "Com cinco anos de garantia.",
        "superlative": "Simplesmente imbatível.",
        "green": "Amigo do ambiente.",
        "medical": "Alivia a dor.",
        "residue": "A caneca é soft to the touch.",
    },
    "ja": {
        "number": "長さ913cmのコード付き。",
        "material": "ふたはシルクです。",
        "color": "内側はパープルです。",
        "warranty": "5年保証付き。",
        "superlative": "世界一の品質です。",
        "green": "環境にやさしい商品です。",
        "medical": "免疫力を高めます。",
        "residue": "毎日使えるsoft to the touchな質感。",
        "language": "Take your time with it, because good things are worth the wait.",
    },
    "ar": {
        "number": "مع سلك طوله 913 سم.",
        "material": "الغطاء من الحرير.",
        "color": "من الداخل بنفسجي.",
        "warranty": "مع ضمان لمدة 5 سنوات.",
        "superlative": "ببساطة لا يضاهى.",
        "green": "كوب صديق للبيئة.",
        "medical": "يخفف الألم.",
        "residue": "الكوب soft to the touch للجميع.",
        "language": "Take your time with it, because good things are worth the wait.",
    },
}
CASES = [(loc, kind, said) for loc in LOCALES for kind, said in SAYINGS[loc].items()]


@pytest.mark.parametrize("locale", LOCALES)
def test_clean_copy_has_no_fault(locale: str) -> None:
    copy = clean(locale)
    assert found(copy, faults(copy)) == []


@pytest.mark.parametrize(("locale", "kind", "said"), CASES)
def test_a_planted_sentence_is_named_at_its_place(locale: str, kind: str, said: str) -> None:
    copy = clean(locale)
    start = len(copy["description"]) + 1
    copy["description"] += f" {said}"
    hits = [hit for hit in faults(copy) if hit.kind == kind]
    assert hits, f"{said!r} should be a {kind} fault; found {found(copy, faults(copy))}"
    assert all(hit.field == "description" for hit in hits)
    assert all(hit.span and hit.span[0] >= start for hit in hits), found(copy, hits)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_fault_found_stops_delivery(locale: str) -> None:
    copy = clean(locale)
    copy["description"] += f" {SAYINGS[locale]['superlative']}"
    verdict = decide(scores(copy), kind="text", channel="web", policy=load_policy())
    assert verdict.outcome is Outcome.REPAIR
    assert verdict.reasons[0].startswith("text.superlatives")


def test_clean_copy_is_accepted_by_the_policy() -> None:
    verdict = decide(scores(clean("en")), kind="text", channel="web", policy=load_policy())
    assert verdict.outcome is Outcome.ACCEPT, verdict.reasons


def test_personal_data_goes_to_a_person() -> None:
    copy = clean("en")
    copy["description"] += " Call +44 20 7946 0958."
    verdict = decide(scores(copy), kind="text", channel="web", policy=load_policy())
    assert verdict.outcome is Outcome.REVIEW


def test_every_metric_has_a_threshold_with_its_source() -> None:
    assert set(METRICS) == load_policy().mandatory("text")


def test_copy_that_is_no_json_is_unscored_not_zero() -> None:
    brief_copy = clean("en")
    given = judge().score_copy(_brief(brief_copy), b"{not json")
    assert {score.value for score in given} == {None}
    assert all("no JSON" in score.note for score in given)


def test_a_candidate_without_copy_is_unscored() -> None:
    recipe = Recipe(kind=Kind.TEXT, backend="b", model="m", prompt="", seed=0, parameters="{}")
    other = Asset(role="packshot", digest=Digest("1" * 64), media_type="image/png", size_bytes=1)
    candidate = Candidate(recipe=recipe, assets=(other,), seconds=0)
    given = judge().score(_brief(clean("en")), candidate)
    assert {score.value for score in given} == {None}
    assert "packshot" in given[0].note


def test_an_unknown_locale_is_refused_by_name() -> None:
    with pytest.raises(InvalidBrief, match="tlh"):
        scores(clean("en") | {"locale": "tlh"})


def _brief(copy: dict[str, Any]) -> Brief:
    return Brief(kind=Kind.TEXT, product=product(), spec=TextSpec(), locale=copy["locale"])
