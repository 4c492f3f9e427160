"""Files of the engine's own pages: read once, served with validators, nothing else of the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What a page is made of."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is served."""

    data: bytes
    headers: Mapping[str, str]


def read_files(room: Path) -> Mapping[str, bytes]:
    """Every file of a page below `room` by its name, so that no request names a path on disk."""
    found = (path for path in room.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(room).as_posix(): path.read_bytes() for path in sorted(found)}


def page_file(name: str, data: bytes, *, headers: Mapping[str, str]) -> PageFile:
    """The file with its type, its validator and these headers."""
    own = {
        "content-type": TYPES[Path(name).suffix],
        "etag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return PageFile(data, {**own, **headers})


def served(file: PageFile, request: Request) -> Response:
    """The file, or 304 where the browser has it."""
    fresh = file.headers["etag"] in request.headers.get("if-none-match", "")
    return Response(b"" if fresh else file.data, 304 if fresh else 200, headers=dict(file.headers))
