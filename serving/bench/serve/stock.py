"""The baselines: the stock diffusers pipeline in Ray Serve, in order of arrival or by lane."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import importlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assets.media import Picture, encode_png
from content_engine.types import Candidate, Lane, Recipe
from serving.bench.serve.asked import candidate
from serving.bench.serve.strokes import Stroke, StrokeLog, Worker


class StockPipeline:
    """`ZImagePipeline` as it comes, one recipe at a time, its picture as PNG."""

    def __init__(self, folder: Path) -> None:
        import torch

        torch.set_num_threads(1)
        diffusers: Any = importlib.import_module("diffusers")
        self.log = StrokeLog()
        self._pipe = diffusers.ZImagePipeline.from_pretrained(folder)
        self._pipe.set_progress_bar_config(disable=True)

    def picture(self, asked: Recipe) -> bytes:
        """The recipe's picture, encoded."""
        import torch

        want = json.loads(asked.parameters)
        with self._strokes(asked) as stroke:
            made = self._pipe(
                asked.prompt,
                height=want["height_px"],
                width=want["width_px"],
                num_inference_steps=want["steps"],
                guidance_scale=want["guidance"],
                generator=torch.Generator().manual_seed(asked.seed),
                callback_on_step_end=stroke,
                output_type="np",
            )
        return encode_png(Picture((made.images[0] * 255).round().astype("uint8")))

    @contextmanager
    def _strokes(self, asked: Recipe) -> Iterator[Any]:
        """A callback that writes each step down; the first stroke holds the text encoding too."""
        mark = self.log.begin()

        def stroke(_pipe: Any, _index: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
            nonlocal mark
            self.log.end(mark, [asked.digest])
            mark = self.log.begin()
            return kept

        yield stroke


class FifoReplica:
    """One pipeline, one recipe at a time in the order of arrival: Ray Serve's own way.

    To be deployed with `max_ongoing_requests=1`.
    """

    def __init__(self, build: Callable[[], StockPipeline]) -> None:
        self._stock = build()
        self._device = ThreadPoolExecutor(1)

    async def generate(
        self, recipe: Recipe, lane: Lane = Lane.BULK, due_in_s: float | None = None
    ) -> Candidate:
        """The recipe's candidate; this replica knows no lanes."""
        del lane, due_in_s
        return await self._made(recipe)

    def strokes(self) -> tuple[Stroke, ...]:
        """What was done since the last call."""
        return self._stock.log.taken()

    async def worker(self) -> Worker:
        """The thread that runs the pipeline."""
        loop = asyncio.get_running_loop()
        thread = await loop.run_in_executor(self._device, threading.get_native_id)
        return Worker(process=os.getpid(), thread=thread)

    async def _made(self, recipe: Recipe) -> Candidate:
        data = await asyncio.get_running_loop().run_in_executor(
            self._device, self._stock.picture, recipe
        )
        digest = hashlib.sha256(data).hexdigest()
        return candidate(recipe, digest=digest, size_bytes=len(data))


class PriorityReplica(FifoReplica):
    """The same with a priority queue: interactive recipes next, whatever runs is run to its end."""

    def __init__(self, build: Callable[[], StockPipeline]) -> None:
        super().__init__(build)
        self._waiting: list[tuple[int, int, asyncio.Event]] = []
        self._came = 0
        self._busy = False

    async def generate(
        self, recipe: Recipe, lane: Lane = Lane.BULK, due_in_s: float | None = None
    ) -> Candidate:
        """The recipe's candidate, once nothing more urgent waits."""
        del due_in_s
        turn = asyncio.Event()
        self._came += 1
        heapq.heappush(self._waiting, (list(Lane).index(lane), self._came, turn))
        self._next()
        await turn.wait()
        try:
            return await self._made(recipe)
        finally:
            self._busy = False
            self._next()

    def _next(self) -> None:
        if self._waiting and not self._busy:
            self._busy = True
            heapq.heappop(self._waiting)[2].set()
