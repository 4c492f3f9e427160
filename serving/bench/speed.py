"""`content-engine bench`: measured numbers beside what is promised, in one run on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from serving.backends import locales
from serving.bench import door, makers

_CORE_TIME = "core s and texts per core are CPU time of one thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number. `promised` is the limit it must keep, or None where it is there to compare."""

    name: str
    value: float
    unit: str
    promised: float | None = None
    better: str = "lower"

    @property
    def kept(self) -> bool:
        """True when the promise is kept or there is none."""
        if self.promised is None:
            return True
        low = self.better == "lower"
        return self.value <= self.promised if low else self.value >= self.promised


def run(*, as_json: bool) -> int:
    """The exit code: 0 when every promise was kept. Prints a table, or JSON."""
    console = Console(stderr=True)
    status = console.status("measuring makers, judges, door and jobs: about a minute")
    with TemporaryDirectory(prefix="content-engine-bench-") as folder, status:
        measures = [*_door(Path(folder)), *_makers(Path(folder)), *_jobs(Path(folder))]
    if as_json:
        print(json.dumps([asdict(measure) | {"kept": measure.kept} for measure in measures]))
    else:
        Console().print(table(measures, caption=_CORE_TIME))
    return 0 if all(measure.kept for measure in measures) else 1


def _makers(folder: Path) -> Iterator[Measure]:
    costs = makers.measure(folder / "makers", locales=locales())
    yield Measure(
        name="texts per core",
        value=costs.texts_per_s,
        unit="1/s",
        promised=300,
        better="higher",
    )
    yield Measure(name="the same in whole copy sets", value=costs.copy_sets_per_s, unit="1/s")
    yield Measure(name="text judge", value=costs.text_judge_ms, unit="ms a text")
    yield Measure(
        name="packshot 1600², cut-out included, median",
        value=costs.packshot_s,
        unit="core s",
        promised=1.5,
    )
    yield Measure(
        name="image judge, a photo's first picture", value=costs.first_image_judge_ms, unit="ms"
    )
    yield Measure(name="the same, each further one", value=costs.image_judge_ms, unit="ms an image")


def _door(folder: Path) -> Iterator[Measure]:
    costs = door.measure_door(folder / "door")
    yield Measure(
        name="GET /v1/jobs/{id}, 16 connections",
        value=costs.door_per_s,
        unit="1/s",
        promised=2000,
        better="higher",
    )
    yield Measure(name="the same, p50", value=costs.door_p50_ms, unit="ms")
    yield Measure(name="plain FastAPI call, 16 connections", value=costs.plain_per_s, unit="1/s")
    yield Measure(name="the same, p50", value=costs.plain_p50_ms, unit="ms")


def _jobs(folder: Path) -> Iterator[Measure]:
    costs = door.measure_job(folder / "jobs")
    yield Measure(
        name="no-op job, POST to its end, p50",
        value=costs.job_p50_ms,
        unit="ms",
        promised=60,
    )
    yield Measure(name="the same, p95", value=costs.job_p95_ms, unit="ms")
    yield Measure(name="bare Ray Serve handle call, p50", value=costs.handle_p50_ms, unit="ms")


def table(measures: Sequence[Measure], *, caption: str = "") -> Table:
    """What was measured beside what is promised, for people."""
    shown = Table(caption=caption)
    shown.add_column("what")
    shown.add_column("measured", justify="right")
    shown.add_column("unit")
    shown.add_column("promised", justify="right")
    shown.add_column("")
    for measure in measures:
        sign = "≤" if measure.better == "lower" else "≥"
        promised = f"{sign} {measure.promised:g}" if measure.promised is not None else ""
        verdict = "" if not promised else "[green]kept" if measure.kept else "[red]missed"
        shown.add_row(measure.name, f"{measure.value:,.4g}", measure.unit, promised, verdict)
    return shown
