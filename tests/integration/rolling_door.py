"""`python rolling_door.py`: the true service over makers that take a tenth of a second, no Ray."""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from content_engine.config import load_settings
from content_engine.flow import Stop, never
from content_engine.telemetry import log_to
from content_engine.types import Candidate, Kind, Recipe
from serving import app, service
from serving.bench.noop import NoopMaker, accept, noop_judges
from serving.executors import LocalExecutor, PlannerByKind
from serving.signals import STOP, call_on


class SlowMaker(NoopMaker):
    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        time.sleep(0.1)
        return super().generate(recipe, stop=stop)


class Threads:
    """What a cluster is to the service."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(8)

    def executor(self, kinds: object) -> LocalExecutor:
        return LocalExecutor({Kind.TEXT: SlowMaker()}, noop_judges(), pool=self._pool)

    async def loop_facts(self) -> None:
        return None

    def close(self) -> None:
        self._pool.shutdown()


async def main() -> None:
    app.planner = lambda settings, *, kinds: PlannerByKind({Kind.TEXT: SlowMaker()})
    app.gate = lambda: accept
    running = service.Service(load_settings())
    call_on(STOP, running.stop.set)
    await running.run(Threads)


if __name__ == "__main__":
    log_to(sys.stderr)
    asyncio.run(main())
