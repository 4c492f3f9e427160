"""The flow over the real ledger, with makers and judges small enough to read."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from content_engine.errors import GenerationFailed, LeaseLost
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Claim,
    JobStatus,
    Kind,
    Outcome,
    Product,
    Recipe,
    Score,
    TextSpec,
    Verdict,
    canonical_json,
)

ACCEPT, REPAIR, REVIEW, REJECT = Outcome


def recipe(name: str) -> Recipe:
    return Recipe(
        kind=Kind.TEXT,
        backend="test",
        model="test@1",
        prompt=name,
        seed=0,
        parameters=canonical_json({}),
    )


@dataclass
class Script:
    """Plans the named recipes; the outcome of each is written beside it. `ladder` repairs."""

    outcomes: dict[str, Outcome | Exception]
    ladder: dict[str, str] = field(default_factory=dict)
    plan_names: tuple[str, ...] = ()
    made: list[str] = field(default_factory=list)

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        return (recipe(name) for name in self.plan_names or tuple(self.outcomes))

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        rung = self.ladder.get(attempt.candidate.recipe.prompt)
        return recipe(rung) if rung else None

    async def generate(self, recipe: Recipe) -> Candidate:
        self.made.append(recipe.prompt)
        planned = self.outcomes[recipe.prompt]
        if isinstance(planned, Exception):
            raise planned
        return Candidate(recipe=recipe, assets=(), seconds=0.0)

    async def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        outcome = self.outcomes[candidate.recipe.prompt]
        return [Score(metric=str(outcome), value=1.0, instrument="test@1")]

    @staticmethod
    def decide(brief: Brief, scores: Sequence[Score]) -> Verdict:
        return Verdict(outcome=Outcome(scores[0].metric), reasons=(scores[0].metric,))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield ledger
    ledger.close()


def claimed(ledger: Ledger, *, count: int = 1) -> Claim:
    product = Product(sku="S", title="Mug", brand="B", category=(), facts=(), photos=())
    brief = Brief(kind=Kind.TEXT, product=product, spec=TextSpec(), locale="en", count=count)
    ledger.submit([brief], tenant="default")
    (claim,) = ledger.claim("worker", kinds=[Kind.TEXT], limit=1, lease_s=60)
    return claim


def produce(ledger: Ledger, script: Script, claim: Claim) -> JobStatus:
    engine = Engine(record=ledger, planner=script, executor=script, decide=script.decide)
    return asyncio.run(engine.produce(claim))


def recorded(ledger: Ledger, claim: Claim) -> list[tuple[str, Outcome]]:
    attempts = ledger.attempts(claim.job.id, "default")
    return [(each.candidate.recipe.prompt, each.verdict.outcome) for each in attempts]


def test_the_first_accepted_recipe_ends_the_job(ledger: Ledger) -> None:
    script = Script({"a": ACCEPT, "b": ACCEPT})
    assert produce(ledger, script, claimed(ledger)) is JobStatus.SUCCEEDED
    assert script.made == ["a"], "a recipe was made that nobody needed"


def test_a_rejected_recipe_makes_room_for_the_next(ledger: Ledger) -> None:
    claim = claimed(ledger)
    assert produce(ledger, Script({"a": REJECT, "b": ACCEPT}), claim) is JobStatus.SUCCEEDED
    assert recorded(ledger, claim) == [("a", REJECT), ("b", ACCEPT)]


def test_a_recipe_that_gives_nothing_makes_room_for_the_next(ledger: Ledger) -> None:
    script = Script({"a": GenerationFailed("no product in the photo"), "b": ACCEPT})
    assert produce(ledger, script, claimed(ledger)) is JobStatus.SUCCEEDED


def test_when_every_recipe_fails_the_job_says_why(ledger: Ledger) -> None:
    claim = claimed(ledger)
    script = Script({"a": GenerationFailed("no product in the photo")})
    assert produce(ledger, script, claim) is JobStatus.FAILED
    assert "no product in the photo" in ledger.job(claim.job.id, "default").problem


def test_review_opens_a_case_and_stops(ledger: Ledger) -> None:
    claim = claimed(ledger)
    script = Script({"a": REVIEW, "b": ACCEPT})
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    assert script.made == ["a"]
    assert [case.job_id for case in ledger.cases("default").items] == [claim.job.id]


def test_repair_climbs_the_ladder_before_the_next_recipe(ledger: Ledger) -> None:
    script = Script({"a": REPAIR, "a1": ACCEPT}, ladder={"a": "a1"}, plan_names=("a", "b"))
    claim = claimed(ledger)
    assert produce(ledger, script, claim) is JobStatus.SUCCEEDED
    assert recorded(ledger, claim) == [("a", REPAIR), ("a1", ACCEPT)]


def test_the_end_of_the_ladder_is_a_persons_matter(ledger: Ledger) -> None:
    claim = claimed(ledger)
    script = Script({"a": REPAIR, "a1": REPAIR}, ladder={"a": "a1"}, plan_names=("a",))
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    (case,) = ledger.cases("default").items
    assert case.reasons[0] == "no repair left"


def test_several_wanted_are_made_together_and_no_more(ledger: Ledger) -> None:
    script = Script({"a": ACCEPT, "b": REJECT, "c": ACCEPT, "d": ACCEPT})
    assert produce(ledger, script, claimed(ledger, count=2)) is JobStatus.SUCCEEDED
    assert script.made == ["a", "b", "c"]


def test_after_a_crash_recorded_work_is_not_made_again(ledger: Ledger) -> None:
    claim = claimed(ledger, count=2)
    broken = Script({"a": ACCEPT, "b": RuntimeError("power cut")})
    with pytest.raises(RuntimeError, match="power cut"):
        produce(ledger, broken, claim)
    again = Script({"a": ACCEPT, "b": ACCEPT})
    assert produce(ledger, again, claim) is JobStatus.SUCCEEDED
    assert again.made == ["b"], "`a` stands in the ledger and was made twice"


def test_after_a_crash_the_ladder_is_climbed_on(ledger: Ledger) -> None:
    claim = claimed(ledger)
    broken = Script({"a": REPAIR, "a1": RuntimeError("power cut")}, {"a": "a1"}, ("a",))
    with pytest.raises(RuntimeError):
        produce(ledger, broken, claim)
    again = Script({"a": REPAIR, "a1": ACCEPT}, {"a": "a1"}, ("a",))
    assert produce(ledger, again, claim) is JobStatus.SUCCEEDED
    assert again.made == ["a1"]


def test_a_cancelled_job_records_nothing_more(ledger: Ledger) -> None:
    claim = claimed(ledger)
    ledger.cancel(claim.job.id, "default")
    with pytest.raises(LeaseLost):
        produce(ledger, Script({"a": ACCEPT}), claim)
    assert recorded(ledger, claim) == []
