import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from content_engine import codec
from content_engine.channels import channel, channels
from content_engine.errors import ContentEngineError, InvalidBrief, NotFound
from content_engine.types import (
    Brief,
    Digest,
    Fact,
    ImageSpec,
    Ingredient,
    JobStatus,
    Kind,
    Money,
    Product,
    Quantity,
    Recipe,
    Shot,
    TextSpec,
    canonical_json,
)

words = st.text(max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
quantities = st.builds(
    Quantity,
    value=st.decimals(allow_nan=False, allow_infinity=False, places=3),
    unit=st.sampled_from(["mm", "g", "ml", "%"]),
)
facts = st.builds(
    Fact,
    name=words,
    text=words,
    terms=st.lists(words, max_size=2).map(tuple),
    quantities=st.lists(quantities, max_size=2).map(tuple),
    source=words,
)
products = st.builds(
    Product,
    sku=words,
    title=words,
    brand=words,
    category=st.lists(words, max_size=2).map(tuple),
    facts=st.lists(facts, max_size=2).map(tuple),
    photos=st.just(()),
    price=st.none() | st.builds(Money, amount=st.decimals(0, 10**6, places=2), currency=words),
)
specs = st.builds(TextSpec, voice=words) | st.builds(ImageSpec, shot=st.sampled_from(Shot))


def recipe(parameters: object) -> Recipe:
    return Recipe(
        kind=Kind.IMAGE,
        backend="studio",
        model="studio@1",
        prompt="",
        seed=1,
        parameters=canonical_json(parameters),
        ingredients=(Ingredient(role="photo", digest=Digest("a" * 64)),),
    )


@given(st.dictionaries(words, plain, max_size=5))
def test_the_digest_does_not_depend_on_key_order(parameters: dict[str, object]) -> None:
    reordered = dict(reversed(parameters.items()))
    assert recipe(parameters).digest == recipe(reordered).digest


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"backend": "other"},
        {"model": "studio@2"},
        {"prompt": "x"},
        {"parameters": "{}"},
        {"ingredients": ()},
        {"kind": Kind.VIDEO},
    ],
)
def test_every_part_of_a_recipe_counts_in_its_digest(change: dict[str, object]) -> None:
    base = recipe({"fill": 0.88})
    assert replace(base, **change).digest != base.digest  # type: ignore[arg-type]


@given(products, specs)
def test_a_brief_survives_the_ledger(product: Product, spec: TextSpec | ImageSpec) -> None:
    brief = Brief(kind=Kind.IMAGE, product=product, spec=spec, locale="en")
    assert codec.from_json(Brief, codec.to_json(brief)) == brief


def test_a_broken_brief_is_refused() -> None:
    with pytest.raises(ValidationError):
        codec.from_json(Brief, json.dumps({"kind": "poem"}))


def test_decimals_keep_their_digits() -> None:
    quantity = Quantity(value=Decimal("9.80"), unit="mm")
    assert codec.from_json(Quantity, codec.to_json(quantity)).value.as_tuple().digits == (9, 8, 0)


def test_only_queued_and_running_jobs_are_still_on_their_way() -> None:
    on_their_way = {status for status in JobStatus if not status.is_final}
    assert on_their_way == {JobStatus.QUEUED, JobStatus.RUNNING}


def test_an_error_without_words_speaks_its_class_docstring() -> None:
    assert str(NotFound()) == "There is no such thing."
    assert {error.code for error in ContentEngineError.__subclasses__()} >= {
        "not-found",
        "conflict",
    }


def test_every_channel_states_source_and_date() -> None:
    assert {"web", "google", "amazon"} <= set(channels())
    assert all(entry.source and entry.date for entry in channels().values())


def test_an_unknown_channel_names_the_known_ones() -> None:
    with pytest.raises(InvalidBrief, match="unknown channel 'ebya'; known: amazon, google"):
        channel("ebya")
