"""Ray Serve: thin replicas around makers and judges, and the local cluster they run in.

Only frozen values and digests cross to a replica; the bytes stand in the asset store.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from content_engine import tracing
from content_engine.errors import BackendUnavailable
from content_engine.flow import Judge, Pipeline, Stop, judged_by, made_by
from content_engine.types import Brief, Candidate, Judged, Kind, Lane, Recipe
from serving.executors import RayExecutor, answer_of
from serving.lanes import TwoLanes, stoppable
from serving.narrow import narrow_children

INSPECTOR = "inspector"

CALLS_A_LANE = 128
"""Threads that only wait: 8 MB of address space each, and no time."""

_DRAIN_MARGIN_S = 2.0
"""For the call itself, and for a step that has begun."""


class MakerReplica:
    """One pipeline in a process of its own; recipes go through it one at a time, in two lanes."""

    def __init__(self, build: Callable[[], Pipeline]) -> None:
        self._pipeline = build()
        self._lanes = TwoLanes()

    async def generate(
        self, recipe: Recipe, lane: Lane = Lane.BULK, *, under: str = ""
    ) -> Candidate:
        """See `Pipeline.generate`. Ray cancels it when its caller does; `under`: see `tracing`."""
        maker = self._pipeline
        with tracing.span("replica.generate", {"kind": recipe.kind}, under=under):
            return await self._lanes.run(lambda stop: made_by(maker, recipe, stop=stop), lane=lane)


class InspectorReplica:
    """Every judge in one process; each scores one candidate at a time, kinds side by side."""

    def __init__(self, build: Callable[[], Mapping[Kind, Judge]]) -> None:
        self._judges = build()
        self._lanes = {kind: TwoLanes() for kind in self._judges}

    async def score(self, brief: Brief, candidate: Candidate, *, under: str = "") -> Judged:
        """See `Executor.score`; `under`: see `tracing`."""
        judge = self._judges[brief.kind]
        lanes = self._lanes[brief.kind]
        with tracing.span("replica.score", {"kind": brief.kind}, under=under):
            return await lanes.run(lambda _: judged_by(judge, brief, candidate), lane=brief.lane)


class Pulse(Protocol):
    """How a device's loop does."""

    @property
    def stuck(self) -> bool:
        """True when a step takes far longer than such steps do."""
        ...


class LoopMaker(Protocol):
    """A maker around one step loop: any number of threads may ask it at once."""

    def start(self) -> None:
        """Begins to step."""
        ...

    def make(self, recipe: Recipe, *, lane: Lane, due_in_s: float | None, stop: Stop) -> Candidate:
        """See `Pipeline.generate`; waits while the loop steps this recipe among others."""
        ...

    def facts(self) -> Pulse:
        """The loop's state now."""
        ...

    def close(self, *, drain_s: float) -> None:
        """Ends the loop: runs that do not end in `drain_s` leave a checkpoint and fail."""
        ...


