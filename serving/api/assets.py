"""`/v1/assets/{digest}`: immutable bytes with ranges and validators, never executed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from assets.errors import UnsupportedMedia
from assets.sniffing import sniff_media
from content_engine.errors import NotFound
from content_engine.types import Digest as AssetDigest
from serving.api.door import Door
from serving.api.gate import holder_of
from serving.api.problems import problem

_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 4096
_TEXTS = {b"{": "application/json", b"[": "application/json", b"WEBVTT": "text/vtt"}
_UNKNOWN = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


_PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The bytes that `Range` asked for."},
    304: {"description": "The client has the bytes."},
}


def routes(door: Door) -> APIRouter:
    """The routes of assets."""
    router = APIRouter(prefix="/v1/assets", tags=["assets"])

    @router.head("/{digest}", include_in_schema=False)
    @router.get("/{digest}", responses=_PARTS)
    async def get_asset(digest: Digest, request: Request) -> Response:
        """The bytes; one range at a time (RFC 9110 §14), answers may be kept for ever."""
        if holder_of(request) and not await asyncio.to_thread(_is_ours, door, digest):
            raise NotFound(f"there is no asset {digest}")
        size = await asyncio.to_thread(door.store.size, digest)
        headers = _headers(digest)
        if digest in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        wanted = _wanted(request, digest)
        start, end = _span(wanted, size) if wanted else (0, size)
        if start >= end and wanted:
            extra = {"content-range": f"bytes */{size}"}
            return problem("range-not-satisfiable", f"the asset has {size} bytes", headers=extra)
        headers["content-length"] = str(end - start)
        if wanted:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        media_type = await asyncio.to_thread(_media_type, door, digest)
        status = 206 if wanted else 200
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type=media_type)
        return StreamingResponse(
            _chunks(door, digest, start, end), status, headers=headers, media_type=media_type
        )

    return router


def _is_ours(door: Door, digest: str) -> bool:
    """True when the tenant brought the asset, or it was made for them or from what they brought."""
    return door.ledger.owns_asset(AssetDigest(digest), door.tenant)


def _headers(digest: str) -> dict[str, str]:
    return {
        "etag": f'"{digest}"',
        "cache-control": "public, max-age=31536000, immutable",
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }


def _wanted(request: Request, digest: str) -> str:
    """The single range asked for, or empty: then the whole asset is the answer."""
    said = request.headers.get("range", "")
    fresh = digest in request.headers.get("if-range", digest)
    return said if fresh and _RANGE.fullmatch(said) and said != "bytes=-" else ""


def _span(wanted: str, size: int) -> tuple[int, int]:
    """First byte and the one after the last; equal or reversed when nothing satisfies."""
    found = _RANGE.fullmatch(wanted)
    first, last = found.groups() if found else ("", "")
    if not first:
        return max(0, size - int(last)), size
    end = min(size, int(last) + 1) if last else size
    return int(first), end


def _media_type(door: Door, digest: str) -> str:
    head = door.store.read_range(digest, start=0, end=_HEAD_BYTES)
    try:
        return sniff_media(head)
    except UnsupportedMedia:
        text = head.lstrip()
        return next((name for mark, name in _TEXTS.items() if text.startswith(mark)), _UNKNOWN)


async def _chunks(door: Door, digest: str, start: int, end: int) -> AsyncIterator[bytes]:
    for first in range(start, end, _CHUNK_BYTES):
        last = min(first + _CHUNK_BYTES, end)
        yield await asyncio.to_thread(door.store.read_range, digest, start=first, end=last)
