"""Two lanes through one worker: never two at once, the urgent one first at each step."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from content_engine.errors import Stopped
from content_engine.types import Lane
from serving.lanes import TwoLanes

STEP_S = 0.005


def steps(name: str, count: int, told: list[str]) -> Callable[[Callable[[], None]], str]:
    def work(stop: Callable[[], None]) -> str:
        for at in range(count):
            stop()
            told.append(f"{name} begins {at}")
            time.sleep(STEP_S)
            told.append(f"{name} ends {at}")
        return name

    return work


def test_urgent_work_comes_at_the_next_step_and_alone() -> None:
    told: list[str] = []
    running, go_on = threading.Event(), threading.Event()

    def held(stop: Callable[[], None]) -> str:
        stop()
        told.append("bulk 0 begins 0")
        running.set()
        assert go_on.wait(30)
        told.append("bulk 0 ends 0")
        return steps("bulk 0", 19, told)(stop)

    async def scene() -> None:
        lanes = TwoLanes()
        bulk = [
            asyncio.create_task(lanes.run(work, lane=Lane.BULK))
            for work in (held, steps("bulk 1", 20, told))
        ]
        assert await asyncio.to_thread(running.wait, 30)
        urgent = asyncio.create_task(lanes.run(steps("urgent", 3, told), lane=Lane.INTERACTIVE))
        while not lanes._urgent:
            await asyncio.sleep(0)
        go_on.set()
        assert await urgent == "urgent"
        first = told.index("urgent begins 0")
        assert first == 2, "it waited for more than the step that was running"
        assert told[first : first + 6] == [
            f"urgent {w} {n}" for n in range(3) for w in ("begins", "ends")
        ]
        assert await asyncio.gather(*bulk) == ["bulk 0", "bulk 1"]

    asyncio.run(scene())
    pairs = list(zip(told[::2], told[1::2], strict=True))
    assert all(a.replace("begins", "ends") == b for a, b in pairs), "two computed at once"
    assert len(pairs) == 43, "bulk work goes on where it was"


def test_bulk_work_that_gave_way_can_still_be_cancelled() -> None:
    told: list[str] = []
    running, ended = threading.Event(), threading.Event()

    def bulk(stop: Callable[[], None]) -> None:
        try:
            while True:
                stop()
                running.set()
                time.sleep(STEP_S)
        except Stopped:
            ended.set()
            raise

    async def scene() -> None:
        lanes = TwoLanes()
        unwanted = asyncio.create_task(lanes.run(bulk, lane=Lane.BULK))
        assert await asyncio.to_thread(running.wait, 30)
        urgent = asyncio.create_task(lanes.run(steps("u", 10, told), lane=Lane.INTERACTIVE))
        while not told:
            await asyncio.sleep(0)
        unwanted.cancel()
        await urgent
        assert await asyncio.to_thread(ended.wait, 30)
        assert await lanes.run(steps("next", 1, told), lane=Lane.BULK) == "next"

    asyncio.run(scene())


def test_an_error_frees_the_worker() -> None:
    def broken(stop: Callable[[], None]) -> None:
        stop()
        raise ZeroDivisionError

    async def scene() -> None:
        lanes = TwoLanes()
        for lane in Lane:
            with pytest.raises(ZeroDivisionError):
                await lanes.run(broken, lane=lane)
        assert await lanes.run(steps("next", 1, []), lane=Lane.BULK) == "next"

    asyncio.run(scene())