class LoopReplica:
    """One step loop in a process of its own: the device's only owner. Many calls wait at once.

    A call that Ray cancels frees the device at the next step. A replica that hangs fails its
    health check, Ray starts another, and what callers ask again goes on from its checkpoint.
    """

    def __init__(self, build: Callable[[], LoopMaker]) -> None:
        self._maker = build()
        # Each lane has its own: a long row of bulk calls must not keep a shopper's from the loop.
        self._callers = {
            lane: ThreadPoolExecutor(CALLS_A_LANE, thread_name_prefix=lane.value) for lane in Lane
        }
        self._maker.start()

    async def generate(
        self,
        recipe: Recipe,
        lane: Lane = Lane.BULK,
        due_in_s: float | None = None,
        *,
        under: str = "",
    ) -> Candidate:
        """See `Pipeline.generate`; `due_in_s` from now is when the caller wants it."""
        make = self._maker.make
        with tracing.span("device.generate", {"kind": recipe.kind}, under=under):
            return await stoppable(
                self._callers[lane],
                lambda stop: make(recipe, lane=lane, due_in_s=due_in_s, stop=stop),
            )

    async def check_health(self) -> None:
        """Raises BackendUnavailable when a step hangs: Ray then ends this process."""
        if self._maker.facts().stuck:
            raise BackendUnavailable("a step of the device hangs: this replica must be restarted")

    async def facts(self) -> tuple[str, Any]:
        """The replica's name and its loop's state."""
        from ray import serve

        return serve.get_replica_context().replica_id.unique_id, self._maker.facts()

    async def drain(self, within_s: float) -> None:
        """Ends the loop; what has not ended by then stands in checkpoints."""
        await asyncio.to_thread(self._maker.close, drain_s=within_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One deployment: what it builds in each replica, how many replicas, how many cores each.

    `waiting` calls may stand at a replica besides the one it works on, so that it never idles
    for the 3 ms that a call takes to arrive. `gpus` is how many accelerators Ray reserves for
    each. `drain_s` above 0 says that the replica has a `drain`, and how long it may take. `serves`
    names the models whose recipes go there, whatever their kind.
    """

    name: str
    replica: type
    build: Callable[[], Any]
    replicas: int
    cpus: float
    waiting: int = 1
    gpus: float = 0.0
    check_every_s: float = 10.0
    drain_s: float = 0.0
    serves: tuple[str, ...] = ()


class Cluster:
    """A Ray of this machine with the engine's deployments; no dashboard, no HTTP of its own."""

    def __init__(self, handles: Mapping[str, Any], *, places: Sequence[Place]) -> None:
        self._handles = handles
        self._drains = {each.name: each.drain_s for each in places if each.drain_s}
        self._devices = {model: handles[each.name] for each in places for model in each.serves}

    @classmethod
    def start(cls, places: Sequence[Place], *, cpus: int) -> Cluster:
        """The running cluster, every replica ready. Takes 5 to 20 s.

        Raises BackendUnavailable when a replica cannot start, with the replica's own error.
        """
        narrow_children()
        import ray
        from ray import serve

        _silence()
        ray.init(
            address="local",
            num_cpus=max(cpus, 2),
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=80 * 2**20,
            _node_ip_address="127.0.0.1",
        )
        with ExitStack() as undo:
            undo.callback(ray.shutdown)
            serve.start(
                proxy_location="Disabled",
                logging_config={"log_level": "ERROR", "enable_access_log": False},
            )
            handles = _deploy(places) if places else {}
            undo.pop_all()
        return cls(handles, places=places)

    def executor(self, kinds: Sequence[Kind]) -> RayExecutor:
        """The executor over this cluster's makers of those kinds and its inspector."""
        makers = {kind: self._handles[kind.value] for kind in kinds}
        return RayExecutor(makers, inspector=self._handles[INSPECTOR], devices=self._devices)

    def handle(self, name: str) -> Any:
        """The Ray Serve handle of one deployment."""
        return self._handles[name]

    async def loop_facts(self) -> tuple[str, Any] | None:
        """The state of a step loop's replica and its name, whichever answers; None without one.

        Raises BackendUnavailable when it does not.
        """
        handle = next(iter(self._devices.values()), None)
        return None if handle is None else await answer_of(handle.facts.remote())

    def close(self) -> None:
        """Ends every process of the cluster. Takes about 2 s, and as long as replicas drain."""
        import ray

        for name, within_s in self._drains.items():
            _drain(self._handles[name], within_s)

        # Not serve.shutdown(): it takes 3 s more and complains about actors that are going away.
        ray.shutdown()


def _deploy(places: Sequence[Place]) -> dict[str, Any]:
    from ray import serve
    from ray.serve import RunTarget

    targets = [
        RunTarget(target=_bound(place), name=place.name, route_prefix=None) for place in places
    ]
    try:
        handles = serve.run_many(targets)
    except RuntimeError as error:
        raise BackendUnavailable(f"no replica could start: {_reason(serve.status())}") from error
    return {place.name: handle for place, handle in zip(places, handles, strict=True)}


def _drain(handle: Any, within_s: float) -> None:
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        handle.drain.remote(within_s).result(timeout_s=within_s + _DRAIN_MARGIN_S)
    except (RayError, RayServeException, TimeoutError) as error:
        logging.getLogger(__name__).warning("a replica ended without draining: %s", error)


def _reason(status: Any) -> str:
    """The last line of what the failed replicas said: their own error."""
    said = [
        deployment.message
        for application in status.applications.values()
        for deployment in application.deployments.values()
        if deployment.status.value in ("DEPLOY_FAILED", "UNHEALTHY")
    ]
    lines = [line.strip() for message in said for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w+\.)*[A-Z]\w+: (?!Traceback)", line)]
    return (errors or lines or ["Ray gave no reason"])[-1]


def _bound(place: Place) -> Any:
    from ray import serve

    deployment: Any = serve.deployment(
        place.replica,
        name=place.name,
        num_replicas=place.replicas,
        max_ongoing_requests=1 + place.waiting,
        ray_actor_options={"num_cpus": place.cpus, "num_gpus": place.gpus},
        health_check_period_s=place.check_every_s,
        health_check_timeout_s=120,
        graceful_shutdown_timeout_s=2,
        max_constructor_retry_count=2,
    )
    return deployment.bind(place.build)


def _silence() -> None:
    """Keeps Ray's own chatter off the console; its files under /tmp/ray still have it."""
    for name in ("ray", "ray.serve", "ray._private", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
