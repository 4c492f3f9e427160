"""`/review`: the reviewer page, the dashboard and their files, under a strict content policy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from content_engine.errors import NotFound

_ROOM = Path(__file__).parent

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline, nothing from another host: what a feed or a comment says never runs."""

_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page as it is served."""

    data: bytes
    headers: Mapping[str, str]


def routes() -> APIRouter:
    """The routes of the reviewer page."""
    router = APIRouter(prefix="/review", tags=["review"], include_in_schema=False)

    @router.get("")
    async def page(request: Request) -> Response:
        """The page on which cases are answered."""
        return _served("page.html", request)

    @router.get("/dashboard")
    async def dashboard(request: Request) -> Response:
        """Queue, accept rates, pace and faults as plots."""
        return _served("dashboard.html", request)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        """A style sheet, a module or the icon."""
        return _served(f"static/{name}", request)

    return router


def _served(name: str, request: Request) -> Response:
    """The file, or 304 where the browser has it. Raises NotFound."""
    file = _files().get(name)
    if file is None:
        raise NotFound(f"the reviewer page has no file {name!r}")
    fresh = file.headers["etag"] in request.headers.get("if-none-match", "")
    return Response(b"" if fresh else file.data, 304 if fresh else 200, headers=dict(file.headers))


@cache
def _files() -> Mapping[str, _File]:
    """Every file of the page by its name: read once, so that no request names a path on disk."""
    found = (path for path in _ROOM.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(_ROOM).as_posix(): _read(path) for path in found}


def _read(path: Path) -> _File:
    data = path.read_bytes()
    headers = {
        "content-type": _TYPES[path.suffix],
        "content-security-policy": _POLICY,
        "cache-control": "no-cache",
        "etag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
    }
    return _File(data, headers)
