"""What the studio is asked to make: a recipe's parameters as a value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Literal, Self

from content_engine.codec import from_plain
from content_engine.types import Recipe, Shot, canonical_json

Format = Literal["image/jpeg", "image/png"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Complete instructions for the pictures of one photo.

    `fill` is the share of each frame side that the product may take. `upscale_above` is the
    magnification from which a neural upscaler adds the pixels. `tight_px` pulls the cut-out's
    outline inwards, in photo pixels. `quality` is the JPEG's. `setting` names a scene, empty for
    the other shots. `source` says in words which photo it is, for the credentials.
    """

    shot: Shot
    aspects: tuple[str, ...]
    longer_side_px: int
    setting: str
    shadow: bool
    fill: float
    upscale_above: float
    tight_px: float
    media_type: Format
    quality: int
    title: str

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))

    def with_tighter_outline(self) -> Order:
        """The order with the outline one pixel further in."""
        return replace(self, tight_px=self.tight_px + 1.0)

    def role(self, aspect: str) -> str:
        """What the asset of that aspect is called: `packshot-1x1`."""
        return f"{self.shot.value}-{aspect.replace(':', 'x')}"
