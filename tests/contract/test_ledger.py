"""What every ledger must do, whatever database it stands on."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from content_engine.errors import (
    Conflict,
    GenerationFailed,
    InvalidBrief,
    InvalidSettings,
    LeaseLost,
    NotFound,
)
from content_engine.ledger import Ledger
from content_engine.types import Claim, Digest, Job, JobStatus, Kind, Lane, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, recipe
from tests.ledgers import plan_of, run_sql

LEASE_S = 60.0


def claim_one(ledger: Ledger, worker: str = "w", *, kinds: tuple[Kind, ...] = tuple(Kind)) -> Claim:
    claims = ledger.claim(worker, kinds=kinds, limit=1, lease_s=LEASE_S)
    assert len(claims) == 1, "nothing to claim"
    return claims[0]


def submit_one(ledger: Ledger, **changes: object) -> Job:
    (job,) = ledger.submit([brief(**changes)], tenant=TENANT)  # type: ignore[arg-type]
    return job


def names(ledger: Ledger, job: Job) -> list[str]:
    return [event.name for event in ledger.events(job.id, TENANT, after=0)]


# Submitting


def test_what_is_submitted_can_be_read(ledger: Ledger) -> None:
    jobs = ledger.submit([brief("a"), brief("b", count=2)], tenant=TENANT, batch="feed-1")
    assert [job.status for job in jobs] == [JobStatus.QUEUED] * 2
    assert ledger.job(jobs[1].id, TENANT) == jobs[1]
    row = ledger.job_row(jobs[0].id, TENANT)
    assert (row.sku, row.kind, row.batch, row.status) == (
        "a",
        Kind.TEXT,
        "feed-1",
        JobStatus.QUEUED,
    )
    assert names(ledger, jobs[0]) == ["queued"]


def test_ids_sort_by_time(ledger: Ledger) -> None:
    ids = [job.id for job in ledger.submit([brief()] * 100, tenant=TENANT)]
    assert ids == sorted(set(ids))


def test_the_same_key_gives_the_same_jobs(ledger: Ledger) -> None:
    first = ledger.submit([brief("a"), brief("b")], tenant=TENANT, key="k")
    claim = claim_one(ledger)
    again = ledger.submit([brief("a"), brief("b")], tenant=TENANT, key="k")
    assert [job.id for job in again] == [job.id for job in first]
    assert again[0].status is JobStatus.RUNNING
    assert again[0].id == claim.job.id
    assert sum(ledger.counts(TENANT).values()) == 2


def test_the_same_key_for_other_briefs_is_a_conflict(ledger: Ledger) -> None:
    ledger.submit([brief("a")], tenant=TENANT, key="k")
    with pytest.raises(Conflict, match="'k'"):
        ledger.submit([brief("b")], tenant=TENANT, key="k")
    ledger.submit([brief("b")], tenant="another shop", key="k")
    assert sum(ledger.counts(TENANT).values()) == 1


def test_without_a_key_every_submission_is_new(ledger: Ledger) -> None:
    assert submit_one(ledger).id != submit_one(ledger).id


def test_nothing_is_an_empty_submission(ledger: Ledger) -> None:
    assert ledger.submit([], tenant=TENANT, key="k") == ()


def test_another_tenant_sees_nothing(ledger: Ledger) -> None:
    job = submit_one(ledger)
    for ask in (ledger.job, ledger.job_row, ledger.attempts, ledger.cancel):
        with pytest.raises(NotFound, match=job.id):
            ask(job.id, "stranger")
    with pytest.raises(NotFound):
        ledger.events(job.id, "stranger", after=0)
    assert ledger.jobs("stranger").items == ()
    assert ledger.job(job.id, TENANT).status is JobStatus.QUEUED


def test_products_are_replaced(ledger: Ledger) -> None:
    old, new = brief("a").product, brief("a", seed=1).product
    ledger.put_product(old, TENANT)
    ledger.put_product(new, TENANT)
    assert ledger.get_product("a", TENANT) == new
    with pytest.raises(NotFound, match="'b'"):
        ledger.get_product("b", TENANT)


def test_products_are_listed_by_sku_to_their_tenant_alone(ledger: Ledger) -> None:
    products = {sku: brief(sku).product for sku in ("c", "a", "b")}
    for product in products.values():
        ledger.put_product(product, TENANT)
    assert ledger.products(TENANT) == (products["a"], products["b"], products["c"])
    assert ledger.products(TENANT, limit=1) == (products["a"],)
    assert ledger.products("stranger") == ()


def test_assets_belong_to_who_brought_or_made_them(ledger: Ledger) -> None:
    photo, made = Digest("a" * 64), Digest("b" * 64)
    for _ in range(2):
        ledger.own_asset(photo, TENANT)
    submit_one(ledger)
    ledger.record(claim_one(ledger), attempt(digest=made))
    for digest in (photo, made):
        assert ledger.owns_asset(digest, TENANT)
        assert not ledger.owns_asset(digest, "stranger")
    assert not ledger.owns_asset(Digest("c" * 64), TENANT)


# Claiming


def test_interactive_goes_first_then_the_oldest(ledger: Ledger) -> None:
    order = [
        submit_one(ledger, sku="bulk-1"),
        submit_one(ledger, sku="shopper", lane=Lane.INTERACTIVE, kind=Kind.IMAGE),
        submit_one(ledger, sku="bulk-2"),
    ]
    claims = ledger.claim("w", kinds=tuple(Kind), limit=3, lease_s=LEASE_S)
    assert [claim.job.id for claim in claims] == [order[1].id, order[0].id, order[2].id]
    assert all(claim.job.status is JobStatus.RUNNING for claim in claims)


def test_only_the_asked_kinds_are_claimed(ledger: Ledger) -> None:
    submit_one(ledger, kind=Kind.IMAGE)
    assert ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=LEASE_S) == ()
    assert claim_one(ledger, kinds=(Kind.IMAGE,)).job.brief.kind is Kind.IMAGE


def test_a_job_is_claimed_once(ledger: Ledger) -> None:
    submit_one(ledger)
    claim_one(ledger)
    assert ledger.claim("other", kinds=tuple(Kind), limit=9, lease_s=LEASE_S) == ()


def test_threads_never_share_a_job(ledger: Ledger) -> None:
    ledger.submit([brief(seed=seed) for seed in range(200)], tenant=TENANT)
    taken: list[str] = []

    def work(worker: str) -> None:
        while claims := ledger.claim(worker, kinds=(Kind.TEXT,), limit=7, lease_s=LEASE_S):
            taken.extend(claim.job.id for claim in claims)

    threads = [threading.Thread(target=work, args=(f"w{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200


# Leases


def test_an_expired_lease_is_reaped_and_its_worker_locked_out(ledger: Ledger, clock: Clock) -> None:
    job = submit_one(ledger)
    old = claim_one(ledger, "dead")
    ledger.record(old, attempt(Outcome.REJECT))
    clock.now_s += LEASE_S + 1
    with pytest.raises(LeaseLost, match=job.id):
        ledger.record(old, attempt(seed=1))
    assert ledger.reap() == 1
    new = claim_one(ledger, "alive")
    with pytest.raises(LeaseLost):
        ledger.settle(old)
    assert ledger.tried(new) == {recipe(0).digest}, "records of the dead worker must stay"
    ledger.record(new, attempt(seed=1))
    assert ledger.settle(new) is JobStatus.SUCCEEDED
    assert ledger.reap() == 0


def test_extending_keeps_the_lease(ledger: Ledger, clock: Clock) -> None:
    submit_one(ledger)
    claim = claim_one(ledger)
    clock.now_s += LEASE_S - 1
    (longer,) = ledger.extend([claim], LEASE_S)
    assert longer.lease_until > claim.lease_until
    clock.now_s += LEASE_S - 1
    assert ledger.reap() == 0
    ledger.record(claim, attempt())


def test_extending_tells_which_claims_are_lost(ledger: Ledger) -> None:
    jobs = ledger.submit([brief("a"), brief("b")], tenant=TENANT)
    claims = ledger.claim("w", kinds=(Kind.TEXT,), limit=2, lease_s=LEASE_S)
    ledger.cancel(jobs[0].id, TENANT)
    assert [claim.job.id for claim in ledger.extend(claims, LEASE_S)] == [jobs[1].id]


def test_a_job_that_takes_thirty_workers_down_fails(ledger: Ledger, clock: Clock) -> None:
    job = submit_one(ledger)
    reaped = []
    for _ in range(30):
        claim_one(ledger)
        clock.now_s += LEASE_S + 1
        reaped.append(ledger.reap())
    assert reaped == [1] * 29 + [0]
    failed = ledger.job(job.id, TENANT)
    assert failed.status is JobStatus.FAILED
    assert failed.problem == "30 workers took this job and none came back"


def test_release_puts_the_job_back(ledger: Ledger) -> None:
    job = submit_one(ledger)
    ledger.release(claim_one(ledger))
    assert claim_one(ledger).job.id == job.id


# Recording and settling


def test_a_recipe_is_recorded_once(ledger: Ledger) -> None:
    job = submit_one(ledger, count=2)
    claim = claim_one(ledger)
    ledger.record(claim, attempt(Outcome.REVIEW))
    ledger.record(claim, attempt(Outcome.REVIEW))
    assert ledger.attempts(job.id, TENANT) == (attempt(Outcome.REVIEW),)
    assert len(ledger.cases(TENANT).items) == 1
    assert ledger.missing(claim) == 1


@pytest.mark.parametrize(
    ("count", "outcomes", "missing", "status"),
    [
        (1, [Outcome.ACCEPT], 0, JobStatus.SUCCEEDED),
        (1, [Outcome.REPAIR, Outcome.ACCEPT], 0, JobStatus.SUCCEEDED),
        (1, [Outcome.ACCEPT, Outcome.ACCEPT], 0, JobStatus.SUCCEEDED),
        (1, [Outcome.ACCEPT, Outcome.REVIEW], 0, JobStatus.SUCCEEDED),
        (2, [Outcome.ACCEPT, Outcome.REVIEW], 0, JobStatus.IN_REVIEW),
        (2, [Outcome.REVIEW], 1, JobStatus.IN_REVIEW),
        (1, [Outcome.REVIEW, Outcome.REVIEW], 0, JobStatus.IN_REVIEW),
        (2, [Outcome.ACCEPT], 1, JobStatus.FAILED),
        (1, [Outcome.REJECT], 1, JobStatus.FAILED),
        (1, [], 1, JobStatus.FAILED),
    ],
)
def test_settling(
    ledger: Ledger, count: int, outcomes: list[Outcome], missing: int, status: JobStatus
) -> None:
    job = submit_one(ledger, count=count)
    claim = claim_one(ledger)
    for seed, outcome in enumerate(outcomes):
        ledger.record(claim, attempt(outcome, seed=seed))
    assert ledger.missing(claim) == missing
    assert ledger.settle(claim) is status
    assert ledger.job(job.id, TENANT).status is status
    with pytest.raises(LeaseLost):
        ledger.settle(claim)


def test_a_failed_job_names_its_best_reason(ledger: Ledger) -> None:
    job = submit_one(ledger)
    claim = claim_one(ledger)
    ledger.record_failure(claim, recipe(7), GenerationFailed("the photo is missing"))
    ledger.record(claim, attempt(Outcome.REJECT, seed=1))
    ledger.record(claim, attempt(Outcome.REPAIR, seed=2))
    ledger.settle(claim)
    assert ledger.job(job.id, TENANT).problem == (
        "no candidate was accepted in 3 tries; the best ended as REPAIR: text.length is too long (2)"
    )


def test_a_recipe_that_gave_nothing_is_tried_but_no_attempt(ledger: Ledger) -> None:
    job = submit_one(ledger)
    claim = claim_one(ledger)
    ledger.record_failure(claim, recipe(), GenerationFailed("no product in the photo"))
    assert ledger.tried(claim) == {recipe().digest}
    assert ledger.attempts(job.id, TENANT) == ()
    ledger.settle(claim)
    problem = ledger.job(job.id, TENANT).problem
    assert problem == "nothing could be made in one try: no product in the photo"


def test_events_tell_the_story_in_order(ledger: Ledger) -> None:
    job = submit_one(ledger)
    claim = claim_one(ledger)
    ledger.record(claim, attempt())
    ledger.settle(claim)
    events = ledger.events(job.id, TENANT, after=0)
    assert [event.name for event in events] == ["queued", "running", "attempt", "succeeded"]
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})
    assert json.loads(events[2].detail)["outcome"] == "ACCEPT"
    assert ledger.events(job.id, TENANT, after=events[2].sequence) == events[3:]


def test_cancelling_stops_the_worker_and_withdraws_its_cases(ledger: Ledger) -> None:
    job = submit_one(ledger, count=2)
    claim = claim_one(ledger)
    ledger.record(claim, attempt(Outcome.REVIEW))
    assert ledger.cancel(job.id, TENANT).status is JobStatus.CANCELLED
    for write in (
        lambda: ledger.record(claim, attempt(seed=1)),
        lambda: ledger.record_failure(claim, recipe(2), GenerationFailed("x")),
        lambda: ledger.settle(claim),
        lambda: ledger.fail(claim, "x"),
        lambda: ledger.release(claim),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert ledger.cases(TENANT).items == ()
    assert ledger.cancel(job.id, TENANT).status is JobStatus.CANCELLED
    assert names(ledger, job) == ["queued", "running", "attempt", "case_opened", "cancelled"]


def test_what_is_finished_is_not_cancelled(ledger: Ledger) -> None:
    job = submit_one(ledger)
    claim = claim_one(ledger)
    ledger.record(claim, attempt())
    ledger.settle(claim)
    assert ledger.cancel(job.id, TENANT).status is JobStatus.SUCCEEDED


# Asking


def test_pages_stay_while_jobs_arrive(ledger: Ledger) -> None:
    old = [job.id for job in ledger.submit([brief(seed=n) for n in range(7)], tenant=TENANT)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = ledger.jobs(TENANT, cursor=cursor, limit=3)
        seen += [job.id for job in page.items]
        ledger.submit([brief("new")], tenant=TENANT)
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == old[::-1]


def test_jobs_are_narrowed(ledger: Ledger) -> None:
    text, image, other = (
        submit_one(ledger),
        submit_one(ledger, kind=Kind.IMAGE),
        submit_one(ledger, sku="m-2"),
    )
    ledger.cancel(text.id, TENANT)

    def found(**narrow: object) -> list[str]:
        return [job.id for job in ledger.jobs(TENANT, **narrow).items]  # type: ignore[arg-type]

    assert found(status=JobStatus.CANCELLED) == [text.id]
    assert found(kind=Kind.IMAGE) == [image.id]
    assert found(sku="m-2") == [other.id]
    assert found(sku="m-1", status=JobStatus.QUEUED) == [image.id]
    assert found(sku="m-2", kind=Kind.IMAGE) == []


def test_a_foreign_cursor_is_refused(ledger: Ledger) -> None:
    for cursor in ("abc", "-1", "9" * 40, "١"):
        with pytest.raises(InvalidBrief, match="no cursor"):
            ledger.jobs(TENANT, cursor=cursor)


def test_batches_are_counted_and_listed(ledger: Ledger) -> None:
    jobs = ledger.submit([brief("a"), brief("b")], tenant=TENANT, batch="feed")
    submit_one(ledger)
    ledger.cancel(jobs[0].id, TENANT)
    counts = ledger.batch_counts("feed", TENANT)
    assert (counts[JobStatus.QUEUED], counts[JobStatus.CANCELLED]) == (1, 1)
    first = ledger.batch_rows("feed", TENANT, limit=1)
    rest = ledger.batch_rows("feed", TENANT, cursor=first.next_cursor)
    assert [row.id for row in (*first.items, *rest.items)] == [job.id for job in jobs]
    with pytest.raises(NotFound):
        ledger.batch_counts("none", TENANT)


def test_costs_add_up(ledger: Ledger) -> None:
    submit_one(ledger, count=3)
    claim = claim_one(ledger)
    for seed in range(3):
        ledger.record(claim, attempt(seed=seed))
    (cost,) = ledger.costs(TENANT)
    assert (cost.kind, cost.device, cost.outcome, cost.attempts, cost.seconds) == (
        Kind.TEXT,
        "cpu",
        "ACCEPT",
        3,
        0.75,
    )


# Waking


def test_the_pulse_tells_of_writes_by_anyone(ledger: Ledger, ledger_url: str) -> None:
    other = Ledger.open(ledger_url)
    quiet = ledger.pulse()
    assert ledger.pulse() == quiet
    other.submit([brief()], tenant=TENANT)
    heard = ledger.pulse()
    assert heard != quiet
    ledger.submit([brief()], tenant=TENANT)
    assert ledger.pulse() != heard
    other.close()


def test_listeners_hear_writes_of_this_process(ledger: Ledger) -> None:
    heard: list[str] = []
    stop = ledger.listen(lambda: heard.append("write"))
    submit_one(ledger)
    stop()
    submit_one(ledger)
    assert heard == ["write"]


def test_asking_in_vain_wakes_nobody(ledger: Ledger) -> None:
    heard: list[str] = []
    ledger.listen(lambda: heard.append("write"))
    quiet = ledger.pulse()
    assert ledger.claim("w", kinds=tuple(Kind), limit=1, lease_s=LEASE_S) == ()
    assert ledger.reap() == 0
    assert (ledger.pulse(), heard) == (quiet, [])


# Opening


def test_a_ledger_survives_being_closed(ledger: Ledger, ledger_url: str) -> None:
    job = submit_one(ledger)
    ledger.close()
    again = Ledger.open(ledger_url)
    assert again.job(job.id, TENANT).brief == job.brief
    again.close()


def test_a_newer_ledger_is_refused(ledger: Ledger, ledger_url: str) -> None:
    ledger.close()
    ((version,),) = run_sql(ledger_url, "SELECT version FROM ledger_version")
    run_sql(ledger_url, "UPDATE ledger_version SET version = 99")
    try:
        with pytest.raises(InvalidSettings, match="schema 99"):
            Ledger.open(ledger_url)
    finally:
        run_sql(ledger_url, f"UPDATE ledger_version SET version = {version}")


def test_doors_and_dispatchers_may_start_at_once(ledger_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        ledgers = list(pool.map(Ledger.open, [ledger_url] * 6))
    first, *others = ledgers
    before = [each.pulse() for each in others]
    (job,) = first.submit([brief()], tenant=TENANT)
    assert all(each.job_row(job.id, TENANT).id == job.id for each in others)
    assert all(each.pulse() != old for each, old in zip(others, before, strict=True))
    assert all(each.pulse() == each.pulse() for each in others)
    for each in ledgers:
        each.close()


def test_claiming_reads_an_index_however_much_is_done(ledger: Ledger, ledger_url: str) -> None:
    job = submit_one(ledger)
    columns = "tenant, submission_key, batch, kind, sku, lane, wanted, created_at_us, updated_at_us"
    run_sql(
        ledger_url,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        f" INSERT INTO job (id, status, {columns}) SELECT 'j' || i, CASE WHEN i < 19000 THEN"
        f" 'succeeded' ELSE 'queued' END, {columns} FROM n, job WHERE job.id = '{job.id}'",
    )
    asked = {"kind": "text", "lane": 1, "tenant": TENANT, "limit": 5}
    plan = plan_of(ledger_url, "job", "claimable", asked)
    assert "job_claimable" in plan, plan
    assert "Sort" not in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    (claim,) = ledger.claim("w", kinds=tuple(Kind), limit=1, lease_s=LEASE_S)
    assert claim.job.id == job.id


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_unusable_places_are_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="ledger"):
        Ledger.open(url)


def test_a_failed_write_leaves_nothing(ledger: Ledger) -> None:
    submit_one(ledger)
    claim = claim_one(ledger)
    lost = Claim(job=claim.job, token="other", lease_until=claim.lease_until)
    with pytest.raises(LeaseLost):
        ledger.record(lost, attempt())
    assert ledger.tried(claim) == frozenset()
    ledger.record(claim, attempt())


def test_a_lane_can_be_claimed_by_itself(ledger: Ledger) -> None:
    bulk, urgent = ledger.submit(
        [brief(lane=Lane.BULK), brief(lane=Lane.INTERACTIVE)], tenant=TENANT
    )

    def claimed(lane: Lane) -> list[str]:
        claims = ledger.claim("w", kinds=[Kind.TEXT], limit=5, lease_s=LEASE_S, lane=lane)
        return [claim.job.id for claim in claims]

    assert claimed(Lane.INTERACTIVE) == [urgent.id]
    assert claimed(Lane.INTERACTIVE) == []
    assert claimed(Lane.BULK) == [bulk.id]


def test_cancelled_jobs_are_told_from_the_others(ledger: Ledger) -> None:
    jobs = [submit_one(ledger) for _ in range(3)]
    ledger.cancel(jobs[1].id, TENANT)
    assert ledger.cancelled([job.id for job in jobs]) == {jobs[1].id}
    assert ledger.cancelled(tuple(job.id for job in jobs)) == {jobs[1].id}, "any sequence will do"
    assert ledger.cancelled([]) == frozenset()
