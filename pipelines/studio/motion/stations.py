"""Where a glide looks: its two close looks and its last one, composed as a photographer would.

Ways are tried and weighed: what ground a window shows and how unevenly, which details its edge cuts
in two, how close it looks, how far it goes along the product.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.details import box_of
from pipelines.studio.motion.route import Bounds, Look, along
from pipelines.studio.motion.weighing import NEARER, Weighing
from pipelines.studio.scenes.arrays import F64, U8

FILL = 0.8
FILL_MIN = 0.68
"""How much of the window's limiting side the whole product takes at the end; with less than the
second it is lost there."""

NEAREST = 2.5
"""Largest ratio of a close look's scale to the last one's: above it one would lose one's way."""

STEPS = (1.0, 0.85, 0.72, 0.6)
"""Close looks are tried at these shares of the largest scale."""

GRID = 11
KEPT = 28
TIMES = 16
"""Places tried along each side of the product; the places kept, of which all pairs are tried; the
moments at which a way is weighed."""

COST_MAX = 0.5
"""A way that costs more is not worth a clip. By eye on 36 products, 2026-11-23."""

AS_GOOD = 0.05
"""A way back is as good as the way there up to this difference: seeds choose."""

NEAR, FAR, SHOWN = 0.3, 0.25, 0.4
"""What speaks for a way, in the same measure as its cost: nearness (logarithm of the magnification
over the last look's), its length, the details that one of its close looks shows whole."""

FIRST = 1.5
"""How much more a fault of a close look itself weighs than one passed on the way."""

WAY_MIN, WAY_MOST = 0.2, 0.7
"""Least way between the close looks, and the way beyond which longer is not better, in windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """A glide's three looks, and what their way costs: 0 is flawless; see `Weighing.costs`."""

    first: Look
    second: Look
    last: Look
    cost: float


def stations(
    rgb: U8, shape: U8, *, bounds: Bounds, magnify_max: float, turned: bool = False
) -> Stations:
    """The best looks at a product in a photo (H, W, 3) sRGB whose mask is `shape` (H, W) uint8.

    `turned` takes the two close ones the other way round where that is about as good.
    Raises GenerationFailed where the photo offers none: too few pixels, too much ground.
    """
    if not (shape > 127).any():
        raise GenerationFailed("no product was found in the photo: use another photo or design")
    box = box_of(shape > 127)
    last = _last(box, bounds, magnify_max=magnify_max)
    weighing = Weighing.of(rgb, shape, box=box, bounds=bounds, last=last)
    places = _places(weighing, magnify_max=magnify_max, nearer_than=NEARER * last.scale)
    found = _best(weighing, places, turned=turned)
    if found is None or found.cost > COST_MAX:
        raise GenerationFailed(
            "no way over this photo shows its product well from near: it is too small, too slender "
            "or too much ground lies around its details; use a larger photo or another design"
        )
    return found


def _last(box: tuple[int, int, int, int], bounds: Bounds, *, magnify_max: float) -> Look:
    """The look at the whole product. Raises GenerationFailed where it would be magnified."""
    x0, y0, x1, y1 = box
    across, down = bounds.window_px
    whole = FILL * min(across / (x1 - x0), down / (y1 - y0))
    scale = max(min(whole, magnify_max / NEARER), bounds.widest)
    if scale < whole * FILL_MIN / FILL or scale * NEARER > magnify_max:
        raise GenerationFailed(
            f"a product of {x1 - x0} × {y1 - y0} px in its photo is too small to be looked at from "
            f"near in a window of {across} × {down} px: use a larger photo or another design"
        )
    return bounds.held(Look(x=(x0 + x1) / 2, y=(y0 + y1) / 2, scale=scale))


def _places(weighing: Weighing, *, magnify_max: float, nearer_than: float) -> list[Look]:
    """Close looks worth trying, the best first, none near another."""
    x0, y0, x1, y1 = weighing.box
    spots = list(itertools.product(np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID)))
    spots += [weighing.middle(detail) for detail in weighing.details]
    nearest = min(magnify_max, NEAREST * weighing.last.scale)
    scales = [step * nearest for step in STEPS if step * nearest >= nearer_than]
    looks = [
        weighing.bounds.held(Look(x=float(x), y=float(y), scale=max(scale, nearer_than)))
        for x, y in spots
        for scale in scales or [nearer_than]
    ]
    costs = weighing.costs(looks) - SHOWN * weighing.shown(looks)
    kept: list[Look] = []
    for index in np.argsort(costs, kind="stable"):
        look = looks[int(index)]
        if all(weighing.apart(look, other) > 0.1 or look.scale != other.scale for other in kept):
            kept.append(look)
        if len(kept) == KEPT:
            break
    return kept


def _best(weighing: Weighing, places: Sequence[Look], *, turned: bool) -> Stations | None:
    """The best way over two of the places to the last look; None where none is long enough."""
    pairs = [pair for pair in itertools.permutations(places, 2) if weighing.apart(*pair) >= WAY_MIN]
    if not pairs:
        return None
    moments = (np.arange(TIMES) + 0.5) / TIMES
    ways = [
        along(first, second, weighing.last, duration_s=1.0, bounds=weighing.bounds)
        for first, second in pairs
    ]
    looks = [way(float(at)) for way in ways for at in moments]
    costs = weighing.costs(looks).reshape(len(pairs), TIMES).mean(axis=1)
    own = np.max([weighing.costs(ends) for ends in zip(*pairs, strict=True)], axis=0)
    scores = costs + FIRST * own - _merits(weighing, pairs)
    at = int(np.argmin(scores))
    back = pairs.index((pairs[at][1], pairs[at][0]))
    if turned and scores[back] < scores[at] + AS_GOOD:
        at = back
    first, second = pairs[at]
    return Stations(first=first, second=second, last=weighing.last, cost=float(costs[at] + own[at]))


def _merits(weighing: Weighing, pairs: Sequence[tuple[Look, Look]]) -> F64:
    """What speaks for a pair: close looks, a way along the product, details shown whole."""
    near = [math.log(a.scale * b.scale / weighing.last.scale**2) / 2 for a, b in pairs]
    way = [min(weighing.apart(a, b, across=0.4), WAY_MOST) / WAY_MOST for a, b in pairs]
    either = np.maximum(
        weighing.shown([a for a, _ in pairs]), weighing.shown([b for _, b in pairs])
    )
    return NEAR * np.array(near) + FAR * np.array(way) + SHOWN * either
