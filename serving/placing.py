"""Where the parts run: a deployment for each maker, one for all judges; a dispatcher's limits.

No class of a maker or judge is named here: `app.py` hands their builders in.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from content_engine import tracing
from content_engine.config import Settings
from content_engine.flow import Judge, Pipeline
from content_engine.types import Kind
from serving.deployments import INSPECTOR, InspectorReplica, MakerReplica, Place
from serving.dispatcher import Limits

_WAITING = {Kind.TRYON: 15}
"""Calls wait at the replica, whose lanes let shoppers pass: in Ray's router they stand in a row."""

BuildMaker = Callable[[Settings], Pipeline]
BuildJudges = Callable[[Settings, Sequence[Kind]], Mapping[Kind, Judge]]


def places(
    settings: Settings,
    kinds: Sequence[Kind],
    *,
    makers: Mapping[Kind, BuildMaker],
    judges: BuildJudges,
) -> tuple[Place, ...]:
    """The deployments that serve those kinds: a maker each, and the inspector."""
    return (
        *(_maker_place(settings, kind, build=makers[kind]) for kind in kinds),
        Place(
            name=INSPECTOR,
            replica=InspectorReplica,
            build=partial(_judges, judges, settings, tuple(kinds)),
            replicas=settings.inspector_replicas,
            cpus=settings.cpu_per_replica,
            waiting=31,
        ),
    )


def limits(settings: Settings, *, drain_s: float) -> Limits:
    """What one dispatcher may carry at once, and how long it drains."""
    return Limits(jobs_in_flight=settings.jobs_in_flight, lease_s=settings.lease_s, drain_s=drain_s)


def worker_name() -> str:
    """This process's name in the ledger: machine and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _maker(build: BuildMaker, settings: Settings, kind: Kind) -> Pipeline:
    """The maker, in its replica's process: spans are sent from there."""
    tracing.start(settings.trace_to, service=kind.value)
    return build(settings)


def _judges(build: BuildJudges, settings: Settings, kinds: Sequence[Kind]) -> Mapping[Kind, Judge]:
    tracing.start(settings.trace_to, service=INSPECTOR)
    return build(settings, kinds)


def _maker_place(settings: Settings, kind: Kind, *, build: BuildMaker) -> Place:
    replicas = {
        Kind.TEXT: settings.text_replicas,
        Kind.IMAGE: settings.image_replicas,
        Kind.VIDEO: settings.video_replicas,
        Kind.TRYON: settings.tryon_replicas,
    }
    return Place(
        name=kind.value,
        replica=MakerReplica,
        build=partial(_maker, build, settings, kind),
        replicas=replicas[kind],
        cpus=settings.cpu_per_replica,
        waiting=_WAITING.get(kind, 1),
    )
