"""A ledger shared by processes: kill -9 loses at most the step that ran, no job is shared."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from content_engine.ledger import Ledger
from content_engine.types import JobStatus, Kind, Outcome
from tests.contract.ledger_kit import TENANT, attempt, brief, recipe

ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import sys, time
from content_engine.ledger import Ledger
from content_engine.types import Kind, Outcome
from tests.contract.ledger_kit import attempt
ledger = Ledger.open(sys.argv[1])
(claim,) = ledger.claim("doomed", kinds=(Kind.TEXT,), limit=1, lease_s=1.0)
for seed in range(100):
    ledger.record(claim, attempt(Outcome.REJECT, seed=seed))
    print(seed, flush=True)
    if seed == 2:
        time.sleep(60)
"""

CLAIMER = """
import sys
from content_engine.ledger import Ledger
from content_engine.types import Kind
ledger = Ledger.open(sys.argv[1])
while claims := ledger.claim(sys.argv[2], kinds=(Kind.TEXT,), limit=5, lease_s=60):
    for claim in claims:
        print(claim.job.id, flush=True)
        ledger.fail(claim, "done")
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def test_kill_9_between_steps_loses_nothing(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    (job,) = ledger.submit([brief()], tenant=TENANT)
    with start(WORKER, ledger_url) as worker:
        assert worker.stdout is not None
        done = [worker.stdout.readline().strip() for _ in range(3)]
        worker.send_signal(signal.SIGKILL)
    assert done == ["0", "1", "2"]
    deadline = time.monotonic() + 60
    while ledger.reap() == 0:
        assert time.monotonic() < deadline, "the dead worker's lease never ran out"
        time.sleep(0.05)
    (claim,) = ledger.claim("next", kinds=(Kind.TEXT,), limit=1, lease_s=60)
    assert claim.job.id == job.id
    assert ledger.tried(claim) == {recipe(seed).digest for seed in range(3)}
    ledger.record(claim, attempt(Outcome.ACCEPT, seed=3))
    assert ledger.settle(claim) is JobStatus.SUCCEEDED
    assert len(ledger.attempts(job.id, TENANT)) == 4
    ledger.close()


def test_processes_never_share_a_job(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    jobs = ledger.submit([brief(seed=seed) for seed in range(150)], tenant=TENANT)
    workers = [start(CLAIMER, ledger_url, f"w{index}") for index in range(3)]
    taken = [line for worker in workers for line in worker.communicate(timeout=60)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sorted(taken) == sorted(job.id for job in jobs)
    assert ledger.counts(TENANT)[JobStatus.FAILED] == 150
    ledger.close()


REVIEWER = """
import sys
from content_engine.ledger import Ledger
from content_engine.review import Label, LabelOutcome
ledger = Ledger.open(sys.argv[1])
while claim := ledger.claim_case(sys.argv[2], tenant="shop"):
    print(claim.case.id, flush=True)
    ledger.label_case(claim.token, Label(outcome=LabelOutcome.PASS, reviewer=sys.argv[2]))
"""


def test_reviewers_in_processes_never_share_a_case(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    jobs = ledger.submit([brief(seed=seed) for seed in range(90)], tenant=TENANT)
    for claim in ledger.claim("w", kinds=(Kind.TEXT,), limit=90, lease_s=60):
        ledger.record(claim, attempt(Outcome.REVIEW))
        ledger.settle(claim)
    cases = [case.id for case in ledger.cases(TENANT, limit=200).items]
    people = [start(REVIEWER, ledger_url, name) for name in ("ada", "ben", "cleo")]
    taken = [line for person in people for line in person.communicate(timeout=60)[0].split()]
    assert [person.returncode for person in people] == [0, 0, 0]
    assert sorted(taken) == sorted(cases), "each case is answered by exactly one reviewer"
    assert ledger.counts(TENANT)[JobStatus.SUCCEEDED] == len(jobs)
    paces = ledger.queue_stats(TENANT).reviewers
    assert sum(pace.labels for pace in paces) == len(jobs)
    ledger.close()
