"""The try-on judge's examination in tables: recall by fault, false alarms, what eyes called bad."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from content_engine.types import Evidence, Outcome, Verdict
from qa.vision.observed import Box
from serving.bench.tally import cell, meet, share
from serving.bench.tryon_plants import PLANTS, STRENGTHS

RECALL_WANTED = 0.95
FALSE_ALARMS_WANTED = 0.05


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One judgement: `kind` is the planted fault, empty for a result as it was made.

    `eye` is what a person said of the result at full size: `good`, `bad`, or empty when nobody
    looked. `held_out` says that the person set no limit. `values` are the metrics, `cpu_s` the
    processor time that the judge took.
    """

    item: str
    verdict: Verdict
    faults: tuple[Evidence, ...]
    values: Mapping[str, float | None]
    cpu_s: float
    eye: str = ""
    held_out: bool = False
    kind: str = ""
    strength: str = ""
    box: Box | None = None

    @property
    def flagged(self) -> bool:
        """True when the gate does not show the result."""
        return self.verdict.outcome is not Outcome.ACCEPT

    @property
    def metrics(self) -> tuple[str, ...]:
        """What kept the result from being shown."""
        return tuple(reason.split()[0].strip(":") for reason in self.verdict.reasons)

    @property
    def boxed(self) -> bool:
        """True when a box of the evidence overlaps the planted one."""
        return any(meet(fault.box, self.box) for fault in self.faults)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TryonQaReport:
    """Every judgement of an examination."""

    trials: tuple[Trial, ...]

    @property
    def planted(self) -> tuple[Trial, ...]:
        """The judgements on results with a fault."""
        return tuple(trial for trial in self.trials if trial.kind)

    def seen(self, eye: str) -> tuple[Trial, ...]:
        """The judgements on results as they were made, of which eyes said that word."""
        return tuple(trial for trial in self.trials if not trial.kind and trial.eye == eye)

    @property
    def recall(self) -> float:
        """The share of planted faults that are not shown."""
        return share(trial.flagged for trial in self.planted)

    @property
    def false_alarms(self) -> float:
        """The share of good results that are not shown."""
        return share(trial.flagged for trial in self.seen("good"))

    @property
    def judge_ms(self) -> float:
        """Median processor time of a judgement whose person and garment are known already."""
        return 1000.0 * median(trial.cpu_s for trial in self.planted or self.trials)

    @property
    def passed(self) -> bool:
        """True when recall and false alarms are as wanted."""
        return self.recall >= RECALL_WANTED and self.false_alarms <= FALSE_ALARMS_WANTED


def print_report(report: TryonQaReport) -> None:
    """Prints the tables, what was judged wrongly, and the sums."""
    heads = "".join(f"{strength:>9}" for strength in STRENGTHS)
    print(f"{'fault':<17}{heads}{'all':>9}{'box hit':>9}  found by")
    for kind in PLANTS:
        _print_kind(kind, [trial for trial in report.planted if trial.kind == kind])
    for trial in report.trials:
        if trial.flagged == (not trial.kind and trial.eye == "good") and (
            trial.kind or trial.eye in ("good", "bad")
        ):
            why = "; ".join(trial.verdict.reasons) or "shown"
            print(f"  wrong: {trial.item} {trial.kind or trial.eye} {trial.strength}: {why}")
    for eye, meaning in (("good", "flagged"), ("fair", "flagged"), ("bad", "caught")):
        trials = report.seen(eye)
        causes = Counter(metric for trial in trials for metric in trial.metrics)
        names = ", ".join(f"{name[6:]} {count}" for name, count in causes.most_common(8))
        print(f"seen as {eye}: {cell(trial.flagged for trial in trials)} {meaning}  {names}")
    for told, name in ((False, "people who set limits"), (True, "people held out")):
        own = TryonQaReport(trials=tuple(t for t in report.trials if t.held_out is told))
        if own.trials:
            print(f"{name}: {_sums(own)}")
    print(f"all: {_sums(report)}, judge {report.judge_ms:.0f} ms CPU a result")


def _sums(report: TryonQaReport) -> str:
    lucky = {trial.item for trial in report.seen("good") if trial.flagged}
    sober = TryonQaReport(trials=tuple(t for t in report.planted if t.item not in lucky))
    return (
        f"recall {report.recall:.1%} of {len(report.planted)} (wanted ≥ {RECALL_WANTED:.0%}; "
        f"{sober.recall:.1%} of {len(sober.planted)} in results not flagged as made), "
        f"false alarms {report.false_alarms:.1%} of {len(report.seen('good'))} "
        f"(wanted ≤ {FALSE_ALARMS_WANTED:.0%})"
    )


def _print_kind(kind: str, trials: list[Trial]) -> None:
    cells = [
        cell(trial.flagged for trial in trials if trial.strength == each) for each in STRENGTHS
    ]
    boxes = share(trial.boxed for trial in trials if trial.flagged)
    found = Counter(metric[6:] for trial in trials for metric in trial.metrics)
    names = ", ".join(f"{name} {count}" for name, count in found.most_common(4))
    row = "".join(f"{each:>9}" for each in (*cells, cell(trial.flagged for trial in trials)))
    print(f"{kind:<17}{row}{boxes:>9.0%}  {names}")
