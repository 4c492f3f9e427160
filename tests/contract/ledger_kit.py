"""Small parts that every ledger test is made of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from content_engine.ledger import Ledger
from content_engine.review import Correction, Label, LabelOutcome
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Claim,
    Digest,
    Evidence,
    Job,
    Kind,
    Lane,
    Money,
    Outcome,
    Product,
    Recipe,
    Score,
    Severity,
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
    due_at: datetime | None = None,
    price: str = "",
) -> Brief:
    """A brief as small as they come."""
    money = Money(amount=Decimal(price), currency="EUR") if price else None
    product = Product(sku=sku, title="Mug", brand="", category=(), facts=(), photos=(), price=money)
    return Brief(
        kind=kind,
        product=product,
        spec=TextSpec(),
        locale="en",
        lane=lane,
        count=count,
        seed=seed,
        due_at=due_at,
    )


def recipe(seed: int = 0) -> Recipe:
    """A recipe; another seed is another recipe."""
    return Recipe(
        kind=Kind.TEXT, backend="test", model="none@1", prompt="", seed=seed, parameters="{}"
    )


def attempt(
    outcome: Outcome = Outcome.ACCEPT,
    *,
    seed: int = 0,
    digest: str = "0" * 64,
    faults: tuple[Evidence, ...] = (),
) -> Attempt:
    """An attempt that took a quarter of a second and was judged so."""
    asset = Asset(role="copy", digest=Digest(digest), media_type="application/json", size_bytes=2)
    scores = (Score(metric="text.length", value=9.0, instrument="test@1", evidence=faults),)
    reasons = () if outcome is Outcome.ACCEPT else (f"text.length is too long ({seed})",)
    return Attempt(
        candidate=Candidate(recipe=recipe(seed), assets=(asset,), seconds=0.25),
        scores=scores if faults else (),
        verdict=Verdict(outcome=outcome, reasons=reasons),
    )


def fault(severity: Severity = Severity.MAJOR, kind: str = "number") -> Evidence:
    """A fault as the judge names it."""
    return Evidence(kind=kind, severity=severity, message="400 ml is in no fact")


def label(
    outcome: LabelOutcome,
    reviewer: str = "ada",
    *,
    correction: Correction | None = None,
    faults: tuple[Evidence, ...] = (),
    seconds: float = 4.0,
) -> Label:
    """A person's answer."""
    return Label(
        outcome=outcome,
        reviewer=reviewer,
        correction=correction,
        faults=faults,
        seconds=seconds,
    )


def take(ledger: Ledger, *, kinds: tuple[Kind, ...] = tuple(Kind), lease_s: float = 60.0) -> Claim:
    """The claim of the next job."""
    claims = ledger.claim("w", kinds=kinds, limit=1, lease_s=lease_s)
    assert len(claims) == 1, "nothing to claim"
    return claims[0]


def in_review(ledger: Ledger, wanted: Brief, *, judged: Attempt | None = None) -> Job:
    """A job whose one candidate waits for a person."""
    (job,) = ledger.submit([wanted], tenant=TENANT)
    claim = take(ledger, kinds=(wanted.kind,))
    assert claim.job.id == job.id
    ledger.record(claim, judged or attempt(Outcome.REVIEW))
    ledger.settle(claim)
    return ledger.job(job.id, TENANT)
