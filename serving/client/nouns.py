"""What the door answers with, as frozen dataclasses. Fields newer than these are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from content_engine.types import JobStatus, Kind
from content_engine.webhooks import DeliveryStatus, EventType


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands."""

    id: str
    status: JobStatus
    kind: Kind
    sku: str
    batch: str
    problem: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class MadeAsset:
    """One file of a candidate; read it by `ContentEngine.assets`."""

    role: str
    digest: str
    media_type: str
    size_bytes: int
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, kw_only=True)
class MadeCandidate:
    """One thing that was made. `delivered`: it ships.

    `cost` is that of making and judging it; None where a device has no price.
    """

    recipe: str
    backend: str
    verdict: str
    delivered: bool
    reasons: tuple[str, ...]
    seconds: float
    judged_s: float
    cost: float | None
    currency: str
    assets: tuple[MadeAsset, ...]


@dataclass(frozen=True, kw_only=True)
class JobResult(Job):
    """A job with its candidates, those that ship first."""

    candidates: tuple[MadeCandidate, ...]

    @property
    def delivered(self) -> tuple[MadeCandidate, ...]:
        """The candidates that ship."""
        return tuple(each for each in self.candidates if each.delivered)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch as it stands; counts, progress and time left once it was asked for them."""

    id: str
    status: str
    received: bool
    records: int
    lines: int
    invalid_lines: int
    briefs: int
    progress: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    eta_s: float | None = None

    @property
    def ended(self) -> bool:
        """True when machines are done with all of it; people may still have cases."""
        return self.status == "cancelled" or (self.received and self.progress >= 1.0)


@dataclass(frozen=True, kw_only=True)
class LineAsset:
    """One file that was delivered for a line."""

    role: str
    sha256: str
    media_type: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class LineResult:
    """What became of one brief of one line, or why the line is invalid."""

    line: int
    status: str
    problem: str
    sku: str = ""
    brief: int = 0
    kind: str = ""
    locale: str = ""
    job: str = ""
    assets: tuple[LineAsset, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file in the store."""

    digest: str
    url: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A try-on's picture, and what was measured of it."""

    id: str
    data: bytes = field(repr=False)
    media_type: str
    report: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook; `secret` only where it was just made."""

    id: str
    url: str
    events: tuple[EventType, ...]
    disabled: str
    created_at: datetime
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message of a webhook and how the telling went."""

    id: str
    type: EventType
    status: DeliveryStatus
    tries: int
    answer: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a webhook told: verified. `id` is the same at each try: deal with it once."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]
