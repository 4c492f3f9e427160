"""What the queue of cases must do: who gets which case, and what an answer sets going."""

from datetime import UTC, datetime, timedelta

import pytest

from content_engine.errors import InvalidBrief, LeaseLost, NotFound, TooLate
from content_engine.ledger import Ledger
from content_engine.review import CaseStatus, Edit, LabelOutcome, Regenerate
from content_engine.types import JobStatus, Kind, Lane, Outcome, Severity
from tests.contract.ledger_kit import (
    TENANT,
    Clock,
    attempt,
    brief,
    fault,
    in_review,
    label,
    recipe,
    take,
)

PASS, FIX, REJECT = LabelOutcome
AGAIN = Regenerate(seed=9)
LEASE_S = 600.0


def claimed(ledger: Ledger, reviewer: str = "ada", **narrow: object):
    claim = ledger.claim_case(reviewer, tenant=TENANT, lease_s=LEASE_S, **narrow)  # type: ignore[arg-type]
    assert claim is not None, "no case to claim"
    return claim


def status(ledger: Ledger, job_id: str) -> JobStatus:
    return ledger.job(job_id, TENANT).status


# Taking


def test_the_due_day_goes_before_the_value_at_risk(ledger: Ledger, clock: Clock) -> None:
    now = datetime.fromtimestamp(clock.now_s, UTC)
    order = {
        "week": brief("week", price="5", due_at=now + timedelta(days=6)),
        "cheap": brief("cheap", price="10"),
        "dear": brief("dear", price="90"),
        "overdue": brief("overdue", price="1", due_at=now - timedelta(days=2)),
        "shopper": brief("shopper", price="1", lane=Lane.INTERACTIVE),
        "today": brief("today", price="1", due_at=now),
        "later today, dear": brief("later", price="70", due_at=now + timedelta(minutes=5)),
    }
    for wanted in order.values():
        in_review(ledger, wanted)
    taken = [claimed(ledger, f"r{index}").case.sku for index in range(7)]
    assert taken == ["shopper", "overdue", "later", "today", "week", "dear", "cheap"]


@pytest.mark.parametrize(
    ("severity", "at_risk"),
    [(Severity.MINOR, 20.0), (Severity.MAJOR, 40.0), (Severity.FATAL, 80.0)],
)
def test_worse_evidence_puts_more_at_risk(
    ledger: Ledger, severity: Severity, at_risk: float
) -> None:
    judged = attempt(Outcome.REVIEW, faults=(fault(Severity.NOTE), fault(severity)))
    in_review(ledger, brief(price="80"), judged=judged)
    assert claimed(ledger).case.value_at_risk == at_risk


def test_without_a_price_a_case_still_has_a_place(ledger: Ledger) -> None:
    in_review(ledger, brief())
    assert claimed(ledger).case.value_at_risk == 15.0


def test_two_reviewers_never_get_the_same_case(ledger: Ledger) -> None:
    in_review(ledger, brief("a"))
    in_review(ledger, brief("b"))
    ada, ben = claimed(ledger, "ada"), claimed(ledger, "ben")
    assert ada.case.id != ben.case.id
    assert ledger.claim_case("cleo", tenant=TENANT) is None


def test_only_the_asked_kinds_and_the_own_tenant_are_taken(ledger: Ledger) -> None:
    in_review(ledger, brief(kind=Kind.IMAGE))
    assert ledger.claim_case("ada", tenant=TENANT, kinds=(Kind.TEXT, Kind.VIDEO)) is None
    assert ledger.claim_case("ada", tenant="another shop") is None
    assert claimed(ledger, kinds=(Kind.TEXT, Kind.IMAGE)).case.kind is Kind.IMAGE


def test_a_closed_browser_gives_the_case_back(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief())
    lost = claimed(ledger, "ada")
    clock.now_s += LEASE_S + 1
    found = claimed(ledger, "ben")
    assert found.case.id == lost.case.id
    with pytest.raises(LeaseLost, match="ben has case"):
        ledger.label_case(lost.token, label(PASS))
    ledger.label_case(found.token, label(PASS, "ben"))


