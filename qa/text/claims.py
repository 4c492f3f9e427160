"""Claims and certificates in copy: each must be proven by the product's facts."""

from __future__ import annotations

from collections.abc import Iterator

from content_engine.types import Evidence
from qa.text.reading import Reading


def claims(reading: Reading) -> Iterator[Evidence]:
    """A fault for each claim that no fact proves, of the claim's own kind."""
    for read in reading.slots:
        for hit in reading.tongue.claims.find(read.words):
            unproven = sorted(hit.labels - reading.ground.proven)
            if not unproven or read.is_name(hit.span):
                continue
            name = unproven[0]
            rule = reading.rules[name]
            provable = rule.words or rule.facts
            proof = "no fact proves it" if provable else "no product fact can prove it"
            shown = read.slot.text[hit.start : hit.end]
            yield read.slot.fault(rule.kind, f"claim {shown!r} ({name}): {proof}", hit.span)


def certificates(reading: Reading) -> Iterator[Evidence]:
    """A fault for each certificate or mark that no fact names."""
    for read in reading.slots:
        for hit in reading.tongue.certificates.find(read.words):
            shown = read.slot.text[hit.start : hit.end]
            if hit.labels & reading.ground.certificates or read.is_name(hit.span):
                continue
            if _is_mark(shown) or hit.labels & reading.tongue.any_case:
                said = f"no fact names the certificate {shown!r}"
                yield read.slot.fault("certification", said, hit.span)


def _is_mark(shown: str) -> bool:
    """True for words with a capital, or of a script without: `SABER`, not Spanish `saber`."""
    return shown != shown.lower() or shown == shown.upper()
