"""What the bench asks for: two lanes of recipes for the tiny transformer, no prompt twice."""

from __future__ import annotations

from dataclasses import dataclass

from content_engine.types import Asset, Candidate, Digest, Kind, Lane, Recipe, canonical_json

FAMILY = "z-image-turbo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A kind of request: so large, so many steps."""

    side_px: int
    steps: int


WANTS = {
    Lane.INTERACTIVE: Want(side_px=64, steps=4),
    Lane.BULK: Want(side_px=320, steps=20),
}
"""A shopper's preview against catalog pictures of 25 times the area and 5 times the steps. Bulk is
of a size at which sharing a step gains next to nothing, as 1024² does on a GPU."""


def recipe(want: Want, *, seed: int, strict: bool = False) -> Recipe:
    """The recipe of that kind and seed; no two seeds share a prompt, so nothing is reused."""
    parameters = {
        "family": FAMILY,
        "task": "t2i",
        "width_px": want.side_px,
        "height_px": want.side_px,
        "steps": want.steps,
        "guidance": 0.0,
        "strict": strict,
    }
    return Recipe(
        kind=Kind.IMAGE,
        backend=FAMILY,
        model="tiny-dit@1",
        prompt=f"a mug {seed:07d}",  # the tiny tokenizer has no merges: 13 letters, 13 tokens
        seed=seed,
        parameters=canonical_json(parameters),
    )


def candidate(asked: Recipe, *, digest: str, size_bytes: int) -> Candidate:
    """What a replica of the bench answers: the digest of the bytes made, not the bytes."""
    asset = Asset(
        role="picture", digest=Digest(digest), media_type="image/png", size_bytes=size_bytes
    )
    return Candidate(recipe=asked, assets=(asset,), seconds=0.0)
