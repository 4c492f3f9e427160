"""Pictures that are made for one ask alone: named by their bytes, kept nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from content_engine.types import Digest, Ingredient, Recipe


def named(recipe: Recipe, given: Mapping[str, bytes]) -> Recipe:
    """The ask's recipe with those pictures for its ingredients, in their order."""
    ingredients = tuple(
        Ingredient(role=role, digest=Digest(hashlib.sha256(data).hexdigest()))
        for role, data in given.items()
    )
    return replace(recipe, ingredients=ingredients)
