"""One number for a clip: how likely it is bad, from all that the instruments read."""

from __future__ import annotations

from collections.abc import Mapping

_STEEP = 4.0


def p_bad(excesses: Mapping[str, float]) -> float:
    """The probability 0..1 that a clip is bad; raising any fault never lowers it.

    `excesses` are readings as multiples of their limits (1 is at the limit: even odds). They are
    joined as if independent: 1 − Π (1 − p). Up to five readings at their limits stay below 0.97.
    Source: noisy-or, Pearl (1988), Probabilistic Reasoning in Intelligent Systems, 4.3.2.
    """
    sound = 1.0
    for excess in excesses.values():
        sound *= 1.0 - _odds(max(excess, 0.0))
    return 1.0 - sound


def _odds(excess: float) -> float:
    grown = min(excess, 1e6) ** _STEEP
    return grown / (1.0 + grown)
