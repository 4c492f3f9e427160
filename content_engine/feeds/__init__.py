"""Feeds: Google Merchant JSONL, CSV, TSV and Shopify CSV to products, one at a time.

A record that can't be read is a fault with its line number; the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeVar

from content_engine.batches import FeedLine
from content_engine.errors import InvalidFeed
from content_engine.feeds.checks import surely_fine
from content_engine.feeds.google import FeedItem, PhotoSource, google_item
from content_engine.feeds.kept import ITEM, RECORD, kept_product, kept_record
from content_engine.feeds.records import (
    FeedFault,
    Line,
    Record,
    field_name,
    header_of,
    json_records,
    table_records,
    text_lines,
)
from content_engine.feeds.seen import SeenSkus
from content_engine.feeds.shopify import shopify_items
from content_engine.feeds.text import clean

__all__ = [
    "FeedFault",
    "FeedFormat",
    "FeedItem",
    "PhotoSource",
    "detect_format",
    "feed_lines",
    "read_feed",
]

Numbered = TypeVar("Numbered", FeedItem, FeedLine)

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

    `format` None tells it by name and header; gzip is unpacked on the way. `language` is the
    BCP 47 language of the merchant's words where a record does not say it. A sku that comes twice
    is a fault the second time. Raises InvalidFeed when the file is absent, empty, or no feed.
    """
    found = format or detect_format(_checked(path))
    return _once(_read(_checked(path), format=found, language=language))


def detect_format(path: Path) -> FeedFormat:
    """The format of a feed file, by its header and name. Raises InvalidFeed when it is neither."""
    with path.open("rb") as file:
        return _opened(file, name=path.name, format=None)[0]


def feed_lines(
    source: BinaryIO, *, name: str = "feed", format: FeedFormat | None = None, language: str = "en"
) -> Iterator[FeedLine | FeedFault]:
    """The lines of a streamed feed as a batch keeps them, and its faults, in its order.

    Facts are read when something is made of a line; here it is looked at for what can be wrong
    with it (see `checks.py`). Raises InvalidFeed when it is no feed at all or its gzip is broken.
    """
    found, delimiter, lines = _opened(source, name=name, format=format)
    if found is FeedFormat.SHOPIFY:
        records = table_records(lines, delimiter=delimiter, name=name)
        kept = map(_kept_item, shopify_items(records, language=language))
    else:
        records = _records(found, lines, delimiter=delimiter, name=name)
        kept = (_kept_record(record, language=language) for record in records)
    seen, line = SeenSkus(), None
    for line in kept:
        yield line if isinstance(line, FeedFault) else _first(line, line.sku, seen)
    if line is None:
        raise InvalidFeed(f"{name} is empty: it holds no record")


def _kept_item(item: FeedItem | FeedFault) -> FeedLine | FeedFault:
    if isinstance(item, FeedFault):
        return item
    body = kept_product(item)
    return FeedLine(line=item.line, sku=item.product.sku, form=ITEM, body=body)


def _kept_record(record: Record | FeedFault, *, language: str) -> FeedLine | FeedFault:
    if isinstance(record, FeedFault):
        return record
    body = kept_record(record, language=language)
    if surely_fine(record):
        sku = clean(record.fields["id"][0])
        return FeedLine(line=record.line, sku=sku, form=RECORD, body=body)
    try:
        item = google_item(record, language=language)
    except InvalidFeed as error:
        return FeedFault(line=record.line, message=str(error))
    return FeedLine(line=record.line, sku=item.product.sku, form=RECORD, body=body)


def _checked(path: Path) -> Path:
    if not path.is_file():
        raise InvalidFeed(f"there is no feed file {path}")
    if path.stat().st_size == 0:
        raise InvalidFeed(f"{path.name} is empty")
    return path


def _opened(
    source: BinaryIO, *, name: str, format: FeedFormat | None
) -> tuple[FeedFormat, str, Iterator[Line]]:
    """The format, the delimiter, and all the lines."""
    first, delimiter, lines = header_of(text_lines(source))
    found = format or _format(first, delimiter, name=name)
    # CSV files of some spreadsheets are parted by semicolons.
    return found, "\t" if found is FeedFormat.TSV else delimiter, lines


def _format(first: str, delimiter: str, *, name: str) -> FeedFormat:
    if re.match(r"\s*\[\s*(\{|$)", first):
        raise InvalidFeed(f"{name} is one JSON array: write one object a line (JSONL)")
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    if _SUFFIXES.get(suffix) == "jsonl" or first.lstrip().startswith("{"):
        return FeedFormat.JSONL
    names = {field_name(column.strip('" \r\n')) for column in first.split(delimiter)}
    if "handle" in names and names & _SHOPIFY_COLUMNS:
        return FeedFormat.SHOPIFY
    if {"id", "title"} <= names:
        return FeedFormat.TSV if delimiter == "\t" else FeedFormat.CSV
    raise InvalidFeed(
        f"{name} is no product feed: expected one JSON object a line, or a header with id and "
        f"title (Google Merchant) or Handle (Shopify); its first line is {first.strip()[:80]!r}"
    )


def _read(path: Path, *, format: FeedFormat, language: str) -> Iterator[FeedItem | FeedFault]:
    with path.open("rb") as file:
        _, delimiter, lines = _opened(file, name=path.name, format=format)
        records = _records(format, lines, delimiter=delimiter, name=path.name)
        if format is FeedFormat.SHOPIFY:
            yield from shopify_items(records, language=language)
        else:
            yield from _google_items(records, language=language)


def _records(
    format: FeedFormat, lines: Iterator[Line], *, delimiter: str, name: str
) -> Iterator[Record | FeedFault]:
    if format is FeedFormat.JSONL:
        return json_records(lines)
    return table_records(lines, delimiter=delimiter, name=name)


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
    """The items, a sku's second coming as a fault."""
    seen = SeenSkus()
    for item in items:
        yield item if isinstance(item, FeedFault) else _first(item, item.product.sku, seen)


def _first(item: Numbered, sku: str, seen: SeenSkus) -> Numbered | FeedFault:
    first = seen.first_line(sku, item.line)
    if first == item.line:
        return item
    return FeedFault(line=item.line, message=f"id {sku!r} stands already in line {first}")
