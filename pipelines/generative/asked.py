"""What a generative recipe asks of its model, and the single asks that it is carried out by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from content_engine.types import Brief, Ingredient, Kind, Recipe, canonical_json
from pipelines.models import ModelEntry
from pipelines.prompts import Prompt

_MULTIPLE_PX = 32
"""Both sides of what a model paints: every family's latent grid divides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every ask of a recipe has in common; the names are those of `diffusion.ask.Ask`.

    `template` is `name@version` of the prompt's template. `private`: a shopper's photo is in it.
    `wear` says what kind of garment each picture shows, in the order they are put on.
    """

    family: str
    template: str
    task: str
    negative: str
    steps: int
    guidance: float
    lora: str = ""
    strict: bool = False
    private: bool = False
    wear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """A model that can be used on this machine, as far as planning needs to know.

    `revision` is what recipes name. `pixels_most` bounds what the model is asked to paint; 0: its
    own sizes. `brand_loras` names the adapter of a brand's style, by the brand. `strict`: recipes
    give the same bytes alone or in company.
    """

    entry: ModelEntry
    revision: str
    pixels_most: int = 0
    brand_loras: tuple[tuple[str, str], ...] = ()
    strict: bool = False

    @property
    def model(self) -> str:
        """`repo@revision`, as recipes name it."""
        return f"{self.entry.repo}@{self.revision}"

    def asked(self, prompt: Prompt, *, brief: Brief, lora: str = "") -> Asked:
        """The prompt's ask with the adapter named, the brand's, or the model's own."""
        worn = lora or dict(self.brand_loras).get(brief.product.brand, self.entry.lora)
        steps, guidance = self.entry.steps_with(worn)
        return Asked(
            family=self.entry.name,
            template=prompt.template,
            task=prompt.task,
            negative=prompt.negative,
            steps=steps,
            guidance=guidance,
            lora=worn,
            strict=self.strict,
            private=brief.private,
        )

    def canvas_px(self, width_px: int, height_px: int) -> tuple[int, int]:
        """(width, height) that the model paints for a frame of that size."""
        return self._bounded(self.entry.size_for(width_px, height_px))

    @property
    def canvases_px(self) -> tuple[tuple[int, int], ...]:
        """Every (width, height) that the model may be asked to paint."""
        return tuple(self._bounded(size) for size in self.entry.sizes)

    def _bounded(self, size: tuple[int, int]) -> tuple[int, int]:
        if not self.pixels_most or size[0] * size[1] <= self.pixels_most:
            return size
        scale = (self.pixels_most / (size[0] * size[1])) ** 0.5
        width, height = (max(1, int(side * scale / _MULTIPLE_PX)) for side in size)
        return width * _MULTIPLE_PX, height * _MULTIPLE_PX


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of one ask; `frames` is 1 for a still."""

    width_px: int
    height_px: int
    frames: int = 1
    fps: int = 0

    @classmethod
    def of(cls, size_px: tuple[int, int]) -> Self:
        """A still of that (width, height)."""
        return cls(width_px=size_px[0], height_px=size_px[1])


def ask_recipe(
    recipe: Recipe, asked: Asked, *, shape: Shape, words: str = "", roles: Sequence[str] = ()
) -> Recipe:
    """The recipe of a single ask: what goes to the step loop, flat as `Ask.of` reads it.

    `words` follow the recipe's prompt; `roles` picks its ingredients (empty: all of them).
    """
    parameters = asdict(asked) | asdict(shape)
    taken = [item for item in recipe.ingredients if not roles or item.role in roles]
    return replace(
        recipe,
        prompt=f"{recipe.prompt} {words}".strip(),
        parameters=canonical_json(parameters),
        ingredients=tuple(taken),
    )


def recipe_for(
    able: Able,
    prompt: Prompt,
    *,
    kind: Kind,
    seed: int,
    parameters: str,
    ingredients: tuple[Ingredient, ...],
) -> Recipe:
    """The planned recipe of a model."""
    return Recipe(
        kind=kind,
        backend=able.entry.name,
        model=able.model,
        prompt=prompt.text,
        seed=seed,
        parameters=parameters,
        ingredients=ingredients,
    )
