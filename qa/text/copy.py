"""The copy set under judgement: its slots, its sentences, and how a fault in it is reported."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content_engine.channels import TextLimits
from content_engine.errors import ScorerFailed
from content_engine.types import Evidence, Severity
from qa.text.words import Span

SINGLE_SLOTS = ("title", "description", "seo_title", "meta_description")
LISTED_SLOTS = ("bullets", "alt_texts", "ads")

# A full stop ends a sentence when a capital, a sign or a new line follows; 。！？ always do.
_END = re.compile(r"[.!?؟…]+[\"'”’»)]*(?=\s+[^a-zà-ÿ])|[。！？]+[」』）]*|\n+")


@dataclass(frozen=True, slots=True)
class Slot:
    """One text of a copy set. `field` is its name in Evidence (`bullets.2`); `limit` characters."""

    field: str
    text: str
    limit: int

    def fault(self, kind: str, message: str, span: Span) -> Evidence:
        """Evidence of a fault at a place in this slot."""
        return Evidence(
            kind=kind,
            severity=Severity.MAJOR,
            message=f"{self.field}: {message}",
            asset="copy",
            field=self.field,
            span=span,
        )

    def note(self, kind: str, message: str, span: Span) -> Evidence:
        """Evidence of something that a reader should know and that is no fault."""
        return Evidence(
            kind=kind,
            severity=Severity.NOTE,
            message=f"{self.field}: {message}",
            asset="copy",
            field=self.field,
            span=span,
        )


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a slot: `slot.text[start:end]`."""

    slot: Slot
    start: int
    end: int

    @property
    def text(self) -> str:
        """The sentence's own words."""
        return self.slot.text[self.start : self.end]


def read_copy(data: bytes) -> Mapping[str, Any]:
    """The JSON object of a copy asset. Raises ScorerFailed when the bytes are none."""
    try:
        copy = json.loads(data)
    except ValueError as error:
        raise ScorerFailed(f"the copy asset is no JSON: {error}") from error
    if not isinstance(copy, dict):
        raise ScorerFailed("the copy asset is no JSON object")
    return copy


def slots(copy: Mapping[str, Any], *, limits: TextLimits) -> Iterator[Slot]:
    """Every slot that holds text, in reading order; misshapen ones are left to `structure`."""
    for name in ("title", "description"):
        yield from _slot(name, copy.get(name), limit=getattr(limits, name))
    yield from _listed("bullets", copy.get("bullets"), limit=limits.bullet)
    for name in ("seo_title", "meta_description"):
        yield from _slot(name, copy.get(name), limit=getattr(limits, name))
    yield from _listed("alt_texts", copy.get("alt_texts"), limit=limits.alt_text)
    ads = copy.get("ads")
    texts = [ad.get("text") for ad in ads if isinstance(ad, dict)] if isinstance(ads, list) else []
    yield from _listed("ads", texts, limit=limits.ad)


def _slot(field: str, value: Any, *, limit: int) -> Iterator[Slot]:
    if isinstance(value, str) and value.strip():
        yield Slot(field, value, limit)


def _listed(name: str, values: Any, *, limit: int) -> Iterator[Slot]:
    if isinstance(values, list):
        for index, value in enumerate(values):
            yield from _slot(f"{name}.{index}", value, limit=limit)


def sentences(slot: Slot) -> Iterator[Sentence]:
    """The slot's sentences without the space around them."""
    start = 0
    for end in (*(match.end() for match in _END.finditer(slot.text)), len(slot.text)):
        piece = slot.text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            yield Sentence(slot, start + lead, start + len(piece.rstrip()))
        start = end
