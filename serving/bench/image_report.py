"""The image judge's examination in tables: recall and box hits by fault, false alarms by shot."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from content_engine.types import Evidence, Outcome, Shot, Verdict
from qa.vision.observed import Box
from serving.bench.image_plants import PLANTS, STRENGTHS
from serving.bench.tally import cell, meet, share

BAD_PATH = Path(__file__).with_name("image_bad.toml")
RECALL_WANTED = 0.95
FALSE_ALARMS_WANTED = 0.03


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One judgement: `kind` is the planted fault, empty for a good picture.

    `faults` is the judge's evidence, `metrics` what kept the picture from shipping, `cpu_s` the
    processor time the judge took.
    """

    item: str
    shot: Shot
    verdict: Verdict
    faults: tuple[Evidence, ...]
    metrics: tuple[str, ...]
    values: Mapping[str, float | None]
    cpu_s: float
    kind: str = ""
    strength: str = ""
    box: Box | None = None

    @property
    def flagged(self) -> bool:
        """True when the gate does not ship the picture."""
        return self.verdict.outcome is not Outcome.ACCEPT

    @property
    def right(self) -> bool:
        """True for a fault flagged and for a good picture shipped."""
        return self.flagged == bool(self.kind)

    @property
    def boxed(self) -> bool:
        """True when a box of the evidence overlaps the planted one."""
        return any(meet(fault.box, self.box) for fault in self.faults)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImageQaReport:
    """Every judgement of an examination."""

    trials: tuple[Trial, ...]

    @property
    def planted(self) -> tuple[Trial, ...]:
        """The judgements on pictures with a fault."""
        return tuple(trial for trial in self.trials if trial.kind)

    @property
    def good(self) -> tuple[Trial, ...]:
        """The judgements on pictures as they were made, save those a person would send back."""
        return tuple(trial for trial in self.trials if not trial.kind and not _bad(trial))

    @property
    def bad(self) -> tuple[Trial, ...]:
        """The judgements on pictures as they were made that a person would send back."""
        return tuple(trial for trial in self.trials if not trial.kind and _bad(trial))

    @property
    def recall(self) -> float:
        """The share of planted faults that do not ship."""
        return share(trial.flagged for trial in self.planted)

    @property
    def false_alarms(self) -> float:
        """The share of good pictures that do not ship."""
        return share(trial.flagged for trial in self.good)

    @property
    def judge_ms(self) -> float:
        """Median processor time of a judgement whose photo is known already."""
        return 1000.0 * median(trial.cpu_s for trial in self.planted or self.trials)

    @property
    def passed(self) -> bool:
        """True when recall and false alarms are as wanted."""
        return self.recall >= RECALL_WANTED and self.false_alarms <= FALSE_ALARMS_WANTED


def print_report(report: ImageQaReport) -> None:
    """Prints the tables and the verdict."""
    print(f"{'fault':<18}{'subtle':>10}{'middle':>10}{'plain':>10}{'box hit':>10}  found by")
    for kind in PLANTS:
        trials = [trial for trial in report.planted if trial.kind == kind]
        cells = [cell(trial.flagged for trial in trials if trial.strength == s) for s in STRENGTHS]
        boxes = share(trial.boxed for trial in trials if trial.flagged)
        found = Counter(metric[6:] for trial in trials for metric in trial.metrics)
        names = ", ".join(f"{name} {count}" for name, count in found.most_common(4))
        print(f"{kind:<18}{''.join(f'{each:>10}' for each in cells)}{boxes:>10.0%}  {names}")
    for shot in Shot:
        trials = [trial for trial in report.good if trial.shot is shot]
        causes = Counter(metric[6:] for trial in trials for metric in trial.metrics)
        flagged = cell(trial.flagged for trial in trials)
        print(f"good {shot.value:<13}{flagged:>10} flagged  {dict(causes) or ''}")
    print(f"sent back by a person {cell(trial.flagged for trial in report.bad):>6} flagged")
    for trial in (*report.planted, *report.good):
        if not trial.right:
            why = "; ".join(trial.verdict.reasons) or "shipped"
            print(
                f"  wrong: {trial.item} {trial.shot} {trial.kind or 'good'} {trial.strength}: {why}"
            )
    print(
        f"recall {report.recall:.1%} of {len(report.planted)} (wanted ≥ {RECALL_WANTED:.0%}), "
        f"false alarms {report.false_alarms:.1%} of {len(report.good)} "
        f"(wanted ≤ {FALSE_ALARMS_WANTED:.0%}), judge {report.judge_ms:.0f} ms CPU an image"
    )


@cache
def _sent_back() -> frozenset[tuple[str, str]]:
    """(item, shot) of the outputs that a person looked at and would send back."""
    table = tomllib.loads(BAD_PATH.read_text(encoding="utf-8"))
    return frozenset((row["item"], shot) for row in table["picture"] for shot in row["shots"])


def _bad(trial: Trial) -> bool:
    return (trial.item, trial.shot.value) in _sent_back()
