"""`content-engine fsck`: whether ledger and store agree; `--mend` makes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console

from assets.store import AssetStore, Stored
from content_engine.config import Settings
from content_engine.ledger import Ledger
from content_engine.ledger.checks import Made, Unsound

_GRACE_S = 60.0
"""A lease that has just run out is reaped within a third of it; only later it is stuck."""
_ORPHAN_AGE = timedelta(hours=24)
"""What is younger may be work that nobody recorded yet. Source: house rule, above any job."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found: everything that can't stand. `files` were looked at."""

    files: int
    missing: tuple[Made, ...]
    orphans: tuple[Stored, ...]
    stuck: tuple[str, ...]
    unsound: tuple[Unsound, ...]

    @property
    def faults(self) -> int:
        """How many."""
        return len(self.missing) + len(self.orphans) + len(self.stuck) + len(self.unsound)

    def lines(self) -> Iterator[str]:
        """One line for each fault."""
        for made in self.missing:
            yield f"missing asset {made.digest} of job {made.job_id}"
        for file in self.orphans:
            yield f"orphan file {file.path} ({file.size_bytes} bytes) that nothing names"
        for job_id in self.stuck:
            yield f"job {job_id} is stuck: its lease ran out and nobody took it back"
        for each in self.unsound:
            yield f"job {each.job_id}: {each.why}"


def run(settings: Settings, *, mend: bool) -> int:
    """Prints what was found, mends it when told to; 1 while something is left wrong."""
    console = Console(width=160, highlight=False)
    ledger = Ledger.open(settings.ledger_place)
    store = AssetStore.open(settings.assets_url)
    began = time.perf_counter()
    report = check(ledger, store)
    for line in report.lines():
        console.print(line)
    if mend and report.faults:
        repair(ledger, store, report)
        console.print(f"mended {report.faults}; looking again")
        report = check(ledger, store)
    seconds = time.perf_counter() - began
    console.print(f"{report.files} files, {report.faults} faults, {seconds:.1f} s")
    ledger.close()
    return 1 if report.faults else 0


def check(ledger: Ledger, store: AssetStore) -> Report:
    """What does not agree. Reads only; memory grows by 100 bytes a file of the store."""
    old = datetime.now(UTC) - _ORPHAN_AGE
    stored = {file.digest: file for file in store.listed() if file.digest}
    candidates = [digest for digest, file in stored.items() if file.written_at < old]
    orphans = ledger.unmentioned(candidates)
    return Report(
        files=len(stored),
        missing=tuple(_missing(ledger, stored)),
        orphans=tuple(stored[digest] for digest in sorted(orphans)),
        stuck=ledger.stuck(grace_s=_GRACE_S),
        unsound=tuple(ledger.unsound()),
    )


def repair(ledger: Ledger, store: AssetStore, report: Report) -> None:
    """Makes again what is missing, removes what nothing names, takes back what is stuck."""
    for made in report.missing:
        ledger.make_again(made.job_id, made.recipe)
    for file in report.orphans:
        store.remove(file)
    if report.stuck:
        ledger.reap()
    for found in report.unsound:
        ledger.mend(found)


def _missing(ledger: Ledger, stored: dict[str, Stored]) -> Iterator[Made]:
    """Assets that are neither in the store nor a shopper's, which lie in the vault for a while."""
    for made in ledger.made():
        if made.digest not in stored and not ledger.job(made.job_id, made.tenant).brief.private:
            yield made
