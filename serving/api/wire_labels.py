"""What a reviewer sends, in pydantic: claims and labels; their way into the nouns of review.

Frames are 0-based and inclusive, boxes (x0, y0, x1, y1) are 0..1 of the picture.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from content_engine.codec import from_plain
from content_engine.review import (
    Adjust,
    Correction,
    Edit,
    FallBack,
    Label,
    LabelOutcome,
    Regenerate,
    Replace,
    Trim,
)
from content_engine.types import Digest, Evidence, Kind, Severity, canonical_json
from serving.api.wire import Seed, Wire

_NAME = r"^[^\x00-\x1f\x7f\s]([^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s])?$"
_PARAMETERS_MAX = 20_000

Reviewer = Annotated[str, Field(min_length=1, max_length=100, pattern=_NAME)]
Token = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
LeaseSeconds = Annotated[float, Field(ge=1, le=3600)]
Place = Annotated[int, Field(ge=0, lt=2**31)]
Part = Annotated[float, Field(ge=0, le=1)]


def _rising(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError(f"{span[0]} to {span[1]}: the first must not lie after the last")
    return span


def _upright(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if box[0] > box[2] or box[1] > box[3]:
        raise ValueError("a box is left, top, right, bottom, in this order")
    return box


Span = Annotated[tuple[Place, Place], AfterValidator(_rising)]
Box = Annotated[tuple[Part, Part, Part, Part], AfterValidator(_upright)]
Name = Annotated[str, Field(max_length=64)]
SlotText = Annotated[str, Field(max_length=10_000)]
Comment = Annotated[str, Field(max_length=4000)]


class ClaimIn(Wire):
    """Asks for the next case: of some kinds (all when left out), that one first if it is free.

    `prefer` is the id of a case; one that this reviewer holds already comes back with a new token.
    A reviewer holds two cases at most (the one before him and the next), unless he prefers a
    third; who asks for any third gets the one he has held longest.
    """

    reviewer: Reviewer
    kinds: list[Kind] = Field(default_factory=list, max_length=len(Kind))
    prefer: Name = ""
    lease_s: LeaseSeconds = 600.0


class TokenIn(Wire):
    """Proves that the sender holds the case."""

    token: Token


class ExtendIn(TokenIn):
    """Asks for `lease_s` seconds from now."""

    lease_s: LeaseSeconds = 600.0


class UndoIn(Wire):
    """Takes this reviewer's label back."""

    reviewer: Reviewer


class FaultIn(Wire):
    """A fault that the reviewer saw. `kind` is one of `content_engine/faults.toml`."""

    kind: Annotated[str, Field(min_length=1, max_length=64)]
    severity: Literal["note", "minor", "major", "fatal"] = "major"
    message: Comment = ""
    asset: Name = ""
    frames: Span | None = None
    box: Box | None = None
    field: Name = ""
    span: Span | None = None

    def noun(self) -> Evidence:
        """The fault as evidence."""
        plain = self.model_dump() | {"severity": Severity[self.severity.upper()]}
        return from_plain(Evidence, plain)


class TrimIn(Wire):
    """Cut these frames out and join the rest."""

    action: Literal["trim"]
    frames: Span

    def noun(self) -> Correction:
        """The correction."""
        return Trim(frames=self.frames)


class RegenerateIn(Wire):
    """Make it again with another seed and, where given, other parameters of the recipe."""

    action: Literal["regenerate"]
    seed: Seed
    parameters: dict[Name, Any] = Field(default_factory=dict, max_length=50)

    @field_validator("parameters")
    @classmethod
    def _json(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            if not isinstance(value, bool | int | float | str):
                raise ValueError(f"{name}: give a text, a number, or true or false")  # noqa: TRY004
        if len(canonical_json(given).encode()) > _PARAMETERS_MAX:
            raise ValueError(f"the changes have more than {_PARAMETERS_MAX} bytes")
        return given

    def noun(self) -> Correction:
        """The correction."""
        return Regenerate(seed=self.seed, parameters=canonical_json(self.parameters))


class FallBackIn(Wire):
    """Ship a designed-motion video instead."""

    action: Literal["fall_back"]
    design: Name = ""

    def noun(self) -> Correction:
        """The correction."""
        return FallBack(design=self.design)


class ReplaceIn(Wire):
    """Ship an uploaded file instead: `digest` and `media_type` are those of `POST /v1/uploads`."""

    action: Literal["replace"]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[str, Field(max_length=100)]

    def noun(self) -> Correction:
        """The correction."""
        return Replace(digest=Digest(self.digest), media_type=self.media_type)


class EditIn(Wire):
    """Change slots of the copy in place: slot name (`bullets.0`) to its new text."""

    action: Literal["edit"]
    slots: Annotated[dict[Name, SlotText], Field(min_length=1, max_length=100)]

    def noun(self) -> Correction:
        """The correction."""
        return Edit(slots=tuple(self.slots.items()))


class AdjustIn(Wire):
    """Nudge a picture: grow (+) or shrink (−) the product's mask, crop the frame, or both."""

    action: Literal["adjust"]
    mask_grow_px: Annotated[int, Field(ge=-24, le=24)] = 0
    crop: Box | None = None

    def noun(self) -> Correction:
        """The correction."""
        return Adjust(mask_grow_px=self.mask_grow_px, crop=self.crop)


CorrectionIn = Annotated[
    TrimIn | RegenerateIn | FallBackIn | ReplaceIn | EditIn | AdjustIn,
    Field(discriminator="action"),
]


class LabelIn(TokenIn):
    """A person's answer. `correction` stands exactly when the outcome is `fix`.

    `seconds` is the time from seeing the case to answering it.
    """

    outcome: LabelOutcome
    faults: list[FaultIn] = Field(default_factory=list, max_length=100)
    correction: CorrectionIn | None = None
    comment: Comment = ""
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0

    @model_validator(mode="after")
    def _whole(self) -> LabelIn:
        if (self.outcome is LabelOutcome.FIX) != (self.correction is not None):
            raise ValueError("a correction is sent exactly when the outcome is 'fix'")
        return self

    def noun(self, reviewer: str) -> Label:
        """The label of that reviewer."""
        return Label(
            outcome=self.outcome,
            reviewer=reviewer,
            faults=tuple(fault.noun() for fault in self.faults),
            correction=self.correction.noun() if self.correction else None,
            comment=self.comment,
            seconds=self.seconds,
        )


class CasesQuery(Wire):
    """Which cases to list, in the order they were opened; all statuses when left out.

    `held_by` asks for those that a reviewer holds just now, and for nothing else.
    """

    kind: Kind | None = None
    status: Literal["waiting", "labelled", "withdrawn"] | None = None
    held_by: Annotated[str, Field(max_length=100)] = ""
    cursor: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
