"""Brings a feed item's pictures into the store: fetched, proved readable, kept as they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assets.errors import AssetError
from assets.fetch import Fetcher
from assets.looks import Looker, LookHere
from assets.store import AssetStore
from content_engine.errors import InvalidBrief
from content_engine.feeds import FeedItem, PhotoSource
from content_engine.types import Digest, Photo, Product

MIN_SIDE_PX = 100
"""Source: Google Merchant, image_link: "at least 100 x 100 pixels" for anything but apparel."""


_HERE = LookHere()


def ingest_photos(
    item: FeedItem, *, fetcher: Fetcher, store: AssetStore, looker: Looker = _HERE
) -> Product:
    """The item's product with all its photos, in the feed's order, their original bytes stored.

    `looker` decodes them: a service has cells for that.

    Every picture is tried before any fault is told. Raises InvalidBrief naming SKU, line, source
    and reason of each picture that can't be used; raises the assets' own retryable error
    (FetchFailed, StoreUnavailable) instead when waiting may help.
    """
    outcomes = tuple(_tried(item, fetcher=fetcher, store=store, looker=looker))
    faults = [outcome for outcome in outcomes if isinstance(outcome, AssetError)]
    if faults:
        raise _told(item, faults)
    photos = tuple(outcome for outcome in outcomes if isinstance(outcome, Photo))
    return replace(item.product, photos=photos)


def _tried(
    item: FeedItem, *, fetcher: Fetcher, store: AssetStore, looker: Looker
) -> Iterator[Photo | AssetError]:
    for photo in item.photos:
        try:
            yield _ingested(photo, fetcher=fetcher, store=store, looker=looker)
        except AssetError as error:
            yield error


def _ingested(photo: PhotoSource, *, fetcher: Fetcher, store: AssetStore, looker: Looker) -> Photo:
    data = fetcher.fetch(photo.source)
    shown = _shown(photo.source)
    try:
        seen = looker.look("picture_facts", data, max_bytes=fetcher.limits.max_bytes).facts
    except AssetError as error:
        raise type(error)(f"{shown!r}: {error}") from error
    width_px, height_px = seen["width_px"], seen["height_px"]
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise _TooSmall(
            f"{shown!r}: the picture is {width_px} × {height_px} px; each side needs "
            f"{MIN_SIDE_PX} px at least"
        )
    return Photo(
        role=photo.role,
        digest=Digest(store.put(data)),
        source=shown,
        width_px=width_px,
        height_px=height_px,
    )


class _TooSmall(AssetError):
    """The picture has too few pixels to make anything of."""


def _told(item: FeedItem, faults: list[AssetError]) -> AssetError | InvalidBrief:
    reasons = "; ".join(str(fault) for fault in faults)
    message = f"product {item.product.sku!r} (feed line {item.line}): {reasons}"
    waiting = next((fault for fault in faults if fault.retryable), None)
    return InvalidBrief(message) if waiting is None else type(waiting)(message)


def _shown(source: str) -> str:
    """The source as it is kept: of a `data:` URL only its head, for the rest is the picture."""
    if source.strip()[:5].lower() == "data:":
        return source.strip()[:60].partition(",")[0] + ",…"
    return source
