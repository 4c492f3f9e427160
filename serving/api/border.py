"""The door's outer border, pure ASGI: bodies have a limit, bugs become problems, answers count."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from content_engine.telemetry import Metrics
from serving.api.problems import problem

log = logging.getLogger(__name__)

_STREAMED = frozenset({"/v1/batches"})
"""What is read only as fast as it is dealt with needs no limit: its lines have their own."""
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})


class BodyTooLarge(HTTPException):
    """The client sends more than the limit. An HTTPException, for FastAPI lets only those pass."""

    def __init__(self, most: int) -> None:
        # The rest of an endless body must not keep the connection busy.
        headers = {"connection": "close"}
        super().__init__(413, f"the body is larger than {most} bytes", headers=headers)


class Border:
    """Wraps an app: 413 over the body limit, 500 for a bug (logged), one count an answer."""

    def __init__(self, app: ASGIApp, *, body_max_bytes: int, metrics: Metrics) -> None:
        self._app = app
        self._body_max_bytes = body_max_bytes
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self._app(scope, _limited(scope, receive, self._body_max_bytes), answer.send)
        except Exception:
            # The path's pattern, not the path: a SKU may be private.
            log.exception("http.bug", extra={"route": str(scope.get("route", ""))})
            await answer.instead(scope, receive, "internal", "the engine's log says what happened")
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(method, str(answer.status)).inc()


class _Answer:
    """Remembers whether an answer began, so that another can only be given before."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)

    async def instead(self, scope: Scope, receive: Receive, code: str, detail: str) -> None:
        if self.status == 0:
            await problem(code, detail)(scope, receive, self.send)


def _limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """`receive`, raising BodyTooLarge once more than `most` bytes were announced or came."""
    if scope["path"] in _STREAMED:
        return receive
    announced = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    came = 0

    async def limited() -> Message:
        nonlocal came
        if int(announced) > most:
            raise BodyTooLarge(most)
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise BodyTooLarge(most)
        return message

    return limited
