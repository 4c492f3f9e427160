"""Our side of the bench: the tiny transformer behind the step loop, here or in a replica."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content_engine.flow import Stop
from content_engine.types import Candidate, Lane, Recipe
from pipelines.backend import Inputs, SteppedBackend
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.zimage import ZImage
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopFacts, LoopLimits
from pipelines.stepping.table import BatchTable, Probe, calibrate
from serving.bench.serve.asked import FAMILY, WANTS, Want, candidate, recipe
from serving.bench.serve.strokes import Logged, StepClock, Stroke, StrokeLog, Worker
from serving.deployments import LoopReplica

NOTHING = Inputs(assets={})

CHECKPOINT_STEPS = 10

LIMITS = LoopLimits(bulk_step_s=0.018, checkpoint_every_steps=CHECKPOINT_STEPS)
"""The house's limits but for the bulk step, which is held to a third of a preview's time, with
shoppers and without: 150 ms suit models whose previews take 0.5 s, the tiny one's take 53 ms.
Checkpoints come by steps, too, so that the bench can count what a kill costs."""

_CALIBRATION_S = 20.0
_STEP_THREAD = "step-loop"


def backend(folder: Path) -> DiffusionBackend:
    """The tiny checkpoint, loaded as every checkpoint is; one compute thread."""
    import torch

    torch.set_num_threads(1)
    return DiffusionBackend({FAMILY: ZImage.load_from(folder, preset="exact", device="cpu")})


def table(stepped: SteppedBackend[Any], wants: Sequence[Want]) -> BatchTable:
    """What steps of those sizes cost, measured now.

    By this thread's CPU time: one thread computes, so that it is what a device takes, and a busy
    neighbour does not make a batch look slow.
    """
    probes = [Probe(recipe=recipe(want, seed=10**6), inputs=NOTHING) for want in wants]
    return calibrate(stepped, probes, budget_s=_CALIBRATION_S, clock=time.thread_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a replica makes its maker; crosses to the replica's process."""

    folder: Path
    checkpoints: Path | None = None
    trail: Path | None = None
    limits: LoopLimits = LIMITS

    def __call__(self) -> BenchMaker:
        """The maker, its batch table measured."""
        return BenchMaker(self)


class BenchMaker:
    """A `LoopMaker` that answers with digests: no store, no credentials, as in the baselines."""

    def __init__(self, build: Build) -> None:
        self.log = StrokeLog(build.trail)
        self._backend = backend(build.folder)
        clock = StepClock()
        checkpoints = None if build.checkpoints is None else Checkpoints(build.checkpoints)
        self._loop = StepLoop(
            Logged(self._backend, log=self.log, clock=clock),
            table=table(self._backend, list(WANTS.values())),
            checkpoints=checkpoints,
            limits=build.limits,
            clock=clock,
        )

    def start(self) -> None:
        """See `LoopMaker`."""
        self._loop.start()

    def make(self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop) -> Candidate:
        """The recipe's candidate, named by the digest of its bytes."""
        asked = self._loop.submit(recipe, NOTHING, lane=lane, due_in_s=due_in_s, stop=stop)
        (media,) = asked.result()
        digest = hashlib.sha256(media.data).hexdigest()
        return candidate(recipe, digest=digest, size_bytes=len(media.data))

    def fresh(self, recipe: Recipe) -> str:
        """The digest of the recipe's bytes, made without a loop or a checkpoint."""
        run = self._backend.start(recipe, NOTHING)
        while not run.done:
            self._backend.step([run])
        (media,) = self._backend.finish(run)
        return hashlib.sha256(media.data).hexdigest()

    def facts(self) -> LoopFacts:
        """See `LoopMaker`."""
        return self._loop.facts()

    def close(self, *, drain_s: float) -> None:
        """See `LoopMaker`."""
        self._loop.close(drain_s=drain_s)


class OurReplica(LoopReplica):
    """A `LoopReplica` that can be asked what its device did."""

    def __init__(self, build: Build) -> None:
        self._bench = build()
        super().__init__(lambda: self._bench)

    def strokes(self) -> tuple[Stroke, ...]:
        """What was done since the last call."""
        return self._bench.log.taken()

    async def fresh(self, recipe: Recipe) -> str:
        """The digest of the recipe's bytes made anew, beside the loop: what a crash is held to."""
        return await asyncio.to_thread(self._bench.fresh, recipe)

    def worker(self) -> Worker:
        """The loop's thread: the bench reads its CPU time, and kills its process."""
        named = (each for each in threading.enumerate() if each.name == _STEP_THREAD)
        return Worker(process=os.getpid(), thread=next(named).native_id or 0)
