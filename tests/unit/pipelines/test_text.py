"""The text pipeline: complete recipes, the same bytes from the same recipe, in any process."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.types import (
    Attempt,
    Brief,
    ImageSpec,
    Kind,
    Outcome,
    Shot,
    TextSpec,
    Verdict,
)
from pipelines.language.preview import products
from pipelines.text import TextPipeline


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore.open(str(tmp_path))


@pytest.fixture
def brief(samples: Path) -> Brief:
    (mug,) = products(samples / "products.jsonl", "SC-MUG-350-OAT")
    return Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="de", count=2)


def test_a_plan_is_finite_and_its_recipes_differ(store: AssetStore, brief: Brief) -> None:
    recipes = list(TextPipeline(store=store).plan(brief))
    assert len({recipe.digest for recipe in recipes}) == len(recipes) == 4
    other = list(TextPipeline(store=store).plan(replace(brief, seed=1)))
    assert not {recipe.digest for recipe in recipes} & {recipe.digest for recipe in other}


def test_a_candidate_is_one_copy_asset(store: AssetStore, brief: Brief) -> None:
    pipeline = TextPipeline(store=store)
    recipe = next(iter(pipeline.plan(brief)))
    candidate = pipeline.generate(recipe)
    (asset,) = candidate.assets
    copy = json.loads(store.get(asset.digest))
    assert (asset.role, asset.media_type, copy["locale"]) == ("copy", "application/json", "de")
    assert copy.keys() == {
        "locale",
        "title",
        "description",
        "bullets",
        "seo_title",
        "meta_description",
        "alt_texts",
        "ads",
    }
    assert len(copy["alt_texts"]) == len(brief.product.photos) == 2
    assert [ad["voice"] for ad in copy["ads"]] == ["precise", "warm", "playful"]
    assert "\n\n" in copy["description"]


def test_repair_is_another_wording_twice(store: AssetStore, brief: Brief) -> None:
    pipeline = TextPipeline(store=store)
    recipe = next(iter(pipeline.plan(brief)))
    seen = {recipe.digest}
    for _ in range(2):
        attempt = Attempt(
            candidate=pipeline.generate(recipe), scores=(), verdict=Verdict(outcome=Outcome.REPAIR)
        )
        repaired = pipeline.repair(brief, attempt)
        assert repaired is not None
        recipe = repaired
        seen.add(recipe.digest)
    assert len(seen) == 3
    last = Attempt(
        candidate=pipeline.generate(recipe), scores=(), verdict=Verdict(outcome=Outcome.REPAIR)
    )
    assert pipeline.repair(brief, last) is None


@pytest.mark.parametrize(
    "change",
    [
        {"locale": "tlh"},
        {"channel": "flea-market"},
        {"spec": TextSpec(voice="shouting")},
        {"spec": ImageSpec(shot=Shot.PACKSHOT)},
    ],
)
def test_an_impossible_brief_is_refused_at_planning(
    store: AssetStore, brief: Brief, change: dict
) -> None:
    with pytest.raises(InvalidBrief):
        TextPipeline(store=store).plan(replace(brief, **change))
