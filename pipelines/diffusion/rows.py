"""Which rows go through one forward together."""

from __future__ import annotations

from collections.abc import Sequence

FULL_TOKENS = 4096
"""A row that long fills a device alone: company wins nothing and needs memory for all.

Source: published batch curves of Qwen-Image on an H200 (SGLang): 3.2 times the pictures a second
at 16 rows of 512², 1.02 times at two of 1024², which is 4,096 tokens.
"""

LAUNCH_BOUND_TOKENS = 2048
"""Source: research on step batching: below about 2,000 tokens a CUDA graph gives 1.66 times."""


def together(places: list[int], *, tokens: int) -> list[list[int]]:
    """The places of rows in batches: all in one while rows are short, else each alone."""
    return [places] if tokens < FULL_TOKENS else [[place] for place in places]


def packed(tokens: Sequence[int]) -> list[list[int]]:
    """The places of rows, by how many share a forward: longest first, little padding in each.

    A forward reads all its rows as long as the longest. Rows join it while padding stays below a
    quarter, or while the whole is so short that its launch costs more than its arithmetic.
    """
    packs: list[list[int]] = []
    for place in sorted(range(len(tokens)), key=lambda place: -tokens[place]):
        pack = packs[-1] if packs else []
        whole = (len(pack) + 1) * tokens[pack[0]] if pack else 0
        used = sum(tokens[other] for other in pack) + tokens[place]
        if pack and (whole <= LAUNCH_BOUND_TOKENS or whole <= used * 1.25):
            pack.append(place)
        else:
            packs.append([place])
    return packs
