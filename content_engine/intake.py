"""Takes a feed into a batch: some thousand lines a transaction, each line once, however often sent.

Memory holds one transaction's lines and twelve to twenty-four bytes a sku, never the feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

from content_engine.batches import Batch, FeedLine
from content_engine.errors import Conflict
from content_engine.feeds.records import FeedFault

_LINES_AT_ONCE = 4000
_CHARACTERS_AT_ONCE = 16_000_000
"""So much of a transaction is held in memory at most; a line may hold pictures as data URLs."""


class Lines(Protocol):
    """The part of the ledger that takes lines."""

    def accept(
        self, batch: Batch, lines: list[FeedLine | FeedFault], *, records: int, chain: str
    ) -> Batch:
        """The batch with these lines more, on the disk when this returns."""
        ...

    def end_of_feed(self, batch: Batch) -> Batch:
        """The batch, its feed read to the end."""
        ...


def take_in(
    batch: Batch, lines: Iterator[FeedLine | FeedFault], *, ledger: Lines
) -> Iterator[Batch]:
    """The batch after each transaction, the last time with its feed read to the end.

    What the batch holds already is read again and must be the same. Raises Conflict when it is
    another feed, and what `lines` and the ledger raise: what was accepted by then stays, and the
    same feed sent again goes on after it.
    """
    chain = hashlib.blake2b(digest_size=16)
    records = _pass_known(batch, lines, chain=chain)
    for chunk in _chunks(lines):
        if batch.received:
            raise Conflict(_another(batch))
        for record in chunk:
            chain.update(_text_of(record))
        records += len(chunk)
        batch = ledger.accept(batch, chunk, records=records, chain=chain.hexdigest())
        yield batch
    yield batch if batch.received else ledger.end_of_feed(batch)


def _pass_known(
    batch: Batch, lines: Iterator[FeedLine | FeedFault], *, chain: hashlib.blake2b
) -> int:
    """How many records were passed because the batch holds them. Raises Conflict."""
    records = 0
    while records < batch.records and (record := next(lines, None)) is not None:
        chain.update(_text_of(record))
        records += 1
    if records and (records < batch.records or chain.hexdigest() != batch.chain):
        raise Conflict(_another(batch))
    return records


def _chunks(lines: Iterator[FeedLine | FeedFault]) -> Iterator[list[FeedLine | FeedFault]]:
    chunk: list[FeedLine | FeedFault] = []
    characters = 0
    for line in lines:
        chunk.append(line)
        characters += len(line.body) if isinstance(line, FeedLine) else 0
        if len(chunk) == _LINES_AT_ONCE or characters > _CHARACTERS_AT_ONCE:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _text_of(record: FeedLine | FeedFault) -> bytes:
    said = record.body if isinstance(record, FeedLine) else record.message
    return f"{record.line}\0{said}\0".encode("utf-8", "surrogatepass")


def _another(batch: Batch) -> str:
    return (
        f"batch {batch.id} holds another feed: its first {batch.records:,} records are not these; "
        "send the same feed, or take a new key"
    )
