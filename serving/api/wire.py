"""What crosses the wire, in pydantic; conversion to and from the nouns stands here only."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from content_engine.codec import from_plain, to_plain
from content_engine.costs import Tariff, cost_of
from content_engine.errors import InvalidBrief
from content_engine.facts import field_fact
from content_engine.feeds.google import FeedItem, google_item
from content_engine.feeds.records import Record
from content_engine.ledger import JobRow
from content_engine.types import (
    Attempt,
    Brief,
    Event,
    ImageSpec,
    JobStatus,
    Kind,
    Lane,
    Outcome,
    Product,
    Shot,
    TextSpec,
    VideoSpec,
)

Aspect = Annotated[str, Field(pattern=r"^[1-9]\d?:[1-9]\d?$")]
Source = Annotated[str, Field(pattern=r"^(https?://|data:)", max_length=40_000_000)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Wire(BaseModel):
    """A body. Unknown fields are refused, so that a typing error is never silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PhotoIn(Wire):
    """A picture of a product: an http(s) or data URL, and what it shows."""

    source: Source
    role: Literal["main", "additional", "variant"] = "main"


class PriceIn(Wire):
    """A price: amount in the main unit, ISO 4217 code."""

    amount: Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,4})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class ProductIn(Wire):
    """A product as its merchant describes it. `facts` are all that copy may claim."""

    title: Annotated[str, Field(min_length=1, max_length=1000)]
    brand: Annotated[str, Field(max_length=200)] = ""
    category: Annotated[list[str], Field(max_length=12)] = []
    facts: Annotated[dict[str, str | list[str]], Field(max_length=200)] = {}
    photos: Annotated[list[PhotoIn], Field(max_length=20)] = []
    price: PriceIn | None = None
    language: Annotated[str, Field(max_length=35)] = "en"

    def item(self, sku: str) -> FeedItem:
        """The product read exactly as a Google Merchant record would be.

        Raises InvalidFeed naming a field that cannot be true.
        """
        fields: dict[str, list[Any]] = {
            "id": [sku],
            "title": [self.title],
            "brand": [self.brand],
            "product_type": [" > ".join(self.category)],
            "image_link": [photo.source for photo in self.photos if photo.role == "main"],
            "additional_image_link": [p.source for p in self.photos if p.role == "additional"],
            "variant_image_link": [p.source for p in self.photos if p.role == "variant"],
            "product_detail": [],
        }
        if self.price:
            fields["price"] = [f"{self.price.amount} {self.price.currency}"]
        for name, value in self.facts.items():
            texts = [value] if isinstance(value, str) else value
            field = next((f for f in (name, f"product_{name}") if field_fact(f)), "")
            if field:
                fields.setdefault(field, []).extend(texts)
            else:
                detail = {"attribute_name": name, "attribute_value": ", ".join(texts)}
                fields["product_detail"].append(detail)
        filled = {name: values for name, values in fields.items() if any(values)}
        return google_item(Record(line=0, fields=filled), language=self.language)


class TextSpecIn(Wire):
    """What the copy shall be like."""

    voice: Annotated[str, Field(max_length=64)] = "plain"


class ImageSpecIn(Wire):
    """Which picture, from which photo, in which aspects."""

    shot: Shot
    photo: Annotated[int, Field(ge=0, lt=20)] = 0
    aspects: Annotated[list[Aspect], Field(min_length=1, max_length=8)] = ["1:1"]
    longer_side_px: Annotated[int, Field(ge=256, le=4096)] = 1600
    setting: Annotated[str, Field(max_length=64)] = ""
    shadow: bool = True


class VideoSpecIn(Wire):
    """Which clip; what is left out, the plan chooses."""

    design: Annotated[str, Field(max_length=64)] = ""
    photos: Annotated[list[Annotated[int, Field(ge=0, lt=20)]], Field(max_length=20)] = []
    aspect: Aspect = "1:1"
    shorter_side_px: Annotated[int, Field(ge=360, le=2160)] = 1080
    duration_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    captions: bool = True
    sound: bool = False


class _JobIn(Wire):
    """What every kind of job has in common. `due_at` orders the reviewers' queue."""

    sku: Annotated[str, Field(min_length=1, max_length=200)]
    channel: Annotated[str, Field(max_length=64)] = "web"
    count: Annotated[int, Field(ge=1, le=8)] = 1
    seed: Seed = 0
    lane: Lane = Lane.BULK
    due_at: AwareDatetime | None = None

    def common(self) -> dict[str, Any]:
        """What goes into a brief of any kind as it stands."""
        return {name: getattr(self, name) for name in _COMMON}


_COMMON = ("channel", "count", "seed", "lane", "due_at")


