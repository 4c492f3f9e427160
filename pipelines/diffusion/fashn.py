"""FASHN VTON 1.5: try-on without masks, through its own package where that is installed.

Package and weights are Apache-2.0 by their README. The package fetches a human parser (244 MB) at
its first use, whose licence is its own: read it before you sell with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_png
from content_engine.errors import BackendUnavailable, GenerationFailed
from content_engine.types import GarmentKind, Recipe
from pipelines.backend import DeviceFull, Inputs, Load, Media
from pipelines.diffusion.ask_pictures import Reference, covering, reference_of

PACKAGE = "fashn_vton"
_INSTALL = "git clone https://github.com/fashn-AI/fashn-vton-1.5 && pip install ./fashn-vton-1.5"
_CATEGORIES = {
    GarmentKind.UPPER: "tops",
    GarmentKind.OUTER: "tops",
    GarmentKind.LOWER: "bottoms",
    GarmentKind.FULL: "one-pieces",
}
_TOKENS = 2 * (576 // 12) * (864 // 12)
"""Person and garment of 576 × 864 px in patches of 12. Source: the model card's architecture."""


TryOn = Callable[..., Any]
"""The package's `TryOnPipeline`, as its README and demo call it: what it gives has `images`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Garment:
    category: str
    picture: Reference


@dataclass(slots=True, kw_only=True, eq=False)
class Fitting:
    """One person on the way into an outfit, a garment at a time.

    `person` (H, W, 3) uint8 wears the first `taken` garments.
    """

    recipe: Recipe
    person: np.ndarray
    garments: tuple[_Garment, ...]
    taken: int = 0

    @property
    def done(self) -> bool:
        """True when every garment is on."""
        return not self.steps_left

    @property
    def steps_left(self) -> int:
        """How many garments are left."""
        return len(self.garments) - self.taken

    @property
    def load(self) -> Load:
        """Nothing shares a call of the package: each run is a group of its own."""
        return Load(group=f"fashn-vton/{self.recipe.digest}", shape="576x864", tokens=_TOKENS)


class Fashn:
    """Implements `SteppedBackend`: a step is a whole call of the package, one garment for each run.

    So it gives way to others, and is cancelled, between garments only.
    Recipes carry `wear`, the kind of each garment in order, beside the parameters of an ask.
    """

    def __init__(self, pipe: TryOn) -> None:
        self._pipe = pipe

    @classmethod
    def load_from(cls, folder: Path, *, device: str) -> Fashn:
        """The model from a folder that the package's own script filled.

        Raises BackendUnavailable when the package is not installed or cannot read the folder.
        """
        if find_spec(PACKAGE) is None:
            raise BackendUnavailable(f"FASHN VTON is not installed. Run: {_INSTALL}")
        from fashn_vton import TryOnPipeline  # pyright: ignore[reportMissingImports]

        try:
            return cls(TryOnPipeline(weights_dir=str(folder), device=device))
        except (OSError, RuntimeError, ValueError) as error:
            raise BackendUnavailable(f"FASHN VTON cannot load {folder}: {error}") from error

    def start(self, recipe: Recipe, inputs: Inputs) -> Fitting:
        """The person as photographed. Raises GenerationFailed when the recipe cannot serve."""
        wear = json.loads(recipe.parameters).get("wear", ())
        roles = sorted(
            (item.role for item in recipe.ingredients if item.role.startswith("garment.")),
            key=lambda role: int(role.partition(".")[2]),
        )
        if not roles or len(wear) != len(roles):
            raise GenerationFailed(f"{len(roles)} garments came, `wear` names {len(wear)}")
        garments = tuple(
            _Garment(
                category=_category(kind), picture=reference_of(inputs.assets, role, reusable=True)
            )
            for kind, role in zip(wear, roles, strict=True)
        )
        person = reference_of(inputs.assets, "person", reusable=False)
        return Fitting(recipe=recipe, person=person.rgb, garments=garments)

    def step(self, runs: Sequence[Fitting]) -> None:
        """Puts the next garment on each person. Raises DeviceFull, GenerationFailed."""
        worn = [self._worn(run) for run in runs]
        for run, picture in zip(runs, worn, strict=True):
            run.person = picture
            run.taken += 1

    def finish(self, run: Fitting) -> tuple[Media, ...]:
        """The dressed person, a PNG of the asked size."""
        asked = json.loads(run.recipe.parameters)
        width_px, height_px = asked["width_px"], asked["height_px"]
        picture = covering(run.person, width_px, height_px)
        told = f"garments painted on by FASHN VTON 1.5 in {asked['steps']} steps each"
        return (
            Media(
                role="picture",
                data=encode_png(Picture(picture)),
                media_type="image/png",
                width_px=width_px,
                height_px=height_px,
                steps=(told,),
            ),
        )

    def save(self, run: Fitting) -> bytes:
        """The recipe's digest, how many garments are on, and the person so far as a PNG."""
        return run.recipe.digest.encode() + bytes([run.taken]) + encode_png(Picture(run.person))

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> Fitting:
        """The run as it was when saved. Raises ValueError for damaged or another recipe's bytes."""
        digest = recipe.digest.encode()
        run = self.start(recipe, inputs)
        taken, picture = saved[len(digest) : len(digest) + 1], saved[len(digest) + 1 :]
        if not saved.startswith(digest) or not taken or taken[0] > len(run.garments):
            raise ValueError(f"the checkpoint is not of recipe {recipe.digest}")
        try:
            run.person = decode_picture(picture).rgb
        except AssetError as error:
            raise ValueError(f"the checkpoint is damaged: {error}") from error
        run.taken = taken[0]
        return run

    def _worn(self, run: Fitting) -> np.ndarray:
        """The person with the next garment on, (H, W, 3) uint8."""
        import torch
        from PIL import Image

        asked = json.loads(run.recipe.parameters)
        garment = run.garments[run.taken]
        try:
            result = self._pipe(
                person_image=Image.fromarray(run.person),
                garment_image=Image.fromarray(garment.picture.rgb),
                category=garment.category,
                garment_photo_type="flat-lay",
                segmentation_free=True,
                num_timesteps=asked["steps"],
                guidance_scale=asked["guidance"],
                num_samples=1,
                seed=run.recipe.seed,
            )
        except torch.OutOfMemoryError as error:
            raise DeviceFull(f"FASHN VTON: {error}") from error
        except (RuntimeError, ValueError) as error:
            raise GenerationFailed(f"FASHN VTON failed: {error}") from error
        return np.asarray(result.images[0].convert("RGB"))


def _category(kind: str) -> str:
    """The package's word for a kind of garment. Raises GenerationFailed for hats and unknowns."""
    if kind not in _CATEGORIES:
        raise GenerationFailed(f"FASHN VTON puts no {kind!r} on, only {', '.join(_CATEGORIES)}")
    return _CATEGORIES[GarmentKind(kind)]
