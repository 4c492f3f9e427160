"""What a reviewer gets, in pydantic: the case sheet and the answer to an upload.

A sheet is everything that a reviewer's page shows and everything that it may send back (see
`wire_labels.py`). Frames are 0-based and inclusive, boxes (x0, y0, x1, y1) are 0..1 of the picture,
times are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from content_engine.types import Kind
from serving.api.wire import Wire


class PhotoOut(Wire):
    """A source photo of the product; `url` serves its bytes."""

    url: str
    role: str
    width_px: int
    height_px: int


class FactOut(Wire):
    """One attribute of the product in the merchant's words."""

    name: str
    text: str


class ProductOut(Wire):
    """What is sold. `price` is in words (`12.90 EUR`) or empty."""

    sku: str
    title: str
    brand: str
    category: list[str]
    price: str
    language: str
    facts: list[FactOut]
    photos: list[PhotoOut]


class AssetOut(Wire):
    """One asset of the candidate. `frames` is its number of frames, 0 for all but video."""

    role: str
    digest: str
    url: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    duration_s: float
    fps: float
    frames: int


class ScoreOut(Wire):
    """One measurement; `value` null means the instrument broke."""

    metric: str
    value: float | None
    asset: str
    instrument: str
    note: str


class EvidenceOut(Wire):
    """What the judge found, the heaviest first. `message` is the judge's, `words` a person's."""

    kind: str
    severity: Literal["note", "minor", "major", "fatal"]
    message: str
    words: str
    metric: str
    asset: str
    frames: tuple[int, int] | None
    box: tuple[float, float, float, float] | None
    field: str
    span: tuple[int, int] | None
    number: float | None
    threshold: float | None


class CorrectionOut(Wire):
    """A correction that this case allows.

    `parameters` are the fields that go beside `action` (name to type, limits and words);
    `suggested` are values for them, ready to be sent, where the evidence or the recipe gives any;
    `refused` says why those would not be taken, then there are none.
    """

    action: Literal["trim", "regenerate", "fall_back", "replace", "edit", "adjust"]
    words: str
    parameters: dict[str, dict[str, Any]]
    suggested: dict[str, Any]
    refused: str = ""


class HappeningOut(Wire):
    """One thing that happened, in words; `detail` holds its numbers."""

    at: datetime
    name: str
    words: str
    job_id: str
    recipe: str
    detail: dict[str, Any]


class FaultKindOut(Wire):
    """A fault that a reviewer can name; `key` is the digit that picks it, or null."""

    kind: str
    name: str
    what: str
    key: int | None


class CaseOut(Wire):
    """A case in a list. `held_by` has it until `lease_until`; both are empty when nobody has.

    `answer` is the label in force (`pass`, `fix`, `reject`) or empty.
    """

    id: str
    url: str
    status: Literal["waiting", "labelled", "withdrawn"]
    held_by: str
    lease_until: datetime | None
    kind: Kind
    sku: str
    reasons: list[str]
    value_at_risk: float
    due_at: datetime | None
    opened_at: datetime
    job_id: str
    backend: str
    answer: str


class CaseSheet(CaseOut):
    """Everything about one case. `token` stands only in the answer to a claim.

    `recipe` is the recipe's digest, `parameters` what it was made with. `slots` is the copy, slot
    by slot in reading order, for a text case. `label` is the answer in force, or null.
    """

    token: str
    title: str
    model: str
    recipe: str
    seed: int
    parameters: dict[str, Any]
    locale: str
    channel: str
    product: ProductOut
    assets: list[AssetOut]
    slots: dict[str, str]
    scores: list[ScoreOut]
    evidence: list[EvidenceOut]
    faults: list[FaultKindOut]
    corrections: list[CorrectionOut]
    history: list[HappeningOut]
    label: dict[str, Any] | None


class UploadOut(Wire):
    """An uploaded file, now in the store, past the guards. Lengths are 0 for stills."""

    digest: str
    url: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    duration_s: float
    fps: float
    frames: int
