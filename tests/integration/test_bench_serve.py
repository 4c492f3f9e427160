"""`content-engine bench serve` in small: its parts measure what they say they measure."""

import asyncio
import itertools
import json
import os
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from assets.media import decode_picture
from content_engine.errors import BackendUnavailable, InvalidSettings
from content_engine.types import Lane
from serving.bench import tiny_dit
from serving.bench.serve import command, device, faults, ours, report, single
from serving.bench.serve.asked import WANTS, Want, recipe
from serving.bench.serve.crash import Crash
from serving.bench.serve.lanes import Alone, Round, Trial, Window
from serving.bench.serve.load import Call, Client, Moment, Stretch
from serving.bench.serve.stock import PriorityReplica, StockPipeline
from serving.bench.serve.strokes import DeviceClock, StepClock, Stroke, Worker
from serving.deployments import Cluster

SMALL = Want(side_px=64, steps=4)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_dit.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def bench(checkpoint: Path) -> single.Bench:
    stepped = ours.backend(checkpoint)
    return single.Bench(stepped, table=ours.table(stepped, [SMALL]))


@pytest.fixture(scope="module")
def stock(checkpoint: Path) -> StockPipeline:
    return StockPipeline(checkpoint)


def test_the_tiny_checkpoint_is_small_and_the_same_each_time(
    checkpoint: Path, tmp_path: Path
) -> None:
    again = tiny_dit.build(tmp_path)
    files = sorted(path.relative_to(again) for path in again.rglob("*.safetensors"))
    assert len(files) == 3
    assert all((again / name).read_bytes() == (checkpoint / name).read_bytes() for name in files)
    size = sum(path.stat().st_size for path in checkpoint.rglob("*") if path.is_file())
    assert size < 4_000_000, f"{size} bytes"


def test_both_sides_of_the_bench_paint_the_same_picture(
    bench: single.Bench, stock: StockPipeline
) -> None:
    asked = recipe(SMALL, seed=3)
    loop = bench.loop(ours.LIMITS)
    loop.start()
    (made,) = bench.all_of(loop, [asked])
    loop.close()
    mine, theirs = (decode_picture(data).rgb.astype(int) for data in (made, stock.picture(asked)))
    assert np.abs(mine - theirs).max() <= 1, "the bench compares two different pieces of work"


def test_sharing_steps_gains_at_small_sizes(bench: single.Bench) -> None:
    gain = single.gain(bench, SMALL.side_px, rounds=1)
    assert max(gain.together) > 1, f"no steps were shared: {gain.together}"
    assert gain.gain > 1.5, f"eight small runs together are only {gain.gain:.2f}× as fast"


def test_a_cancelled_run_steps_once_more_at_most(bench: single.Bench) -> None:
    assert faults.cancelled(bench).steps_after <= 1


def test_a_run_too_large_for_the_memory_fails_alone(bench: single.Bench) -> None:
    found = faults.full(bench)
    assert found.giant_failed
    assert found.others_same == found.others, "its neighbours came out different"


def test_strict_runs_give_the_same_bytes_in_company(bench: single.Bench) -> None:
    found = faults.strict(bench)
    assert found.same == found.runs


def test_the_priority_baseline_lets_a_shopper_pass_but_not_interrupt(
    stock: StockPipeline,
) -> None:
    stock.log.taken()
    replica = PriorityReplica(lambda: stock)
    order: list[str] = []

    async def ask(name: str, lane: Lane, seed: int) -> None:
        await replica.generate(recipe(SMALL, seed=seed), lane)
        order.append(name)

    async def all_of() -> None:
        await asyncio.gather(
            ask("first", Lane.BULK, 1),
            ask("second", Lane.BULK, 2),
            ask("urgent", Lane.INTERACTIVE, 3),
        )

    asyncio.run(all_of())
    assert order == ["first", "urgent", "second"]
    assert len(replica.strokes()) == 3 * SMALL.steps


