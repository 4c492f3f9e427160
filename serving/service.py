"""`content-engine serve`: the door, the dispatcher and Ray Serve in one process tree.

The door answers from the first second; the dispatcher starts when the replicas are ready, and what
was accepted before waits in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import FastAPI

from assets.errors import AssetError
from content_engine import tracing
from content_engine.config import Settings
from content_engine.errors import ContentEngineError, InvalidSettings
from content_engine.telemetry import log_to
from serving import app
from serving.api.people import redact_gone
from serving.connections import GuardedConnection
from serving.deployments import Cluster
from serving.gauges import watch_devices
from serving.keyfile import KeyFile
from serving.signals import STOP, call_on
from serving.webhooks.sender import Sender

log = logging.getLogger(__name__)

_DRAIN_S = 20.0
"""Most jobs end within it; supervisors wait 30 s or more before they kill."""


_WAITERS_S = 5.0
"""So long may requests that wait for a job still hear of its end; then they hear how it stands."""

_SWEEP_EVERY_S = 5.0
"""So long may a key outlive its time on an idle machine; nobody can read by it. House rule."""


_CONNECTIONS_MOST = 800
"""More get 503: each takes a file, and a process may have 1,024. Source: Linux, RLIMIT_NOFILE."""


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us: the dispatcher must drain before the process ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


@dataclass
class Service:
    """One running service. `ready` turns True when the replicas can work."""

    settings: Settings
    ready: bool = False
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, start: Callable[[], Cluster]) -> None:
        """Serves until `stop`; then drains, and leaves no process behind."""
        parts = app.open_parts(self.settings)
        parts.vault.prepare()
        parts.cells.start()
        door = app.door(parts, checks={"replicas": lambda: self.ready})
        listener = _listener(self.settings)
        place = f"http://{self.settings.host}:{self.settings.port}"
        log.info("door.listening", extra={"url": place})
        server = _Server(_config(door))
        sending = Sender.open(parts.ledger, self.settings)
        sending.start()
        listening = asyncio.create_task(server.serve(sockets=[listener]))
        working = asyncio.create_task(self._work(parts, start))
        sweeping = asyncio.create_task(_sweep(parts))
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait((listening, working, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stop.set()
            server.should_exit = True
            asyncio.get_running_loop().call_later(_WAITERS_S, parts.news.close)
            ended = await asyncio.gather(listening, working, return_exceptions=True)
            sweeping.cancel()
            await asyncio.to_thread(sending.close)
            parts.vault.clear()
            _redact(parts, (), before=datetime.now(UTC))
            parts.cells.close()
            parts.ledger.close()
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _work(self, parts: app.Parts, start: Callable[[], Cluster]) -> None:
        log.info("cluster.starting")
        planner = app.planner(self.settings, kinds=app.KINDS)
        cluster = await asyncio.to_thread(start)
        call_on(STOP, self.stop.set)
        watching = asyncio.create_task(watch_devices(cluster.loop_facts, parts.metrics))
        try:
            flow = app.engine(parts, cluster.executor(app.KINDS), planner=planner)
            self.ready = True
            log.info("cluster.ready")
            work = app.dispatcher(parts, flow, drain_s=_DRAIN_S)
            await work.run(self.stop, kinds=app.KINDS)
        finally:
            self.ready = False
            watching.cancel()
            await asyncio.to_thread(cluster.close)
            log.info("cluster.closed")


async def _sweep(parts: app.Parts) -> None:
    """Deletes what has had its time, again and again; unreadable it was at once."""
    while True:
        try:
            swept = await asyncio.to_thread(_swept, parts)
            if swept:
                log.info("vault.swept", extra={"uploads": swept})
        except (AssetError, ContentEngineError, OSError) as error:
            log.warning("vault.not_swept", extra={"why": type(error).__name__})
        await asyncio.sleep(_SWEEP_EVERY_S)


def _swept(parts: app.Parts) -> int:
    gone = parts.vault.sweep()
    settings = parts.settings
    longest_s = max(settings.photo_ttl_s, *(shop.photo_ttl_s for shop in settings.shops), 0.0)
    _redact(parts, gone, before=datetime.now(UTC) - timedelta(seconds=longest_s))
    return len(gone)


def _redact(parts: app.Parts, gone: Iterable[str], *, before: datetime) -> None:
    uploads = tuple(gone)
    for tenant in parts.settings.tenants:
        redact_gone(parts.ledger, uploads, tenant=tenant, before=before)


def _listener(settings: Settings) -> socket.socket:
    """The bound socket of the door.

    Raises InvalidSettings when the port is taken, or others could reach a door that has no keys.
    """
    host, port = settings.host, settings.port
    if not (settings.is_loopback or KeyFile(settings.access_path)):
        raise InvalidSettings(
            f"host {host!r} lets other machines in and there is no key yet: make one with "
            "`content-engine keys add NAME --scope operator`, or listen on 127.0.0.1"
        )
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # The protocol must be said: without it asyncio leaves Nagle on, 40 ms an answer.
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise InvalidSettings(
            f"cannot listen on {host}:{port}: {error.strerror}; stop what does, or set CE_PORT"
        ) from error
    return listener


def _config(door: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        door,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        http=GuardedConnection,
        ws="none",
        limit_concurrency=_CONNECTIONS_MOST,
        timeout_graceful_shutdown=10,
    )


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    log_to(sys.stderr)
    tracing.start(settings.trace_to, service="door")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    service = Service(settings)
    call_on(STOP, service.stop.set)
    await service.run(lambda: app.start_cluster(settings, app.KINDS))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop where it is installed: about a third less time a request."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
