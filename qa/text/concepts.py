"""Colours, materials and other attributes named in copy: each must be one that a fact names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content_engine.types import Evidence
from qa.text.ground import Ground
from qa.text.reading import Read, Reading
from qa.text.tongue import CHECKED_KINDS, STRICT_KINDS
from qa.text.words import UNSPACED, Hit, fold

_SHARE_GAP = 4


def concepts(reading: Reading) -> Iterator[Evidence]:
    """A fault for each colour, material or attribute that no fact names, and each wrong share."""
    for read in reading.slots:
        hits = reading.tongue.named(read.words)
        for hit in hits:
            if not _is_grounded(hit, known=reading.ground) and not read.is_name(hit.span):
                yield _unfounded(read, hit)
        yield from _shares(reading, read, hits)


def _is_grounded(hit: Hit, *, known: Ground) -> bool:
    """True when a fact names it, or the word has a use that needs no fact.

    That is so for `short` and `top`, and for the glass that a drink is served in.
    """
    kinds = _kinds(hit)
    if known.concepts & hit.labels or (known.is_food and _is_glass(hit)):
        return True
    return not kinds & STRICT_KINDS and not kinds <= CHECKED_KINDS


def _is_glass(hit: Hit) -> bool:
    return "material.glass" in hit.labels or "drinkware" in _kinds(hit)


def _kinds(hit: Hit) -> set[str]:
    return {label.partition(".")[0] for label in hit.labels}


def _unfounded(read: Read, hit: Hit) -> Evidence:
    kinds = _kinds(hit) & CHECKED_KINDS
    kind = next((name for name in ("material", "color") if name in kinds), "attribute")
    shown = read.slot.text[hit.start : hit.end]
    return read.slot.fault(
        kind, f"no fact names {shown!r} ({', '.join(sorted(hit.labels))})", hit.span
    )


def _shares(reading: Reading, read: Read, hits: list[Hit]) -> Iterator[Evidence]:
    """A share that stands with a material must be that material's own share."""
    stated = reading.ground.shares
    if not stated:
        return
    for item in read.quantities:
        if item.quantity.unit != "%":
            continue
        beside = _beside(read, hits, start=item.start, end=item.end)
        labels = beside.labels & stated.keys() if beside else frozenset[str]()
        shares = {share for label in labels for share in stated[label]}
        if shares and item.quantity.value not in shares:
            shown = read.slot.text[item.start : item.end]
            said = f"{shown!r} stands with {', '.join(sorted(labels))}, whose share is another"
            yield read.slot.fault("percentage", said, (item.start, item.end))


def _beside(read: Read, hits: list[Hit], *, start: int, end: int) -> Hit | None:
    """The material that the share is of: after it, or before it; in Japanese before it first."""
    materials = [hit for hit in hits if "material" in _kinds(hit)]
    text = fold(read.slot.text)
    after = [hit for hit in materials if hit.start >= end and _near(text[end : hit.start])]
    before = [hit for hit in materials if hit.end <= start and _near(text[hit.end : start])]
    sides = (before[-1:], after[:1])
    first, second = sides if read.words.language in UNSPACED else sides[::-1]
    return next(iter([*first, *second]), None)


def _near(gap: str) -> bool:
    return not re.search(r"[\d,;.、。،(]", gap) and len(gap.split()) <= _SHARE_GAP
