"""Feeds: Google Merchant JSONL, CSV, TSV and Shopify CSV to products, one at a time.

A record that can't be read is a fault with its line number; the others go on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from content_engine.errors import InvalidFeed
from content_engine.feeds.google import FeedItem, PhotoSource, google_item
from content_engine.feeds.records import (
    FeedFault,
    Record,
    field_name,
    header_of,
    json_records,
    table_records,
)
from content_engine.feeds.shopify import shopify_items

__all__ = ["FeedFault", "FeedFormat", "FeedItem", "PhotoSource", "detect_format", "read_feed"]

_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".tsv": "tsv", ".tab": "tsv"}

_SHOPIFY_COLUMNS = {"vendor", "body", "option1_name", "image_src"}


class FeedFormat(StrEnum):
    """How a feed is written."""

    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    SHOPIFY = "shopify"


def read_feed(
    path: Path, *, format: FeedFormat | None = None, language: str = "en"
) -> Iterator[FeedItem | FeedFault]:
    """The products and faults of a feed file, in its order; never more than a record in memory.

    `format` None tells it by name and header. `language` is the BCP 47 language of the merchant's
    words where a record does not say it. A sku that comes twice is a fault the second time.
    Raises InvalidFeed when the file is absent, empty, or no feed at all.
    """
    if not path.is_file():
        raise InvalidFeed(f"there is no feed file {path}")
    if path.stat().st_size == 0:
        raise InvalidFeed(f"{path.name} is empty")
    found = format or detect_format(path)
    return _once(_items(path, format=found, language=language))


def detect_format(path: Path) -> FeedFormat:
    """The format of a feed file, by its header and name. Raises InvalidFeed when it is neither."""
    first, delimiter = header_of(path)
    if re.match(r"\s*\[\s*(\{|$)", first):
        raise InvalidFeed(f"{path.name} is one JSON array: write one object a line (JSONL)")
    if path.suffix.lower() in _SUFFIXES and _SUFFIXES[path.suffix.lower()] == "jsonl":
        return FeedFormat.JSONL
    if first.lstrip().startswith("{"):
        return FeedFormat.JSONL
    names = {field_name(name.strip('" \r\n')) for name in first.split(delimiter)}
    if "handle" in names and names & _SHOPIFY_COLUMNS:
        return FeedFormat.SHOPIFY
    if {"id", "title"} <= names:
        return FeedFormat.TSV if delimiter == "\t" else FeedFormat.CSV
    raise InvalidFeed(
        f"{path.name} is no product feed: expected one JSON object a line, or a header with id and "
        f"title (Google Merchant) or Handle (Shopify); its first line is {first.strip()[:80]!r}"
    )


def _items(path: Path, *, format: FeedFormat, language: str) -> Iterator[FeedItem | FeedFault]:
    if format is FeedFormat.JSONL:
        return _google_items(json_records(path), language=language)
    records = table_records(path, delimiter=_delimiter(path, format=format))
    if format is FeedFormat.SHOPIFY:
        return shopify_items(records, language=language)
    return _google_items(records, language=language)


def _delimiter(path: Path, *, format: FeedFormat) -> str:
    """Tab for TSV; CSV files of some spreadsheets are parted by semicolons."""
    return "\t" if format is FeedFormat.TSV else header_of(path)[1]


def _google_items(
    records: Iterable[Record | FeedFault], *, language: str
) -> Iterator[FeedItem | FeedFault]:
    for record in records:
        if isinstance(record, FeedFault):
            yield record
            continue
        try:
            yield google_item(record, language=language)
        except InvalidFeed as error:
            yield FeedFault(line=record.line, message=str(error))


def _once(items: Iterable[FeedItem | FeedFault]) -> Iterator[FeedItem | FeedFault]:
    """The items, a sku's second coming as a fault. Holds eight bytes and a line number a sku."""
    lines: dict[bytes, int] = {}
    for item in items:
        if isinstance(item, FeedFault):
            yield item
            continue
        key = hashlib.blake2b(item.product.sku.encode(), digest_size=8).digest()
        first = lines.setdefault(key, item.line)
        if first == item.line:
            yield item
        else:
            message = f"id {item.product.sku!r} stands already in line {first}"
            yield FeedFault(line=item.line, message=message)
