"""Connections of strangers: heads that must come whole, soon and small; answers that must be taken.

uvicorn alone waits for ever for a head, lets it grow without end, and keeps an answer for a client
that does not read (0.54).
"""

from __future__ import annotations

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.api.problems import MEDIA_TYPE, problem_body


class GuardedConnection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection with limits of its own on time and size.

    A head has `head_most_bytes` (Source: h11; nginx has 32 KiB) and is whole `head_within_s` after
    its first byte (Source: Apache has 20). A client that does not read for `take_within_s` is gone
    (Source: nginx `send_timeout`). The rest of a body that was answered already may come for
    `linger_s` (Source: nginx `lingering_timeout`).
    """

    head_most_bytes = 65_536
    head_within_s = 10.0
    take_within_s = 60.0
    linger_s = 5.0

    _alarm: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None
    _in_head = True
    _in_body = False
    _ended_head = False
    _head_bytes = 0
    _fields_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come: its first head is awaited."""
        super().connection_made(transport)
        self._set_alarm(self.head_within_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._clear_alarm()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        if self._in_head and self._alarm is None:
            self._set_alarm(self.head_within_s)
        was_in_head, self._ended_head = self._in_head, False
        super().data_received(data)
        # What ended a head or a body brought more than a head, perhaps a whole body.
        if was_in_head and self._in_head and not self._ended_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.head_most_bytes and not self.transport.is_closing():
                self._refuse(
                    "head-too-large", f"send at most {self.head_most_bytes} bytes of headers"
                )

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._clear_alarm()
        self._ended_head = True
        self._in_head, self._in_body = False, True
        self._head_bytes = self._fields_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole: the next bytes are another's head."""
        self._clear_alarm()
        self._in_head, self._in_body = True, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; what is left of the body may not come for ever."""
        super().on_response_complete()
        is_rest = self._in_body and self.cycle.response_complete
        if is_rest and not self.transport.is_closing():
            self._set_alarm(self.linger_s)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is told."""
        super().pause_writing()
        self._untaken = self.loop.call_later(self.take_within_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None
        super().resume_writing()

    def _count(self, size_bytes: int) -> None:
        """Raises ValueError beyond the limit, which httptools answers with 400."""
        self._fields_bytes += size_bytes
        if self._fields_bytes > self.head_most_bytes:
            raise ValueError(f"more than {self.head_most_bytes} bytes of head")

    def _set_alarm(self, seconds: float) -> None:
        self._clear_alarm()
        self._alarm = self.loop.call_later(seconds, self._too_late)

    def _clear_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _too_late(self) -> None:
        self._alarm = None
        if not self.transport.is_closing():
            if self._in_head:
                self._refuse(
                    "request-too-slow", f"send the headers within {self.head_within_s:g} s"
                )
            else:  # the rest of a body: its answer was given
                self.transport.close()

    def _refuse(self, code: str, detail: str) -> None:
        body = problem_body(code, detail)
        content = json.dumps(body).encode()
        self.transport.write(
            STATUS_LINE[body["status"]]
            + b"content-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
            % (MEDIA_TYPE.encode(), len(content), content)
        )
        self.transport.close()
