"""The motion designs as data, read from `designs/designs.toml`: needs, order, layouts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief
from pipelines.studio.motion.sets import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where product and words stand, as boxes of the frame, and how the words are set.

    `lines` is the most lines; `size` magnifies the letters, where there is room for it.
    """

    product: Box
    words: Box
    align: Literal["start", "center", "end"]
    lines: int = 2
    size: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a motion design needs and how it is laid out.

    `rank` orders designs, the best first; those that `likes` name (needs of `scenes/needs.toml`)
    come before; without `leads` it only follows, when the others don't come off. `photos_min`,
    `facts_min`, `measures_min` must be there; at most `photos_max` are used. `variants`: it shows
    other forms of the product beside the first; no other design does. `cutout` says that it shows
    products cut out; others need photos `room` times as large as the window in their layout.
    `stand` are the settings it takes for standing products, empty: those that suit the product.
    """

    name: str
    title: str
    rank: int
    duration_s: float
    layouts: Mapping[str, Layout]
    alone: Mapping[str, Box]
    words_from_s: float = 0.5
    photos_min: int = 1
    photos_max: int = 1
    facts_min: int = 0
    measures_min: int = 0
    cutout: bool = True
    leads: bool = True
    variants: bool = False
    room: float = 0.0
    stand: tuple[str, ...] = ()
    likes: tuple[str, ...] = field(default=())


@cache
def designs() -> Mapping[str, Design]:
    """All designs by name, in the file's order."""
    path = Path(__file__).with_name("designs") / "designs.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    common = tables.pop("common")
    return {name: _design(name, table, common) for name, table in tables.items()}


def design_named(name: str) -> Design:
    """The design of that name. Raises InvalidBrief naming the known ones."""
    known = designs()
    if name not in known:
        raise InvalidBrief(f"no motion design {name!r}; known: {', '.join(known)}")
    return known[name]


def _design(name: str, table: dict[str, Any], common: dict[str, Any]) -> Design:
    own = table.get("layouts", {})
    layouts = {
        aspect: _layout({**ready, **own.get(aspect, {})})
        for aspect, ready in common["layouts"].items()
    }
    alone = {**common["alone"], **table.get("alone", {})}
    plain = {**table, "name": name, "layouts": layouts}
    return from_plain(Design, {**plain, "alone": {key: _box(each) for key, each in alone.items()}})


def _layout(table: dict[str, Any]) -> Layout:
    return Layout(
        product=_box(table["product"]),
        words=_box(table["words"]),
        align=table["align"],
        lines=table.get("lines", 2),
        size=table.get("size", 1.0),
    )


def _box(sides: list[float]) -> Box:
    x0, y0, x1, y1 = sides
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)
