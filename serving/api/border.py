"""The door's outer border, pure ASGI: bodies have limits, bugs become problems, answers count."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_engine import tracing
from content_engine.telemetry import Metrics
from serving.api.problems import problem

log = logging.getLogger(__name__)

_STREAMED = frozenset({"/v1/batches"})
"""What is read only as fast as it is dealt with needs no limit: its lines have their own."""
_SAFE = ((b"x-content-type-options", b"nosniff"),)
"""What every answer says: no browser may take it for another kind of thing than it is."""
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})


class BodyTooLarge(HTTPException):
    """The client sends more than the limit. An HTTPException, for FastAPI lets only those pass."""

    def __init__(self, most: int) -> None:
        # The rest of an endless body must not keep the connection busy.
        headers = {"connection": "close"}
        super().__init__(413, f"the body is larger than {most} bytes", headers=headers)


class BodyTooSlow(HTTPException):
    """The client sends too slowly, or nothing. An HTTPException, as above."""

    def __init__(self, what: str) -> None:
        super().__init__(408, what, headers={"connection": "close"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """What a body may cost. Only time spent waiting for the client counts.

    It may be silent for `idle_s`, and once `grace_s` are over must bring `least_bytes_per_s` on
    the mean; all of it within `total_s`. A batch's feed, read as fast as it is dealt with, has no
    limit of size and none in all. Source: as the fetcher asks of others (`assets/fetch.py`), half
    its pace: a telephone's way up is slower than a server's way down.
    """

    most_bytes: int
    idle_s: float = 20.0
    grace_s: float = 10.0
    least_bytes_per_s: float = 2048.0
    total_s: float = 300.0


class Border:
    """Wraps an app: 413 and 408 beyond a body's limits, 500 for a bug (logged), one count each."""

    def __init__(self, app: ASGIApp, *, limits: BodyLimits, metrics: Metrics) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer, began = _Answer(send), time.monotonic()
        body = _Body(scope, receive, self._limits)
        try:
            with tracing.span("HTTP", {}, under=_traceparent(scope)):
                try:
                    await self._app(scope, body.receive, answer.send)
                finally:
                    _name_span(scope, status=answer.status)
        except Exception:
            # The path's pattern, not the path: a SKU may be private.
            log.exception("http.bug", extra={"route": str(scope.get("route", ""))})
            await answer.instead(scope, receive, "internal", "the engine's log says what happened")
        finally:
            self._count(scope, answer, began=began)

    def _count(self, scope: Scope, answer: _Answer, *, began: float) -> None:
        method, route = _method(scope), _pattern(scope)
        self._metrics.requests.labels(method, route, str(answer.status)).inc()
        seconds = (answer.began or time.monotonic()) - began
        self._metrics.request_seconds.labels(method, route).observe(seconds)


class _Answer:
    """Remembers whether an answer began, so that another can only be given before."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.began = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.began = time.monotonic()
            said = {name.lower() for name, _ in message.get("headers", ())}
            missing = [pair for pair in _SAFE if pair[0] not in said]
            message = {**message, "headers": [*message.get("headers", ()), *missing]}
        await self._send(message)

    async def instead(self, scope: Scope, receive: Receive, code: str, detail: str) -> None:
        if self.status == 0:
            await problem(code, detail)(scope, receive, self.send)


def _traceparent(scope: Scope) -> str:
    said = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    return said.decode("latin-1")


def _name_span(scope: Scope, *, status: int) -> None:
    """Source: OpenTelemetry's semantic conventions for HTTP servers: `{method} {route}`."""
    method, route = _method(scope), _pattern(scope)
    facts = {"http.request.method": method, "http.route": route}
    tracing.tell(f"{method} {route}", {**facts, "http.response.status_code": status or 500})


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _pattern(scope: Scope) -> str:
    """The route's pattern, never the path: a SKU may be private, and each would be a series."""
    return str(getattr(scope.get("route"), "path", "")) or "none"


class _Body:
    """A request's body on its way in, within its limits."""

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits) -> None:
        self._receive = receive
        self._limits = limits
        self._is_streamed = scope["path"] in _STREAMED
        self._announced = _announced(scope)
        self._came = 0
        self._waited_s = 0.0
        self._ended = False

    async def receive(self) -> Message:
        """The next message. Raises BodyTooLarge, BodyTooSlow."""
        if self._ended:
            return await self._receive()  # who asks now waits for the client to leave
        self._check_room(self._announced)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.idle_s):
                message = await self._receive()
        except TimeoutError:
            idle_s = self._limits.idle_s
            raise BodyTooSlow(f"nothing of the body came for {idle_s:g} s") from None
        self._waited_s += time.monotonic() - began
        self._came += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        self._check_room(self._came)
        if not self._ended:
            self._check_pace()
        return message

    def _check_room(self, size_bytes: int) -> None:
        if size_bytes > self._limits.most_bytes and not self._is_streamed:
            raise BodyTooLarge(self._limits.most_bytes)

    def _check_pace(self) -> None:
        limits, waited_s = self._limits, self._waited_s
        if waited_s > limits.grace_s and self._came < limits.least_bytes_per_s * waited_s:
            raise BodyTooSlow(f"send at least {limits.least_bytes_per_s:g} bytes a second")
        if waited_s > limits.total_s and not self._is_streamed:
            raise BodyTooSlow(f"send the whole body within {limits.total_s:g} s")


def _announced(scope: Scope) -> int:
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0
