"""Which outfits are planned, in which order they are put on, what a fault asks to change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_engine.errors import InvalidBrief, Refused
from content_engine.types import (
    Brief,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Product,
    TryonSpec,
)
from content_engine.wardrobe import LAYERS
from pipelines.repair import repaired
from pipelines.studio.fitting.order import FittingOrder
from pipelines.tryon_plan import LADDER, checked, dressed, order_of, recipe_of

PERSON = Digest("a" * 64)


def garment(kind: GarmentKind, *, layer: int | None = None) -> Garment:
    picture = Digest(f"{list(GarmentKind).index(kind):064x}")
    return Garment(kind=kind, picture=picture, layer=LAYERS[kind] if layer is None else layer)


def brief(*garments: Garment, longer_side_px: int = 1024) -> Brief:
    product = Product(sku="s", title="Tee", brand="", category=(), facts=(), photos=())
    spec = TryonSpec(person=PERSON, garments=garments, longer_side_px=longer_side_px)
    return Brief(kind=Kind.TRYON, product=product, spec=spec, locale="und")


def order(*kinds: GarmentKind) -> FittingOrder:
    asked = brief(*map(garment, kinds))
    return order_of(asked, checked(asked))


def test_an_outfit_is_put_on_from_the_inside_out_and_its_pictures_follow() -> None:
    asked = brief(*map(garment, (GarmentKind.HEAD, GarmentKind.OUTER, GarmentKind.UPPER)))
    spec = checked(asked)
    recipe = recipe_of(order_of(asked, spec), spec=spec, seed=0)
    worn = [item.kind for item in FittingOrder.of(recipe).outfit]
    assert worn == [GarmentKind.UPPER, GarmentKind.OUTER, GarmentKind.HEAD]
    pictures = {item.role: item.digest for item in recipe.ingredients}
    assert pictures["garment.0"] == garment(GarmentKind.UPPER).picture
    assert pictures["person"] == PERSON


@pytest.mark.parametrize(
    "garments",
    [
        (garment(GarmentKind.FULL), garment(GarmentKind.UPPER)),
        (garment(GarmentKind.LOWER), garment(GarmentKind.FULL)),
        (garment(GarmentKind.UPPER), garment(GarmentKind.UPPER)),
        (garment(GarmentKind.OUTER, layer=0), garment(GarmentKind.UPPER, layer=1)),
    ],
)
def test_what_nobody_wears_together_is_refused_in_a_shoppers_words(
    garments: tuple[Garment, ...],
) -> None:
    with pytest.raises(Refused) as told:
        checked(brief(*garments))
    assert told.value.reason == "outfit"


@pytest.mark.parametrize(
    "asked",
    [
        brief(),
        brief(garment(GarmentKind.UPPER), longer_side_px=100),
        brief(garment(GarmentKind.UPPER), longer_side_px=9000),
        replace(brief(garment(GarmentKind.UPPER)), count=2),
    ],
)
def test_an_order_that_cannot_be_filled_is_told_before_work(asked: Brief) -> None:
    with pytest.raises(InvalidBrief):
        checked(asked)


@given(st.lists(st.sampled_from(GarmentKind), min_size=1, max_size=5))
def test_dressing_loses_and_adds_nothing(kinds: list[GarmentKind]) -> None:
    garments = [garment(kind, layer=at % 3) for at, kind in enumerate(kinds)]
    put_on = dressed(garments)
    assert sorted(map(repr, put_on)) == sorted(map(repr, garments))
    assert [item.layer for item in put_on] == sorted(item.layer for item in garments)


@pytest.mark.parametrize("metric", sorted({m for rung in LADDER for m in rung.metrics}))
def test_every_fault_of_the_ladder_changes_the_order_and_comes_to_an_end(metric: str) -> None:
    now: FittingOrder | None = order(GarmentKind.UPPER)
    seen = []
    while now is not None:
        seen.append(now)
        now = repaired(now, {metric}, ladder=LADDER)
        assert len(seen) < 10, f"{metric} is repaired for ever"
    assert len(set(seen)) == len(seen) > 1


def test_an_order_survives_its_parameters() -> None:
    asked = brief(garment(GarmentKind.UPPER))
    made = order_of(asked, checked(asked))
    assert FittingOrder.of(recipe_of(made, spec=checked(asked), seed=3)) == made
