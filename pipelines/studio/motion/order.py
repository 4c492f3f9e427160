"""What the motion studio is asked to make: a recipe's parameters as a value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

from content_engine.codec import from_plain
from content_engine.types import Recipe, canonical_json

FPS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A caption: its words, and when it stands in the picture."""

    text: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measured length to draw: along the product's `height` or `width`, and its words."""

    axis: Literal["height", "width"]
    text: str
    length_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionOrder:
    """Complete instructions for one clip.

    `safe_area` is where captions may stand, (x0, y0, x1, y1) in shares of the frame; `inset` moves
    them further in. `setting` names a scene; `setting_above` the one for a product seen from above,
    which shows only once it is cut out (height / width at least `above_ratio`; 0: never).
    `plain_only` refuses to cut the product out of anything but a plain ground: what is worn would
    bring its wearer along; `garment` (a `GarmentKind`) says where it is worn, empty: nowhere.
    `calm` 0..1 lessens every camera movement. `tight_px` as in `studio/order.py`. `crf` is the
    coder's quality (x264: lower is finer).
    """

    design: str
    aspect: str
    width_px: int
    height_px: int
    duration_s: float
    title: str
    locale: str
    cues: tuple[Cue, ...]
    safe_area: tuple[float, float, float, float]
    setting: str
    setting_above: str
    above_ratio: float
    measures: tuple[Measure, ...] = ()
    plain_only: bool = False
    garment: str = ""
    sound: bool = False
    inset: float = 0.0
    calm: float = 0.0
    tight_px: float = 0.0
    fps: int = FPS
    crf: int = 23

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """The order in a recipe's parameters."""
        return from_plain(cls, json.loads(recipe.parameters))

    def to_parameters(self) -> str:
        """The order as a recipe's parameters."""
        return canonical_json(asdict(self))

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        return round(self.duration_s * self.fps)

    @property
    def frame_px(self) -> tuple[int, int]:
        """(width, height) of the frame."""
        return self.width_px, self.height_px

    def role(self, kind: str) -> str:
        """What the asset is called: `clip-1x1`."""
        return f"{kind}-{self.aspect.replace(':', 'x')}"

    def setting_for(self, *, width_px: int, height_px: int) -> str:
        """The setting for a cut-out of that size."""
        above = self.above_ratio > 0 and height_px >= self.above_ratio * width_px
        return self.setting_above if above else self.setting
