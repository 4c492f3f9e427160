"""What every one of OpenAI's addresses does: a product, a brief, a job, and what ships of it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from content_engine.channels import channel
from content_engine.errors import GenerationFailed, InvalidBrief, NotFound
from content_engine.feeds.google import google_item
from content_engine.feeds.records import Record
from content_engine.ingest import MIN_SIDE_PX
from content_engine.ledger import JobRow
from content_engine.types import (
    Asset,
    Brief,
    Digest,
    Job,
    JobStatus,
    Photo,
    PhotoRole,
    Product,
)
from serving.api.door import Door

MODEL = "content-engine"
"""The one model name that these addresses know: which backend makes it, the policy says."""
_LOOK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A job that machines are done with, and the assets of it that ship."""

    row: JobRow
    assets: tuple[Asset, ...]


def known_product(door: Door, sku: str) -> Product:
    """The product of that SKU. Raises InvalidBrief saying how to bring it, or what else to send."""
    if not sku:
        raise InvalidBrief(
            "this engine shows products, not whatever a prompt says: name one by `sku` "
            '(extra_body={"sku": …}), or send its photo to /v1/images/edits'
        )
    try:
        return door.ledger.get_product(sku, door.tenant)
    except NotFound as error:
        raise InvalidBrief(f"{error}; PUT /v1/products/{sku} first") from error


def shown_product(door: Door, prompt: str, pictures: Sequence[bytes]) -> Product:
    """A product that is known by its pictures alone; the prompt is its title.

    The same pictures and words give the same SKU. Raises the assets' errors for bad pictures.
    """
    photos = tuple(_photo(door, data, first=index == 0) for index, data in enumerate(pictures))
    names = "".join([prompt, *(photo.digest for photo in photos)])
    sku = f"shown-{hashlib.sha256(names.encode()).hexdigest()[:16]}"
    record = Record(line=0, fields={"id": [sku], "title": [prompt[:150]]})
    item = google_item(record, language="en").product
    return Product(
        sku=sku,
        title=item.title,
        brand="",
        category=item.category,
        facts=item.facts,
        photos=photos,
    )


def submitted(door: Door, brief: Brief, *, key: str = "") -> Job:
    """The job, accepted. Raises InvalidBrief for what cannot be planned, Conflict."""
    channel(brief.channel)
    door.check(brief)
    (job,) = door.ledger.submit([brief], tenant=door.tenant, key=key)
    door.news.submitted()
    return job


async def made(door: Door, job: Job, *, wait_s: float) -> Made:
    """What ships of the job. Raises GenerationFailed with the reason when nothing does."""
    end = time.monotonic() + wait_s
    with door.news.watch_job(job.id) as watch:
        while not (row := door.ledger.job_row(job.id, door.tenant)).status.is_final:
            left_s = end - time.monotonic()
            if left_s <= 0:
                raise GenerationFailed(f"job {job.id} needs longer than {wait_s:g} s; look at it")
            await watch.wait(min(left_s, _LOOK_AGAIN_S))
    assets = await asyncio.to_thread(shipped, door, job.id)
    if not assets:
        raise GenerationFailed(f"job {job.id}: {_why_nothing(row)}")
    return Made(row=row, assets=assets)


def shipped(door: Door, job_id: str) -> tuple[Asset, ...]:
    """The assets of the job that were accepted, by the gate or a person."""
    delivered = door.ledger.delivered(job_id)
    return tuple(
        asset
        for attempt in door.ledger.attempts(job_id, door.tenant)
        if attempt.candidate.recipe.digest in delivered
        for asset in attempt.candidate.assets
    )


def _why_nothing(row: JobRow) -> str:
    if row.status is JobStatus.IN_REVIEW:
        return "what was made waits for a person to look at it"
    return row.problem or f"nothing was accepted ({row.status.value})"


def _photo(door: Door, data: bytes, *, first: bool) -> Photo:
    seen = door.looker.look("picture_facts", data, max_bytes=door.body_max_bytes).facts
    width_px, height_px = seen["width_px"], seen["height_px"]
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise InvalidBrief(
            f"the picture is {width_px} × {height_px} px; each side needs {MIN_SIDE_PX} px at least"
        )
    digest = Digest(door.store.put(data))
    door.ledger.own_asset(digest, door.tenant)
    return Photo(
        role=PhotoRole.MAIN if first else PhotoRole.ADDITIONAL,
        digest=digest,
        source="upload",
        width_px=width_px,
        height_px=height_px,
    )
