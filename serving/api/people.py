"""`/v1/uploads/{handle}`: a shopper's photo and what was made of it, until its time or its end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from assets.errors import AssetMissing, UnsupportedMedia
from assets.looks import Seen
from assets.sniffing import sniff_media
from assets.vault import Handle, Vault
from content_engine.config import Shop
from content_engine.ledger import Ledger
from serving.api.door import Door
from serving.api.wire_tryon import HANDLE, PersonOut

_SIDE_BY_SIDE = 2
"""Photos decoded at once: one of a telephone takes 200 MB for a moment. House limit."""
UPLOADS = "upload-"
"""What the batches of shoppers' uploads begin with."""
_CACHED = "kept by browsers"
_JOBS_MOST = 200

HandlePath = Annotated[str, Path(pattern=HANDLE)]


class Reception:
    """Takes shoppers' photos in: cleaned in memory, then sealed in the vault."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._busy = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def admit(self, data: bytes, *, shop: Shop | None) -> PersonOut:
        """The upload. Raises UnsupportedMedia, CorruptMedia, TooLarge, StoreUnavailable."""
        async with self._busy:
            return await asyncio.to_thread(self._admitted, data, shop)

    def _admitted(self, data: bytes, shop: Shop | None) -> PersonOut:
        clean = self._door.looker.look("person", data, max_bytes=self._door.body_max_bytes)
        vault = self._door.vault
        own_s = shop.photo_ttl_s if shop else 0.0
        handle = vault.admit(clean.data, ttl_s=own_s or self._door.photo_ttl_s)
        if shop and shop.cache_results:
            vault.put(handle, _CACHED, b"")
        return _shown(vault, handle, clean)


def _shown(vault: Vault, handle: Handle, clean: Seen) -> PersonOut:
    return PersonOut(
        upload=handle,
        expires_at=vault.expires_at(handle),
        width_px=clean.facts["width_px"],
        height_px=clean.facts["height_px"],
        url=f"/v1/uploads/{handle}",
    )


def routes(door: Door) -> APIRouter:
    """The routes of what stands in the vault. The handle is all that is asked for."""
    router = APIRouter(prefix="/v1/uploads", tags=["tryon"])

    @router.get("/{handle}", response_class=Response)
    async def get_piece(handle: HandlePath) -> Response:
        """The picture: photo, preview or result. Nobody may keep it unless its shop says so."""
        return await asyncio.to_thread(_piece, door.vault, handle)

    @router.delete("/{handle}", status_code=204)
    async def forget_upload(handle: HandlePath) -> Response:
        """Deletes the photo and everything made of it at once; try-ons of it are cancelled."""
        if await asyncio.to_thread(door.vault.has, handle):
            for job_id in await asyncio.to_thread(_forgotten, door, handle):
                door.news.changed(job_id)
        return Response(status_code=204)

    return router


def upload_batch(handle: str) -> str:
    """The batch that the jobs of an upload are in: found again, but no way back to the handle."""
    return f"{UPLOADS}{hashlib.sha256(handle[:32].encode()).hexdigest()[:32]}"


def redact_gone(ledger: Ledger, gone: Iterable[str], *, tenant: str, before: datetime) -> int:
    """How many ended jobs forgot what was measured: those of uploads that are gone.

    So are, for certain, those whose jobs were accepted before `before`, whoever deleted them.
    """
    old = ledger.batches(UPLOADS, tenant, before=before)
    return sum(ledger.redact(batch, tenant) for batch in {*map(upload_batch, gone), *old})


def _piece(vault: Vault, handle: str) -> Response:
    data = vault.get(handle)
    headers = {
        "cache-control": _cache_control(vault, handle),
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
    }
    return Response(data, headers=headers, media_type=_picture_type(data))


def _picture_type(data: bytes) -> str:
    """The picture's type. Raises AssetMissing for analyses, which are nobody's to read."""
    try:
        media_type = sniff_media(data)
    except UnsupportedMedia:
        media_type = ""
    if not media_type.startswith("image/"):
        raise AssetMissing("there is no such picture")
    return media_type


def _cache_control(vault: Vault, handle: str) -> str:
    if not vault.has(vault.named(handle, _CACHED)):
        return "no-store"
    left_s = (vault.expires_at(handle) - datetime.now(UTC)).total_seconds()
    return f"private, max-age={max(0, int(left_s))}"


def _forgotten(door: Door, handle: str) -> list[str]:
    """The jobs of the upload that were still under way; the photo goes before they do."""
    door.vault.forget(handle)
    page = door.ledger.batch_rows(upload_batch(handle), door.tenant, limit=_JOBS_MOST)
    under_way = [row.id for row in page.items if not row.status.is_final]
    for job_id in under_way:
        door.ledger.cancel(job_id, door.tenant)
    door.ledger.redact(upload_batch(handle), door.tenant)
    return under_way
