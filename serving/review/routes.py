"""`/review`: the reviewer page, the dashboard and their files, under a strict content policy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from content_engine.errors import NotFound
from serving.pages import PageFile, page_file, read_files, served

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

_HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
}


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

    @router.get("/sign-in")
    async def sign_in(request: Request) -> Response:
        """The form that takes a reviewer's key."""
        return _served("sign-in.html", request)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        """A style sheet, a module or the icon."""
        return _served(f"static/{name}", request)

    return router


def board_routes() -> APIRouter:
    """The route of the operator's page, whose files lie with the reviewers'."""
    router = APIRouter(prefix="/dashboard", tags=["review"], include_in_schema=False)

    @router.get("")
    async def board(request: Request) -> Response:
        """What ships, what waits, what it costs."""
        return _served("board.html", request)

    return router


def _served(name: str, request: Request) -> Response:
    """The file, or 304 where the browser has it. Raises NotFound."""
    file = _files().get(name)
    if file is None:
        raise NotFound(f"the reviewer page has no file {name!r}")
    return served(file, request)


@cache
def _files() -> Mapping[str, PageFile]:
    found = read_files(_ROOM).items()
    return {name: page_file(name, data, headers=_HEADERS) for name, data in found}