def test_who_is_too_late_hears_that_the_time_ran_out(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    clock.now_s += LEASE_S + 1
    for write in (
        lambda: ledger.label_case(claim.token, label(PASS)),
        lambda: ledger.extend_case(claim.token),
        lambda: ledger.release_case(claim.token),
    ):
        with pytest.raises(LeaseLost, match="ran out"):
            write()


def test_extending_keeps_the_case(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    clock.now_s += LEASE_S - 1
    longer = ledger.extend_case(claim.token, LEASE_S)
    assert longer.lease_until > claim.lease_until
    clock.now_s += LEASE_S - 1
    assert ledger.claim_case("ben", tenant=TENANT) is None
    ledger.label_case(claim.token, label(PASS))


def test_a_released_case_is_anybodys(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger, "ada")
    ledger.release_case(claim.token)
    assert claimed(ledger, "ben").case.id == claim.case.id
    with pytest.raises(LeaseLost):
        ledger.label_case(claim.token, label(PASS))


def test_an_unknown_token_says_nothing_of_others(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost, match="claim one"):
        ledger.label_case("0" * 32, label(PASS))


def test_after_a_reload_the_own_case_comes_back(ledger: Ledger) -> None:
    in_review(ledger, brief("a"))
    in_review(ledger, brief("b"))
    old = claimed(ledger)
    again = claimed(ledger, prefer=old.case.id)
    assert (again.case.id, again.token == old.token) == (old.case.id, False)
    with pytest.raises(LeaseLost, match="another window"):
        ledger.label_case(old.token, label(PASS))
    ledger.label_case(again.token, label(PASS))


def test_a_preferred_case_of_another_is_not_taken_from_them(ledger: Ledger) -> None:
    in_review(ledger, brief("a"))
    in_review(ledger, brief("b"))
    held = claimed(ledger, "ada")
    assert claimed(ledger, "ben", prefer=held.case.id).case.id != held.case.id


def test_a_reviewer_holds_the_case_and_the_next_and_no_third(ledger: Ledger, clock: Clock) -> None:
    for sku in "abc":
        in_review(ledger, brief(sku))
    first = claimed(ledger)
    clock.now_s += 1
    second = claimed(ledger)
    clock.now_s += 1
    third = claimed(ledger)
    assert first.case.id != second.case.id
    assert third.case.id == first.case.id, "the case held longest comes again, not a third one"
    assert claimed(ledger, "ben").case.sku == "c"


def test_a_nameless_reviewer_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidBrief, match="name"):
        ledger.claim_case("  ", tenant=TENANT)


# Answering


def test_pass_delivers(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    claim = claimed(ledger)
    after = ledger.label_case(claim.token, label(PASS))
    assert after.status is JobStatus.SUCCEEDED
    assert ledger.delivered(job.id) == {recipe().digest}
    assert ledger.case(claim.case.id, TENANT).answer is PASS
    assert ledger.claim_case("ada", tenant=TENANT) is None


def test_pass_of_one_of_two_leaves_the_other_waiting(ledger: Ledger) -> None:
    (job,) = ledger.submit([brief(count=2)], tenant=TENANT)
    work = take(ledger)
    for seed in (0, 1):
        ledger.record(work, attempt(Outcome.REVIEW, seed=seed))
    ledger.settle(work)
    ledger.label_case(claimed(ledger).token, label(PASS))
    assert status(ledger, job.id) is JobStatus.IN_REVIEW
    ledger.label_case(claimed(ledger).token, label(PASS))
    assert status(ledger, job.id) is JobStatus.SUCCEEDED


def test_reject_lets_the_next_recipe_be_tried(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    assert ledger.label_case(claimed(ledger).token, label(REJECT)).status is JobStatus.QUEUED
    work = take(ledger)
    assert (ledger.missing(work), ledger.ordered(work)) == (1, ())
    ledger.record(work, attempt(seed=1))
    assert ledger.settle(work) is JobStatus.SUCCEEDED
    assert ledger.delivered(job.id) == {recipe(1).digest}


def test_what_waits_for_a_person_is_told_from_what_one_rejected(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    assert ledger.waiting(job.id) == {recipe().digest}
    ledger.label_case(claimed(ledger).token, label(REJECT))
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW, seed=1))
    assert ledger.settle(work) is JobStatus.IN_REVIEW
    assert ledger.waiting(job.id) == {recipe(1).digest}


def test_when_a_person_rejects_the_last_the_job_says_so(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    ledger.label_case(claimed(ledger).token, label(REJECT))
    assert ledger.settle(take(ledger)) is JobStatus.FAILED
    assert "a person rejected it" in ledger.job(job.id, TENANT).problem


def test_fix_orders_the_correction(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    answer = label(FIX, correction=Edit(slots=(("title", "Mug"),)))
    assert ledger.label_case(claim.token, answer).status is JobStatus.QUEUED
    work = take(ledger)
    (order,) = ledger.ordered(work)
    assert (order.case_id, order.label) == (claim.case.id, answer)
    assert order.attempt == attempt(Outcome.REVIEW)
    assert ledger.missing(work) == 0, "what is ordered is on its way"
    ledger.record(work, attempt(seed=9), corrects=claim.case.id)
    assert ledger.ordered(work) == ()
    assert ledger.settle(work) is JobStatus.SUCCEEDED
    assert ledger.delivered(work.job.id) == {recipe(9).digest}


def test_a_correction_that_fails_comes_back_with_its_reason(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(FIX, correction=AGAIN))
    work = take(ledger)
    ledger.reopen(work, claim.case.id, "the clip has no frame 900")
    assert (ledger.ordered(work), ledger.missing(work)) == ((), 0)
    assert ledger.settle(work) is JobStatus.IN_REVIEW
    again = claimed(ledger)
    assert again.case.id == claim.case.id
    assert again.case.reasons == ("the clip has no frame 900", "text.length is too long (0)")
    assert again.case.answer is None


def test_the_same_correction_twice_comes_back(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(FIX, correction=AGAIN))
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW), corrects=claim.case.id)
    assert ledger.settle(work) is JobStatus.IN_REVIEW
    assert "made before" in ledger.case(claim.case.id, TENANT).reasons[0]


def test_a_corrected_candidate_in_doubt_goes_to_a_person(ledger: Ledger) -> None:
    in_review(ledger, brief())
    first = claimed(ledger)
    ledger.label_case(first.token, label(FIX, correction=AGAIN))
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW, seed=9), corrects=first.case.id)
    assert ledger.settle(work) is JobStatus.IN_REVIEW
    second = claimed(ledger)
    assert second.case.recipe_digest == recipe(9).digest
    assert ledger.label_case(second.token, label(PASS)).status is JobStatus.SUCCEEDED


