"""What was planted on purpose is a question whose answer is known, and never ships."""

import pytest

from content_engine.known import KnownFault, compared, held_back, known_fault
from content_engine.review import Correction, FallBack, Label, LabelOutcome, Regenerate, Trim
from content_engine.types import Attempt, Candidate, Kind, Outcome, Recipe, Verdict

FAULT = KnownFault(kind="freeze", frames=(40, 59))
RECIPE = Recipe(kind=Kind.VIDEO, backend="b", model="m@1", prompt="", seed=0, parameters="{}")
PLANTED = Candidate(recipe=RECIPE, assets=(), seconds=1.0, notes=("moved photos", FAULT.note()))
PLAIN = Candidate(recipe=RECIPE, assets=(), seconds=1.0, notes=("moved photos",))


def answer(outcome: LabelOutcome, correction: Correction | None = None) -> Label:
    return Label(outcome=outcome, reviewer="ada", correction=correction, seconds=3.0)


def test_the_note_says_what_was_planted_and_other_notes_say_nothing() -> None:
    assert known_fault(PLANTED) == FAULT
    assert known_fault(PLAIN) is None


@pytest.mark.parametrize(
    ("correction", "met"),
    [
        (Trim(frames=(38, 61)), True),
        (Trim(frames=(42, 57)), True),
        (Trim(frames=(50, 70)), False),
        (Trim(frames=(0, 10)), False),
        (Regenerate(seed=7), True),
        (FallBack(), True),
    ],
)
def test_a_correction_meets_the_answer_when_the_faulty_frames_are_gone(correction, met) -> None:
    label = answer(LabelOutcome.FIX, correction)
    assert compared(label, PLANTED).agreed is met
    assert compared(label, PLAIN) == label


def test_a_reviewer_who_overlooks_a_planted_fault_does_not_ship_it() -> None:
    told = compared(answer(LabelOutcome.PASS), PLANTED)
    assert (told.outcome, told.agreed) == (LabelOutcome.REJECT, False)
    assert compared(answer(LabelOutcome.REJECT), PLANTED).agreed is True
    assert compared(answer(LabelOutcome.PASS), PLAIN).outcome is LabelOutcome.PASS


def test_the_gate_never_ships_a_planted_fault_and_does_not_give_it_away() -> None:
    asked = held_back(judged(PLANTED, Outcome.ACCEPT)).verdict
    assert asked.outcome is Outcome.REVIEW
    assert not {"planted", "spoilt", "known"} & set(" ".join(asked.reasons).split())
    for other in (judged(PLAIN, Outcome.ACCEPT), judged(PLANTED, Outcome.REJECT)):
        assert held_back(other) == other


def judged(candidate: Candidate, outcome: Outcome) -> Attempt:
    return Attempt(candidate=candidate, scores=(), verdict=Verdict(outcome=outcome))
