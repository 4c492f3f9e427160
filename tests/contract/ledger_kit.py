"""Small parts that every ledger test is made of."""

from __future__ import annotations

from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Kind,
    Lane,
    Outcome,
    Product,
    Recipe,
    TextSpec,
    Verdict,
)

TENANT = "shop"


class Clock:
    """Time that moves when told to."""

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def brief(
    sku: str = "m-1",
    *,
    kind: Kind = Kind.TEXT,
    lane: Lane = Lane.BULK,
    count: int = 1,
    seed: int = 0,
) -> Brief:
    """A brief as small as they come."""
    product = Product(sku=sku, title="Mug", brand="", category=(), facts=(), photos=())
    return Brief(
        kind=kind, product=product, spec=TextSpec(), locale="en", lane=lane, count=count, seed=seed
    )


def recipe(seed: int = 0) -> Recipe:
    """A recipe; another seed is another recipe."""
    return Recipe(
        kind=Kind.TEXT, backend="test", model="none@1", prompt="", seed=seed, parameters="{}"
    )


def attempt(outcome: Outcome = Outcome.ACCEPT, *, seed: int = 0) -> Attempt:
    """An attempt that took a quarter of a second and was judged so."""
    asset = Asset(role="copy", digest=Digest("0" * 64), media_type="application/json", size_bytes=2)
    reasons = () if outcome is Outcome.ACCEPT else (f"text.length is too long ({seed})",)
    return Attempt(
        candidate=Candidate(recipe=recipe(seed), assets=(asset,), seconds=0.25),
        scores=(),
        verdict=Verdict(outcome=outcome, reasons=reasons),
    )
