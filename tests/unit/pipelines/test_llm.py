"""Chat models, the half without a network: orders, drawing by seed, what is told and read."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Kind,
    Outcome,
    Recipe,
    TextSpec,
    Verdict,
)
from pipelines.backend import Media
from pipelines.language.llm.copying import answer_schema, copy_of, facts_of, rules
from pipelines.language.llm.drawing import Draw, chosen
from pipelines.language.llm.memory import Memory
from pipelines.language.llm.order import Order, Sampling
from pipelines.language.llm.prefixes import Prefixes
from pipelines.language.preview import products
from pipelines.language.realiser import known_locales
from pipelines.language.voice import load_voices
from pipelines.text import TextPipeline
from pipelines.text_llm import LanguagePlanner, Writer, written

WEB = channel("web").text
ANSWER = {
    "title": "Kilnhouse Mug ",
    "description": ["A mug.", "Made of stoneware."],
    "bullets": ["350 ml", "stoneware", "380 g"],
    "seo_title": "Mug",
    "meta_description": "A mug of stoneware.",
    "alt_texts": ["A mug"],
    "ads": {"precise": "350 ml.", "warm": "Your mug.", "playful": "Mug up"},
}


@pytest.fixture
def brief(samples: Path) -> Brief:
    (mug,) = products(samples / "products.jsonl", "SC-MUG-350-OAT")
    return Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="de", count=2)


@pytest.fixture
def planner(tmp_path: Path) -> LanguagePlanner:
    realiser = TextPipeline(store=AssetStore.open(str(tmp_path)))
    return LanguagePlanner(fallback=realiser, writer=Writer(model="tiny@1"))


def test_an_order_is_what_the_recipe_says_and_nothing_else(
    planner: LanguagePlanner, brief: Brief
) -> None:
    first, second = planner.plan(brief)
    order = Order.of(first)
    assert (order.prompt, order.seed) == (first.prompt, first.seed)
    assert "350 ml" in order.prompt
    assert "German" in order.system
    assert first.digest != second.digest
    assert Order.of(second).system == order.system, "what is shared must be shared to the letter"
    strange = replace(first, parameters=json.dumps({"system": "", "colour": 1}))
    with pytest.raises(GenerationFailed, match="colour"):
        Order.of(strange)


@pytest.mark.parametrize("bad", [{"temperature": -1.0}, {"top_k": 0}, {"top_k": 999}, {"top_p": 0}])
def test_a_drawing_that_makes_no_sense_is_refused(bad: dict) -> None:
    with pytest.raises(GenerationFailed, match="cannot draw"):
        Sampling(**bad)


@given(
    st.lists(st.floats(-20, 20), min_size=1, max_size=30),
    st.integers(0, 2**40),
    st.integers(0, 4096),
)
def test_a_draw_depends_on_seed_and_place_alone(logits: list[float], seed: int, place: int) -> None:
    values, tokens = np.array(logits), np.arange(len(logits), dtype=np.int64)
    draw = Draw(sampling=Sampling(top_k=5, top_p=0.9), seed=seed, place=place)
    token = chosen(values, tokens, draw)
    assert token == chosen(values[::-1], tokens[::-1], draw), "the order of the list has no say"
    likeliest = np.lexsort((tokens, -values))[:5]
    assert token in tokens[likeliest]
    greedy = replace(draw, sampling=Sampling(temperature=0.0))
    assert chosen(values, tokens, greedy) == tokens[likeliest[0]]


def test_what_a_grammar_forbids_is_never_drawn() -> None:
    logits = np.array([3.0, -np.inf, 2.0, -np.inf])
    draws = (
        Draw(sampling=Sampling(temperature=5.0, top_p=1.0), seed=s, place=0) for s in range(99)
    )
    assert {chosen(logits, np.arange(4), draw) for draw in draws} == {0, 2}


def test_shared_beginnings_are_read_once_and_bounded() -> None:
    class Sized(Memory):
        size_bytes = 10

    def read(tokens: tuple[int, ...]) -> Memory:
        return Sized(kinds=(), layers=(), tokens=len(tokens))

    prefixes = Prefixes(most_bytes=20)
    first = prefixes.of((1, 2), read=read)
    assert prefixes.of((1, 2), read=read) is first
    prefixes.of((3,), read=read)
    prefixes.of((4,), read=read)  # the oldest must go
    assert prefixes.size_bytes == 20
    assert prefixes.of((1, 2), read=read) is not first
    assert (prefixes.hits, prefixes.misses) == (1, 4)


@pytest.mark.parametrize("locale", known_locales())
def test_every_voice_of_the_realiser_has_words_for_the_model(locale: str) -> None:
    for voice in load_voices():
        told = rules(locale=locale, voice=voice, limits=WEB)
        assert "{" not in told
    with pytest.raises(InvalidBrief, match="shouting"):
        rules(locale=locale, voice="shouting", limits=WEB)


def test_the_facts_told_are_the_products_and_all_of_them(brief: Brief) -> None:
    told = facts_of(brief.product)
    assert all(" ".join(fact.text.split()) in told for fact in brief.product.facts)
    assert told.startswith(f"title: {brief.product.title}\nbrand: ")
    assert f"pictures: {len(brief.product.photos)}" in told


def test_an_answer_becomes_the_same_document_as_the_realisers() -> None:
    copy = copy_of(json.dumps(ANSWER).encode(), locale="en")
    assert copy.title == "Kilnhouse Mug"
    assert copy.description == "A mug.\n\nMade of stoneware."
    assert [ad.voice for ad in copy.ads] == ["precise", "warm", "playful"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'"text"', json.dumps(ANSWER | {"ads": []}).encode(), b"\xff\xfe"],
)
def test_an_answer_that_is_no_copy_set_is_a_failed_generation(answer: bytes) -> None:
    with pytest.raises(GenerationFailed, match="no copy set"):
        copy_of(answer, locale="en")


def test_the_schema_knows_the_channels_limits() -> None:
    slots = answer_schema(WEB, photos=2)["properties"]
    assert (slots["alt_texts"]["minItems"], slots["alt_texts"]["maxItems"]) == (2, 2)
    assert (slots["bullets"]["minItems"], slots["bullets"]["maxItems"]) == WEB.bullets
    assert slots["title"]["pattern"].endswith(f"{{0,{WEB.title - 1}}}$")


def test_the_realiser_is_the_last_rung_and_no_recipe_is_tried_twice(
    planner: LanguagePlanner, brief: Brief, tmp_path: Path
) -> None:
    realiser = TextPipeline(store=AssetStore.open(str(tmp_path)))
    planned = {recipe.digest for recipe in realiser.plan(brief)}
    seen: set[str] = set()
    for recipe in planner.plan(brief):
        backends = []
        rung: Recipe | None = recipe
        while rung is not None:
            assert rung.digest not in seen | planned, "this recipe is tried twice"
            seen.add(rung.digest)
            backends.append(rung.backend)
            rung = planner.repair(brief, _refused(rung))
        assert backends[:3] == ["llm", "llm", "realiser"]
        assert set(backends[3:]) == {"realiser"}, "the realiser's own ladder goes on"


def test_one_answer_is_wanted(planner: LanguagePlanner, brief: Brief) -> None:
    answer = Media(role="answer", data=json.dumps(ANSWER).encode(), media_type="application/json")
    recipe = next(iter(planner.plan(brief)))
    assert json.loads(written(recipe, (answer,)))["locale"] == "de"
    with pytest.raises(GenerationFailed, match="gave 2 answers"):
        written(recipe, (answer, answer))


def _refused(recipe: Recipe) -> Attempt:
    return Attempt(
        candidate=Candidate(recipe=recipe, assets=(), seconds=0.0),
        scores=(),
        verdict=Verdict(outcome=Outcome.REPAIR),
    )
