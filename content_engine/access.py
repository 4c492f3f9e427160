"""Keys of programs and people: what each opens, for which tenant, until when.

Only SHA-256 digests of keys are kept. The file is TOML, so that an operator can read it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from content_engine.errors import InvalidSettings

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class Scope(StrEnum):
    """What a key is for. What each opens stands in `serving/api/scopes.toml`."""

    CATALOG = "catalog"
    REVIEWER = "reviewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A key by its SHA-256: whose it is, what it opens, which tenant's, until when.

    `name` says who holds it; after a rotation two keys bear the same name until the older ends.
    `expires_at` None: it holds until it is revoked.
    """

    name: str
    sha256: str
    scope: Scope
    tenant: str = "default"
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuses values that cannot work. Raises InvalidSettings."""
        if not _SHA256.fullmatch(self.sha256):
            raise InvalidSettings(f"sha256 of key {self.name!r} must be 64 hex digits")
        if not (_NAME.fullmatch(self.name) and _NAME.fullmatch(self.tenant)):
            raise InvalidSettings(
                f"key {self.name!r}: name and tenant have 1 to 100 characters, no control ones"
            )
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise InvalidSettings(
                f"expires_at of key {self.name!r} needs a zone: 2027-01-31T00:00Z"
            )

    def holds(self, now: datetime) -> bool:
        """True while the key has not expired."""
        return self.expires_at is None or now < self.expires_at


def read_keys(text: str, *, where: str) -> tuple[AccessKey, ...]:
    """The keys of a TOML text (`[[keys]]` tables). `where` names it in errors.

    Raises InvalidSettings for an unknown word, a bad value, or one digest given twice.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"cannot read {where}: {error}") from error
    _require(set(document), {"keys"}, where=where)
    known = {field.name for field in fields(AccessKey)}
    for table in document.get("keys", []):
        _require(set(table), known, where=f"[[keys]] of {where}")
    keys = tuple(_key(table, where=where) for table in document.get("keys", []))
    digests = [key.sha256 for key in keys]
    if len(set(digests)) < len(digests):
        raise InvalidSettings(f"two keys of {where} have the same sha256")
    return keys


def write_keys(keys: Sequence[AccessKey]) -> str:
    """The TOML text that `read_keys` reads back as those keys."""
    return "\n\n".join("\n".join(_lines(key)) for key in keys) + ("\n" if keys else "")


def _lines(key: AccessKey) -> list[str]:
    lines = [
        "[[keys]]",
        # A JSON string is a TOML one, but for DEL, which no name has.
        f"name = {json.dumps(key.name, ensure_ascii=False)}",
        f'sha256 = "{key.sha256}"',
        f'scope = "{key.scope.value}"',
        f"tenant = {json.dumps(key.tenant, ensure_ascii=False)}",
    ]
    if key.expires_at is not None:
        lines.append(f"expires_at = {key.expires_at.astimezone(UTC).isoformat()}")
    return lines


def _key(table: dict[str, Any], *, where: str) -> AccessKey:
    try:
        return TypeAdapter(AccessKey).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidSettings(
            f"[[keys]] of {where}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error


def _require(said: set[str], known: set[str], *, where: str) -> None:
    if unknown := sorted(said - known):
        raise InvalidSettings(
            f"unknown word {unknown[0]!r} in {where}; known: {', '.join(sorted(known))}"
        )
