"""Faults planted in good try-ons, with the box where each lies: the try-on judge's examination.

Amounts are in `tryon_plants.toml`, from just visible to gross. The planters know the maker's masks
and none of the judge's rules.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from qa.vision.arrays import Pixels
from qa.vision.observed import Box
from serving.bench import tryon_cloth_plants as cloth
from serving.bench import tryon_edge_plants as edge
from serving.bench import tryon_person_plants as person
from serving.bench.tryon_goods import Good
from serving.bench.tryon_person_plants import Planted

PLANTS_PATH = Path(__file__).with_name("tryon_plants.toml")
STRENGTHS = ("faint", "subtle", "middle", "plain")

Plant = Callable[[Good, float, np.random.Generator], Planted]

PLANTS: Mapping[str, Plant] = {
    "face_shape": person.face_shape,
    "face_blur": person.face_blur,
    "background": person.background,
    "arm_moved": person.arm_moved,
    "hand_over": person.hand_over,
    "hair_over": person.hair_over,
    "residue_collar": person.residue_collar,
    "residue_rim": person.residue_rim,
    "residue_sleeve": person.residue_sleeve,
    "residue_hem": person.residue_hem,
    "colour": cloth.colour,
    "print_blur": cloth.print_blur,
    "print_turned": cloth.print_turned,
    "print_lost": cloth.print_lost,
    "print_waved": cloth.print_waved,
    "print_stretched": cloth.print_stretched,
    "sleeve_long": cloth.sleeve_long,
    "sleeve_short": cloth.sleeve_short,
    "hem_short": cloth.hem_short,
    "hem_slant": cloth.hem_slant,
    "hem_waved": cloth.hem_waved,
    "hole": cloth.hole,
    "fold": cloth.fold,
    "torn": cloth.torn,
    "jagged": edge.jagged,
    "halo": edge.halo,
    "nick": edge.nick,
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlantedTryon:
    """A result with one fault: its kind and strength, and the box (0..1) it lies in."""

    kind: str
    strength: str
    rgb: Pixels
    box: Box


@cache
def load_amounts() -> dict[str, dict[str, float]]:
    """The amount of every strength of every kind of fault."""
    tables = tomllib.loads(PLANTS_PATH.read_text(encoding="utf-8"))
    return {
        kind: dict(zip(STRENGTHS, table["amounts"], strict=True)) for kind, table in tables.items()
    }


def plant(good: Good, *, kind: str, strength: str, seed: int) -> PlantedTryon | None:
    """The result with that fault, or None where it cannot carry it. Same seed, same fault."""
    rng = np.random.default_rng([seed, list(PLANTS).index(kind), STRENGTHS.index(strength)])
    found = PLANTS[kind](good, load_amounts()[kind][strength], rng)
    if found is None:
        return None
    return PlantedTryon(kind=kind, strength=strength, rgb=found[0], box=found[1])
