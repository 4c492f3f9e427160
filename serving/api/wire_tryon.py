"""What crosses the wire of a try-on, in pydantic: the order, and the answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from content_engine.types import GarmentKind
from serving.api.wire import Wire

HANDLE = r"^[0-9a-f]{64}$"
GARMENTS_MOST = 5

HandleText = Annotated[str, Field(pattern=HANDLE)]


class GarmentIn(Wire):
    """One garment: a product by `sku`, or a `picture` with its `kind`.

    `picture` names the form's part that holds it, or is the digest of `POST /v1/uploads`. `kind`
    and `layer` (higher is worn over lower) are told by the product's category when left out.
    """

    sku: Annotated[str, Field(max_length=200)] = ""
    picture: Annotated[str, Field(max_length=200)] = ""
    kind: GarmentKind | None = None
    layer: Annotated[int, Field(ge=0, le=9)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> GarmentIn:
        if bool(self.sku) == bool(self.picture):
            raise ValueError("give a sku or a picture, not both and not none")
        if self.picture and self.kind is None:
            raise ValueError("say of a picture where its garment is worn: give its kind")
        return self


Garments = Annotated[list[GarmentIn], Field(min_length=1, max_length=GARMENTS_MOST)]
GARMENTS = TypeAdapter(Garments)
"""The garments of a form: JSON in the field `garments`."""


class TryonIn(Wire):
    """A person by the handle of an upload, and what that person shall wear.

    `longer_side_px` is that of the result; a smaller photo is not enlarged.
    """

    upload: HandleText
    garments: Garments
    longer_side_px: Annotated[int, Field(ge=480, le=2048)] = 1024


class PersonOut(Wire):
    """A shopper's photo in the vault. `upload` is its handle: who has it can see and delete it."""

    upload: str
    expires_at: AwareDatetime
    width_px: int
    height_px: int
    url: str


class SeenOut(Wire):
    """The coarse first look."""

    url: str
    width_px: int
    height_px: int


class TryonResultOut(Wire):
    """The try-on's picture, readable until `expires_at`."""

    url: str
    media_type: str
    width_px: int
    height_px: int


class WornOut(Wire):
    """One garment as it was understood."""

    sku: str
    kind: GarmentKind
    title: str


class TryonOut(Wire):
    """A try-on as it stands. `result` is null until `status` is `succeeded`.

    `seconds` is the time from its acceptance. `report` holds what was measured of pose, photo and
    fit.
    """

    id: str
    status: Literal["queued", "running", "succeeded"]
    upload: str
    expires_at: AwareDatetime
    seconds: float
    preview: SeenOut | None
    result: TryonResultOut | None
    report: dict[str, Any]
    garments: list[WornOut]
    status_url: str
    cancel_url: str


class AcceptedOut(Wire):
    """The first event of a stream."""

    id: str
    upload: str
    expires_at: AwareDatetime
    status_url: str
    cancel_url: str
