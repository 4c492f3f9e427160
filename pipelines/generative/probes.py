"""Recipes that stand for a model's shapes when a device's batch table is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from assets.media import Picture, encode_png
from content_engine.types import Digest, Ingredient, Kind, Recipe, canonical_json
from pipelines.backend import Inputs
from pipelines.generative.asked import Able, Asked, Shape
from pipelines.stepping.table import Probe

_WORDS = "A product on a table by a window, soft light. " * 8
"""About as long as the templates' prompts."""

_LEAST_STEPS = 6
"""The table needs a warm step and a few to take the middle of."""


def probes_of(able: Able) -> Iterator[Probe]:
    """One probe for each shape that plans of this model ask for; none for chat models.

    Only stills: a clip fills the device alone, so there is nothing to measure in company.
    """
    entry = able.entry
    if not able.canvases_px or entry.fps or entry.package:
        return
    grey = encode_png(Picture(np.full((256, 256, 3), 128, np.uint8)))
    references = {"photo": grey} if entry.references_most else {}
    for canvas in dict.fromkeys(able.canvases_px):
        yield Probe(
            recipe=_recipe(able, canvas, tuple(references)), inputs=Inputs(assets=references)
        )


def _recipe(able: Able, canvas_px: tuple[int, int], roles: tuple[str, ...]) -> Recipe:
    entry = able.entry
    asked = Asked(
        family=entry.name,
        template="probe@1",
        task="edit" if roles else "t2i",
        negative="",
        steps=max(entry.steps, _LEAST_STEPS),
        guidance=entry.guidance,
    )
    return Recipe(
        kind=Kind.IMAGE,
        backend=entry.name,
        model=able.model,
        prompt=_WORDS,
        seed=0,
        parameters=canonical_json(asdict(asked) | asdict(Shape.of(canvas_px))),
        ingredients=tuple(Ingredient(role=role, digest=Digest("0" * 64)) for role in roles),
    )
