"""What the fitting room is asked to make: a try-on recipe's parameters as a value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from content_engine.codec import from_plain
from content_engine.types import GarmentKind, Recipe, canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """One garment of the outfit: where it is worn, over what, and whose picture it is."""

    kind: GarmentKind
    layer: int
    sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittingOrder:
    """Complete instructions for one person in one outfit.

    `outfit` stands in the order in which it is put on; its n-th picture has the role `garment.n`.
    `longer_side_px` is the working photo's at most. `private` says that the person's photo and all
    made of it live in the vault. `carried_light` (0..1) is how much of the worn cloth's folds and
    light goes over to the new one. `natural_hem` lets the hem fall where the garment's own length
    puts it, else it snaps to the worn one's. `grain` adds the photo's grain. `cover_u` is how far
    beyond the worn garment's outline it is removed, in body units.
    """

    outfit: tuple[Worn, ...]
    longer_side_px: int
    private: bool
    title: str
    quality: int
    carried_light: float = 1.0
    natural_hem: bool = False
    grain: bool = True
    cover_u: float = 0.02

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))
