"""Faults planted in clean clips, with the frames and the box of each.

Amounts are in `inject.toml`. There are no positives of `nsfw`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from content_engine.errors import NotFound
from serving.bench.video import file_plants as file
from serving.bench.video import light_plants as light
from serving.bench.video import local_plants as local
from serving.bench.video import overlay_plants as overlay
from serving.bench.video import product_plants as product
from serving.bench.video import time_plants as time
from serving.bench.video.footage import Footage, coded, read_footage
from serving.bench.video.places import Box, Span
from serving.bench.video.spoilt import Order, Planter

PLANTS_PATH = Path(__file__).with_name("inject.toml")
STRENGTHS = (1, 2, 3, 4)
STRONGER = (3, 4)

PLANTERS: Mapping[str, Planter] = {
    "freeze": time.freeze,
    "duplicate": time.duplicate,
    "dropped": time.dropped,
    "black": time.black,
    "blank": time.blank,
    "flicker": light.flicker,
    "exposure_jump": light.exposure_jump,
    "colour_jump": light.colour_jump,
    "hard_cut": time.hard_cut,
    "morph": local.morph,
    "pop": local.pop,
    "vanish": local.vanish,
    "appear": local.appear,
    "ghosting": light.ghosting,
    "blur": light.blur,
    "product_drift": product.product_drift,
    "colour_drift": product.colour_drift,
    "silhouette": product.silhouette,
    "text_garble": overlay.text_garble,
    "watermark": overlay.watermark,
    "border": overlay.border,
    "caption_unsafe": overlay.caption_unsafe,
    "wrong_duration": file.wrong_duration,
    "missing_audio": file.missing_audio,
    "odd_size": file.odd_size,
}

_VISIBLE = ("vanish", "hard_cut", "flicker", "freeze", "colour_jump", "black")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Planted:
    """A coded clip with one fault: its kind, and where it lies.

    `frames` are (first, last), 0-based, inclusive, of this clip; `box` is (x0, y0, x1, y1), each
    0..1, around all that is touched, or None where the fault is the whole picture.
    """

    data: bytes
    kind: str
    strength: int
    frames: Span
    box: Box | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the strengths of a family of faults mean; `seconds` 0 where its nature decides."""

    kind: str
    what: str
    amounts: tuple[float, ...]
    seconds: tuple[float, ...]
    levels: tuple[float, ...]
    beside_photos: bool


@cache
def families() -> Mapping[str, Family]:
    """Every family of faults, by kind, as `inject.toml` states it."""
    tables = tomllib.loads(PLANTS_PATH.read_text(encoding="utf-8"))
    none = (0.0,) * len(STRENGTHS)
    return {
        kind: Family(
            kind=kind,
            what=table["what"],
            amounts=tuple(table["amounts"]),
            seconds=tuple(table.get("seconds", none)),
            levels=tuple(table.get("levels", none)),
            beside_photos=table.get("beside_photos", False),
        )
        for kind, table in tables.items()
    }


def family(kind: str) -> Family:
    """The family of that kind. Raises NotFound naming the known ones."""
    known = families()
    if kind not in known:
        raise NotFound(f"no family of faults {kind!r}; known: {', '.join(known)}")
    return known[kind]


def plant(data: bytes, *, kind: str, strength: int, seed: int) -> Planted | None:
    """The clip with one fault, or None where it cannot carry it. Same seed, same bytes.

    Raises NotFound for an unknown family, and what `assets.video.read_frames` raises.
    """
    return plant_in(read_footage(data), kind=kind, strength=strength, seed=seed)


def plant_in(footage: Footage, *, kind: str, strength: int, seed: int) -> Planted | None:
    """See `plant`: in a clip that is decoded already."""
    order = family(kind)
    at = STRENGTHS.index(strength)
    rng = np.random.default_rng([seed, list(families()).index(kind), strength])
    spoilt = PLANTERS[kind](
        footage,
        Order(
            amount=order.amounts[at],
            seconds=order.seconds[at],
            levels=order.levels[at],
            rng=rng,
        ),
    )
    if spoilt is None:
        return None
    return Planted(
        data=coded(footage, spoilt.shown, sound=spoilt.sound),
        kind=kind,
        strength=strength,
        frames=spoilt.frames,
        box=spoilt.box,
    )


def spoil(data: bytes, *, seed: int) -> Planted:
    """The clip with a fault that anyone sees, of a family that the seed picks.

    Families that the clip cannot carry are passed over; every clip can carry a black moment that
    is long enough and not black itself. Raises NotFound for a clip too short for any of them.
    """
    footage = read_footage(data)
    first = seed % len(_VISIBLE)
    for kind in (*_VISIBLE[first:], *_VISIBLE[:first]):
        planted = plant_in(footage, kind=kind, strength=STRONGER[-1], seed=seed)
        if planted is not None:
            return planted
    raise NotFound("the clip carries none of the visible faults: it is too short or plain black")
