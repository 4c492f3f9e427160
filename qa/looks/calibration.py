"""From a network's leaning to a probability: Platt scaling, fitted on people's labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ROUNDS = 100
_STEADY = 1e-9
_FEWEST = 20
_RIDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """probability = 1 / (1 + exp(-(slope × leaning + intercept))). As it is: not calibrated.

    `labels` says how many of people's answers it rests on.
    """

    slope: float = 1.0
    intercept: float = 0.0
    labels: int = 0

    def probability(self, leaning: float) -> float:
        """How likely the fault is there, 0..1."""
        return float(1.0 / (1.0 + np.exp(-np.clip(self.slope * leaning + self.intercept, -60, 60))))


def fitted(leanings: Sequence[float], faults: Sequence[bool]) -> Calibration:
    """The calibration that makes the labels likeliest; the labels must be a random sample.

    Raises ValueError for fewer than 20 labels or only one answer among them. Source: Platt (1999),
    with his smoothed targets (n₊+1)/(n₊+2) and 1/(n₋+2); solved by Newton's method.
    """
    x, y = np.asarray(leanings, float), np.asarray(faults, bool)
    if len(x) < _FEWEST or y.all() or not y.any():
        raise ValueError(f"{len(x)} labels, {int(y.sum())} of them faults: need 20 and both kinds")
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))
    terms = np.stack([x, np.ones_like(x)], axis=1)
    weights = np.zeros(2)
    for _ in range(_ROUNDS):
        share = 1.0 / (1.0 + np.exp(-np.clip(terms @ weights, -60, 60)))
        bend = terms.T @ (terms * (share * (1 - share))[:, None]) + _RIDGE * np.eye(2)
        move = np.linalg.solve(bend, terms.T @ (target - share) - _RIDGE * weights)
        weights = weights + move
        if np.abs(move).max() < _STEADY:
            break
    return Calibration(slope=float(weights[0]), intercept=float(weights[1]), labels=len(x))
