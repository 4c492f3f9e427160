"""Refused try-ons as problems: a stable type for each reason, in words for the shopper."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from content_engine.errors import Refused
from content_engine.refusals import refusals
from serving.api.problems import problem_response, problem_type

_STATUS = 422


def refusal_body(reason: str, *, measured: str) -> dict[str, Any]:
    """The problem of a reason in `refusals.toml`; `measured` says what was seen, for the shop."""
    known = refusals()[reason]
    return {
        "type": problem_type(f"tryon-{reason}"),
        "title": known.title,
        "status": _STATUS,
        "detail": known.advice,
        "retryable": False,
        "reason": reason,
        "measured": measured,
    }


def refusal_response(error: Refused) -> Response:
    """The answer to an order that is refused before work starts."""
    measured = str(error).removeprefix(f"{error.reason}: ")
    return problem_response(refusal_body(error.reason, measured=measured))
