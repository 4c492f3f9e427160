"""`fsck` finds what does not agree between ledger and store, and mends it."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from assets.store import AssetStore
from content_engine.config import Settings
from content_engine.ledger import Ledger
from content_engine.types import JobStatus, Kind, Outcome
from serving import fsck
from tests.contract.ledger_kit import TENANT, attempt, brief
from tests.ledgers import empty_ledger


def age(folder: Path, digest: str) -> None:
    """Makes a file of the store two days old."""
    path = folder / "assets" / digest[:2] / digest[2:4] / digest
    os.utime(path, (time.time() - 172_800, time.time() - 172_800))


def delivered(ledger: Ledger, digest: str) -> str:
    """A job that succeeded with that asset."""
    ledger.submit([brief(digest[:6])], tenant=TENANT)
    (claim,) = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
    ledger.record(claim, attempt(Outcome.ACCEPT, digest=digest))
    assert ledger.settle(claim) is JobStatus.SUCCEEDED
    return claim.job.id


def test_it_finds_and_mends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path)
    ledger = Ledger.open(empty_ledger(tmp_path))
    store = AssetStore.open(settings.assets_url)
    kept, gone, lone, young = (store.put(name) for name in (b"kept", b"gone", b"lone", b"young"))
    for digest in (kept, gone, lone):
        age(tmp_path, digest)
    sound, broken = delivered(ledger, kept), delivered(ledger, gone)
    (job,) = ledger.submit([brief("stuck")], tenant=TENANT)
    ledger.claim("dead", kinds=(Kind.TEXT,), limit=1, lease_s=-120.0)
    (review,) = ledger.submit([brief("review")], tenant=TENANT)
    (claim,) = ledger.claim("w", kinds=(Kind.TEXT,), limit=1, lease_s=60.0)
    ledger.record(claim, attempt(Outcome.REVIEW, digest=kept))
    ledger.settle(claim)
    with sqlite3.connect(tmp_path / "ledger.db") as file:
        file.execute("DELETE FROM review_case")
    assert fsck.run(settings, mend=False) == 1
    (tmp_path / "assets" / gone[:2] / gone[2:4] / gone).unlink()

    assert fsck.run(settings, mend=False) == 1
    said = capsys.readouterr().out
    assert f"missing asset {gone} of job {broken}" in said
    assert lone in said
    assert f"job {job.id} is stuck" in said
    assert f"job {review.id}: the job is in_review and no case of it waits" in said
    assert young not in said
    assert kept not in said
    assert fsck.run(settings, mend=True) == 0

    assert ledger.job(sound, TENANT).status is JobStatus.SUCCEEDED
    for job_id in (broken, job.id, review.id):
        assert ledger.job(job_id, TENANT).status is JobStatus.QUEUED
    assert ledger.attempts(broken, TENANT) == ()
    assert not store.has(lone)
    assert store.has(young)
    assert "0 faults" in capsys.readouterr().out
    ledger.close()
