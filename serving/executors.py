"""Where heavy work runs: threads of this process, or Ray Serve replicas: two `flow.Executor`s."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor as Pool
from typing import Any, Protocol, TypeVar

from content_engine import tracing
from content_engine.errors import InvalidBrief, ReplicaLost
from content_engine.flow import Judge, Pipeline, Planner, Stop, judged_by, made_by
from content_engine.review import Correction
from content_engine.types import Attempt, Brief, Candidate, Judged, Kind, Lane, Recipe
from serving.lanes import stoppable

T = TypeVar("T")


class PlannerByKind:
    """The planning half of every pipeline, chosen by the brief's kind."""

    def __init__(self, planners: Mapping[Kind, Planner]) -> None:
        self._planners = planners

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """See `Pipeline.plan`. Raises InvalidBrief for a kind that nothing here makes."""
        return self._of(brief.kind).plan(brief)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """See `Pipeline.repair`."""
        return self._of(brief.kind).repair(brief, attempt)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `Pipeline.correct`."""
        return self._of(brief.kind).correct(brief, attempt, correction)

    def _of(self, kind: Kind) -> Planner:
        return _chosen(self._planners, kind, "makes")


class Device(Protocol):
    """What makes the recipes of models: one step loop and the makers around it."""

    def make(self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop) -> Candidate:
        """See `flow.Pipeline.generate`."""
        ...


class LocalExecutor:
    """Runs makers and judges in the threads of a pool: no cluster, same answers."""

    def __init__(
        self,
        makers: Mapping[Kind, Pipeline],
        judges: Mapping[Kind, Judge],
        *,
        pool: Pool,
        devices: Mapping[str, Device] | None = None,
    ) -> None:
        """`devices` make the recipes of the models that they are named by, whatever the kind."""
        self._makers = makers
        self._judges = judges
        self._pool = pool
        self._devices = devices or {}

    async def generate(self, recipe: Recipe, *, lane: Lane = Lane.BULK) -> Candidate:
        """The recipe's candidate; raises what `Pipeline.generate` raises.

        Lanes share the pool; a device has its own.
        """
        if (device := self._devices.get(recipe.backend)) is not None:
            return await stoppable(
                self._pool, lambda stop: device.make(recipe, lane=lane, due_in_s=None, stop=stop)
            )
        maker = _chosen(self._makers, recipe.kind, "makes")
        return await stoppable(self._pool, lambda stop: made_by(maker, recipe, stop=stop))

    async def score(self, brief: Brief, candidate: Candidate) -> Judged:
        """The candidate's scores, and what they took."""
        judge = _chosen(self._judges, brief.kind, "judges")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, judged_by, judge, brief, candidate)


class Handle(Protocol):
    """What this file needs of a `ray.serve.handle.DeploymentHandle`."""

    @property
    def generate(self) -> Any:
        """The replica's method `generate`."""
        ...

    @property
    def score(self) -> Any:
        """The replica's method `score`."""
        ...


class RayExecutor:
    """Sends recipes and candidates (frozen values and digests, no bytes) to Ray Serve replicas."""

    def __init__(
        self,
        makers: Mapping[Kind, Handle],
        *,
        inspector: Handle,
        devices: Mapping[str, Handle] | None = None,
    ) -> None:
        """`devices` make the recipes of the models that they are named by, whatever the kind."""
        self._makers = makers
        self._inspector = inspector
        self._devices = devices or {}

    async def generate(self, recipe: Recipe, *, lane: Lane = Lane.BULK) -> Candidate:
        """The recipe's candidate; raises what `Pipeline.generate` raises."""
        maker = self._devices.get(recipe.backend) or _chosen(self._makers, recipe.kind, "makes")
        with tracing.span("generate", {"kind": recipe.kind, "backend": recipe.backend}):
            return await answer_of(maker.generate.remote(recipe, lane, under=tracing.carried()))

    async def score(self, brief: Brief, candidate: Candidate) -> Judged:
        """The candidate's scores, and what they took."""
        with tracing.span("score", {"kind": brief.kind}):
            under = tracing.carried()
            return await answer_of(self._inspector.score.remote(brief, candidate, under=under))


async def answer_of(response: Any) -> Any:
    """The replica's answer; its own exception as it was raised, Ray's as ReplicaLost.

    Cancelled, it cancels the call: `response` is a `ray.serve.handle.DeploymentResponse`.
    """
    from ray.exceptions import RayError, RayTaskError
    from ray.serve.exceptions import RayServeException

    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except RayTaskError as error:
        raise error.cause from error
    except (RayError, RayServeException) as error:
        raise ReplicaLost(f"the replica did not answer: {error}") from error


def _chosen(parts: Mapping[Kind, T], kind: Kind, verb: str) -> T:
    if kind not in parts:
        known = ", ".join(sorted(parts)) or "none"
        raise InvalidBrief(f"nothing here {verb} {kind.value!r}; kinds served: {known}")
    return parts[kind]