def test_an_answer_sent_twice_counts_once(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    for _ in range(2):
        assert ledger.label_case(claim.token, label(PASS)).status is JobStatus.SUCCEEDED
    with pytest.raises(LeaseLost, match="answered by ada"):
        ledger.label_case(claim.token, label(REJECT))


def test_an_answer_sent_again_after_a_lost_reply_counts_once(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(REJECT, seconds=4.0))
    again = ledger.label_case(claim.token, label(REJECT, seconds=9.5))
    assert again.id == job.id, "the clock went on while the reviewer pressed the key again"
    (pace,) = ledger.queue_stats(TENANT).reviewers
    assert (pace.labels, pace.seconds_in_all) == (1, 4.0)
    with pytest.raises(LeaseLost, match="answered by ada"):
        ledger.label_case(claim.token, label(PASS))


def test_an_undo_sent_again_after_a_lost_reply_finds_the_case_waiting(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(PASS))
    for _ in range(2):
        case = ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
        assert (case.status, case.answer) == (CaseStatus.WAITING, None)
    with pytest.raises(TooLate):
        ledger.undo_label(claim.case.id, reviewer="ben", tenant=TENANT)


def test_a_correction_stands_with_fix_only(ledger: Ledger) -> None:
    in_review(ledger, brief())
    token = claimed(ledger).token
    for answer in (label(FIX), label(PASS, correction=AGAIN)):
        with pytest.raises(InvalidBrief, match="correction"):
            ledger.label_case(token, answer)


def test_an_answer_while_a_worker_has_the_job_is_not_overlooked(ledger: Ledger) -> None:
    (job,) = ledger.submit([brief(count=2)], tenant=TENANT)
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW))
    claim = claimed(ledger)
    assert ledger.label_case(claim.token, label(REJECT)).status is JobStatus.RUNNING
    ledger.record(work, attempt(seed=1))
    assert ledger.settle(work) is JobStatus.QUEUED, "another recipe may replace the rejected one"
    again = take(ledger)
    assert ledger.missing(again) == 1
    assert ledger.settle(again) is JobStatus.FAILED
    assert status(ledger, job.id) is JobStatus.FAILED


def test_enough_of_the_machines_own_withdraws_what_waits(ledger: Ledger) -> None:
    ledger.submit([brief()], tenant=TENANT)
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW))
    claim = claimed(ledger)
    ledger.record(work, attempt(seed=1))
    assert ledger.settle(work) is JobStatus.SUCCEEDED
    with pytest.raises(LeaseLost, match="no longer of interest"):
        ledger.label_case(claim.token, label(PASS))


def test_a_cancelled_job_withdraws_its_cases_and_corrections(ledger: Ledger) -> None:
    job = in_review(ledger, brief(count=2))
    work = None
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(FIX, correction=AGAIN))
    work = take(ledger)
    ledger.cancel(job.id, TENANT)
    with pytest.raises(LeaseLost):
        ledger.record(work, attempt(seed=9), corrects=claim.case.id)
    assert ledger.ordered(work) == ()
    other = in_review(ledger, brief("b"))
    held = claimed(ledger)
    ledger.cancel(other.id, TENANT)
    with pytest.raises(LeaseLost, match="cancelled"):
        ledger.label_case(held.token, label(PASS))


def test_a_worker_that_fails_gives_corrections_back_to_people(ledger: Ledger) -> None:
    job = in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(FIX, correction=AGAIN))
    assert ledger.fail(take(ledger), "no replica answers") is JobStatus.IN_REVIEW
    assert "no replica answers" in claimed(ledger).case.reasons[0]
    assert status(ledger, job.id) is JobStatus.IN_REVIEW


