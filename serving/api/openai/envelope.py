"""Errors in OpenAI's envelope, with the types that its clients turn into exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assets.errors import AssetError
from content_engine.errors import ContentEngineError
from serving.api.problems import PROBLEMS, code_of_status, field_errors

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
"""An error in the OpenAPI document. Source: OpenAI's API reference, error object."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class EnvelopedRoute(APIRoute):
    """A route whose errors are `{"error": {"message", "type", "param", "code"}}`."""

    def get_route_handler(self) -> Handler:
        """The handler, the engine's own errors and the framework's put into the envelope."""
        answer = super().get_route_handler()

        async def enveloped(request: Request) -> Response:
            try:
                return await answer(request)
            except (ContentEngineError, AssetError) as error:
                return _envelope(getattr(error, "code", "internal"), str(error))
            except RequestValidationError as error:
                found = field_errors(error.errors())[0]
                param = found["pointer"].removeprefix("/body").strip("/").replace("/", ".")
                return _envelope("invalid-request", found["detail"], param=param)
            except HTTPException as error:
                return _envelope(code_of_status(error.status_code), str(error.detail))

        return enveloped


def _envelope(code: str, message: str, *, param: str = "") -> Response:
    """The error as OpenAI's clients read it; statuses as everywhere at this door."""
    known = PROBLEMS.get(code, PROBLEMS["internal"])
    # 422 is "unprocessable" to the client library, 400 "bad request": both are the caller's.
    kind = "invalid_request_error" if known.status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": param or None, "code": code}
    headers = {"retry-after": "5"} if known.retryable else None
    content = json.dumps({"error": error}, ensure_ascii=False).encode()
    return Response(content, known.status, headers=headers, media_type="application/json")
