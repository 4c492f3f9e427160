"""What a planter is told and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assets.sound import Sound
from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.places import Box, Span


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Order:
    """How much of a fault, how long, and the chance that decides the rest.

    `levels` is by how much the picture must differ where the fault lies: 0 asks nothing.
    """

    amount: float
    seconds: float
    levels: float
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spoilt:
    """The clip's new frames (indices of the old ones, or pictures) and where the fault lies.

    `frames` index the new clip, inclusive; `box` None is the whole picture.
    """

    shown: tuple[int | Pixels, ...]
    frames: Span
    sound: Sound | None
    box: Box | None = None


Planter = Callable[[Footage, Order], Spoilt | None]
"""Plants one family of faults; None where the clip cannot carry it."""


def changed(
    footage: Footage,
    stretch: Span,
    change: Callable[[int], int | Pixels],
    *,
    box: Box | None = None,
) -> Spoilt:
    """The clip with every frame of the stretch replaced by what `change` makes of its index."""
    first, last = stretch
    shown = [change(index) if first <= index <= last else index for index in range(footage.count)]
    return Spoilt(shown=tuple(shown), frames=stretch, sound=footage.sound, box=box)
