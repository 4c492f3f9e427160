"""What the ledger can tell afterwards: an asset's whole story, how the queue stands, how fast."""

import json
import time
from dataclasses import replace

import pytest

from content_engine.errors import GenerationFailed, NotFound
from content_engine.ledger import Ledger
from content_engine.review import CaseClaim, LabelOutcome, Regenerate, Trim
from content_engine.types import (
    Attempt,
    Digest,
    Evidence,
    Ingredient,
    Kind,
    Lane,
    Outcome,
    Severity,
)
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
from tests.ledgers import plan_of, run_sql

PASS, FIX, REJECT = LabelOutcome
CLIP, TRIMMED, PHOTO = (Digest(letter * 64) for letter in "abc")


def claimed(ledger: Ledger) -> CaseClaim:
    claim = ledger.claim_case("ada", tenant=TENANT)
    assert claim is not None, "no case to claim"
    return claim


def made_from(judged: Attempt, *digests: Digest) -> Attempt:
    """The attempt, its recipe with these ingredients."""
    taken = tuple(Ingredient(role="photo", digest=digest) for digest in digests)
    order = replace(judged.candidate.recipe, ingredients=taken)
    return replace(judged, candidate=replace(judged.candidate, recipe=order))


def trimmed(ledger: Ledger) -> str:
    """The id of a job whose clip was trimmed by a person and then delivered."""
    first = made_from(attempt(Outcome.REVIEW, digest=CLIP, faults=(fault(),)), PHOTO)
    job = in_review(ledger, brief(), judged=first)
    seen = Evidence(kind="vanish", severity=Severity.MAJOR, message="", frames=(96, 112))
    answer = label(FIX, correction=Trim(frames=(96, 112)), faults=(seen,))
    case = claimed(ledger)
    ledger.label_case(case.token, answer)
    work = take(ledger)
    second = made_from(attempt(seed=1, digest=TRIMMED), CLIP)
    ledger.record(work, second, corrects=case.case.id)
    ledger.settle(work)
    return job.id


def test_a_delivery_that_was_taken_back_stays_told(ledger: Ledger) -> None:
    (job,) = ledger.submit([brief()], tenant=TENANT)
    work = take(ledger)
    ledger.record(work, attempt(Outcome.REVIEW))
    ledger.settle(work)
    claim = ledger.claim_case("ada", tenant=TENANT)
    assert claim is not None
    ledger.label_case(claim.token, label(LabelOutcome.PASS))
    ledger.undo_label(claim.case.id, reviewer="ada", tenant=TENANT)
    told = [item.words for item in ledger.job_history(job.id, TENANT)]
    assert told[-2:] == [f"delivered: {recipe().digest[:8]}", "ada took the answer back"]


def test_the_story_runs_from_the_request_to_the_delivery(ledger: Ledger) -> None:
    trimmed(ledger)
    story = ledger.history(TRIMMED, TENANT)
    assert [item.name for item in story] == [
        "submitted",
        "generated",
        "judged",
        "case_opened",
        "case_claimed",
        "labelled",
        "generated",
        "judged",
        "delivered",
    ]
    assert [item.at for item in story] == sorted(item.at for item in story)
    assert story[5].words == "sent back by ada in 4 s to trim, saw vanish in frames 96 to 112"
    assert "correcting" in story[6].words
    assert json.loads(story[1].detail)["assets"] == [{"role": "copy", "digest": CLIP}]
    assert json.loads(story[2].detail)["scores"] == [
        {"metric": "text.length", "value": 9.0, "asset": ""}
    ]
    assert story[8].words == f"delivered: {story[6].recipe[:8]}"


def test_the_story_is_the_same_from_both_ends(ledger: Ledger) -> None:
    job_id = trimmed(ledger)
    story = ledger.history(TRIMMED, TENANT)
    assert ledger.history(CLIP, TENANT) == story
    assert ledger.job_history(job_id, TENANT) == story
    assert ledger.history(PHOTO, TENANT) == story, "a photo's story is that of what took it"


def test_a_correction_without_the_old_asset_is_followed_too(ledger: Ledger) -> None:
    in_review(ledger, brief(), judged=attempt(Outcome.REVIEW, digest=CLIP))
    case = claimed(ledger)
    ledger.label_case(case.token, label(FIX, correction=Regenerate(seed=1)))
    work = take(ledger)
    ledger.record(work, attempt(seed=1, digest=TRIMMED), corrects=case.case.id)
    ledger.settle(work)
    assert ledger.history(CLIP, TENANT) == ledger.history(TRIMMED, TENANT)


def test_other_candidates_of_the_job_are_another_story(ledger: Ledger) -> None:
    in_review(ledger, brief(), judged=attempt(Outcome.REVIEW, digest=CLIP))
    ledger.label_case(claimed(ledger).token, label(REJECT))
    work = take(ledger)
    ledger.record_failure(work, recipe(5), GenerationFailed("no product in the photo"))
    ledger.record(work, attempt(seed=1, digest=TRIMMED))
    ledger.settle(work)
    told = [item.name for item in ledger.history(TRIMMED, TENANT)]
    assert told == ["submitted", "generated", "judged", "delivered"]
    whole = [item.name for item in ledger.job_history(work.job.id, TENANT)]
    assert whole.count("generated") == 2
    assert "failed_to_generate" in whole


