"""The try-on's plan: which outfits can be worn, as which order, and what a fault asks to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from content_engine.errors import InvalidBrief, Refused
from content_engine.types import (
    Brief,
    Garment,
    GarmentKind,
    Ingredient,
    Kind,
    Recipe,
    TryonSpec,
)
from pipelines.repair import Rung
from pipelines.studio.fitting.order import FittingOrder, Worn

BACKEND = "fitting"
MODEL = "fitting@3"

LONGER_SIDE_MIN_PX = 480
LONGER_SIDE_MAX_PX = 2048
"""Below, a print's letters are gone; above, a replica's time and memory. House limits."""

GARMENTS_MAX = 5
"""One of each kind that can be worn together, and one to spare."""

JPEG_QUALITY = 92
COVER_MAX_U = 0.05


def checked(brief: Brief) -> TryonSpec:
    """The brief's spec, if it can be served. Raises InvalidBrief; Refused for an odd outfit."""
    spec = brief.spec
    if not isinstance(spec, TryonSpec):
        raise InvalidBrief(f"a try-on brief needs a TryonSpec, not {type(spec).__name__}")
    if not LONGER_SIDE_MIN_PX <= spec.longer_side_px <= LONGER_SIDE_MAX_PX:
        raise InvalidBrief(
            f"a longer side of {spec.longer_side_px} px is asked for; "
            f"a try-on takes {LONGER_SIDE_MIN_PX} to {LONGER_SIDE_MAX_PX}"
        )
    if brief.count != 1:
        raise InvalidBrief(f"{brief.count} try-ons of one outfit are asked for: there is only one")
    _check_outfit(dressed(spec.garments))
    return spec


def dressed(garments: Sequence[Garment]) -> tuple[Garment, ...]:
    """The garments in the order in which they are put on: by layer, then as given."""
    return tuple(sorted(garments, key=lambda garment: garment.layer))


def order_of(brief: Brief, spec: TryonSpec) -> FittingOrder:
    """The order that carries out a checked spec."""
    outfit = tuple(
        Worn(kind=item.kind, layer=item.layer, sku=item.sku) for item in dressed(spec.garments)
    )
    return FittingOrder(
        outfit=outfit,
        longer_side_px=spec.longer_side_px,
        private=spec.private,
        title=f"Try-on: {brief.product.title}",
        quality=JPEG_QUALITY,
    )


def recipe_of(order: FittingOrder, *, spec: TryonSpec, seed: int) -> Recipe:
    """The order as a recipe; the garments' roles follow the order in which they are put on."""
    garments = (
        Ingredient(role=f"garment.{at}", digest=item.picture)
        for at, item in enumerate(dressed(spec.garments))
    )
    return Recipe(
        kind=Kind.TRYON,
        backend=BACKEND,
        model=MODEL,
        prompt="",
        seed=seed,
        parameters=order.to_parameters(),
        ingredients=(Ingredient(role="person", digest=spec.person), *garments),
    )


def _check_outfit(outfit: Sequence[Garment]) -> None:
    if not 1 <= len(outfit) <= GARMENTS_MAX:
        raise InvalidBrief(f"{len(outfit)} garments are asked for; give 1 to {GARMENTS_MAX}")
    kinds = [garment.kind for garment in outfit]
    twice = [kind.value for kind, times in Counter(kinds).items() if times > 1]
    if twice:
        raise Refused("outfit", f"more than one garment is worn as {', '.join(twice)}")
    parts = {GarmentKind.UPPER, GarmentKind.LOWER} & set(kinds)
    if GarmentKind.FULL in kinds and parts:
        named = " and ".join(sorted(kind.value for kind in parts))
        raise Refused("outfit", f"a full-length garment leaves no place for one worn as {named}")
    _check_layers(kinds)


def _check_layers(kinds: Sequence[GarmentKind]) -> None:
    """A jacket goes over all but the hat, whatever layers were given."""
    if GarmentKind.OUTER not in kinds:
        return
    after = kinds[kinds.index(GarmentKind.OUTER) + 1 :]
    under = [kind.value for kind in after if kind in (GarmentKind.UPPER, GarmentKind.FULL)]
    if under:
        raise Refused("outfit", f"the outer garment lies under the one worn as {under[0]}")


def _less_light(order: FittingOrder) -> FittingOrder | None:
    """Half as much, then none: a colour that strays does so by light carried over."""
    if order.carried_light == 0:
        return None
    return replace(order, carried_light=0.5 if order.carried_light > 0.5 else 0.0)


def _natural_hem(order: FittingOrder) -> FittingOrder | None:
    return None if order.natural_hem else replace(order, natural_hem=True)


def _without_grain(order: FittingOrder) -> FittingOrder | None:
    return replace(order, grain=False) if order.grain else None


def _wider_cover(order: FittingOrder) -> FittingOrder | None:
    """Farther out the background beside the person would be made up for nothing."""
    if order.cover_u >= COVER_MAX_U:
        return None
    return replace(order, cover_u=min(order.cover_u + 0.015, COVER_MAX_U))


LADDER: tuple[Rung[FittingOrder], ...] = (
    Rung(frozenset({"tryon.colour", "tryon.surface"}), _less_light),
    Rung(frozenset({"tryon.hem"}), _natural_hem),
    Rung(frozenset({"tryon.print_sharpness"}), _without_grain),
    Rung(frozenset({"tryon.residue", "tryon.collar", "tryon.halo"}), _wider_cover),
)
"""Metrics are keys of the gate's policy: the maker knows them by name, never the judge itself."""
