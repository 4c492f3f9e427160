"""The flow over the real ledger, with makers and judges small enough to read."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from content_engine.errors import GenerationFailed, InvalidBrief, LeaseLost
from content_engine.flow import Engine
from content_engine.ledger import Ledger
from content_engine.review import Correction, Label, LabelOutcome, Regenerate
from content_engine.types import (
    Attempt,
    Brief,
    Candidate,
    Claim,
    JobStatus,
    Judged,
    Kind,
    Lane,
    Outcome,
    Product,
    Recipe,
    Score,
    TextSpec,
    Verdict,
    canonical_json,
)
from tests.ledgers import empty_ledger

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
    tries_again: Recipe | None = None

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        return (recipe(name) for name in self.plan_names or tuple(self.outcomes))

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        rung = self.ladder.get(attempt.candidate.recipe.prompt)
        return recipe(rung) if rung else None

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        assert isinstance(correction, Regenerate)
        name = f"{attempt.candidate.recipe.prompt} again {correction.seed}"
        outcome = self.outcomes.get(name)
        if isinstance(outcome, InvalidBrief):
            raise outcome
        return self.tries_again or recipe(name)

    async def generate(self, recipe: Recipe, *, lane: Lane = Lane.BULK) -> Candidate:
        self.made.append(recipe.prompt)
        planned = self.outcomes[recipe.prompt]
        if isinstance(planned, Exception):
            raise planned
        return Candidate(recipe=recipe, assets=(), seconds=0.0)

    async def score(self, brief: Brief, candidate: Candidate) -> Judged:
        outcome = self.outcomes[candidate.recipe.prompt]
        score = Score(metric=str(outcome), value=1.0, instrument="test@1")
        return Judged(scores=(score,), seconds=0.5, device="cpu")

    @staticmethod
    def decide(brief: Brief, scores: Sequence[Score]) -> Verdict:
        return Verdict(outcome=Outcome(scores[0].metric), reasons=(scores[0].metric,))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(empty_ledger(tmp_path))
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


# Corrections that people ordered


def answered(ledger: Ledger, claim: Claim, outcome: LabelOutcome, *, seed: int = 1) -> Claim:
    """The job's next claim, after a person answered its waiting case."""
    taken = ledger.claim_case("ada", tenant="default")
    assert taken is not None, "no case waits"
    correction = Regenerate(seed=seed) if outcome is LabelOutcome.FIX else None
    ledger.label_case(taken.token, Label(outcome=outcome, reviewer="ada", correction=correction))
    (again,) = ledger.claim("worker", kinds=[Kind.TEXT], limit=1, lease_s=60)
    assert again.job.id == claim.job.id
    return again


def fixed(ledger: Ledger, script: Script) -> Claim:
    """A claim of a job whose first recipe `a` went to a person, who ordered it made again."""
    claim = claimed(ledger)
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    return answered(ledger, claim, LabelOutcome.FIX)


def test_a_correction_is_carried_out_judged_and_delivered(ledger: Ledger) -> None:
    script = Script({"a": REVIEW, "b": ACCEPT, "a again 1": ACCEPT}, plan_names=("a", "b"))
    claim = fixed(ledger, script)
    assert produce(ledger, script, claim) is JobStatus.SUCCEEDED
    assert script.made == ["a", "a again 1"], "corrections come before what the plan holds"
    assert ledger.delivered(claim.job.id) == {recipe("a again 1").digest}


@pytest.mark.parametrize("outcome", [REVIEW, REPAIR, REJECT])
def test_machines_do_not_overrule_a_person(ledger: Ledger, outcome: Outcome) -> None:
    script = Script({"a": REVIEW, "b": ACCEPT, "a again 1": outcome}, {"a again 1": "b"}, ("a",))
    claim = fixed(ledger, script)
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    assert script.made == ["a", "a again 1"], "a corrected candidate was repaired by machine"
    (case,) = ledger.cases("default").items
    assert case.recipe_digest == recipe("a again 1").digest
    assert case.reasons[0] == "a person's correction"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (GenerationFailed("the clip is too short"), "too short"),
        (InvalidBrief("no frame 9"), "no frame 9"),
    ],
)
def test_what_cannot_be_corrected_comes_back_with_its_reason(
    ledger: Ledger, outcome: Exception, words: str
) -> None:
    script = Script({"a": REVIEW, "a again 1": outcome}, plan_names=("a",))
    claim = fixed(ledger, script)
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    (case,) = ledger.cases("default").items
    assert words in case.reasons[0]
    again = answered(ledger, claim, LabelOutcome.FIX, seed=2)
    script.outcomes["a again 2"] = ACCEPT
    assert produce(ledger, script, again) is JobStatus.SUCCEEDED


def test_the_same_correction_twice_comes_back(ledger: Ledger) -> None:
    script = Script(
        {"a": REVIEW, "a again 1": REVIEW, "a again 1 again 1": ACCEPT}, plan_names=("a",)
    )
    claim = fixed(ledger, script)
    produce(ledger, script, claim)
    script.tries_again = recipe("a")
    again = answered(ledger, claim, LabelOutcome.FIX)
    assert produce(ledger, script, again) is JobStatus.IN_REVIEW
    assert "made before" in ledger.cases("default").items[0].reasons[0]
    assert script.made == ["a", "a again 1"]


def test_a_crash_while_correcting_loses_nothing_and_repeats_nothing(ledger: Ledger) -> None:
    broken = Script({"a": REVIEW, "a again 1": RuntimeError("power cut")}, plan_names=("a",))
    claim = fixed(ledger, broken)
    with pytest.raises(RuntimeError):
        produce(ledger, broken, claim)
    again = Script({"a again 1": ACCEPT}, plan_names=("a",))
    assert produce(ledger, again, claim) is JobStatus.SUCCEEDED
    assert again.made == ["a again 1"]
    assert len(ledger.attempts(claim.job.id, "default")) == 2


def test_a_rejected_candidate_makes_room_for_the_next_recipe(ledger: Ledger) -> None:
    script = Script({"a": REVIEW, "b": ACCEPT})
    claim = claimed(ledger)
    produce(ledger, script, claim)
    again = answered(ledger, claim, LabelOutcome.REJECT)
    assert produce(ledger, script, again) is JobStatus.SUCCEEDED
    assert ledger.delivered(claim.job.id) == {recipe("b").digest}


def test_every_answered_case_is_followed_to_its_end(ledger: Ledger) -> None:
    script = Script(
        {"a": REVIEW, "b": REVIEW, "c": ACCEPT, "a again 1": ACCEPT}, plan_names=("a", "b", "c")
    )
    claim = claimed(ledger, count=2)
    assert produce(ledger, script, claim) is JobStatus.IN_REVIEW
    again = answered(ledger, claim, LabelOutcome.FIX)
    taken = ledger.claim_case("ben", tenant="default")
    assert taken is not None
    reject = Label(outcome=LabelOutcome.REJECT, reviewer="ben")
    assert ledger.label_case(taken.token, reject).status is JobStatus.RUNNING
    assert produce(ledger, script, again) is JobStatus.SUCCEEDED
    assert script.made == ["a", "b", "a again 1", "c"]
