"""What the studio is asked to make: a recipe's parameters as a value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

from content_engine.codec import from_plain
from content_engine.types import Recipe, Shot, canonical_json

Format = Literal["image/jpeg", "image/png"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Complete instructions for the pictures of one photo.

    `fill` is the share of each frame side that the product may take. `upscale_above` is the
    magnification from which a neural upscaler adds the pixels. `tight_px` pulls the cut-out's
    outline inwards, in photo pixels. `quality` is the JPEG's. `setting` names a scene;
    `setting_above` the one for a product seen from above, which shows only once it is cut out: its
    height / width is at least `above_ratio` (0: never). Both are empty for the other shots.
    `mask_grow_px` lets the outline out again, in photo pixels, by a person's hand. `crop` is the
    part (x0, y0, x1, y1) of each frame, 0..1, that a person chose to fill it; see `studio.window`.
    """

    shot: Shot
    aspects: tuple[str, ...]
    longer_side_px: int
    title: str
    shadow: bool
    fill: float
    media_type: Format
    quality: int
    upscale_above: float
    tight_px: float = 0.0
    setting: str = ""
    setting_above: str = ""
    above_ratio: float = 0.0
    mask_grow_px: int = 0
    crop: tuple[float, float, float, float] | None = None

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))

    @property
    def inwards_px(self) -> float:
        """How far the outline is pulled inwards, in photo pixels; below 0 it is let out."""
        return self.tight_px - self.mask_grow_px

    def role(self, aspect: str) -> str:
        """What the asset of that aspect is called: `packshot-1x1`."""
        return f"{self.shot.value}-{aspect.replace(':', 'x')}"

    def setting_for(self, *, width_px: int, height_px: int) -> str:
        """The setting for a cut-out of that size."""
        above = self.above_ratio > 0 and height_px >= self.above_ratio * width_px
        return self.setting_above if above else self.setting
