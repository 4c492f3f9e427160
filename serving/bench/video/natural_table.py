"""The labelled clips' report in tables."""

from __future__ import annotations

from collections.abc import Sequence

from serving.bench.video.natural import NaturalReport, NaturalRow
from serving.bench.video.ranking import FALSE_ALARMS, Ranking, share

AUROC_WANTED = 0.90
RECALL_WANTED = 0.60


def print_natural(report: NaturalReport) -> None:
    """Prints the headline, the shipped reference, each source, the places, and each clip."""
    bad = sum(bool(row.clip.bad) for row in report.sure)
    left_out = "source" if len(report.sources) > 1 else "clip"
    print(
        f"natural clips: {bad} bad, {len(report.sure) - bad} good, "
        f"{len(report.rows) - len(report.sure)} uncertain, {len(report.sources)} sources"
    )
    recalls = "".join(f"  recall @{rate:.0%}" for rate in FALSE_ALARMS)
    print(f"{'':<34}{'AUROC':>6}  {'clips 95 %':<12}{'sources 95 %':<13}{'within':>7}{recalls}")
    _line(f"leave one {left_out} out (headline)", report.unseen)
    known = sum(row.known for row in report.rows)
    _line(f"shipped reference, {known}/{len(report.rows)} in it", report.by_shipped)
    for source in report.sources:
        _line(f"  {source[-30:]}", report.of(source))
    _places(report.sure)
    print(
        f"wanted: AUROC ≥ {AUROC_WANTED:.2f} and recall ≥ {RECALL_WANTED:.0%} at 5 % false alarms; "
        f"decoding and looking {1000 * report.cpu_per_s:.0f} ms CPU a second of video"
    )
    for row in sorted(report.rows, key=lambda row: -row.unseen):
        _clip(row)


def _line(name: str, ranking: Ranking) -> None:
    recalls = "".join(f"{_number(ranking.recall(rate)):>13}" for rate in FALSE_ALARMS)
    clips, sources = _interval(ranking.over_clips()), _interval(ranking.over_sources())
    within = _number(ranking.within_sources())
    print(f"{name:<34}{_number(ranking.auroc):>6}  {clips:<12}{sources:<13}{within:>7}{recalls}")


def _places(rows: Sequence[NaturalRow]) -> None:
    ranged = [row for row in rows if row.in_range is not None]
    boxed = [row for row in rows if row.in_box is not None]
    frames = _number(share([bool(row.in_range) for row in ranged]))
    boxes = _number(share([bool(row.in_box) for row in boxed]))
    print(
        f"worst frame in the labelled range {frames} of {len(ranged)} clips "
        f"(chance {_mean([row.range_chance for row in ranged])}), "
        f"worst place in the labelled box {boxes} of {len(boxed)} "
        f"(chance {_mean([row.box_chance for row in boxed])})"
    )


def _clip(row: NaturalRow) -> None:
    label = "uncertain" if row.clip.bad is None else "bad" if row.clip.bad else "good"
    peak = row.peak
    where = f"{peak.kind} {peak.frames[0]}-{peak.frames[1]}" if peak else "no peak"
    print(
        f"  {row.unseen:.3f} {row.by_shipped:.3f}  {label:<10}{row.clip.path.name:<14}"
        f"{where:<18}{row.clip.kind}"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _mean(values: Sequence[float]) -> str:
    return _number(sum(values) / len(values) if values else None)


def _interval(ends: tuple[float, float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.2f}–{ends[1]:.2f}"
