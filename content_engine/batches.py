"""The nouns of bulk work: a feed, what is ordered of each of its lines, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from content_engine.types import Attempt, Kind


class BatchStatus(StrEnum):
    """Where a batch stands. `RECEIVING` works already, on the lines that have come."""

    RECEIVING = "receiving"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """An accepted record of a feed, as it is kept until something is made of it.

    `form` 0: `body` is the record as it came; 1: the product as it was read (see `feeds/kept.py`).
    """

    line: int
    sku: str
    form: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A feed and its orders. `records` were read so far: `lines` accepted, `faults` refused.

    `chain` is the digest of those records in their order: the same feed sent again goes on after
    them. `orders` is how many briefs each line is worth. `received`: the feed was read to its end.
    """

    sequence: int
    id: str
    tenant: str
    status: BatchStatus
    language: str
    orders: int
    received: bool
    records: int
    chain: str
    lines: int
    faults: int
    created_at: datetime
    updated_at: datetime

    @property
    def briefs(self) -> int:
        """How many briefs were accepted."""
        return self.lines * self.orders


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How a batch stands: briefs by state (`waiting` has no job yet), cost, and time left.

    `made_s` and `judged_s` are what making and judging all `attempts` took, by device; `eta_s` is
    None until something has ended.
    """

    batch: Batch
    counts: Mapping[str, int]
    attempts: int
    made_s: Mapping[str, float]
    judged_s: Mapping[str, float]
    eta_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOutcome:
    """What became of one brief of one line, or why the line is `invalid` (then without kind).

    `status` is a job's status, `waiting` before there is a job, or `invalid`. `delivered` holds
    what ships.
    """

    line: int
    sku: str
    status: str
    place: int = 0
    kind: Kind | None = None
    locale: str = ""
    job_id: str = ""
    problem: str = ""
    delivered: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a tenant may take of the engine: its weight beside others, and limits (0: none).

    `most_running` jobs at once; `most_waiting` briefs of batches that nothing was begun of.
    """

    tenant: str
    weight: float = 1.0
    most_running: int = 0
    most_waiting: int = 0
    served: float = field(default=0.0, compare=False)
