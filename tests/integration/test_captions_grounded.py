"""The judge of copy reads every caption of the samples in eight languages: none claims too much."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from content_engine.channels import channel
from content_engine.types import Product, Severity
from pipelines.language.captions import COLUMNS, caption_lines, columns
from pipelines.language.preview import products
from pipelines.language.realiser import Realiser, known_locales
from tests.unit.qa.copydesk import scores

SAMPLES = tuple(products(Path(__file__).parents[2] / "assets/samples/products.jsonl"))
REALISER = Realiser.load()
NOT_ABOUT_FACTS = {"length", "structure", "duplicate", "language"}


def objections(product: Product, *, locale: str, seed: int) -> list[str]:
    """What the judge says of the captions, put where a copy set has its bullets."""
    copy = REALISER.write(
        product, locale=locale, voice="plain", limits=channel("web").text, seed=seed
    )
    texts = tuple(
        line.text for line in caption_lines(product, locale=locale, realiser=REALISER, seed=seed)
    )
    plain = asdict(replace(copy, bullets=texts))
    ads = [{"voice": voice, "text": text} for voice, text in plain.pop("ads")]
    notes = tuple(plain.pop("notes"))
    document = json.loads(json.dumps(plain | {"ads": ads, "locale": locale}))
    return [
        f"{hit.kind} in {texts[int(hit.field.partition('.')[2])]!r}: {hit.message}"
        for score in scores(document, item=product, notes=notes)
        for hit in score.evidence
        if hit.field.startswith("bullets.")
        and hit.severity > Severity.NOTE
        and hit.kind not in NOT_ABOUT_FACTS
    ]


@pytest.mark.parametrize("locale", known_locales())
def test_every_caption_is_grounded(locale: str) -> None:
    found = [hit for product in SAMPLES for hit in objections(product, locale=locale, seed=1)]
    assert found == []


@pytest.mark.parametrize("locale", known_locales())
def test_captions_are_short_whole_and_several(locale: str) -> None:
    for product in SAMPLES:
        lines = caption_lines(product, locale=locale, realiser=REALISER)
        assert len(lines) >= 4, f"{product.sku} has too little to say in {locale}"
        assert lines[0].facts[0] == "title"
        told = {fact.name for fact in product.facts} | {"title", "brand", "highlight"}
        for line in lines:
            assert columns(line.text) <= COLUMNS
            assert not line.text.endswith(("…", ",", "،", "、", ":", " "))
            assert "\n" not in line.text
            assert set(line.facts) & told, f"{line} tells nothing that a fact states"
        assert len({line.text for line in lines}) == len(lines)


@pytest.mark.parametrize("locale", ["en", "ja", "ar"])
@pytest.mark.parametrize("known", [{"material"}, {"color"}, {"material", "color", "sizes"}])
def test_where_facts_are_few_no_caption_says_again_what_the_name_said(locale, known) -> None:
    (tee,) = (each for each in SAMPLES if each.sku == "SC-TEE-SOLA-BLU")
    cloth = tuple(
        replace(fact, text="cotton") if fact.name == "material" else fact
        for fact in tee.facts
        if fact.name in known
    )
    bare = replace(tee, title="T-shirt", facts=cloth)
    name, *claims = (
        line.text for line in caption_lines(bare, locale=locale, realiser=REALISER, seed=1)
    )
    assert claims, "one fact is enough for a claim: the name may leave it to that"
    for claim in claims:
        said = re.split(r"[:：]\s*", claim)[-1].casefold()
        assert said not in name.casefold(), f"{claim!r} repeats {name!r}"


def test_the_same_seed_says_the_same_another_may_word_it_otherwise() -> None:
    told = [
        [caption_lines(each, locale="fr", realiser=REALISER, seed=seed) for each in SAMPLES]
        for seed in (0, 0, 1, 2)
    ]
    assert told[0] == told[1]
    assert told[0] != told[2] or told[0] != told[3]


def test_amounts_keep_their_units_on_one_line() -> None:
    lines = caption_lines(SAMPLES[0], locale="fr", realiser=REALISER)
    (capacity,) = (line for line in lines if "capacity" in line.facts)
    assert "350\xa0ml" in capacity.text or "350\u202fml" in capacity.text
