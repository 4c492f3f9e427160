"""`/v1/videos…`: clips of a product, in OpenAI's shapes; a video is a job of kind `video`."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, RedirectResponse, Response

from content_engine.errors import Conflict, GenerationFailed, InvalidBrief, NotFound
from content_engine.ledger import JobRow
from content_engine.types import Brief, JobStatus, Kind, Lane, Product, VideoSpec
from serving.api.door import Door
from serving.api.forms import is_form, read_parts
from serving.api.openai.asked import MODEL, known_product, shipped, shown_product, submitted
from serving.api.openai.pictures import frame

_STATUSES: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "queued",
    JobStatus.RUNNING: "in_progress",
    # A person looks at it: for a client it is not there yet.
    JobStatus.IN_REVIEW: "in_progress",
    JobStatus.SUCCEEDED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}
_PROGRESS = {"queued": 0, "in_progress": 50, "completed": 100, "failed": 0}


class ClipWish(BaseModel):
    """What a clip shall be. Fields of OpenAI that change nothing here are taken, not used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    seconds: Annotated[str, Field(pattern=r"^([4-9]|[1-5]\d|60)$")] = "8"
    size: Annotated[str, Field(pattern=r"^[1-9]\d{2,3}x[1-9]\d{2,3}$")] = "1080x1080"
    sku: Annotated[str, Field(max_length=200)] = ""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    input_reference: Any = None

    def brief(self, product: Product) -> Brief:
        """The brief. Raises InvalidBrief for a size of no aspect that clips have."""
        aspect, longer_px = frame(self.size)
        across, down = map(int, aspect.split(":"))
        spec = VideoSpec(
            aspect=aspect,
            shorter_side_px=round(longer_px * min(across, down) / max(across, down)),
            duration_s=float(self.seconds),
            captions=False,
        )
        return Brief(
            kind=Kind.VIDEO,
            product=product,
            spec=spec,
            locale="und",
            seed=self.seed,
            lane=Lane.INTERACTIVE,
        )


class Page(BaseModel):
    """Which videos to list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    after: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    order: Literal["asc", "desc"] = "desc"


def add(router: APIRouter, door: Door) -> None:
    """Adds the routes of clips."""
    _asking(router, door)
    _looking(router, door)


def _asking(router: APIRouter, door: Door) -> None:
    @router.post("/videos", openapi_extra=_BODY)
    async def create_video(request: Request) -> Response:
        """A clip of the product that `input_reference` shows, or that `sku` names."""
        wish, picture = await _read(request)
        product = await asyncio.to_thread(_product, door, wish, picture)
        key = request.headers.get("idempotency-key", "")
        job = await asyncio.to_thread(submitted, door, wish.brief(product), key=key)
        return JSONResponse(_shown(door, door.ledger.job_row(job.id, door.tenant)))

    @router.delete("/videos/{video_id}")
    async def delete_video(video_id: str) -> Response:
        """Ends the work on the clip; what was delivered stays in the store."""
        row = _row(door, video_id)
        if not row.status.is_final:
            await asyncio.to_thread(door.ledger.cancel, video_id, door.tenant)
            door.news.changed(video_id)
        return JSONResponse({"id": video_id, "object": "video.deleted", "deleted": True})


def _looking(router: APIRouter, door: Door) -> None:
    @router.get("/videos")
    async def list_videos(page: Annotated[Page, Query()]) -> Response:
        """Clips, newest first; `after` is the last id of the page before."""
        if page.order == "asc":
            raise InvalidBrief("videos are listed newest first: order=desc")
        rows = await asyncio.to_thread(
            door.ledger.job_rows, door.tenant, kind=Kind.VIDEO, cursor=page.after, limit=page.limit
        )
        shown = [_shown(door, row) for row in rows.items]
        return JSONResponse(
            {
                "object": "list",
                "data": shown,
                "first_id": shown[0]["id"] if shown else None,
                "last_id": rows.next_cursor or (shown[-1]["id"] if shown else None),
                "has_more": bool(rows.next_cursor),
            }
        )

    @router.get("/videos/{video_id}")
    async def get_video(video_id: str) -> Response:
        """The clip as it stands."""
        return JSONResponse(_shown(door, _row(door, video_id)))

    @router.get("/videos/{video_id}/content", responses={302: {"description": "To the asset."}})
    async def get_content(video_id: str, variant: Literal["video"] = "video") -> Response:  # noqa: ARG001
        """The clip's bytes."""
        row = _row(door, video_id)
        if row.status is not JobStatus.SUCCEEDED:
            raise Conflict(f"video {video_id} is {_STATUSES[row.status]}: there are no bytes yet")
        assets = await asyncio.to_thread(shipped, door, video_id)
        clip = next((asset for asset in assets if asset.media_type == "video/mp4"), None)
        if clip is None:
            raise GenerationFailed(f"video {video_id} has no clip that ships")
        return RedirectResponse(f"/v1/assets/{clip.digest}", 302)


