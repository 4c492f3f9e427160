"""The bench's numbers beside what is wanted: a table to read, a JSON to keep."""

from __future__ import annotations

import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from serving.bench.serve.crash import Crash
from serving.bench.serve.faults import Cancelled, Full, Strict
from serving.bench.serve.lanes import LOAD, Round, Trial, Window
from serving.bench.serve.load import BACKLOG
from serving.bench.serve.ours import CHECKPOINT_STEPS
from serving.bench.serve.single import Gain, Overhead
from serving.bench.speed import Measure

SMALL_PX = 128
"""Up to here the tiny transformer's steps are mostly overhead, as an H100's are below 512²."""

NOT_MEASURED = (
    "No GPU was used: ms per step, images per second and MFU of FLUX.2 klein 4B, Qwen-Image-Edit "
    "and Wan 2.2 5B shapes are not measured. `content-engine bench serve --device cuda` measures "
    "them where a GPU is.",
    "CPU ratios of a tiny transformer show policy and exactness, not a GPU's speed.",
)

DEFINITIONS = {
    "latency": "from the intended arrival of an open Poisson stream to the answer at the client",
    "time alone": "median of sequential requests through the same deployment, nothing else running",
    "by CPU": "on the device's own clock, the CPU seconds of the thread that steps: under bulk it "
    "never idles, so this is the wall of a machine of its own. Arrivals follow this clock, and so "
    "does our loop; the same calls are reported by the wall, which neighbours stretch",
    "alone, by CPU": "all CPU seconds of the replica's process for one request",
    "bulk kept": "bulk steps ÷ (CPU seconds of the replica's process − shoppers × their CPU "
    "seconds alone), divided by the same just before and after, without shoppers; the median of "
    "the rounds; by the wall likewise",
    "gain": "thread CPU of the steps of 8 runs one by one ÷ as the loop shares them, both and one "
    "by one again taking turns; 1 where the loop shares none: then both did the same",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that one run of the bench found; `ours` first among the trials."""

    trials: Sequence[Trial]
    gains: Sequence[Gain]
    overheads: Sequence[Overhead]
    cancel: Cancelled
    full: Full
    strict: Strict
    crash: Crash


def measures(found: Found) -> Sequence[Measure]:
    """Every number with what is wanted of it. Source of the limits: issue 5, section 4."""
    return (
        *_lanes(found.trials),
        *_sharing(found.gains),
        *_overheads(found.overheads),
        *_faults(found),
    )


def as_json(found: Found, *, device: str, folder: Path) -> dict[str, Any]:
    """The report to keep: figures, definitions, and what was not measured."""
    return {
        "bench": "serve",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _commit(folder),
        "device": device,
        "versions": {name: version(name) for name in ("torch", "diffusers", "ray")},
        "definitions": DEFINITIONS,
        "not_measured": list(NOT_MEASURED),
        "load": {"interactive_share": LOAD, "bulk_backlog": BACKLOG},
        "requests": sum(len(trial.calls) for trial in found.trials),
        "lanes": [_lane(trial) for trial in found.trials],
        "batching": [
            asdict(gain) | {"gain": gain.gain, "noise": gain.noise} for gain in found.gains
        ],
        "overhead": [
            asdict(each) | {"over_stock": each.over_stock, "over_bare": each.over_bare}
            for each in found.overheads
        ],
        "cancel": asdict(found.cancel),
        "memory": asdict(found.full),
        "strict": asdict(found.strict),
        "kill": asdict(found.crash) | {"checkpoint_steps": CHECKPOINT_STEPS},
        "measures": [asdict(each) | {"kept": each.kept} for each in measures(found)],
    }


def device_name() -> str:
    """The CPU's name, and that only one thread of it computes."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"CPU {(names or [platform.processor() or platform.machine()])[0]}, one compute thread"


def _commit(folder: Path) -> str:
    try:
        said = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 -- the git of this machine
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def _percentile(values: np.ndarray, percent: float) -> float:
    """The smallest value that so many percent do not exceed: no value is made up between two."""
    return float(np.percentile(values, percent, method="inverted_cdf"))


def _lane(trial: Trial) -> dict[str, Any]:
    waits, cpu, alone = trial.shopper_waits_s(), trial.shopper_cpu_s(), trial.alone
    kept_cpu, kept_wall = trial.bulk_kept()
    seconds = sum(window.wall_s for window in trial.mixed)
    bulk_steps = sum(window.bulk_steps for window in trial.mixed)
    return {
        "name": trial.name,
        "requests": len(trial.calls),
        "shoppers": len(waits),
        "seconds": seconds,
        "alone_ms": 1000 * alone.wall_s,
        "alone_cpu_ms": 1000 * alone.cpu_s,
        "p50_ms": 1000 * _percentile(waits, 50),
        "p99_ms": 1000 * _percentile(waits, 99),
        "p99_times": _percentile(waits, 99) / alone.wall_s,
        "p99_cpu_times": _percentile(cpu, 99) / alone.cpu_s,
        "within_3_times": float(np.mean(waits <= 3 * alone.wall_s)),
        "within_3_times_cpu": float(np.mean(cpu <= 3 * alone.cpu_s)),
        "device_busy": sum(window.busy_s for window in trial.mixed) / seconds,
        "bulk_steps": bulk_steps,
        "bulk_steps_per_s": bulk_steps / seconds,
        "bulk_kept_cpu": kept_cpu,
        "bulk_kept_wall": kept_wall,
        "together": _together(trial.mixed),
        "together_bulk_alone": _together([each.before for each in trial.rounds]),
        "rounds": [_round(each) for each in trial.rounds],
        "latencies_ms": [round(1000 * each, 1) for each in waits.tolist()],
        "latencies_cpu_ms": [round(1000 * each, 1) for each in cpu.tolist()],
    }


def _round(one: Round) -> dict[str, Any]:
    kept_cpu, kept_wall = one.bulk_kept()
    windows = {"before": one.before, "mixed": one.mixed, "after": one.after}
    paces = {f"bulk_pace_{name}": each.bulk_pace(one.alone)[0] for name, each in windows.items()}
    kept = {"bulk_kept_cpu": kept_cpu, "bulk_kept_wall": kept_wall}
    return {"alone_cpu_ms": 1000 * one.alone.cpu_s} | paces | kept


def _together(windows: Sequence[Window]) -> dict[int, int]:
    """How many steps were shared by so many runs."""
    return dict(sum((Counter(each.together) for each in windows), Counter[int]()))


def _lanes(trials: Sequence[Trial]) -> Iterator[Measure]:
    for place, trial in enumerate(trials):
        lane = _lane(trial)
        ours = place == 0
        name = lane["name"]
        yield Measure(name=f"{name}: interactive alone", value=lane["alone_ms"], unit="ms")
        yield Measure(
            name=f"{name}: interactive p99 under full bulk ÷ alone, by CPU",
            value=lane["p99_cpu_times"],
            unit="×",
            promised=3.0 if ours else None,
        )
        yield Measure(name="the same by the wall", value=lane["p99_times"], unit="×")
        yield Measure(
            name=f"{name}: bulk kept, by CPU",
            value=100 * lane["bulk_kept_cpu"],
            unit="%",
            promised=95.0 if ours else None,
            better="higher",
        )
        yield Measure(name="the same by the wall", value=100 * lane["bulk_kept_wall"], unit="%")


def _sharing(gains: Sequence[Gain]) -> Iterator[Measure]:
    for gain in gains:
        floor = 2.5 if gain.side_px <= SMALL_PX else 1.0 - gain.noise
        yield Measure(
            name=f"8 runs of {gain.side_px}² sharing steps ÷ one by one",
            value=gain.gain,
            unit="×",
            promised=floor,
            better="higher",
        )


def _overheads(overheads: Sequence[Overhead]) -> Iterator[Measure]:
    for each in overheads:
        what = f"one request, {each.want.side_px}² in {each.want.steps} steps"
        stock, bare = 100 * (each.over_stock - 1), 100 * (each.over_bare - 1)
        yield Measure(name=f"{what}: CPU over stock", value=stock, unit="%", promised=3.0)
        yield Measure(name="the same over the bare backend", value=bare, unit="%")


def _faults(found: Found) -> Iterator[Measure]:
    cancel, full, strict, crash = found.cancel, found.full, found.strict, found.crash
    freed = cancel.freed_after_s / cancel.step_s
    lost = full.others - full.others_same + (not full.giant_failed)
    yield _at_most(1, "steps of a run after it was cancelled", cancel.steps_after)
    yield Measure(name="another run has the device after", value=freed, unit="steps")
    yield _at_most(0, "runs harmed by one that exceeds the memory", lost)
    yield _at_most(0, "strict runs that differ in company", strict.runs - strict.same)
    yield Measure(
        name="plain runs that differ in company",
        value=strict.plain_runs - strict.plain_same,
        unit="",
    )
    kill = f"steps lost to kill -9 at step {crash.steps_at_kill} of 50"
    yield _at_most(CHECKPOINT_STEPS, kill, crash.lost_steps)
    yield _at_most(0, "resumed runs that differ", crash.runs - crash.same_bytes)
    yield Measure(name="first step after the kill", value=crash.back_after_s, unit="s")


def _at_most(limit: float, name: str, value: float) -> Measure:
    return Measure(name=name, value=value, unit="", promised=limit)
