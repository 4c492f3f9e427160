"""What the killed processes are: the true door, the true dispatcher, the true maker of texts."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import uvicorn

from content_engine.config import Settings, load_settings
from content_engine.telemetry import log_to
from content_engine.types import Kind
from serving import app
from serving.bench.crash.nursery import Order
from serving.bench.crash.replica import SocketExecutor, answer_calls
from serving.executors import PlannerByKind
from serving.service import loop_factory

_KINDS = (Kind.TEXT,)
_WIRED_LATE = (
    "assets.provenance",
    "pipelines.image",
    "pipelines.studio.backend",
    "pipelines.studio.fitting.backend",
    "pipelines.studio.motion.backend",
    "pipelines.text",
    "pipelines.tryon",
    "pipelines.video",
    "qa.gate",
    "qa.text",
    "serving.rehearsal",
)
"""What `app.py` imports where it builds it."""


def play(order: Order) -> None:
    """Plays the role until the process is killed."""
    log_to(sys.stderr)
    ROLES[order.role](order, load_settings(environ=order.settings))


def warm_up() -> None:
    """Imports what every role will, so that what is forked need not. Starts no thread.

    Nothing is opened: the store's threads would be missing after a fork.
    """
    for name in _WIRED_LATE:
        import_module(name)


def _door(order: Order, settings: Settings) -> None:
    parts = app.open_parts(settings)
    parts.vault.prepare()
    served = app.door(parts, checks={})
    config = uvicorn.Config(
        served,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    _say_up(order)
    uvicorn.Server(config).run()


def _dispatcher(order: Order, settings: Settings) -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_dispatch(order, settings))


async def _dispatch(order: Order, settings: Settings) -> None:
    parts = app.open_parts(settings)
    planner = PlannerByKind({Kind.TEXT: app.text_maker(settings)})
    flow = app.engine(parts, SocketExecutor(Path(order.place)), planner=planner)
    work = app.dispatcher(parts, flow, drain_s=1.0)
    _say_up(order)
    await work.run(asyncio.Event(), kinds=_KINDS)


def _replica(order: Order, settings: Settings) -> None:
    maker, judge = app.text_maker(settings), app.text_judge(settings)
    _say_up(order)
    dawdle = random.Random(os.getpid())
    answer_calls(Path(order.place), maker, judge, dawdle=dawdle)


def _say_up(order: Order) -> None:
    (Path(order.up) / str(os.getpid())).touch()


ROLES: Mapping[str, Callable[[Order, Settings], None]] = {
    "door": _door,
    "dispatcher": _dispatcher,
    "replica": _replica,
}
"""By name."""
