"""What batches look like on the wire, and how their orders are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product as every_pair
from typing import Any

from pydantic import TypeAdapter, ValidationError

from content_engine.batches import Batch, BatchProgress, ItemOutcome
from content_engine.channels import channel
from content_engine.costs import Tariff
from content_engine.errors import InvalidBrief
from content_engine.types import Attempt, Brief, Digest, Photo, PhotoRole, Product
from serving.api.wire import JobIn

_ORDERS_MOST = 200
_JOB: TypeAdapter[Any] = TypeAdapter(JobIn)
_NOBODY = Product(sku="-", title="-", brand="", category=(), facts=(), photos=())
_PHOTO = Photo(
    role=PhotoRole.MAIN, digest=Digest("0" * 64), source="", width_px=1000, height_px=1000
)


def orders_of(text: str, *, locales: Sequence[str]) -> tuple[Brief, ...]:
    """The briefs that a batch makes of each product: bodies of `POST /v1/jobs` without `sku`.

    `locales` and `channels` in place of `locale` and `channel` stand for a brief each. Raises
    InvalidBrief naming the entry and the field.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidBrief(f"briefs is no JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise InvalidBrief('briefs is a list such as [{"kind": "text", "locales": ["en", "de"]}]')
    orders = tuple(
        _order(one, number=number, locales=locales)
        for number, entry in enumerate(entries)
        for one in _spread(entry, number=number)
    )
    if len(orders) > _ORDERS_MOST:
        raise InvalidBrief(f"{len(orders)} briefs a product, more than {_ORDERS_MOST}")
    return orders


def batch_out(batch: Batch) -> dict[str, Any]:
    """The batch as JSON."""
    place = f"/v1/batches/{batch.id}"
    return {
        "id": batch.id,
        "status": batch.status.value,
        "received": batch.received,
        "records": batch.records,
        "lines": batch.lines,
        "invalid_lines": batch.faults,
        "briefs_per_line": batch.orders,
        "briefs": batch.briefs,
        "created_at": batch.created_at.isoformat(),
        "updated_at": batch.updated_at.isoformat(),
        "status_url": place,
        "results_url": f"{place}/results",
        "cancel_url": place,
    }


def progress_out(progress: BatchProgress, tariff: Tariff) -> dict[str, Any]:
    """The batch with how it stands: counts, what it cost so far, time left."""
    ended = progress.batch.briefs - sum(
        progress.counts[name] for name in ("waiting", "queued", "running")
    )
    return {
        **batch_out(progress.batch),
        "counts": dict(progress.counts),
        "progress": round(ended / progress.batch.briefs, 4) if progress.batch.briefs else 0.0,
        "cost": _cost_out(progress, tariff),
        "eta_s": progress.eta_s,
    }


def _cost_out(progress: BatchProgress, tariff: Tariff) -> dict[str, Any]:
    went = (*progress.made_s.items(), *progress.judged_s.items())
    return {
        "attempts": progress.attempts,
        "device_seconds": round(sum(progress.made_s.values()), 3),
        "judge_seconds": round(sum(progress.judged_s.values()), 3),
        "cost": round(sum((tariff.price(device) or 0.0) * seconds for device, seconds in went), 6),
        "currency": tariff.currency,
        "unpriced_devices": sorted({place for place, _ in went if tariff.price(place) is None}),
    }


def outcome_out(outcome: ItemOutcome) -> dict[str, Any]:
    """One line of the results."""
    if outcome.kind is None:
        return {"line": outcome.line, "status": outcome.status, "problem": outcome.problem}
    return {
        "line": outcome.line,
        "sku": outcome.sku,
        "brief": outcome.place,
        "kind": outcome.kind.value,
        "locale": outcome.locale,
        "status": outcome.status,
        "job": f"/v1/jobs/{outcome.job_id}" if outcome.job_id else "",
        "problem": outcome.problem,
        "assets": [asset for attempt in outcome.delivered for asset in _assets(attempt)],
    }


def _assets(attempt: Attempt) -> Iterator[dict[str, Any]]:
    for asset in attempt.candidate.assets:
        yield {
            "role": asset.role,
            "url": f"/v1/assets/{asset.digest}",
            "sha256": asset.digest,
            "media_type": asset.media_type,
            "bytes": asset.size_bytes,
        }


def _spread(entry: Any, *, number: int) -> Iterator[Mapping[str, Any]]:
    """The entry once for each of its locales and channels."""
    if not isinstance(entry, dict) or "sku" in entry:
        raise InvalidBrief(f"briefs/{number}: one object, without a sku")
    bare = {name: value for name, value in entry.items() if name not in _LISTS}
    lists = [_values(entry, name, number=number) for name in _LISTS]
    for pair in every_pair(*lists):
        said = zip(_LISTS.values(), pair, strict=True)
        yield {**bare, **{name: value for name, value in said if value is not None}}


_LISTS = {"locales": "locale", "channels": "channel"}


def _values(entry: Mapping[str, Any], name: str, *, number: int) -> list[Any]:
    values = entry.get(name, [None])
    if not isinstance(values, list) or not values or (name in entry and _LISTS[name] in entry):
        raise InvalidBrief(f"briefs/{number}/{name}: a list, and no {_LISTS[name]} beside it")
    return values


def _order(entry: Mapping[str, Any], *, number: int, locales: Sequence[str]) -> Brief:
    try:
        job = _JOB.validate_python({**entry, "sku": _NOBODY.sku})
    except ValidationError as error:
        first = error.errors()[0]
        field = "/".join(str(part) for part in first["loc"])
        raise InvalidBrief(f"briefs/{number}/{field}: {first['msg']}") from error
    channel(job.channel)
    # Which photos a product has shows when they are fetched.
    brief = job.brief(replace(_NOBODY, photos=(_PHOTO,) * 20), locales=locales)
    return replace(brief, product=_NOBODY)
