"""The repair ladder of clips: which change of the order answers which fault."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, replace

from pipelines.studio.motion.order import MotionOrder


@dataclass(frozen=True, slots=True)
class Rung:
    """A change of the order that answers faults of these metrics; None: it can't be made again."""

    metrics: frozenset[str]
    change: Callable[[MotionOrder], MotionOrder | None]


def repaired(order: MotionOrder, faults: Set[str]) -> MotionOrder | None:
    """The order with every change that a fault asks for, or None when none is left to make."""
    changed = order
    for rung in LADDER:
        if rung.metrics & faults:
            changed = rung.change(changed) or changed
    return changed if changed != order else None


def _further_in(order: MotionOrder) -> MotionOrder | None:
    """Beyond 6 % of the frame the words would crowd the product."""
    return replace(order, inset=round(order.inset + 0.03, 3)) if order.inset < 0.06 else None


def _calmer(order: MotionOrder) -> MotionOrder | None:
    """A third of the movement less, twice: less than that would be a still."""
    return replace(order, calm=round(order.calm + 0.33, 2)) if order.calm < 0.6 else None


def _heard(order: MotionOrder) -> MotionOrder | None:
    return None if order.sound else replace(order, sound=True)


def _leaner(order: MotionOrder) -> MotionOrder | None:
    """Each rung takes about a third off the file; beyond 29 the picture shows it."""
    return replace(order, crf=order.crf + 3) if order.crf < 29 else None


LADDER = (
    Rung(frozenset({"video.captions"}), _further_in),
    Rung(frozenset({"video.glitch", "video.glitch_risk", "video.blur"}), _calmer),
    Rung(frozenset({"video.sound"}), _heard),
    Rung(frozenset({"video.file"}), _leaner),
)
"""Metrics are keys of the gate's policy: the maker knows them by name, never the judge itself."""
