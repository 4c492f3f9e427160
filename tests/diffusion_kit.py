"""Recipes for diffusion models, and a step loop's moves without a step loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assets.media import Picture, encode_png
from content_engine.types import Digest, Ingredient, Kind, Recipe, canonical_json
from pipelines.backend import Inputs
from pipelines.diffusion.backend import DiffusionBackend, DiffusionRun

CLOSE = 1e-5
"""The parity that is promised. Source: issue 5, section 3."""


@dataclass(frozen=True)
class Order:
    """A recipe with its inputs; it joins at the boundary before step `at`."""

    backend: str
    prompt: str = "a red shoe"
    seed: int = 7
    at: int = 0
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> Recipe:
        given = {"task": "t2i", "width_px": 64, "height_px": 64, "steps": 4}
        return Recipe(
            kind=Kind.IMAGE,
            backend=self.backend,
            model="tiny@0",
            prompt=self.prompt,
            seed=self.seed,
            parameters=canonical_json({**given, **self.parameters}),
            ingredients=tuple(
                Ingredient(role=role, digest=Digest(f"{place:064}"))
                for place, role in enumerate(self.pictures)
            ),
        )

    @property
    def inputs(self) -> Inputs:
        return Inputs(assets={role: png(pixels) for role, pixels in self.pictures.items()})


def png(pixels: np.ndarray) -> bytes:
    """(H, W), (H, W, 3) or (H, W, 4) uint8 as a PNG."""
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return encode_png(Picture(np.ascontiguousarray(pixels[..., :3]), alpha))


def photo(width_px: int, height_px: int, *, seed: int = 0) -> np.ndarray:
    """A picture with something in it: smooth colours and a dark block, (H, W, 3) uint8."""
    drawn = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    phases = drawn.uniform(0, 6, 3)
    waves = [127 + 120 * np.sin(rows / 9 + columns / 7 + phase) for phase in phases]
    pixels = np.stack(waves, axis=-1).astype(np.uint8)
    pixels[height_px // 3 : height_px // 2, width_px // 4 : width_px // 2] = drawn.integers(60)
    return pixels


def to_end(device: DiffusionBackend, run: DiffusionRun) -> DiffusionRun:
    """The run after its last step, having stepped alone."""
    while not run.done:
        device.step([run])
    return run


def alone(device: DiffusionBackend, order: Order) -> DiffusionRun:
    """The finished run of an order that had the device to itself."""
    return to_end(device, device.start(order.recipe, order.inputs))


def together(device: DiffusionBackend, orders: Sequence[Order]) -> list[DiffusionRun]:
    """The finished runs of orders that join at their boundaries and share every step they can."""
    runs: dict[int, DiffusionRun] = {}
    boundary = 0
    while len(runs) < len(orders) or any(not run.done for run in runs.values()):
        for place, order in enumerate(orders):
            if order.at <= boundary and place not in runs:
                runs[place] = device.start(order.recipe, order.inputs)
        groups: dict[str, list[DiffusionRun]] = {}
        for run in runs.values():
            if not run.done:
                groups.setdefault(run.load.group, []).append(run)
        for group in groups.values():
            device.step(group)
        boundary += 1
    return [runs[place] for place in range(len(orders))]
