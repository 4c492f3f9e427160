"""The video judge's examination in tables: recall by fault and strength, places, false alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from serving.bench.tally import share
from serving.bench.video.plants import PLANTERS, STRENGTHS, STRONGER
from serving.bench.video.sources import ORIGINS
from serving.bench.video.trials import Trial

FOUND_WANTED = 0.95
FALSE_ALARMS_WANTED = 0.02
OVERLAP_WANTED = 0.6
HITS_WANTED = 0.8
SPEED_WANTED = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Seconds of 720p30 that one core looks through in a second: judging, and decoding alone.

    Medians of three turns. Their ratio is the same on a busy machine and on a quiet one.
    """

    judging: float
    decoding: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlantedReport:
    """Every judgement of an examination, and how fast the judge is."""

    trials: tuple[Trial, ...]
    half: str
    seed: int
    speed: Speed

    @property
    def planted(self) -> tuple[Trial, ...]:
        """The judgements on clips with a fault."""
        return tuple(trial for trial in self.trials if trial.kind)

    @property
    def clean(self) -> tuple[Trial, ...]:
        """The judgements on clean clips."""
        return tuple(trial for trial in self.trials if not trial.kind)

    @property
    def stronger(self) -> tuple[Trial, ...]:
        """The judgements on faults at the stronger half of strengths."""
        return tuple(trial for trial in self.planted if trial.strength in STRONGER)

    @property
    def recall(self) -> float:
        """The share of faults at the stronger half that do not ship."""
        return share(trial.found for trial in self.stronger)

    @property
    def false_alarms(self) -> float:
        """The share of clean clips that do not ship."""
        return share(trial.flagged for trial in self.clean)

    @property
    def overlap(self) -> float:
        """Median overlap of frames over the found faults of the stronger half."""
        return _median(trial.overlap for trial in self.stronger if trial.found)

    @property
    def hits(self) -> float:
        """The share of found faults with a box, of the stronger half, whose box is hit."""
        return share(trial.hit for trial in self.stronger if trial.found and trial.box)

    @property
    def passed(self) -> bool:
        """True when all figures are as wanted."""
        return (
            self.recall >= FOUND_WANTED
            and self.false_alarms <= FALSE_ALARMS_WANTED
            and self.overlap >= OVERLAP_WANTED
            and self.hits >= HITS_WANTED
            and self.speed.judging >= SPEED_WANTED
        )


def print_planted(report: PlantedReport) -> None:
    """Prints the tables, what was judged wrongly by name, and the figures beside what is wanted."""
    print(f"planted faults, half of the sources: {report.half}, seed {report.seed}")
    heads = "".join(f"{f'recall {strength}':>10}" for strength in STRENGTHS)
    print(f"{'fault':<16}{heads}{'3 and 4':>9}{'frames':>8}{'box hit':>9}  found by")
    for kind in PLANTERS:
        _family(kind, [trial for trial in report.planted if trial.kind == kind])
    print(f"{'nsfw':<16}no indecent picture is planted: its false alarms alone are measured")
    for origin in (*ORIGINS, "other"):
        clean = [trial for trial in report.clean if _origin(trial) == origin]
        if clean:
            causes = Counter(metric for trial in clean for metric in trial.metrics)
            print(f"clean {origin:<14}{_cell(clean):>8} flagged  {dict(causes) or ''}")
    for trial in report.trials:
        if not trial.right and (not trial.kind or trial.strength in STRONGER):
            why = "; ".join(trial.reasons)[:160] or "shipped"
            print(f"  wrong: {trial.source}: {trial.kind or 'clean'} {trial.strength or ''}: {why}")
    _verdict(report)


def _family(kind: str, trials: Sequence[Trial]) -> None:
    cells = [_cell(trial for trial in trials if trial.strength == s) for s in STRENGTHS]
    stronger = [trial for trial in trials if trial.strength in STRONGER]
    found = [trial for trial in stronger if trial.found]
    boxed = [trial.hit for trial in found if trial.box]
    hits = f"{share(boxed):.0%}" if boxed else "–"
    frames = f"{_median(trial.overlap for trial in found):.2f}" if found else "–"
    causes = Counter(metric for trial in stronger for metric in trial.metrics if metric != "p_bad")
    names = ", ".join(f"{name} {count}" for name, count in causes.most_common(3))
    recall = f"{share(trial.found for trial in stronger):.0%}" if stronger else "–"
    row = "".join(f"{cell:>10}" for cell in cells)
    print(f"{kind:<16}{row}{recall:>9}{frames:>8}{hits:>9}  {names}")


def _verdict(report: PlantedReport) -> None:
    cpu = _median(trial.duration_s / trial.cpu_s for trial in report.trials if trial.cpu_s)
    print(
        f"recall at strengths 3 and 4 {report.recall:.1%} of {len(report.stronger)} "
        f"(wanted ≥ {FOUND_WANTED:.0%}), false alarms {report.false_alarms:.1%} of "
        f"{len(report.clean)} clean clips (wanted ≤ {FALSE_ALARMS_WANTED:.0%})"
    )
    print(
        f"frames: median overlap {report.overlap:.2f} (wanted ≥ {OVERLAP_WANTED}), box hit "
        f"{report.hits:.0%} (wanted ≥ {HITS_WANTED:.0%}); judge {report.speed.judging:.1f} × real "
        f"time at 720p30 on one core (wanted ≥ {SPEED_WANTED:.0f}; decoding alone "
        f"{report.speed.decoding:.1f} ×, {report.speed.decoding / report.speed.judging:.1f} times "
        f"as fast), {cpu:.1f} × on these clips"
    )


def _origin(trial: Trial) -> str:
    return trial.origin if trial.origin in ORIGINS else "other"


def _cell(trials: Iterable[Trial]) -> str:
    flags = [trial.found if trial.kind else trial.flagged for trial in trials]
    return f"{sum(flags)}/{len(flags)}" if flags else "–"


def _median(values: Iterable[float]) -> float:
    return _or_zero(median, list(values))


def _or_zero(measure: Callable[[Sequence[float]], float], values: Sequence[float]) -> float:
    return float(measure(values)) if values else 0.0