@pytest.mark.cluster
def test_the_client_does_not_wait_for_answers_before_it_sends(cluster: Cluster) -> None:
    async def calls_under_load() -> Sequence[Call]:
        handle = cluster.handle("device")
        client = Client(handle, clock=time.monotonic, first_seed=1)
        quiet = Stretch(seconds=0.3, rate_per_s=0.0)
        busy = Stretch(seconds=1.5, rate_per_s=20.0)
        calls, ends = await client.under_load((quiet, busy), backlog=2)
        first = min(call.intended.wall_s for call in calls if call.lane is Lane.INTERACTIVE)
        assert ends[0].wall_s < first < ends[1].wall_s, "shoppers come in the second stretch only"
        return calls

    calls = asyncio.run(calls_under_load())
    shoppers = sorted(
        (call for call in calls if call.lane is Lane.INTERACTIVE),
        key=lambda call: call.intended.device_s,
    )
    assert len(shoppers) > 10
    assert len({call.digest for call in calls}) == len(calls), "a request was sent twice"
    assert any(
        later.intended.device_s < earlier.answered.device_s
        for earlier, later in itertools.pairwise(shoppers)
    ), "each arrival waited for the answer before: that is no open loop"


def test_the_device_s_clock_is_its_thread_s_cpu_time() -> None:
    clock = DeviceClock(Worker(process=os.getpid(), thread=threading.get_native_id()))
    inside = StepClock()
    inside.bind()
    began, began_inside, until = clock(), inside(), time.thread_time() + 0.1
    while time.thread_time() < until:
        pass
    time.sleep(0.2)
    assert clock() - began == pytest.approx(0.1, abs=0.03), "it must stand still in a sleep"
    assert inside() - began_inside == pytest.approx(0.1, abs=0.03)


def strokes(recipes: Sequence[str], *, each_s: float) -> Sequence[Stroke]:
    """Steps of these one after another."""
    return [
        Stroke(
            began_s=n * each_s,
            ended_s=(n + 1) * each_s,
            cpu_began_s=n * each_s,
            cpu_ended_s=(n + 1) * each_s,
            thread_cpu_s=each_s,
            recipes=(name,),
        )
        for n, name in enumerate(recipes)
    ]


def calls(shoppers: int, *, latency_s: float) -> Sequence[Call]:
    return [
        Call(
            lane=Lane.INTERACTIVE,
            digest=f"{n}",
            intended=Moment(wall_s=n, device_s=n),
            answered=Moment(wall_s=n + 2 * latency_s, device_s=n + latency_s),
        )
        for n in range(shoppers)
    ]


def one_round(*, bulk_s: float, mixed_s: float, latency_s: float) -> Round:
    """1,000 bulk steps of `bulk_s` either side; in between 900 of `mixed_s` and 100 shoppers."""
    steps = WANTS[Lane.INTERACTIVE].steps
    bulk = Window.of(strokes(["bulk"] * 1000, each_s=bulk_s), urgent=())
    mixed = Window.of(
        strokes(["bulk"] * 900 + ["urgent"] * 100 * steps, each_s=mixed_s), urgent={"urgent"}
    )
    return Round(
        alone=Alone(wall_s=0.1, cpu_s=steps * mixed_s, steps_s=steps * mixed_s),
        before=bulk,
        mixed=mixed,
        after=bulk,
        calls=calls(100, latency_s=latency_s),
    )


def trial(name: str, *, latency_s: float) -> Trial:
    even = one_round(bulk_s=0.025, mixed_s=0.025, latency_s=latency_s)
    return Trial(name=name, rounds=[even, even])


