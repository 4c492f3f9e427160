"""What was promised of the video judge beside what was measured, one line a promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from serving.bench.video.natural import NaturalReport
from serving.bench.video.natural_table import AUROC_WANTED, RECALL_WANTED
from serving.bench.video.ranking import Ranking
from serving.bench.video.report import (
    FALSE_ALARMS_WANTED,
    FOUND_WANTED,
    HITS_WANTED,
    OVERLAP_WANTED,
    SPEED_WANTED,
    PlantedReport,
)

FALSE_ALARM_RATE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise: its name, what was promised, what was measured, and whether it is kept."""

    name: str
    wanted: str
    measured: str
    kept: bool


def planted_promises(report: PlantedReport) -> Iterator[Promise]:
    """What was promised of planted faults, of clean clips and of the judge's speed."""
    yield Promise(
        name="planted faults found, strengths 3 and 4",
        wanted=f">= {FOUND_WANTED:.0%}",
        measured=f"{report.recall:.1%} of {len(report.stronger)}",
        kept=report.recall >= FOUND_WANTED,
    )
    yield Promise(
        name="clean clips flagged",
        wanted=f"<= {FALSE_ALARMS_WANTED:.0%}",
        measured=f"{report.false_alarms:.1%} of {len(report.clean)}",
        kept=report.false_alarms <= FALSE_ALARMS_WANTED,
    )
    yield Promise(
        name="overlap of frames, median",
        wanted=f">= {OVERLAP_WANTED}",
        measured=f"{report.overlap:.2f}",
        kept=report.overlap >= OVERLAP_WANTED,
    )
    yield Promise(
        name="box hit",
        wanted=f">= {HITS_WANTED:.0%}",
        measured=f"{report.hits:.0%}",
        kept=report.hits >= HITS_WANTED,
    )
    yield Promise(
        name="judge's speed, 720p30 on one core",
        wanted=f">= {SPEED_WANTED:.0f} x real time",
        measured=f"{report.speed.judging:.1f} x (decoding alone {report.speed.decoding:.1f} x)",
        kept=report.speed.judging >= SPEED_WANTED,
    )


def natural_promises(report: NaturalReport) -> Iterator[Promise]:
    """What was promised of labelled clips; nothing where clips of one label alone are there."""
    auroc, recall = report.unseen.auroc, report.unseen.recall(FALSE_ALARM_RATE)
    if auroc is None or recall is None:
        return
    yield Promise(
        name="AUROC on labelled clips, one source left out",
        wanted=f">= {AUROC_WANTED:.2f}",
        measured=f"{auroc:.3f} {_interval(report.unseen)}",
        kept=auroc >= AUROC_WANTED,
    )
    yield Promise(
        name=f"recall there at {FALSE_ALARM_RATE:.0%} false alarms",
        wanted=f">= {RECALL_WANTED:.0%}",
        measured=f"{recall:.0%}",
        kept=recall >= RECALL_WANTED,
    )


def print_promises(promises: Iterable[Promise]) -> None:
    """Prints one line a promise."""
    for promise in promises:
        verdict = "kept" if promise.kept else "MISSED"
        print(f"{promise.name:<46}{promise.wanted:<18}{promise.measured:<36}{verdict}")


def _interval(ranking: Ranking) -> str:
    low_high = ranking.over_clips()
    return "" if low_high is None else f"[{low_high[0]:.2f}, {low_high[1]:.2f}]"
