"""Faults planted in good pictures, with the box where each lies: the image judge's examination.

Amounts are in `image_plants.toml`, from subtle to plain.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assets.media import Picture
from qa.vision.observed import Box
from serving.bench import image_frame_plants as frame
from serving.bench import image_product_plants as product
from serving.bench.image_goods import Good

PLANTS_PATH = Path(__file__).with_name("image_plants.toml")
STRENGTHS = ("subtle", "middle", "plain")

Plant = Callable[[Good, float, np.random.Generator], tuple[Picture, Box] | None]

PLANTS: Mapping[str, Plant] = {
    "halo": product.halo,
    "crop": frame.crop,
    "missing": product.missing,
    "tint": product.tint,
    "blur": product.blur,
    "wrong_product": product.wrong_product,
    "off_white": frame.off_white,
    "off_white_patch": frame.off_white_patch,
    "second_object": frame.second_object,
    "low_resolution": product.low_resolution,
    "small_file": frame.small_file,
    "garbled_label": product.garbled_label,
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Planted:
    """A picture with one fault: its kind and strength, and the box (0..1) it lies in."""

    kind: str
    strength: str
    picture: Picture
    box: Box


def load_amounts() -> dict[str, dict[str, float]]:
    """The amount of every strength of every kind of fault."""
    tables = tomllib.loads(PLANTS_PATH.read_text(encoding="utf-8"))
    return {
        kind: dict(zip(STRENGTHS, table["amounts"], strict=True)) for kind, table in tables.items()
    }


def plant(good: Good, *, kind: str, strength: str, seed: int) -> Planted | None:
    """The picture with that fault, or None where it cannot carry it. Same seed, same fault."""
    amount = load_amounts()[kind][strength]
    rng = np.random.default_rng([seed, list(PLANTS).index(kind), STRENGTHS.index(strength)])
    result = PLANTS[kind](good, amount, rng)
    if result is None:
        return None
    return Planted(kind=kind, strength=strength, picture=result[0], box=result[1])