@pytest.fixture
def found() -> report.Found:
    return report.Found(
        trials=[trial("step loop", latency_s=0.2), trial("two", latency_s=1.0), trial("three", latency_s=4.0)],
        gains=[
            single.Gain(side_px=64, plain_s=4.0, shared_s=1.0, again_s=4.0, together={8: 6}),
            single.Gain(side_px=512, plain_s=4.0, shared_s=4.0, again_s=4.0, together={1: 48}),
        ],
        overheads=[
            single.Overhead(
                want=SMALL, stock_cpu_s=1.0, loop_cpu_s=1.01, bare_cpu_s=1.0, stock_wall_s=1.0, loop_wall_s=1.0
            )
        ],
        cancel=faults.Cancelled(steps_after=1, freed_after_s=0.01, step_s=0.01),
        full=faults.Full(giant_failed=True, others=6, others_same=6),
        strict=faults.Strict(runs=4, same=4, plain_runs=4, plain_same=4),
        crash=Crash(runs=2, steps_at_kill=28, lost_steps=5, same_bytes=2, back_after_s=9.0),
    )  # fmt: skip


def test_bulk_is_charged_for_no_more_than_what_shoppers_take_alone(found: report.Found) -> None:
    by_cpu, by_wall = found.trials[0].bulk_kept()
    # 900 steps of 25 ms in what 100 shoppers of 0.1 s leave, against 1,000 of 25 ms.
    assert by_cpu == pytest.approx(1.0)
    assert by_wall == pytest.approx(1.0)


def test_what_bulk_loses_beside_shoppers_is_its_loss() -> None:
    slow = one_round(bulk_s=0.025, mixed_s=0.050, latency_s=0.2)
    assert slow.bulk_kept()[0] == pytest.approx(0.5)


def test_a_machine_too_busy_to_be_measured_says_so() -> None:
    with pytest.raises(BackendUnavailable, match="too busy to be measured"):
        Window.of((), urgent=())


def test_a_minute_in_which_the_machine_is_slower_is_compared_with_itself() -> None:
    quick, slow = (one_round(bulk_s=each, mixed_s=each, latency_s=0.2) for each in (0.020, 0.030))
    assert Trial(name="", rounds=[quick, slow]).bulk_kept()[0] == pytest.approx(1.0)


def test_a_size_whose_steps_nobody_shares_gains_nothing_and_loses_nothing() -> None:
    noisy = single.Gain(side_px=512, plain_s=4.0, shared_s=4.2, again_s=4.0, together={1: 48})
    assert noisy.gain == 1.0


def test_a_report_says_what_is_kept_and_draws_it(found: report.Found, tmp_path: Path) -> None:
    kept = report.as_json(found, device="CPU of a test", folder=tmp_path)
    command.write(kept, tmp_path / "serve")
    read = json.loads((tmp_path / "serve.json").read_text())
    assert [row["name"] for row in read["measures"] if not row["kept"]] == []
    assert read["lanes"][0]["p99_cpu_times"] == pytest.approx(2.0)
    assert any("No GPU" in line for line in read["not_measured"])
    root = ElementTree.fromstring((tmp_path / "serve.svg").read_text())
    assert root.tag.endswith("svg")


def test_a_miss_is_told(found: report.Found) -> None:
    slow = replace(found, trials=[trial("step loop", latency_s=0.5), *found.trials[1:]])
    missed = [each.name for each in report.measures(slow) if not each.kept]
    assert any("p99" in name for name in missed), missed


@pytest.mark.parametrize("shape", ["tiny", "tiny-qwen", "tiny-wan"])
def test_shapes_of_every_class_are_timed(shape: str) -> None:
    one, two = device.measure([shape], device="cpu", batches=(1, 2), seconds=0.0)
    assert two.step_tflop == pytest.approx(2 * one.step_tflop)
    assert one.step_mfu is None, "nobody knows this CPU's peak"
    assert 0 < one.step_ms < 1000 * one.request_s


def test_klein_s_step_costs_what_its_papers_say() -> None:
    tflop, _ = device._tflops(device.shapes()["klein-4b-1024"])
    assert tflop == pytest.approx(34.8, rel=0.05), "Source: performance.md, 58 ms at 600 TFLOP/s"


def test_a_machine_without_the_device_says_so() -> None:
    measured = partial(command.run_shapes, out=None)
    with pytest.raises(BackendUnavailable, match="no 'cuda:7' device"):
        measured("cuda:7", shapes=())
    with pytest.raises(InvalidSettings, match="no shape sdxl"):
        measured("cpu", shapes=("sdxl",))
