"""Feed records as they are kept between a batch's intake and its work.

Reading what a record's facts say takes half a millisecond, and a million of them wait: so the
intake looks only at what could be wrong (`checks.py`), and facts are read when a job is made.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from content_engine.codec import from_json, to_json
from content_engine.feeds.checks import used_fields
from content_engine.feeds.google import FeedItem, google_item
from content_engine.feeds.records import Record

RECORD, ITEM = 0, 1
"""Forms: a Google Merchant record as it came, or an item as it was read."""


def kept_record(record: Record, *, language: str) -> str:
    """What of the record a product is read from, as one text; `kept_item` reads it."""
    told = [language, record.has_lists, used_fields(record)]
    try:
        return _quick().dump_json(told).decode()
    except ValueError:  # half a character: the reader takes it out
        return _encoder().encode(told)


def kept_product(item: FeedItem) -> str:
    """The item as one text; `kept_item` reads it."""
    return to_json(item)


def kept_item(form: int, body: str, *, line: int) -> FeedItem:
    """The item that was kept. Raises InvalidFeed for a record that no product could be."""
    if form == ITEM:
        return from_json(FeedItem, body)
    language, has_lists, fields = json.loads(body)
    return google_item(Record(line=line, fields=fields, has_lists=has_lists), language=language)


@cache
def _quick() -> TypeAdapter[list[Any]]:
    """The same text as the other encoder's in a third of the time."""
    return TypeAdapter(list[Any])


@cache
def _encoder() -> json.JSONEncoder:
    """Made once: making one takes 3 µs."""
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
