"""`content-engine bench serve`: every number of the step loop, in one run on this machine."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from content_engine.errors import BackendUnavailable, InvalidSettings
from serving.bench import tiny_dit
from serving.bench.serve import device, faults, ours, plot, report, single
from serving.bench.serve.asked import WANTS, Want
from serving.bench.serve.crash import Crash, crash
from serving.bench.serve.lanes import Device, Trial, trial
from serving.bench.serve.stock import FifoReplica, PriorityReplica, StockPipeline
from serving.bench.speed import table
from serving.deployments import Cluster, Place
from serving.service import loop_factory

OUR_NAME = "step loop"
_CAPTION = "by CPU: on the clock of the thread that steps; neighbours stretch the wall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long each part takes: seconds of both lanes for us and for each baseline, repetitions.

    Lanes take five times as long by the wall where neighbours leave the device a fifth of a core.
    `turns` are rounds of eight runs that share steps.
    """

    ours_s: float
    baseline_s: float
    rounds: int
    pairs: int
    turns: int
    sides_px: Sequence[int]


FULL = Length(ours_s=120.0, baseline_s=20.0, rounds=6, pairs=15, turns=5, sides_px=single.SHAPES_PX)
QUICK = Length(ours_s=12.0, baseline_s=6.0, rounds=3, pairs=9, turns=2, sides_px=(64, 256, 512))
_BASELINE_ROUNDS = 2


def run(*, quick: bool, out: Path | None) -> int:
    """The exit code: 0 when every number is as wanted. Prints a table; writes JSON and SVG."""
    console = Console(stderr=True)
    _hush()
    found = found_by(QUICK if quick else FULL, console=console)
    measures = report.measures(found)
    Console().print(table(measures, caption=_CAPTION))
    for line in report.NOT_MEASURED:
        Console().print(f"Not measured: {line}")
    if out is not None:
        kept = report.as_json(found, device=report.device_name(), folder=Path(__file__).parent)
        write(kept, out)
        console.print(f"{out}.json, {out}.svg")
    return 0 if all(measure.kept for measure in measures) else 1


def _hush() -> None:
    """No progress bars of the libraries between the bench's own lines."""
    for library in ("diffusers", "transformers"):
        importlib.import_module(f"{library}.utils.logging").disable_progress_bar()


def run_shapes(name: str, *, shapes: Sequence[str], out: Path | None) -> int:
    """The exit code: 0. Prints what steps of the true models' shapes take on that device.

    Raises BackendUnavailable when there is no such device.
    """
    import torch

    if name.startswith("cuda") and not torch.cuda.is_available():
        raise BackendUnavailable(f"this machine has no {name!r} device that torch can use")
    console = Console()
    unknown = set(shapes) - device.shapes().keys()
    if unknown:
        known = ", ".join(device.shapes())
        raise InvalidSettings(f"no shape {', '.join(sorted(unknown))}; there are {known}")
    points = device.measure(shapes or device.SHAPES, device=name, batches=device.BATCHES)
    console.print(device.table(points))
    kept = device.report(points, device=name)
    console.print(f"Left out: {kept['left_out']}")
    if out is not None:
        _write_json(kept, out)
    return 0


def write(kept: Mapping[str, Any], out: Path) -> None:
    """Writes `OUT.json` and its plot `OUT.svg`."""
    _write_json(kept, out)
    plot.draw(kept, out.with_suffix(".svg"))


def _write_json(kept: Mapping[str, Any], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def found_by(length: Length, *, console: Console) -> report.Found:
    """Everything: the loop in this process first, then three deployments in a Ray of their own."""
    with TemporaryDirectory(prefix="content-engine-bench-") as scratch:
        folder = Path(scratch)
        console.log("building the tiny transformer")
        checkpoint = tiny_dit.build(folder / "tiny")
        here = _in_process(checkpoint, length, console)
        console.log("starting Ray Serve with three deployments")
        cluster = Cluster.start(places(folder, checkpoint), cpus=2)
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                trials, died = runner.run(_deployed(cluster, folder, length, console))
        finally:
            cluster.close()
    return report.Found(trials=trials, crash=died, **here)


def places(folder: Path, checkpoint: Path) -> Sequence[Place]:
    """Our loop and the two baselines, each a process of its own; one works at a time."""
    build = ours.Build(
        folder=checkpoint, checkpoints=folder / "checkpoints", trail=folder / "trail"
    )
    stock = partial(StockPipeline, checkpoint)
    one = Place(name="", replica=FifoReplica, build=stock, replicas=1, cpus=0.1, waiting=0)
    many = replace(one, replica=PriorityReplica, waiting=255)
    return (
        replace(
            many,
            name="ours",
            replica=ours.OurReplica,
            build=build,
            check_every_s=2.0,
            drain_s=1.0,
        ),
        replace(one, name="fifo"),
        replace(many, name="priority"),
    )


def _in_process(checkpoint: Path, length: Length, console: Console) -> dict[str, Any]:
    stepped = ours.backend(checkpoint)
    sizes = [Want(side_px=side, steps=4) for side in length.sides_px]
    bench = single.Bench(stepped, table=ours.table(stepped, sizes))
    stock = StockPipeline(checkpoint)
    console.log("one request: stock, loop and bare backend in turns")
    wants = (*WANTS.values(), Want(side_px=64, steps=50))
    overheads = [single.overhead(bench, stock, want, pairs=length.pairs) for want in wants]
    console.log("eight runs sharing steps, by size")
    gains = [single.gain(bench, side, rounds=length.turns) for side in length.sides_px]
    console.log("cancelling, memory, strict runs")
    return {
        "overheads": overheads,
        "gains": gains,
        "cancel": faults.cancelled(bench),
        "full": faults.full(bench),
        "strict": faults.strict(bench),
    }


async def _deployed(
    cluster: Cluster, folder: Path, length: Length, console: Console
) -> tuple[Sequence[Trial], Crash]:
    console.log(f"{OUR_NAME}: both lanes, {length.ours_s:g} s")
    own = await Device.of(cluster.handle("ours"), first_seed=10**5)
    first = await trial(OUR_NAME, own, seconds=length.ours_s, rounds=length.rounds)
    trials = [first]
    for seed, (name, place) in enumerate(
        (("stock, priority queue", "priority"), ("stock, FIFO", "fifo")), start=2
    ):
        console.log(f"{name}: both lanes, {length.baseline_s:g} s")
        baseline = await Device.of(cluster.handle(place), first_seed=seed * 10**5)
        trials.append(
            await trial(
                name,
                baseline,
                seconds=length.baseline_s,
                rounds=_BASELINE_ROUNDS,
                load_s=first.alone.cpu_s,
            )
        )
    console.log("kill -9 in the midst of two runs of 50 steps")
    return trials, await crash(cluster.handle("ours"), folder / "trail")
