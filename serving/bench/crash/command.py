"""`content-engine bench crash`: stages of kills, and whether every promise was kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from serving.bench.crash import real
from serving.bench.crash.stage import Plan, Report, play

_SHARES = (("sqlite", "folder", 0.35), ("postgres", "folder", 0.30), ("postgres", "s3", 0.25))
"""The rest kills the true service with Ray, where a replica takes 9 s to come back."""
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is asked for; `ledger` empty: both."""

    kills: int
    seed: int
    ledger: str = ""


def run(options: Options) -> int:
    """Plays every stage and prints what came of it; 1 when anything was lost, doubled or stuck."""
    console = Console(width=160, highlight=False)
    began = time.monotonic()
    console.print(f"seed {options.seed}, {options.kills} kills")
    reports: list[Report] = []
    for plan in _plans(options):
        reports.append(play(plan) if isinstance(plan, Plan) else real.play(plan))
        for line in _lines(reports[-1]):
            console.print(line, markup=False)
    kills = sum((report.kills for report in reports), Counter[str]())
    wrong = sum(len(report.wrong) for report in reports)
    console.print(
        f"seed {options.seed}: {kills.total()} kills ({_told(kills)}), "
        f"{sum(report.jobs for report in reports)} jobs, {wrong} violations, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if wrong else 0


def _plans(options: Options) -> Iterator[Plan | real.RealPlan]:
    shares = [each for each in _SHARES if options.ledger in ("", each[0])]
    whole = sum(share for _, _, share in shares) + real.SHARE
    left = options.kills
    for ledger, store, share in shares:
        kills = round(options.kills * share / whole)
        left -= kills
        yield Plan(ledger=ledger, store=store, kills=kills, seed=options.seed)
    if left > 0:
        yield real.RealPlan(kills=left, seed=options.seed)


def _lines(report: Report) -> Iterator[str]:
    yield (
        f"{report.name}: {report.kills.total()} kills ({_told(report.kills)}) in "
        f"{report.seconds:.0f} s; {report.jobs} jobs ({_told(report.ended)}), "
        f"quiet after {report.quiet_s:.1f} s; answers {_told(report.answers)}; "
        f"{len(report.wrong)} violations"
    )
    yield from (f"  VIOLATION {each}" for each in report.wrong[:_SHOWN])


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
