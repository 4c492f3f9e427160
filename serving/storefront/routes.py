"""`/storefront`: the try-on element for pages of any site, and a sample shop under a strict policy.

The element's modules name each other by version, so that browsers keep them for ever and never mix
two releases; `tryon.js` alone, whose address shops paste, is asked for anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from content_engine.errors import NotFound
from serving.api.door import Door
from serving.api.shops import shop_of
from serving.pages import PageFile, page_file, read_files, served
from serving.storefront.shelf import shelf_of
from serving.storefront.shop_page import shop_page

_ROOM = Path(__file__).parent / "static"
_ENTRY = "tryon.js"
_IMPORT = re.compile(rb'((?:from |import\()"\./[\w-]+\.js)(")')

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
"""What the element needs of a shop's policy, and no more."""

_PAGE_HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "cache-control": "no-cache",
    "permissions-policy": "camera=(self)",
    "cross-origin-opener-policy": "same-origin",
}
_FOREIGN = {
    # Modules are fetched with CORS; nothing in them is secret.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
_ENTRY_CACHE = "public, max-age=300"
_VERSION_CACHE = "public, max-age=31536000, immutable"


def routes(door: Door) -> APIRouter:
    """The routes of the element and of the sample shop."""
    router = APIRouter(prefix="/storefront", tags=["storefront"], include_in_schema=False)

    @router.get("")
    @router.get("/")
    async def page(request: Request, sku: str = "", key: str = "") -> Response:
        """A product page of a sample shop: what the ledger holds and people can wear."""
        shelf = await asyncio.to_thread(shelf_of, door, sku)
        data = shop_page(shelf, key=key, needs_key=bool(door.shops))
        return served(page_file("shop.html", data, headers=_PAGE_HEADERS), request)

    @router.get("/terms.json")
    async def terms(request: Request) -> Response:
        """How long a photo lives, for the consent text; of the shop whose key was sent."""
        shop = shop_of(request)
        own_s = shop.photo_ttl_s if shop else 0.0
        headers = {"cache-control": "no-store", "vary": "authorization"}
        return JSONResponse({"photo_ttl_s": own_s or door.photo_ttl_s}, headers=headers)

    @router.get("/{name:path}")
    async def file(name: str, request: Request) -> Response:
        """A module of the element, or a file of the sample shop. Raises NotFound."""
        version, files = _files()
        found = files.get(name)
        if found is None:
            raise NotFound(f"the storefront has no file {name[:80]!r}")
        answer = served(found, request)
        if name.endswith(".js") and request.query_params.get("v") == version:
            answer.headers["cache-control"] = _VERSION_CACHE
        return answer

    return router


@cache
def _files() -> tuple[str, Mapping[str, PageFile]]:
    """The version of all modules together, and every file by its name."""
    found = read_files(_ROOM)
    version = hashlib.sha256(b"".join(found.values())).hexdigest()[:16]
    return version, {name: _file(name, data, version=version) for name, data in found.items()}


def _file(name: str, data: bytes, *, version: str) -> PageFile:
    """The file; a module with the version written into what it imports."""
    if not name.endswith(".js"):
        return page_file(name, data, headers={"cache-control": "no-cache"})
    cache_control = _ENTRY_CACHE if name == _ENTRY else "no-cache"
    versioned = _IMPORT.sub(rb"\1?v=" + version.encode() + rb"\2", data)
    return page_file(name, versioned, headers={**_FOREIGN, "cache-control": cache_control})
