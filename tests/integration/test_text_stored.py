"""Copy is the same wherever it is made, and judged as it is stored."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assets.store import AssetStore
from content_engine.codec import from_json, to_json
from content_engine.types import (
    Asset,
    Brief,
    Candidate,
    Digest,
    Kind,
    Recipe,
    TextSpec,
)
from pipelines.language.preview import products
from pipelines.text import TextPipeline
from qa.text import TextJudge
from tests.unit.qa.copydesk import clean, product


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore.open(str(tmp_path))


@pytest.fixture
def brief(samples: Path) -> Brief:
    (mug,) = products(samples / "products.jsonl", "SC-MUG-350-OAT")
    return Brief(kind=Kind.TEXT, product=mug, spec=TextSpec(), locale="de", count=2)


def test_a_recipe_gives_the_same_bytes_in_another_process(store: AssetStore, brief: Brief) -> None:
    pipeline = TextPipeline(store=store)
    recipe = next(iter(pipeline.plan(brief)))
    here = pipeline.generate(from_json(Recipe, to_json(recipe))).assets[0].digest
    program = (
        "import sys; from assets.store import AssetStore; from content_engine.codec import from_json;"
        "from content_engine.types import Recipe; from pipelines.text import TextPipeline;"
        "pipeline = TextPipeline(store=AssetStore.open(sys.argv[1]));"
        "print(pipeline.generate(from_json(Recipe, sys.stdin.read())).assets[0].digest)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, store.url],
        input=to_json(recipe),
        env={"PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == here


def test_a_stored_copy_is_read_from_the_store(tmp_path: Path) -> None:
    store = AssetStore.open(str(tmp_path))
    data = json.dumps(clean("en")).encode()
    copy = Asset(
        role="copy",
        digest=Digest(store.put(data)),
        media_type="application/json",
        size_bytes=len(data),
    )
    wanted = Brief(kind=Kind.TEXT, product=product(), spec=TextSpec(), locale="en")
    recipe = Recipe(kind=Kind.TEXT, backend="b", model="m", prompt="", seed=0, parameters="{}")
    given = TextJudge(store=store).score(
        wanted, Candidate(recipe=recipe, assets=(copy,), seconds=0)
    )
    assert {score.value for score in given} == {0.0}
