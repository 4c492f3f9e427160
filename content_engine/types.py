"""The nouns of the engine: frozen values that every room speaks in.

Read this file first. Nothing here does work; each class says what it holds and in which unit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NewType

Digest = NewType("Digest", str)
"""SHA-256 of an asset's bytes, 64 lower-case hexadecimal digits."""


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8 kept.

    Raises ValueError on NaN or infinity: they have no JSON text.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


class Kind(StrEnum):
    """What a brief asks for. The values are also file names in `pipelines` and `qa`."""

    TEXT = "text"
    IMAGE = "image"
    TRYON = "tryon"
    VIDEO = "video"


class Lane(StrEnum):
    """Interactive work goes before bulk work at every step boundary."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class JobStatus(StrEnum):
    """Where a job is on its way."""

    QUEUED = "queued"
    RUNNING = "running"
    IN_REVIEW = "in_review"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when machines will not touch the job again by themselves."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Outcome(StrEnum):
    """What the gate decided, from best to worst (see `Outcome.rank`)."""

    ACCEPT = "ACCEPT"
    REPAIR = "REPAIR"
    REVIEW = "REVIEW"
    REJECT = "REJECT"

    @property
    def rank(self) -> int:
        """0 for ACCEPT … 3 for REJECT: a worse outcome has a higher rank."""
        return list(Outcome).index(self)


class Severity(IntEnum):
    """How much a fault matters to the shop."""

    NOTE = 0
    MINOR = 1
    MAJOR = 2
    FATAL = 3


class PhotoRole(StrEnum):
    """What a source photo shows; VARIANT is the product in another colour, flavour or form."""

    MAIN = "main"
    ADDITIONAL = "additional"
    GARMENT = "garment"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with its unit; `upper` is set for a range such as 220–240 V.

    `unit` is a canonical symbol of `content_engine.units` (`mm cm m g kg ml l W V h °C % g/m² …`),
    or the empty string for a plain count.
    """

    value: Decimal
    unit: str
    upper: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One attribute of a product: the only kind of thing copy may claim.

    `name` is the canonical snake_case attribute (`color`, `material`, `height`, `care`, …);
    `text` the merchant's words, cleaned; `terms` the atomic phrases in it (`dishwasher safe`),
    in the merchant's order; `quantities` every number with its unit found in it;
    `source` the feed field it came from (`product_detail: Dimensions/diameter`).
    """

    name: str
    text: str
    terms: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A price: amount in the currency's main unit, ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A source photo of a product, already in the asset store.

    `source` says where it came from (path, URL, `data:`); sizes are after EXIF rotation.
    """

    role: PhotoRole
    digest: Digest
    source: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is sold. `category` is the path from the broadest to the narrowest class.

    `language` is the BCP 47 language the merchant's words are in.
    """

    sku: str
    title: str
    brand: str
    category: tuple[str, ...]
    facts: tuple[Fact, ...]
    photos: tuple[Photo, ...]
    price: Money | None = None
    language: str = "en"

    def fact(self, name: str) -> Fact | None:
        """The first fact of that name, or None."""
        return next((fact for fact in self.facts if fact.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpec:
    """What the copy shall be like. `voice` names an entry of `pipelines/language/voices.toml`."""

    voice: str = "plain"


class Shot(StrEnum):
    """The kinds of product picture."""

    PACKSHOT = "packshot"
    SCENE = "scene"
    CUTOUT = "cutout"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """Which picture, from which photo, in which aspects.

    `photo` indexes `Product.photos`. `aspects` are `w:h` texts; each gives one asset.
    `width_px` is the longer side of each asset. `setting` names a scene, or is empty: the plan
    chooses one that suits the category.
    """

    shot: Shot
    photo: int = 0
    aspects: tuple[str, ...] = ("1:1",)
    longer_side_px: int = 1600
    setting: str = ""
    shadow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSpec:
    """Which clip, in which aspect.

    `design` names a motion design, or is empty: the plan chooses by category and material.
    `photos` indexes `Product.photos`; empty: the plan takes what suits. `aspect` is a `w:h` text,
    `shorter_side_px` the shorter side. `duration_s` 0 means the design's own length. `captions`
    asks for captions in the brief's locale (none for `und`); `sound` for an audio bed, which a
    channel that requires sound gets in any case.
    """

    design: str = ""
    photos: tuple[int, ...] = ()
    aspect: str = "1:1"
    shorter_side_px: int = 1080
    duration_s: float = 0.0
    captions: bool = True
    sound: bool = False


class GarmentKind(StrEnum):
    """Where a garment is worn."""

    UPPER = "upper"
    LOWER = "lower"
    FULL = "full"
    OUTER = "outer"
    HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Garment:
    """One piece of an outfit: its picture in the store, where it is worn, and over what.

    A higher `layer` is worn over a lower one; `sku` is empty for a garment given by its picture.
    """

    kind: GarmentKind
    picture: Digest
    layer: int
    sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryonSpec:
    """Which person wears which garments, from the innermost to the outermost.

    `person` names the person's photo: in the vault when `private`, else in the store. A private
    photo and all that is made from it reach neither the store nor a reviewer.
    """

    person: Digest
    garments: tuple[Garment, ...]
    longer_side_px: int = 1024
    private: bool = True


Spec = TextSpec | ImageSpec | VideoSpec | TryonSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A request for media of one product.

    `locale` is a BCP 47 language (`en`, `de`, `ja`); for pictures `und` (undetermined).
    `channel` names an entry of `content_engine/channels.toml`.
    `count` is how many accepted candidates are wanted. `due_at` orders the reviewers' queue.
    """

    kind: Kind
    product: Product
    spec: Spec
    locale: str
    channel: str = "web"
    count: int = 1
    seed: int = 0
    lane: Lane = Lane.BULK
    due_at: datetime | None = None

    @property
    def private(self) -> bool:
        """True when nobody but its sender may see what is made."""
        return isinstance(self.spec, TryonSpec) and self.spec.private


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """An asset that goes into a recipe, and as what (`photo`, `garment`, `person`, `mask`)."""

    role: str
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Complete instructions for one candidate: nothing is defaulted after planning.

    `model` is `name@revision`. `parameters` is a `canonical_json` object, so that a recipe is
    immutable, crosses processes and has one digest.
    """

    kind: Kind
    backend: str
    model: str
    prompt: str
    seed: int
    parameters: str
    ingredients: tuple[Ingredient, ...] = ()

    @property
    def digest(self) -> Digest:
        """The recipe's identity, cache key and idempotency key."""
        body = {
            "kind": self.kind,
            "backend": self.backend,
            "model": self.model,
            "prompt": self.prompt,
            "seed": self.seed,
            "parameters": json.loads(self.parameters),
            "ingredients": [[item.role, item.digest] for item in self.ingredients],
        }
        return Digest(hashlib.sha256(canonical_json(body).encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Immutable bytes in the store, and what a reader must know to use them.

    `role` says which of a candidate's assets it is (`copy`, `packshot-1x1`, `scene-9x16`).
    `width_px` and `height_px` are 0 for text; `duration_s` and `fps` are 0 for all but video.
    """

    role: str
    digest: Digest
    media_type: str
    size_bytes: int
    width_px: int = 0
    height_px: int = 0
    duration_s: float = 0.0
    fps: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A recipe and what came of it, unjudged. `seconds` is wall time on `device`.

    `notes` are facts a reader should know and no fault: `untranslated: exposed clay foot`.
    """

    recipe: Recipe
    assets: tuple[Asset, ...]
    seconds: float
    device: str = "cpu"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is wrong, where, and the number that says so.

    `asset` is the role of the asset concerned. `box` is (x0, y0, x1, y1), each 0..1 of the
    picture. `frames` is (first, last), 0-based, inclusive. `field` and `span` locate a fault in
    copy: the slot (`title`, `bullets.2`) and its (start, end) characters.
    """

    kind: str
    severity: Severity
    message: str
    asset: str = ""
    box: tuple[float, float, float, float] | None = None
    frames: tuple[int, int] | None = None
    field: str = ""
    span: tuple[int, int] | None = None
    number: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one instrument measured. `value` None means the instrument broke: unscored, not zero.

    `metric` is a key of `qa/policy.toml`. `asset` is the role of the asset concerned, or empty for
    the candidate as a whole. `instrument` is `name@version`.
    """

    metric: str
    value: float | None
    instrument: str
    asset: str = ""
    evidence: tuple[Evidence, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gate's decision with its reasons, the heaviest first."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a judge said of a candidate. `seconds` is wall time on `device`, waiting excluded."""

    scores: tuple[Score, ...]
    seconds: float
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One candidate with its scores and verdict: what a ledger record holds.

    Judging took `judged_s` seconds on the device `judged_on`, which is empty where nobody measured.
    """

    candidate: Candidate
    scores: tuple[Score, ...]
    verdict: Verdict
    judged_s: float = 0.0
    judged_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A brief on its way. `problem` says why a failed job failed, in words for its sender."""

    id: str
    brief: Brief
    status: JobStatus
    created_at: datetime
    updated_at: datetime
    tenant: str = "default"
    batch: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on a job until the lease ends. Every write is fenced by `token`."""

    job: Job
    token: str
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job. `sequence` grows with every event of the ledger.

    `detail` is a `canonical_json` object.
    """

    sequence: int
    job_id: str
    name: str
    at: datetime
    detail: str = "{}"
