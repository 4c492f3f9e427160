"""The bench as one picture: what shoppers wait, what bulk keeps, what sharing steps gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_INK = "#1f2933"
_FAINT = "#9aa5b1"
_COLOURS = ("#0b7285", "#e8a33d", "#c2410c")
_WANTED_TIMES = 3.0


def draw(report: Mapping[str, Any], path: Path) -> None:
    """Writes the report's plot; the file's ending names its format (`.svg`, `.png`)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    look: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    look |= {"axes.edgecolor": _FAINT, "text.color": _INK, "svg.hashsalt": "content-engine"}
    with mpl.rc_context(look):
        figure = Figure(figsize=(12, 4.4), layout="constrained")
        waits, kept, gains = figure.subplots(1, 3, width_ratios=(1.5, 1, 1.2))
        _waits(waits, report["lanes"])
        _kept(kept, report["lanes"])
        _gains(gains, report["batching"])
        handles, labels = waits.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=3, frameon=False)
        figure.suptitle(
            f"{report['device']} · commit {report['commit']} · {report['date']}",
            fontsize=8,
            color=_FAINT,
        )
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _waits(axes: Any, lanes: Sequence[Mapping[str, Any]]) -> None:
    for lane, colour in zip(lanes, _COLOURS, strict=True):
        times = np.asarray(lane["latencies_cpu_ms"]) / lane["alone_cpu_ms"]
        share = np.arange(1, len(times) + 1) / len(times)
        label = f"{lane['name']}: p99 {lane['p99_cpu_times']:.1f}×"
        axes.step(times, share, where="post", color=colour, lw=1.8, label=label)
    axes.axvline(_WANTED_TIMES, color=_FAINT, lw=1, ls="--")
    axes.text(_WANTED_TIMES * 1.05, 0.03, "3×", color=_FAINT)
    axes.axhline(0.99, color=_FAINT, lw=0.6, ls=":")
    axes.set(
        xscale="log",
        ylim=(0, 1.02),
        title="What a shopper waits while bulk fills the device",
        xlabel="latency from the intended arrival ÷ time alone, by CPU time",
        ylabel="share of requests answered",
    )
    ticks = [1, 2, 3, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [f"{tick}×" for tick in ticks], minor=False)
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)


def _kept(axes: Any, lanes: Sequence[Mapping[str, Any]]) -> None:
    names = [lane["name"].replace(", ", ",\n").replace(" in ", "\nin ") for lane in lanes]
    shares = [100 * lane["bulk_kept_cpu"] for lane in lanes]
    bars = axes.bar(names, shares, color=_COLOURS[: len(lanes)], width=0.6)
    axes.bar_label(bars, fmt="%.0f %%", padding=2)
    axes.axhline(95, color=_FAINT, lw=1, ls="--")
    axes.set(
        ylim=(0, 1.2 * max(100, *shares)),
        title="Bulk steps a device second left to bulk",
        ylabel="% of bulk alone, by CPU time",
    )


def _gains(axes: Any, batching: Sequence[Mapping[str, Any]]) -> None:
    names = [f"{row['side_px']}²" for row in batching]
    bars = axes.bar(names, [row["gain"] for row in batching], color=_COLOURS[0], width=0.6)
    axes.bar_label(bars, fmt="%.2f×", padding=2)
    axes.margins(y=0.12)
    axes.axhline(1.0, color=_INK, lw=1)
    axes.axhline(2.5, color=_FAINT, lw=1, ls="--")
    axes.set(
        title="Eight runs sharing steps ÷ one by one",
        xlabel="picture, px",
        ylabel="throughput of steps, by CPU time",
    )
