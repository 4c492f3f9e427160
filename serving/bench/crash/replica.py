"""A maker and its judge in a process of their own behind a socket: Ray's replica without Ray.

Ray takes 9 s to bring a replica back, this one is back at once: so it can be killed often.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from assets.errors import AssetError
from content_engine.errors import ContentEngineError, ReplicaLost
from content_engine.flow import Judge, Pipeline, judged_by, made_by
from content_engine.types import Brief, Candidate, Judged, Lane, Recipe

_DAWDLE_MOST_S = 0.1
"""Between the bytes in the store and the answer: copy is made in 10 ms, a kill would rarely hit."""


class SocketExecutor:
    """A `flow.Executor` over the sockets of a folder, one after another; one call a connection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = 0

    async def generate(self, recipe: Recipe, *, lane: Lane = Lane.BULK) -> Candidate:  # noqa: ARG002
        """The recipe's candidate; ReplicaLost when the replica died over it."""
        return await asyncio.to_thread(self._asked, ("generate", recipe))

    async def score(self, brief: Brief, candidate: Candidate) -> Judged:
        """The candidate's scores; ReplicaLost when the replica died over them."""
        return await asyncio.to_thread(self._asked, ("score", brief, candidate))

    def _asked(self, call: tuple[Any, ...]) -> Any:
        self._turn += 1
        sockets = sorted(self._folder.iterdir())
        try:
            with Client(str(sockets[self._turn % len(sockets)]), family="AF_UNIX") as replica:
                replica.send(call)
                answer = replica.recv()
        except (EOFError, OSError, ZeroDivisionError) as error:
            raise ReplicaLost(f"the replica did not answer: {error}") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer_calls(place: Path, maker: Pipeline, judge: Judge, *, dawdle: random.Random) -> None:
    """Answers calls at a socket for ever, one at a time as a replica does."""
    place.unlink(missing_ok=True)
    alone = threading.Lock()

    def answer(caller: Connection) -> None:
        with caller:
            try:
                call = caller.recv()
                with alone:
                    found = _found(call, maker, judge)
                    time.sleep(dawdle.uniform(0.0, _DAWDLE_MOST_S))
                caller.send(found)
            except (EOFError, OSError):
                return  # who asked was killed meanwhile

    with Listener(str(place), family="AF_UNIX", backlog=64) as listener:
        while True:
            threading.Thread(target=answer, args=(listener.accept(),), daemon=True).start()


def _found(call: tuple[Any, ...], maker: Pipeline, judge: Judge) -> Any:
    verb, *values = call
    try:
        return made_by(maker, *values) if verb == "generate" else judged_by(judge, *values)
    except (ContentEngineError, AssetError) as error:
        return error
