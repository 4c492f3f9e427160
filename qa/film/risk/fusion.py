"""How unusual a clip is among reference clips: the mean of where each statistic stands there.

Nothing is fitted to labels. Fitted weights were worse (AUROC 0.847 against 0.875 on 121 clips of 12
sources; Source: ../shared/research/judge.md).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from content_engine.errors import ScorerFailed

REFERENCE_PATH = Path(__file__).with_name("reference.toml")
"""Which clips it is made of, and how to make it anew, stands in its head."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "tracks": (
        "gone_peak",
        "unexplained_peak",
        "unexplained_count",
        "unexplained_high",
        "unexplained_share",
        "gone_share",
    ),
    "surges": ("surge_two_sided", "surge_between"),
}
WEIGHTS: Mapping[str, float] = {"tracks": 2.0, "surges": 1.0}
"""How much each family counts; tracks doubly, as in the second study (judge.md, recipe step 6)."""

_QUANTILES = 41


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the statistics are in reference clips: rising quantiles, evenly spaced, by name.

    `clips` are the first 12 digits of each clip's SHA-256, as far as they were told.
    """

    quantiles: Mapping[str, tuple[float, ...]]
    clips: frozenset[str] = frozenset()


@cache
def shipped() -> Reference:
    """The reference of `reference.toml`."""
    table = tomllib.loads(REFERENCE_PATH.read_text(encoding="utf-8"))
    return Reference(
        quantiles={name: tuple(row) for name, row in table["quantiles"].items()},
        clips=frozenset(table["clips"]),
    )


def reference_of(clips: Iterable[Mapping[str, float]]) -> Reference:
    """The reference that the statistics of these clips make. Raises ScorerFailed for none."""
    rows = list(clips)
    if not rows:
        raise ScorerFailed("no clips to make a reference of")
    names = [name for family in FAMILIES.values() for name in family]
    levels = np.linspace(0.0, 1.0, _QUANTILES)
    return Reference(
        quantiles={
            name: tuple(np.quantile([row[name] for row in rows], levels).tolist()) for name in names
        }
    )


def risk(statistics: Mapping[str, float], *, reference: Reference) -> float:
    """0..1, the higher the more likely faulty: the weighted mean of each family's standing.

    A standing is the share of reference clips below the clip. It is a rank, not a chance.
    """
    total = sum(WEIGHTS.values())
    parts = (
        WEIGHTS[family] * float(np.mean([_standing(statistics, name, reference) for name in names]))
        for family, names in FAMILIES.items()
    )
    return sum(parts) / total


def _standing(statistics: Mapping[str, float], name: str, reference: Reference) -> float:
    """0..1; beyond the reference's ends it goes on for as far as its middle half is wide."""
    row = np.array(reference.quantiles[name])
    reach = max(float(row[3 * len(row) // 4] - row[len(row) // 4]), 1e-6)
    ends = np.concatenate([[row[0] - reach], row, [row[-1] + reach]])
    levels = np.linspace(0.5, len(row) - 0.5, len(row)) / len(row)
    return float(np.interp(statistics[name], ends, np.concatenate([[0.0], levels, [1.0]])))
