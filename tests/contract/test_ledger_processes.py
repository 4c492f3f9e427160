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
    deadline = time.monotonic() + 10
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