def test_undone_answers_and_refused_corrections_are_told(ledger: Ledger) -> None:
    job = in_review(ledger, brief(), judged=attempt(Outcome.REVIEW, digest=CLIP))
    case = claimed(ledger)
    ledger.label_case(case.token, label(REJECT))
    ledger.undo_label(case.case.id, reviewer="ada", tenant=TENANT)
    ledger.label_case(claimed(ledger).token, label(FIX, correction=Trim(frames=(0, 900))))
    work = take(ledger)
    ledger.reopen(work, case.case.id, "the clip has 240 frames")
    ledger.settle(work)
    ledger.cancel(job.id, TENANT)
    told = [(item.name, item.words) for item in ledger.history(CLIP, TENANT)][4:]
    assert [name for name, _ in told] == [
        "case_claimed",
        "labelled",
        "label_undone",
        "case_claimed",
        "labelled",
        "case_reopened",
        "cancelled",
    ]
    assert told[5][1] == "back before a person: the clip has 240 frames"


def test_nothing_is_told_of_the_unknown_or_to_others(ledger: Ledger) -> None:
    trimmed(ledger)
    for digest, tenant in ((Digest("f" * 64), TENANT), (CLIP, "another shop")):
        with pytest.raises(NotFound):
            ledger.history(digest, tenant)


# The queue in numbers


def test_waiting_cases_are_counted_by_kind_and_age(ledger: Ledger, clock: Clock) -> None:
    in_review(ledger, brief("old", price="100"))
    clock.now_s += 8 * 86_400
    in_review(ledger, brief("yesterday", kind=Kind.IMAGE))
    clock.now_s += 23 * 3_600
    in_review(ledger, brief("new", lane=Lane.INTERACTIVE))
    claimed(ledger)
    waiting = ledger.queue_stats(TENANT).waiting
    rows = [(row.kind, row.age, row.cases, row.held) for row in waiting]
    assert rows == [
        (Kind.TEXT, "hour", 1, 1),
        (Kind.IMAGE, "day", 1, 0),
        (Kind.TEXT, "older", 1, 0),
    ]
    assert waiting[2].value_at_risk == 50.0


def test_answers_make_rates_pace_and_faults(ledger: Ledger, clock: Clock) -> None:
    for outcome, seconds in ((PASS, 2.0), (PASS, 4.0), (REJECT, 9.0)):
        judged = attempt(Outcome.REVIEW, faults=(fault(), fault()))
        job = in_review(ledger, brief(), judged=judged)
        seen = (fault(kind="material"),) if outcome is REJECT else ()
        answer = label(outcome, faults=seen, seconds=seconds)
        ledger.label_case(claimed(ledger).token, answer)
        ledger.cancel(job.id, TENANT)
    undone = claimed_again(ledger)
    stats = ledger.queue_stats(TENANT)
    (made,) = stats.decided
    assert (made.reviewed, made.passed, made.refused) == (4, 2, 1)
    (pace,) = stats.reviewers
    assert (pace.labels, pace.seconds_median, pace.labels_last_hour) == (3, 4.0, 3)
    counts = {(row.fault, row.named_by): row.cases for row in stats.faults}
    assert counts == {("number", "judge"): 3, ("material", "person"): 1}
    (day,) = stats.days
    assert (day.opened, day.answered) == (4, 3)
    clock.now_s += 31 * 86_400
    assert ledger.queue_stats(TENANT).reviewers == ()
    assert ledger.case(undone, TENANT).answer is None


def test_known_answers_are_counted_by_reviewer(ledger: Ledger) -> None:
    for agreed in (True, False, True, None):
        job = in_review(ledger, brief(), judged=attempt(Outcome.REVIEW))
        told = replace(label(REJECT), agreed=agreed, comment='not "agreed":true by me')
        ledger.label_case(claimed(ledger).token, told)
        ledger.cancel(job.id, TENANT)
    (pace,) = ledger.queue_stats(TENANT).reviewers
    assert (pace.labels, pace.known, pace.agreed) == (4, 3, 2)


def claimed_again(ledger: Ledger) -> str:
    """A case that was answered by mistake: its answer, taken back, counts nowhere."""
    in_review(ledger, brief())
    case = claimed(ledger)
    ledger.label_case(case.token, label(REJECT, faults=(fault(kind="size"),)))
    ledger.undo_label(case.case.id, reviewer="ada", tenant=TENANT)
    return case.case.id


# How fast


def test_claiming_reads_an_index_however_long_the_queue(ledger: Ledger, ledger_url: str) -> None:
    job = in_review(ledger, brief())
    run_sql(
        ledger_url,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO review_case (id, tenant, job_id, recipe_sha256, reasons, opened_at_us, kind,"
        " sku, backend, due_day, value_at_risk)"
        " SELECT 'c' || i, tenant, job_id, 'r' || i, reasons, opened_at_us, kind, sku, backend,"
        f" due_day + mod(i, 7), mod(i, 97) FROM n, review_case WHERE job_id = '{job.id}'",
    )
    words = plan_of(
        ledger_url, "review_case", "next_case", {"tenant": TENANT, "kind": "text", "now_us": 1}
    )
    assert "case_queue" in words, words
    assert "TEMP B-TREE" not in words, f"the queue is sorted anew at each claim: {words}"
    assert "Sort" not in words, f"the queue is sorted anew at each claim: {words}"
    began = time.process_time()
    for reviewer in range(50):
        assert ledger.claim_case(f"r{reviewer}", tenant=TENANT) is not None
    assert time.process_time() - began < 1.0, "a claim must not walk the queue"
