"""The repair ladder of clips: which change of the order answers which fault."""

from __future__ import annotations

from dataclasses import replace

from pipelines.repair import Rung
from pipelines.studio.motion.order import MotionOrder


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


LADDER: tuple[Rung[MotionOrder], ...] = (
    Rung(frozenset({"video.captions"}), _further_in),
    Rung(frozenset({"video.glitch", "video.glitch_risk", "video.blur"}), _calmer),
    Rung(frozenset({"video.sound"}), _heard),
    Rung(frozenset({"video.file"}), _leaner),
)
