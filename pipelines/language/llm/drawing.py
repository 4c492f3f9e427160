"""The next token, drawn by seed: the same logits, seed and place give the same token."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.language.llm.order import Sampling

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]
Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How one run draws its token number `place`."""

    sampling: Sampling
    seed: int
    place: int

    @property
    def chance(self) -> float:
        """A number in [0, 1) that seed and place alone decide: nothing to save or to restore."""
        return random.Random(f"{self.seed}/{self.place}").random()


def drawn(logits: Tensor, draws: Sequence[Draw]) -> list[int]:
    """One token a row of the logits (runs, vocabulary). Only the likeliest cross to the CPU."""
    most = max(draw.sampling.top_k for draw in draws)
    values, tokens = logits.float().topk(min(most, logits.shape[1]), dim=1)
    likeliest = values.cpu().numpy().astype(np.float64)
    names = tokens.cpu().numpy()
    return [chosen(likeliest[row], names[row], draw) for row, draw in enumerate(draws)]


def chosen(logits: Floats, tokens: Tokens, draw: Draw) -> int:
    """The token drawn among the likeliest; of equals the one with the lower number comes first.

    Source: top-k, then the smallest set of at least top_p (Holtzman et al. 2020).
    """
    order = np.lexsort((tokens, -logits))[: draw.sampling.top_k]
    order = order[np.isfinite(logits[order])]
    if draw.sampling.temperature == 0 or order.size == 1:
        return int(tokens[order[0]])
    scaled = (logits[order] - logits[order[0]]) / draw.sampling.temperature
    shares = np.exp(scaled) / np.exp(scaled).sum()
    heap = np.cumsum(shares)
    kept = int(np.searchsorted(heap, draw.sampling.top_p)) + 1
    heap = heap[: min(kept, heap.size)]
    return int(tokens[order[np.searchsorted(heap, draw.chance * heap[-1], side="right")]])
