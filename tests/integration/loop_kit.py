"""A step loop over a backend that only counts. In a module of its own: Ray takes it by value."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from content_engine.flow import Stop
from content_engine.types import Asset, Candidate, Digest, Kind, Lane, Recipe, canonical_json
from pipelines.backend import Inputs, Load, Media
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopFacts, LoopLimits
from pipelines.stepping.table import BatchTable
from serving.deployments import LoopReplica

STEP_S = 0.02
KEPT_EVERY = 5
LIMITS = LoopLimits(
    checkpoint_every_steps=KEPT_EVERY, checkpoint_every_s=0.0, hung_least_s=1.0, hung_factor=2.0
)


@dataclass(slots=True, kw_only=True, eq=False)
class CountedRun:
    """A text that every step hashes once more."""

    recipe: Digest
    hang: Path | None
    state: str
    steps_left: int

    @property
    def done(self) -> bool:
        return self.steps_left == 0

    @property
    def load(self) -> Load:
        return Load(group="counted", shape="counted", tokens=1)


class CountingBackend:
    """Steps take 20 ms however many share them; each leaves a line for itself and each run's."""

    def __init__(self, trail: Path) -> None:
        self._trail = trail

    def start(self, recipe: Recipe, inputs: Inputs) -> CountedRun:
        asked = json.loads(recipe.parameters)
        hang = Path(asked["hang"]) if "hang" in asked else None
        return CountedRun(
            recipe=recipe.digest, hang=hang, state=recipe.prompt, steps_left=asked["steps"]
        )

    def step(self, runs: Sequence[CountedRun]) -> None:
        for run in runs:
            if run.hang is not None and run.steps_left == 3 and not run.hang.exists():
                run.hang.touch()
                time.sleep(3600)
        time.sleep(STEP_S)
        for run in runs:
            run.state = hashlib.sha256(run.state.encode()).hexdigest()
            run.steps_left -= 1
        with self._trail.open("a") as trail:
            trail.write("step\n" + "".join(f"{run.recipe}\n" for run in runs))

    def finish(self, run: CountedRun) -> tuple[Media, ...]:
        return (Media(role="counted", data=run.state.encode(), media_type="text/plain"),)

    def save(self, run: CountedRun) -> bytes:
        return json.dumps([run.state, run.steps_left]).encode()

    def resume(self, recipe: Recipe, inputs: Inputs, saved: bytes) -> CountedRun:
        run = self.start(recipe, inputs)
        run.state, run.steps_left = json.loads(saved)
        return run


class CountingMaker:
    """A `LoopMaker` whose candidates hold the hash that the steps came to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._loop = StepLoop(
            CountingBackend(folder / "trail"),
            table=BatchTable(),
            checkpoints=Checkpoints(folder / "checkpoints"),
            limits=LIMITS,
        )

    def start(self) -> None:
        self._loop.start()

    def make(self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop) -> Candidate:
        asked = self._loop.submit(
            recipe, Inputs(assets={}), lane=lane, due_in_s=due_in_s, stop=stop
        )
        (media,) = asked.result()
        asset = Asset(
            role=media.role,
            digest=Digest(media.data.decode()),
            media_type=media.media_type,
            size_bytes=len(media.data),
        )
        return Candidate(recipe=recipe, assets=(asset,), seconds=0.0)

    def facts(self) -> LoopFacts:
        return self._loop.facts()

    def close(self, *, drain_s: float) -> None:
        self._loop.close(drain_s=drain_s)


class CountingReplica(LoopReplica):
    """A `LoopReplica` that tells its process, so that a test may kill it."""

    def process(self) -> int:
        return os.getpid()


def recipe(name: str, *, steps: int, hang: Path | None = None) -> Recipe:
    asked = {"steps": steps} | ({} if hang is None else {"hang": str(hang)})
    return Recipe(
        kind=Kind.IMAGE,
        backend="counted",
        model="counted@1",
        prompt=name,
        seed=0,
        parameters=canonical_json(asked),
    )


def expected(asked: Recipe) -> Digest:
    """What the recipe comes to when nothing disturbs it."""
    state = asked.prompt
    for _ in range(json.loads(asked.parameters)["steps"]):
        state = hashlib.sha256(state.encode()).hexdigest()
    return Digest(state)


def steps_of(folder: Path, asked: Recipe) -> int:
    """Steps done of that recipe by every process that wrote to the folder's trail."""
    return _trail(folder).count(asked.digest)


def steps_in_all(folder: Path) -> int:
    """Steps done, however many runs shared each."""
    return _trail(folder).count("step")


def _trail(folder: Path) -> list[str]:
    trail = folder / "trail"
    return trail.read_text().split() if trail.exists() else []