def test_what_a_person_passed_ships_though_the_machines_failed(ledger: Ledger) -> None:
    ledger.submit([brief()], tenant=TENANT)
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW))
    ledger.label_case(claimed(ledger).token, label(PASS))
    assert ledger.fail(work, "a bug") is JobStatus.SUCCEEDED
    assert ledger.job(work.job.id, TENANT).problem == ""


def test_a_job_that_takes_workers_down_keeps_its_cases(ledger: Ledger, clock: Clock) -> None:
    job = in_review(ledger, brief())
    ledger.label_case(claimed(ledger).token, label(FIX, correction=AGAIN))
    for _ in range(30):
        take(ledger)
        clock.now_s += 61
        ledger.reap()
    assert status(ledger, job.id) is JobStatus.IN_REVIEW
    assert "30 workers" in claimed(ledger).case.reasons[0]


# Taking back


@pytest.mark.parametrize("outcome", [PASS, FIX, REJECT])
def test_a_slip_is_taken_back(ledger: Ledger, outcome: LabelOutcome) -> None:
    job = in_review(ledger, brief())
    claim = claimed(ledger)
    correction = AGAIN if outcome is FIX else None
    ledger.label_case(claim.token, label(outcome, correction=correction))
    case = ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
    assert (case.status, case.answer) == (CaseStatus.WAITING, None)
    assert status(ledger, job.id) is JobStatus.IN_REVIEW
    assert ledger.delivered(job.id) == frozenset()
    again = claimed(ledger, prefer=claim.case.id)
    assert ledger.label_case(again.token, label(PASS)).status is JobStatus.SUCCEEDED


def test_a_slip_is_taken_back_out_of_a_workers_hands(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(FIX, correction=AGAIN))
    work = take(ledger)
    ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
    with pytest.raises(LeaseLost):
        ledger.record(work, attempt(seed=9), corrects=claim.case.id)
    assert len(ledger.attempts(work.job.id, TENANT)) == 1


def test_what_success_withdrew_waits_again_after_undo(ledger: Ledger) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT)
    work = take(ledger)
    for seed in (0, 1):
        ledger.record(work, attempt(Outcome.REVIEW, seed=seed))
    ledger.settle(work)
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(PASS))
    assert ledger.cases(TENANT).items == ()
    ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
    assert len(ledger.cases(TENANT).items) == 2
    assert status(ledger, job.id) is JobStatus.IN_REVIEW


def test_what_was_carried_out_stays(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    ledger.label_case(claim.token, label(REJECT))
    work = take(ledger)
    ledger.record(work, attempt(seed=1))
    with pytest.raises(TooLate, match="carried out"):
        ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)


def test_only_the_own_label_and_only_soon_is_taken_back(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    with pytest.raises(TooLate, match="no answer"):
        ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
    ledger.label_case(claim.token, label(PASS))
    with pytest.raises(TooLate, match="answered by ada"):
        ledger.undo_label(claim.case.id, reviewer="ben", tenant=TENANT)
    with pytest.raises(NotFound):
        ledger.undo_label(claim.case.id, reviewer="ada", tenant="another shop")
    clock.now_s += 121
    with pytest.raises(TooLate, match="older"):
        ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)


# Asking


def test_cases_are_listed_by_kind_and_status(ledger: Ledger) -> None:
    in_review(ledger, brief("a"))
    in_review(ledger, brief("b", kind=Kind.IMAGE))
    in_review(ledger, brief("c"))
    ledger.label_case(claimed(ledger).token, label(PASS))

    def skus(**narrow: object) -> list[str]:
        return [case.sku for case in ledger.cases(TENANT, **narrow).items]  # type: ignore[arg-type]

    assert skus() == ["b", "c"]
    assert skus(status=CaseStatus.LABELLED) == ["a"]
    assert skus(status=None, kind=Kind.TEXT) == ["a", "c"]
    page = ledger.cases(TENANT, status=None, limit=2)
    rest = ledger.cases(TENANT, status=None, limit=2, cursor=page.next_cursor)
    assert [case.sku for case in (*page.items, *rest.items)] == ["a", "b", "c"]


def test_a_case_knows_its_candidate_and_its_answer(ledger: Ledger) -> None:
    in_review(ledger, brief())
    claim = claimed(ledger)
    assert ledger.case_attempt(claim.case) == attempt(Outcome.REVIEW)
    assert ledger.case_label(claim.case) is None
    ledger.label_case(claim.token, label(PASS, faults=(fault(),)))
    answered = ledger.case(claim.case.id, TENANT)
    assert ledger.case_label(answered) == label(PASS, faults=(fault(),))
    with pytest.raises(NotFound):
        ledger.case(claim.case.id, "another shop")