class TextJobIn(_JobIn):
    """Copy of one product in one locale."""

    kind: Literal["text"]
    locale: Annotated[str, Field(max_length=35)]
    spec: TextSpecIn = TextSpecIn()

    def brief(self, product: Product, *, locales: Sequence[str]) -> Brief:
        """The brief. Raises InvalidBrief for a locale that nothing writes."""
        _check_locale(self.locale, locales)
        return Brief(
            kind=Kind.TEXT,
            product=product,
            spec=TextSpec(voice=self.spec.voice),
            locale=self.locale,
            **self.common(),
        )


class ImageJobIn(_JobIn):
    """Pictures of one product."""

    kind: Literal["image"]
    spec: ImageSpecIn

    def brief(self, product: Product, *, locales: Sequence[str]) -> Brief:  # noqa: ARG002
        """The brief. Raises InvalidBrief for a photo that the product does not have."""
        if self.spec.photo >= len(product.photos):
            raise InvalidBrief(
                f"product {product.sku!r} has {len(product.photos)} photos; "
                f"there is no photo {self.spec.photo} (they count from 0)"
            )
        return Brief(
            kind=Kind.IMAGE,
            product=product,
            spec=from_plain(ImageSpec, self.spec.model_dump()),
            locale="und",
            **self.common(),
        )


class VideoJobIn(_JobIn):
    """A clip of one product. `locale` is the language of its captions; `und`: none."""

    kind: Literal["video"]
    locale: Annotated[str, Field(max_length=35)] = "und"
    spec: VideoSpecIn = VideoSpecIn()

    def brief(self, product: Product, *, locales: Sequence[str]) -> Brief:
        """The brief. Raises InvalidBrief for a locale that nothing writes."""
        _check_locale(self.locale, ("und", *locales))
        return Brief(
            kind=Kind.VIDEO,
            product=product,
            spec=from_plain(VideoSpec, self.spec.model_dump()),
            locale=self.locale,
            **self.common(),
        )


JobIn = Annotated[TextJobIn | ImageJobIn | VideoJobIn, Field(discriminator="kind")]


def _check_locale(locale: str, known: Sequence[str]) -> None:
    if locale not in known:
        raise InvalidBrief(f"unknown locale {locale!r}; known: {', '.join(known)}")


class JobsQuery(Wire):
    """Which jobs to list, newest first."""

    status: JobStatus | None = None
    kind: Kind | None = None
    sku: Annotated[str, Field(max_length=200)] = ""
    cursor: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def job_out(row: JobRow) -> dict[str, Any]:
    """A job as the door shows it, with the addresses of what can be done to it."""
    base = f"/v1/jobs/{row.id}"
    return {
        "id": row.id,
        "status": row.status.value,
        "kind": row.kind.value,
        "sku": row.sku,
        "batch": row.batch,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "problem": row.problem,
        "status_url": base,
        "result_url": f"{base}/result",
        "events_url": f"{base}/events",
        "cancel_url": base,
    }


def result_out(
    job: dict[str, Any],
    attempts: Sequence[Attempt],
    *,
    delivered: Collection[str],
    tariff: Tariff,
) -> dict[str, Any]:
    """A job with its candidates, best outcome first; each with assets, scores and evidence.

    `delivered` holds the recipes that ship: a person may have passed what the gate did not. A
    candidate's `cost` (making and judging) is null where a device has no price.
    """
    judged = sorted(attempts, key=lambda attempt: attempt.verdict.outcome.rank)
    shown = [item for item in judged if item.verdict.outcome is not Outcome.REPAIR]
    shown.sort(key=lambda attempt: attempt.candidate.recipe.digest not in delivered)
    candidates = [
        _candidate(item, delivered) | {"cost": cost_of(item, tariff), "currency": tariff.currency}
        for item in shown
    ]
    return job | {"candidates": candidates}


def _candidate(attempt: Attempt, delivered: Collection[str]) -> dict[str, Any]:
    candidate = attempt.candidate
    return {
        "recipe": candidate.recipe.digest,
        "backend": candidate.recipe.backend,
        "model": candidate.recipe.model,
        "verdict": attempt.verdict.outcome.value,
        "delivered": candidate.recipe.digest in delivered,
        "reasons": list(attempt.verdict.reasons),
        "seconds": candidate.seconds,
        "judged_s": attempt.judged_s,
        "notes": list(candidate.notes),
        "assets": [
            to_plain(asset) | {"url": f"/v1/assets/{asset.digest}"} for asset in candidate.assets
        ],
        "scores": [to_plain(score) for score in attempt.scores],
    }


def event_out(event: Event) -> dict[str, Any]:
    """An event's data."""
    return {
        "job_id": event.job_id,
        "name": event.name,
        "at": event.at.isoformat(),
        "detail": json.loads(event.detail),
    }
