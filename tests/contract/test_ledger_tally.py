"""A batch's counts, kept as its jobs move, agree with the jobs themselves, whatever happens."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from content_engine.batches import FeedLine
from content_engine.feeds import FeedItem
from content_engine.feeds.kept import ITEM, kept_product
from content_engine.intake import take_in
from content_engine.ledger import Ledger
from content_engine.ledger.sql import VERSION
from content_engine.review import LabelOutcome
from content_engine.types import Claim, JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, Clock, attempt, brief, label, recipe
from tests.ledgers import run_sql

LEASE_S = 60.0
COUNTED = "SELECT status, count(*) FROM job WHERE item / 4294967296 = {batch} GROUP BY status"
SPENT = """SELECT {column}, sum({seconds}) FROM attempt JOIN job ON job.id = attempt.job_id
WHERE item / 4294967296 = {batch} AND {seconds} > 0 GROUP BY {column}"""
ATTEMPTS = """SELECT count(*) FROM attempt JOIN job ON job.id = attempt.job_id
WHERE item / 4294967296 = {batch}"""


class Play:
    """Everything that moves a batch's jobs, in an order that dice give."""

    def __init__(self, ledger: Ledger, clock: Clock, *, seed: int) -> None:
        self.ledger = ledger
        self.clock = clock
        self.dice = random.Random(seed)
        self.claims: list[Claim] = []
        orders = (brief("", count=2), brief("", seed=1))
        started = ledger.start_batch(orders, tenant=TENANT)
        products = [brief(f"sku-{number}").product for number in range(1, 9)]
        items = [FeedItem(line=n, product=each, photos=()) for n, each in enumerate(products, 1)]
        lines = [
            FeedLine(line=item.line, sku=item.product.sku, form=ITEM, body=kept_product(item))
            for item in items
        ]
        *_, self.batch = take_in(started, iter(lines), ledger=ledger)

    def step(self) -> None:
        """One of the things that happen."""
        happens: list[Callable[[], object]] = [
            self.claim,
            self.judge,
            self.judge,
            self.end,
            self.answer,
            self.forget,
            self.outlive,
            self.cancel,
        ]
        self.dice.choice(happens)()

    def claim(self) -> None:
        limit = self.dice.randint(1, 4)
        self.claims += self.ledger.claim("w", kinds=(Kind.TEXT,), limit=limit, lease_s=LEASE_S)

    def judge(self) -> None:
        if self.claims:
            outcome = self.dice.choice(list(Outcome))
            made = attempt(outcome, seed=self.dice.randint(0, 3))
            device, judged_on = self.dice.choices(("cpu", "cuda:0"), k=2)
            judged = replace(
                made,
                candidate=replace(made.candidate, device=device),
                judged_s=0.5,
                judged_on=judged_on,
            )
            self.ledger.record(self.dice.choice(self.claims), judged)

    def end(self) -> None:
        if not self.claims:
            return
        claim = self.claims.pop(self.dice.randrange(len(self.claims)))
        self.dice.choice(
            [
                lambda: self.ledger.settle(claim),
                lambda: self.ledger.fail(claim, "why"),
                lambda: self.ledger.release(claim),
            ]
        )()

    def answer(self) -> None:
        taken = self.ledger.claim_case("ada", tenant=TENANT)
        if taken is not None:
            said = self.dice.choice([LabelOutcome.PASS, LabelOutcome.REJECT])
            self.ledger.label_case(taken.token, label(said))

    def forget(self) -> None:
        for row in self.ledger.batch_rows(self.batch.id, TENANT).items[:1]:
            if row.status.is_final:
                self.ledger.make_again(row.id, recipe(self.dice.randint(0, 3)).digest)

    def outlive(self) -> None:
        self.clock.now_s += LEASE_S
        self.claims.clear()
        self.ledger.reap()

    def cancel(self) -> None:
        held = {claim.job.id for claim in self.claims}
        for row in self.ledger.batch_rows(self.batch.id, TENANT).items[-1:]:
            if row.id not in held:
                self.ledger.cancel(row.id, TENANT)


def agree(play: Play, url: str) -> None:
    """Raises AssertionError where the counts of the batch are not those of its rows."""
    told = play.ledger.batch_progress(play.batch.id, TENANT)
    counted = run_sql(url, COUNTED.format(batch=play.batch.sequence))
    found = dict(cast("list[tuple[str, int]]", counted))
    jobs = {status.value: found.get(status.value, 0) for status in JobStatus}
    waiting = play.batch.briefs - sum(jobs.values())
    assert told.counts == {"waiting": waiting, **jobs}
    assert [(told.attempts,)] == run_sql(url, ATTEMPTS.format(batch=play.batch.sequence))
    assert told.made_s == went(play, url, "device", "seconds")
    assert told.judged_s == went(play, url, "judged_on", "judged_s")


def went(play: Play, url: str, column: str, seconds: str) -> object:
    """What the rows say of where how many seconds went."""
    asked = SPENT.format(column=column, seconds=seconds, batch=play.batch.sequence)
    return pytest.approx(dict(cast("list[tuple[str, float]]", run_sql(url, asked))))


@pytest.mark.parametrize("seed", range(2))
def test_counts_agree_with_the_rows(
    ledger: Ledger, ledger_url: str, clock: Clock, seed: int
) -> None:
    play = Play(ledger, clock, seed=seed)
    for turn in range(40):
        play.step()
        if turn % 8 == 0:
            agree(play, ledger_url)
    agree(play, ledger_url)
    assert play.ledger.batch_progress(play.batch.id, TENANT).attempts, "nothing happened"


def test_a_ledger_that_did_not_count_counts_what_it_holds(ledger_url: str, clock: Clock) -> None:
    ledger = Ledger.open(ledger_url, clock=clock)
    play = Play(ledger, clock, seed=7)
    for _ in range(40):
        play.step()
    ledger.close()
    run_sql(
        ledger_url,
        "DELETE FROM batch_tally",
        "DELETE FROM batch_spent",
        f"UPDATE ledger_version SET version = {VERSION - 1}",
    )
    play.ledger = Ledger.open(ledger_url, clock=clock)
    agree(play, ledger_url)
    play.ledger.close()
