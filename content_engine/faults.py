"""The one vocabulary of faults, read from `faults.toml`: judges, labels and reviewers share it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from content_engine.codec import from_plain
from content_engine.errors import NotFound
from content_engine.types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """A kind of fault in one kind of media, in words for people.

    `kind` is what `Evidence.kind` holds. `key` is the digit that picks it while labelling, or None.
    """

    kind: str
    media: Kind
    name: str
    what: str
    look: str
    key: int | None = None


@cache
def fault_kinds(media: Kind) -> dict[str, FaultKind]:
    """The faults of a kind of media by their kind, those with a key first, in order of the keys.

    Empty for a kind of media that has no judge yet.
    """
    path = Path(__file__).with_name("faults.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get(media, {})
    found = [
        from_plain(FaultKind, {"kind": kind, "media": media, **table})
        for kind, table in tables.items()
    ]
    found.sort(key=lambda fault: (fault.key is None, ((fault.key or 0) - 1) % 10))
    return {fault.kind: fault for fault in found}


def fault_kind(kind: str, *, media: Kind) -> FaultKind:
    """The fault of that kind. Raises NotFound naming the known ones."""
    known = fault_kinds(media)
    if kind not in known:
        raise NotFound(f"no fault {kind!r} of {media} is known; known: {', '.join(known)}")
    return known[kind]
