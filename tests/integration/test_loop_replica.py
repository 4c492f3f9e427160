"""One step loop in a Ray Serve replica: company, lanes, cancelling, kill -9, hangs, draining."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loop_kit
import pytest
from loop_kit import KEPT_EVERY, expected, recipe, steps_in_all, steps_of

from content_engine.errors import BackendUnavailable
from content_engine.types import Candidate, Lane, Recipe
from serving.deployments import Cluster, LoopReplica

pytestmark = pytest.mark.cluster


@pytest.fixture
def device(cluster: Cluster) -> Any:
    return cluster.handle("device")


@pytest.fixture
def folder(boutique_folder: Path) -> Path:
    return boutique_folder / "device"


async def until(true: Callable[[], bool], *, within_s: float = 30.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, f"not true within {within_s:g} s"
        await asyncio.sleep(0.01)


async def until_made(device: Any, asked: Recipe) -> Candidate:
    """Asks again while the replica is away, as the dispatcher does."""
    from ray.exceptions import RayError

    end = time.monotonic() + 60
    while True:
        try:
            return await device.generate.remote(asked, Lane.BULK, None)
        except RayError:
            assert time.monotonic() < end, "no replica answered within a minute"
            await asyncio.sleep(0.2)


def test_many_calls_step_together_and_each_gets_its_own(device: Any, folder: Path) -> None:
    async def all_of(wanted: list[Recipe]) -> list[Candidate]:
        return await asyncio.gather(*(device.generate.remote(each) for each in wanted))

    wanted = [recipe(f"many {place}", steps=10) for place in range(40)]
    before = steps_in_all(folder)
    made = asyncio.run(all_of(wanted))
    assert [each.assets[0].digest for each in made] == [expected(each) for each in wanted]
    assert steps_in_all(folder) - before < 40 * 10 / 2, "calls did not share steps"


def test_a_shopper_s_call_overtakes_a_row_of_bulk(device: Any, folder: Path) -> None:
    async def shopper_before_bulk() -> int:
        first = recipe("row 0", steps=2000)
        calls = [
            device.generate.remote(recipe(f"row {place}", steps=2000), Lane.BULK, None)
            for place in range(40)
        ]
        bulk = [asyncio.ensure_future(_answer(call)) for call in calls]
        await until(lambda: steps_of(folder, first) > 0)
        await device.generate.remote(recipe("shopper", steps=4), Lane.INTERACTIVE, 1.0)
        waiting = sum(not call.done() for call in bulk)
        for call in calls:
            call.cancel()
        await asyncio.gather(*bulk, return_exceptions=True)
        return waiting

    assert asyncio.run(shopper_before_bulk()) == 40, "bulk ran before the shopper"


async def _answer(call: Any) -> Candidate:
    return await call


def test_a_cancelled_call_frees_the_device_at_the_next_step(device: Any, folder: Path) -> None:
    unwanted = recipe("unwanted", steps=1000)

    async def cancelled_and_stopped() -> None:
        call = device.generate.remote(unwanted, Lane.BULK, None)
        await until(lambda: steps_of(folder, unwanted) >= 5)
        call.cancel()
        for again in range(20):  # Ray carries the word, and takes its time on a busy machine
            before = steps_of(folder, unwanted)
            await device.generate.remote(recipe(f"wanted {again}", steps=10), Lane.BULK, None)
            if steps_of(folder, unwanted) == before:
                return
        raise AssertionError("a cancelled run went on")

    asyncio.run(cancelled_and_stopped())


def test_a_killed_replica_loses_no_more_than_a_checkpoint_s_steps(
    device: Any, folder: Path
) -> None:
    asked = recipe("killed", steps=50)

    async def killed() -> Candidate:
        call = asyncio.create_task(until_made(device, asked))
        process = await device.process.remote()
        await until(lambda: steps_of(folder, asked) >= 28)
        os.kill(process, signal.SIGKILL)
        return await call

    made = asyncio.run(killed())
    assert made.assets[0].digest == expected(asked)
    lost = steps_of(folder, asked) - 50
    assert lost <= KEPT_EVERY, f"{lost} steps were done twice; one is kept every {KEPT_EVERY}"


def test_a_replica_whose_step_hangs_is_replaced_and_its_run_goes_on(
    device: Any, folder: Path, tmp_path: Path
) -> None:
    asked = recipe("hangs", steps=30, hang=tmp_path / "hung once")
    made = asyncio.run(until_made(device, asked))
    assert (tmp_path / "hung once").exists()
    assert made.assets[0].digest == expected(asked)
    again = steps_of(folder, asked) - 30
    assert again <= KEPT_EVERY, f"{again} steps were done twice; one is kept every {KEPT_EVERY}"


def test_a_drained_replica_keeps_what_it_did_not_end(tmp_path: Path) -> None:
    asked = recipe("drained", steps=40)

    def replica() -> LoopReplica:
        return LoopReplica(lambda: loop_kit.CountingMaker(tmp_path))

    async def drained() -> Candidate:
        first = replica()
        call = asyncio.create_task(first.generate(asked))
        await until(lambda: steps_of(tmp_path, asked) >= 12)
        await first.drain(0.0)
        with pytest.raises(BackendUnavailable):
            await call
        with pytest.raises(BackendUnavailable):
            await first.generate(asked)
        second = replica()
        made = await second.generate(asked)
        await second.drain(0.0)
        return made

    made = asyncio.run(drained())
    assert made.assets[0].digest == expected(asked)
    assert steps_of(tmp_path, asked) == 40, "a drained run must go on where it stopped"
