"""The nouns of review: a case before a person, and the person's label. They follow `types.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from content_engine.types import Attempt, Digest, Evidence, Kind


class CaseStatus(StrEnum):
    """Where a case is: waiting for a person, answered, or no longer of interest."""

    WAITING = "waiting"
    LABELLED = "labelled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate put before a person.

    `value_at_risk` is what a wrong decision may cost, in the price's main unit; cases are taken
    by `due_at` (to the day), then by the highest value at risk. `reviewer` holds it until
    `lease_until`, or answered it; `answer` is the label in force.
    """

    id: str
    job_id: str
    recipe_digest: Digest
    reasons: tuple[str, ...]
    opened_at: datetime
    kind: Kind
    sku: str
    status: CaseStatus = CaseStatus.WAITING
    due_at: datetime | None = None
    value_at_risk: float = 0.0
    backend: str = ""
    reviewer: str = ""
    lease_until: datetime | None = None
    answer: LabelOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaim:
    """One reviewer's right to label a case until the lease ends; fenced by `token`."""

    case: Case
    reviewer: str
    token: str
    lease_until: datetime


class LabelOutcome(StrEnum):
    """A person's answer about a candidate: ships as it is, ships once corrected, never ships."""

    PASS = "pass"  # noqa: S105 -- an answer, not a secret
    FIX = "fix"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    """Cut the frames (first, last), 0-based, inclusive, out of the clip and join it cleanly."""

    frames: tuple[int, int]
    action: Literal["trim"] = "trim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regenerate:
    """Make it again with another seed; `parameters` is a `canonical_json` object of changes."""

    seed: int
    parameters: str = "{}"
    action: Literal["regenerate"] = "regenerate"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallBack:
    """Ship a designed-motion video instead; `design` empty: the plan's choice."""

    design: str = ""
    action: Literal["fall_back"] = "fall_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Ship an uploaded file instead, already in the store and past the guards."""

    digest: Digest
    media_type: str
    action: Literal["replace"] = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Change slots of the copy in place: pairs of (slot, new text), such as `bullets.2`."""

    slots: tuple[tuple[str, str], ...]
    action: Literal["edit"] = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Nudge a picture: grow (+) or shrink (−) the product's mask, or crop the frame to `crop`.

    `crop` is (x0, y0, x1, y1), each 0..1 of the picture, or None.
    """

    mask_grow_px: int = 0
    crop: tuple[float, float, float, float] | None = None
    action: Literal["adjust"] = "adjust"


Correction = Trim | Regenerate | FallBack | Replace | Edit | Adjust
"""What shall ship instead; told apart by `action`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A person's answer to a case. `faults` are what they saw: kind, frames, box, field, span.

    `correction` is set exactly when the outcome is FIX. `seconds` is the time from seeing the case
    to answering it. `agreed` says whether a known answer was met (`known.py`), None: none is known.
    """

    outcome: LabelOutcome
    reviewer: str
    faults: tuple[Evidence, ...] = ()
    correction: Correction | None = None
    comment: str = ""
    seconds: float = 0.0
    agreed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A correction that a person ordered and no machine has carried out yet."""

    case_id: str
    attempt: Attempt
    label: Label
