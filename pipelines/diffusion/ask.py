"""What a recipe asks of a diffusion model, checked and decoded: read this before the families."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from content_engine.errors import GenerationFailed
from content_engine.types import Recipe
from pipelines.backend import Inputs
from pipelines.diffusion.ask_pictures import Reference, mask_of, reference_of


class Task(StrEnum):
    """What a model can be asked for."""

    T2I = "t2i"
    EDIT = "edit"
    INPAINT = "inpaint"
    I2V = "i2v"
    FLF = "flf"
    T2V = "t2v"


_FROM_WORDS = (Task.T2I, Task.T2V)
_NOT_REFERENCES = ("mask", "last")
_LEAST_SIDE_PX = 16  # no model knows smaller tokens


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ask:
    """One picture or clip asked of a family; nothing in it is left to a model's own defaults.

    `references` stand in the recipe's order; for INPAINT the first is the picture that is painted
    into, for I2V and FLF it is the first frame. `mask` (H, W) uint8 is 255 where a new picture is
    wanted; `last` is the clip's last frame. `strength` is how far INPAINT goes from what is there:
    1 starts from pure noise. `guidance` is the scale of classifier-free guidance in the family's
    own terms. References are looked at with `reference_pixels` each at most: fewer make previews
    cheap. `frames` is 1 for a still. `lora` names an adapter or is empty.
    """

    task: Task
    prompt: str
    width_px: int
    height_px: int
    steps: int
    seed: int
    negative: str = ""
    guidance: float = 0.0
    strength: float = 1.0
    reference_pixels: int = 1024 * 1024
    frames: int = 1
    fps: int = 0
    references: tuple[Reference, ...] = ()
    mask: np.ndarray | None = None
    last: Reference | None = None
    lora: str = ""
    strict: bool = False

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise GenerationFailed(f"the recipe cannot be carried out: {fault}")

    def _faults(self) -> Iterator[str]:
        if self.task in _FROM_WORDS and self.references:
            yield f"{self.task} takes no picture, has {len(self.references)}"
        if self.task not in _FROM_WORDS and not self.references:
            yield f"{self.task} needs a picture"
        if self.task is Task.INPAINT and self.mask is None:
            yield f"{self.task} needs a mask"
        if self.task is Task.FLF and self.last is None:
            yield f"{self.task} needs a last frame"
        if min(self.width_px, self.height_px) < _LEAST_SIDE_PX:
            yield f"size {self.width_px} × {self.height_px} px"
        if self.steps < 1:
            yield f"{self.steps} steps"
        if not 0 < self.strength <= 1:
            yield f"strength {self.strength:g} is not in (0, 1]"
        if self.frames < 1 or (self.frames > 1 and self.fps < 1):
            yield f"{self.frames} frames at {self.fps} fps"

    @classmethod
    def of(cls, recipe: Recipe, inputs: Inputs) -> Ask:
        """The ask of a recipe, its pictures decoded, transparent ones flattened on white.

        Parameters carry this class's names; `task`, `width_px`, `height_px` and `steps` must be
        there. With `private` true nothing made from its pictures is kept for another run: a
        shopper sends garments too. Raises GenerationFailed when the recipe or a picture cannot
        serve.
        """
        fields, private = _parameters(recipe)
        pictures = {
            item.role: reference_of(inputs.assets, item.role, reusable=not private)
            for item in recipe.ingredients
            if item.role != "mask"
        }
        has_mask = any(item.role == "mask" for item in recipe.ingredients)
        return cls(
            prompt=recipe.prompt,
            seed=recipe.seed,
            references=tuple(
                picture for role, picture in pictures.items() if role not in _NOT_REFERENCES
            ),
            mask=mask_of(inputs.assets) if has_mask else None,
            last=pictures.get("last"),
            **fields,
        )


_TYPES: Mapping[str, type] = {
    "task": Task,
    "width_px": int,
    "height_px": int,
    "steps": int,
    "negative": str,
    "guidance": float,
    "strength": float,
    "reference_pixels": int,
    "frames": int,
    "fps": int,
    "lora": str,
    "strict": bool,
}
_NEEDED = {"task", "width_px", "height_px", "steps"}
_FOR_OTHERS = {"family", "template", "private", "wear"}


def _parameters(recipe: Recipe) -> tuple[dict[str, Any], bool]:
    """The fields of Ask in a recipe's parameters, each of its own type, and whether it is private.

    Raises GenerationFailed for a missing or an unknown key, or a value that cannot be read.
    """
    parameters = json.loads(recipe.parameters)
    if missing := _NEEDED - parameters.keys():
        raise GenerationFailed(f"the recipe's parameters lack {', '.join(sorted(missing))}")
    if unknown := parameters.keys() - _TYPES.keys() - _FOR_OTHERS:
        raise GenerationFailed(f"no model knows the parameters {', '.join(sorted(unknown))}")
    try:
        fields = {name: of(parameters[name]) for name, of in _TYPES.items() if name in parameters}
    except (TypeError, ValueError) as error:
        raise GenerationFailed(f"the recipe's parameters cannot be read: {error}") from error
    return fields, bool(parameters.get("private", False))
