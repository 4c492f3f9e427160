"""Errors as RFC 9457 problems: one table of stable types, one shape for every door."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
_PREFIX = "urn:content-engine:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its HTTP status, its title, and whether the same request may succeed."""

    status: int
    title: str
    retryable: bool = False


PROBLEMS: Mapping[str, Problem] = {
    "malformed-json": Problem(400, "The body is not JSON"),
    "not-found": Problem(404, "There is no such thing"),
    "asset-missing": Problem(404, "There is no such asset"),
    "method-not-allowed": Problem(405, "This address does not know the method"),
    "lease-lost": Problem(409, "The case is no longer this reviewer's"),
    "too-late": Problem(409, "The answer can no longer be taken back"),
    "request-too-slow": Problem(408, "The request did not come in time", retryable=True),
    "body-too-large": Problem(413, "The body is larger than allowed"),
    "unsupported-content-type": Problem(415, "The body must be application/json"),
    "range-not-satisfiable": Problem(416, "The asset has no such bytes"),
    "invalid-request": Problem(422, "The request has missing, unknown or bad fields"),
    "invalid-brief": Problem(422, "The request cannot be carried out as it stands"),
    "invalid-feed": Problem(422, "The product cannot be read"),
    "conflict": Problem(422, "The idempotency key was used for another request"),
    "unsupported-media": Problem(422, "This kind of file is not one that the engine reads"),
    "corrupt-media": Problem(422, "The file is damaged or cut short"),
    "too-large": Problem(422, "The file is larger than allowed"),
    "unsafe-source": Problem(422, "The address must not be read from"),
    "refused": Problem(422, "The photo or the garment does not allow it"),
    "generation-failed": Problem(422, "Nothing was made that may ship"),
    "key-missing": Problem(401, "A key is needed"),
    "key-unknown": Problem(401, "This key is unknown"),
    "key-expired": Problem(401, "This key has expired"),
    "key-not-allowed": Problem(403, "This key does not open this"),
    "cross-site": Problem(403, "Another site may have sent this"),
    "origin-not-allowed": Problem(403, "Pages of this site may not use this key"),
    "quota-exceeded": Problem(429, "The tenant has as much waiting as it may", retryable=True),
    "rate-limited": Problem(429, "This shop has asked too often", retryable=True),
    "tryon-cancelled": Problem(409, "The try-on was cancelled"),
    "tryon-failed": Problem(500, "The try-on could not be made"),
    "head-too-large": Problem(431, "The headers are larger than allowed"),
    "request-refused": Problem(400, "The request cannot be read"),
    "fetch-failed": Problem(502, "The picture's server did not deliver", retryable=True),
    "internal": Problem(500, "Something went wrong in the engine"),
    "backend-unavailable": Problem(503, "A backend cannot work just now", retryable=True),
    "ledger-unavailable": Problem(503, "The ledger cannot be used just now", retryable=True),
    "store-unavailable": Problem(503, "The asset store cannot be used just now", retryable=True),
    "not-ready": Problem(503, "The engine is starting or a part of it is down", retryable=True),
}
"""Every `type` that a door answers with. A type never changes its meaning; new ones may come."""

_BY_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    408: "request-too-slow",
    413: "body-too-large",
}


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "retryable"],
    "properties": {
        "type": {"type": "string", "description": "A stable name of the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, where, what to do."},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
"""A problem in the door's OpenAPI document. Source: RFC 9457."""


def documented(media_type: str, schema: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Every status that a problem can have, for the OpenAPI document of a route."""
    statuses = sorted({each.status for each in PROBLEMS.values()})
    return {
        status: {
            "description": "; ".join(
                f"`{code}`: {each.title}"
                for code, each in PROBLEMS.items()
                if each.status == status
            ),
            "content": {media_type: {"schema": schema}},
        }
        for status in statuses
    }


def problem_type(code: str) -> str:
    """The `type` URI of a code."""
    return _PREFIX + code


def problem_body(code: str, detail: str) -> dict[str, Any]:
    """A problem as JSON."""
    known = PROBLEMS.get(code, PROBLEMS["internal"])
    return {
        "type": problem_type(code if code in PROBLEMS else "internal"),
        "title": known.title,
        "status": known.status,
        "detail": detail,
        "retryable": known.retryable,
    }


def problem(
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response of a problem; `errors` point at the fields concerned (`pointer`, `detail`)."""
    body = problem_body(code, detail)
    if errors:
        body["errors"] = list(errors)
    return problem_response(body, headers=headers)


def problem_response(
    body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> Response:
    """The response of a problem's JSON."""
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(content, body["status"], headers=headers, media_type=MEDIA_TYPE)


def code_of_status(status: int) -> str:
    """The problem code of an HTTP status that the framework itself answers with."""
    return _BY_STATUS.get(status, "request-refused" if status < 500 else "internal")


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Pydantic's errors as pointers and words; what was sent is not repeated."""
    return [
        {"pointer": "/" + "/".join(str(part) for part in error["loc"]), "detail": error["msg"]}
        for error in errors
    ]
