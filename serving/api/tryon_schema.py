"""How a try-on's two kinds of body and its stream stand in the door's description (OpenAPI)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.api.wire_tryon import TryonIn

_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "type": "object",
    "required": ["garments"],
    "properties": {
        "person": {**_BINARY, "description": "The person's photo; or give `upload`."},
        "upload": {"type": "string", "description": "The handle of a person sent before."},
        "garments": {
            "type": "string",
            "description": "A JSON list of garments, as in the JSON body. A `picture` names "
            "another part of this form.",
        },
        "longer_side_px": {"type": "integer", "minimum": 480, "maximum": 2048, "default": 1024},
    },
    "additionalProperties": _BINARY,
}


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with every reference replaced by what it names: refs can't leave a body."""
    if isinstance(node, list):
        return [_inlined(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(each, definitions) for key, each in node.items() if key != "$defs"}


def body() -> dict[str, Any]:
    """The request body of `POST /v1/tryon`."""
    schema = TryonIn.model_json_schema()
    json_body = _inlined(schema, schema["$defs"])
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": json_body},
                "multipart/form-data": {"schema": _FORM},
            },
        }
    }


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The try-on, or its events: `accepted`, `preview`, then `result` or "
        "`refused`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    202: {"description": "The try-on as it stands: the time to wait is up."},
    422: {"description": "Refused: `reason` says why, `detail` what helps."},
    429: {"description": "The shop has asked too often: see `Retry-After`."},
}
"""The answers of a try-on that its model does not tell."""