def _product(door: Door, wish: ClipWish, picture: bytes) -> Product:
    if picture:
        return shown_product(door, wish.prompt, [picture])
    return known_product(door, wish.sku)


def _row(door: Door, video_id: str) -> JobRow:
    row = door.ledger.job_row(video_id, door.tenant)
    if row.kind is not Kind.VIDEO:
        raise NotFound(f"there is no video {video_id!r}")
    return row


def _shown(door: Door, row: JobRow) -> dict[str, Any]:
    brief = door.ledger.job(row.id, door.tenant).brief
    spec = brief.spec
    if not isinstance(spec, VideoSpec):
        raise NotFound(f"there is no video {row.id!r}")
    across, down = map(int, spec.aspect.split(":"))
    unit = spec.shorter_side_px / min(across, down)
    status = _STATUSES[row.status]
    ended = int(row.updated_at.timestamp())
    failed = {"code": "generation-failed", "message": row.problem or "cancelled"}
    return {
        "id": row.id,
        "object": "video",
        "model": MODEL,
        "status": status,
        "progress": _PROGRESS[status],
        "created_at": int(row.created_at.timestamp()),
        "completed_at": ended if status == "completed" else None,
        "expires_at": None,
        "size": f"{round(across * unit)}x{round(down * unit)}",
        "seconds": f"{spec.duration_s:g}",
        "prompt": brief.product.title,
        "remixed_from_video_id": None,
        "error": failed if status == "failed" else None,
    }


async def _read(request: Request) -> tuple[ClipWish, bytes]:
    """The wish and the bytes of its reference, none: empty. Raises RequestValidationError."""
    fields: dict[str, Any]
    if is_form(request):
        parts = dict(await read_parts(request))
        fields = {name: item for name, item in parts.items() if isinstance(item, str)}
        sent = parts.get("input_reference", b"")
        picture = sent if isinstance(sent, bytes) else b""
    else:
        fields = await _json(request)
        picture = _embedded(fields.get("input_reference"))
    try:
        return ClipWish.model_validate(fields), picture
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise InvalidBrief(f"the body is neither a form nor JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidBrief("the JSON is no object")
    return body


def _embedded(reference: Any) -> bytes:
    """The bytes of `{"image_url": "data:…"}`."""
    if reference is None:
        return b""
    url = reference.get("image_url", "") if isinstance(reference, dict) else ""
    head, _, data = str(url).partition(";base64,")
    if not (head.startswith("data:image/") and data):
        raise InvalidBrief(
            'input_reference: send a file, or {"image_url": "data:image/…;base64,…"}'
        )
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise InvalidBrief(f"input_reference: no base64: {error}") from error


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            name: {
                "schema": {
                    "type": "object",
                    "required": ["prompt"],
                    "properties": {
                        "prompt": {"type": "string", "minLength": 1},
                        "seconds": {"type": "string"},
                        "size": {"type": "string"},
                        "sku": {"type": "string"},
                        "input_reference": reference,
                    },
                }
            }
            for name, reference in (
                ("multipart/form-data", {"type": "string", "format": "binary"}),
                ("application/json", {"type": "object"}),
            )
        },
    }
}
