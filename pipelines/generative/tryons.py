"""Which generative try-ons may be made of a brief: a planner for one model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self

from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief
from content_engine.review import Correction, Regenerate
from content_engine.types import (
    Attempt,
    Brief,
    GarmentKind,
    Ingredient,
    Kind,
    Recipe,
    canonical_json,
)
from pipelines.correcting import changes, refused
from pipelines.generative.asked import Able, Asked, recipe_for
from pipelines.prompts import PromptBook
from pipelines.tryon_plan import JPEG_QUALITY, checked, dressed

TRIES = 2
"""Another seed once: what a model does with a pose is chance, and a shopper waits. House rule."""

_STEP = 1009


@dataclass(frozen=True, slots=True, kw_only=True)
class TryonOrder:
    """Complete instructions for one person in one outfit, painted by a model.

    `outfit` holds (kind, sku) in the order in which it is put on; the n-th picture has the role
    `garment.n`. `canvases_px` are the (width, height) that the model may paint: the one nearest to
    the photo's shape is taken. `longer_side_px` is the result's at most.
    """

    asked: Asked
    outfit: tuple[tuple[GarmentKind, str], ...]
    title: str
    quality: int
    longer_side_px: int
    canvases_px: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))


class TryonPlanner:
    """Plans try-ons by one model: the person and each garment are shown to it as references."""

    def __init__(self, able: Able) -> None:
        self._able = able
        self._book = PromptBook.load()

    def plan(self, brief: Brief) -> Iterator[Recipe]:
        """The try-on, then with another seed; nothing for more garments than the model looks at.

        Raises InvalidBrief and Refused as the fitting room does.
        """
        spec = checked(brief)
        if 1 + len(spec.garments) > self._able.entry.references_most:
            return
        for number in range(TRIES):
            yield self._recipe(brief, seed=brief.seed + number * _STEP)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The same with another seed, once."""
        recipe = attempt.candidate.recipe
        if recipe.seed != brief.seed:
            return None
        return replace(recipe, seed=brief.seed + _STEP)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The try-on with another seed. Raises InvalidBrief."""
        del attempt
        if brief.private:
            raise InvalidBrief("a shopper's try-on is seen by nobody else: nothing to correct")
        if not isinstance(correction, Regenerate):
            raise refused(correction, noun="a generated try-on", allowed=("regenerate",))
        changes(correction, known={})
        return self._recipe(brief, seed=correction.seed)

    def _recipe(self, brief: Brief, *, seed: int) -> Recipe:
        spec = checked(brief)
        worn = dressed(spec.garments)
        prompt = self._book.outfit(tuple(item.kind for item in worn))
        order = TryonOrder(
            asked=replace(
                self._able.asked(prompt, brief=brief), wear=tuple(item.kind.value for item in worn)
            ),
            outfit=tuple((item.kind, item.sku) for item in worn),
            title=f"Try-on: {brief.product.title}",
            quality=JPEG_QUALITY,
            longer_side_px=spec.longer_side_px,
            canvases_px=self._able.canvases_px,
        )
        garments = (
            Ingredient(role=f"garment.{at}", digest=item.picture) for at, item in enumerate(worn)
        )
        return recipe_for(
            self._able,
            prompt,
            kind=Kind.TRYON,
            seed=seed,
            parameters=order.to_parameters(),
            ingredients=(Ingredient(role="person", digest=spec.person), *garments),
        )
