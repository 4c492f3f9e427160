"""Claims and certificates in copy: each must be proven by the product's facts."""

from __future__ import annotations

from collections.abc import Iterator

from content_engine.types import Evidence
from qa.text_reading import Read, Reading
from qa.text_words import Hit


def claims(reading: Reading) -> Iterator[Evidence]:
    """A fault for each claim that no fact proves, of the claim's own kind."""
    for read in reading.slots:
        for hit in reading.tongue.claims.find(read.words):
            if hit.labels <= reading.ground.proven or _is_kept(read, hit):
                continue
            name = sorted(hit.labels - reading.ground.proven)[0]
            shown = read.slot.text[hit.start : hit.end]
            rule = reading.rules[name]
            proof = (
                "no product fact can prove it"
                if not rule.words and not rule.facts
                else ("no fact proves it")
            )
            yield read.slot.fault(rule.kind, f"claim {shown!r} ({name}): {proof}", hit.span)


def certificates(reading: Reading) -> Iterator[Evidence]:
    """A fault for each certificate or mark that no fact names."""
    for read in reading.slots:
        for hit in reading.tongue.certificates.find(read.words):
            if not (hit.labels & reading.ground.certificates) and not _is_kept(read, hit):
                shown = read.slot.text[hit.start : hit.end]
                yield read.slot.fault(
                    "certification", f"no fact names the certificate {shown!r}", hit.span
                )


def _is_kept(read: Read, hit: Hit) -> bool:
    return read.is_name(hit.span)
