"""What a setting is: every number of a rendered scene as data, read from `settings.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from content_engine.codec import from_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A material: its painter, and the palettes it may take.

    `kind` names a painter of `surfaces.py`. `palettes` are lists of hex colours; the meaning of
    each place is the painter's. An empty list takes its tone from the product's own colours.
    `scale` enlarges the pattern; `bump` is the depth of its relief; `polish` 0..1 is how much of
    a mirror it is, `rough` how fast reflections blur away from what they mirror.
    """

    kind: str
    palettes: tuple[tuple[str, ...], ...] = ()
    scale: float = 1.0
    bump: float = 1.0
    polish: float = 0.0
    rough: float = 0.15
    turn_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gobo:
    """What stands between the sun and the set: a pattern of shade.

    `size` is the pattern's size and `blur` its softness, both in subject sizes; `strength` 0..1
    is how dark the shade is.
    """

    kind: Literal["none", "window", "blind", "leaves", "palm"] = "none"
    size: float = 1.0
    blur: float = 0.05
    strength: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One area light (the key) and the sky around it.

    `azimuth_deg` counts from the camera's direction, negative to the left; `elevation_deg` above
    the floor; `softness_deg` is the light's angular radius. `key` is its share of the light on
    the floor, the rest comes from everywhere. Colours are hex. `falloff` is the light's distance
    in subject sizes: near lights fade across the set.
    """

    azimuth_deg: float
    elevation_deg: float
    softness_deg: float
    key: float = 0.7
    key_color: str = "#fff4e6"
    sky_color: str = "#f2f6ff"
    falloff: float = 6.0
    exposure: float = 1.0
    gobo: Gobo = Gobo()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The camera and where the product stands in its frame.

    `pitch_deg` is the range within which the camera follows the view of the product's own photo,
    its first number when that cannot be told. `fill` is the most the product takes of the
    frame's height, `fill_width` of its width. `subject_m` is the usual size of such products;
    `thickness` how high lying ones rise, as a share of their longer side. `middle` is the height
    of the product's middle in the frame, 0 at the top.
    """

    pitch_deg: tuple[float, float] = (7.0, 20.0)
    fov_deg: float = 27.0
    fill: float = 0.56
    fill_width: float = 0.6
    subject_m: float = 0.2
    thickness: float = 0.012
    middle: float = 0.54


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """`blur` is the aperture: sigma at infinity, in frame heights; the rest are shares 0..1."""

    blur: float = 0.03
    vignette: float = 0.10
    grain: float = 0.006


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """What is seen beyond the floor's far edge when there is no wall, far out of focus."""

    kind: Literal["garden", "window"]
    palette: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plinth:
    """A block under the product.

    As wide as `width` times the product or `slim` times its height, whichever is more, and
    `height` times the product's longer side high.
    """

    kind: Literal["round", "square"]
    surface: Surface
    width: float = 1.35
    slim: float = 0.7
    height: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Something laid under a lying product; sizes and offset in shares of the product's box."""

    surface: Surface
    width: float = 1.3
    height: float = 1.25
    turn_deg: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One set of the studio. `stance` says what it can hold: things that stand, or lie flat.

    `wall_distance` is in subject sizes behind the product; `sweep` 0..1 rounds the corner between
    floor and wall. Which products a setting suits stands in `needs.toml`.
    """

    name: str
    title: str
    stance: Literal["stand", "lie"]
    light: Light
    floor: Surface
    view: View = View()
    lens: Lens = Lens()
    wall: Surface | None = None
    wall_distance: float = 1.5
    sweep: float = 0.0
    backdrop: Backdrop | None = None
    plinth: Plinth | None = None
    sheet: Sheet | None = None


@cache
def load_settings() -> Mapping[str, Setting]:
    """All settings by name, in the file's order. Raises pydantic.ValidationError on bad data."""
    path = Path(__file__).parents[1] / "settings.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: from_plain(Setting, {"name": name, **table}) for name, table in tables.items()}
