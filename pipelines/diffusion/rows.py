"""Which rows go through one forward together, and how their guidance is folded in."""

from __future__ import annotations

FULL_TOKENS = 4096
"""A row that long fills a device alone: company wins nothing and needs memory for all.

Source: published batch curves of Qwen-Image on an H200 (SGLang): 3.2 times the pictures a second
at 16 rows of 512², 1.02 times at two of 1024², which is 4,096 tokens.
"""


def together(places: list[int], *, tokens: int) -> list[list[int]]:
    """The places of rows in batches: all in one while rows are short, else each alone."""
    return [places] if tokens < FULL_TOKENS else [[place] for place in places]
