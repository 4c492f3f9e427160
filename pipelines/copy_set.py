"""The copy set as a document: read strictly, edited slot by slot, written in one way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import ConfigDict, ValidationError

from content_engine.codec import from_plain, to_plain
from content_engine.errors import InvalidBrief
from content_engine.types import canonical_json

UPLOAD_MAX_BYTES = 256 * 1024
"""A copy set of every slot at its channel's limit has 12 KB. Source: house limit."""

_SINGLE = ("title", "description", "seo_title", "meta_description")
_LISTED = ("bullets", "alt_texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdText:
    """One advertisement: its text, and the voice it speaks in."""

    voice: str
    text: str

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDocument:
    """All slots of one product's copy in one locale, as the asset holds them."""

    locale: str
    title: str
    description: str
    bullets: tuple[str, ...]
    seo_title: str
    meta_description: str
    alt_texts: tuple[str, ...]
    ads: tuple[AdText, ...]

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, data: bytes, *, locale: str) -> Self:
        """The document in the bytes of a copy asset. Raises InvalidBrief for another shape."""
        if len(data) > UPLOAD_MAX_BYTES:
            raise InvalidBrief(f"a copy set of {len(data):,} bytes: at most {UPLOAD_MAX_BYTES:,}")
        try:
            copy = from_plain(cls, json.loads(data))
            _check_text(to_plain(copy))
        except ValidationError as error:
            raise InvalidBrief(f"the file is no copy set: {_first(error)}") from error
        except (ValueError, RecursionError) as error:
            raise InvalidBrief(f"the file is no JSON text: {error}") from error
        if copy.locale != locale:
            raise InvalidBrief(f"the copy is in {copy.locale!r}, wanted is {locale!r}")
        return copy

    @property
    def data(self) -> bytes:
        """The bytes of its asset: canonical JSON, UTF-8."""
        return canonical_json(to_plain(self)).encode()

    def edited(self, slots: Sequence[tuple[str, str]]) -> Self:
        """The copy with these slots' new texts; an empty text takes an item off its list.

        The number after a list's last (`bullets.5` of five) adds one. Raises InvalidBrief when a
        slot is unknown, named twice, emptied though it must stand, or when nothing changes.
        """
        twice = [name for name, count in Counter(name for name, _ in slots).items() if count > 1]
        if twice:
            raise InvalidBrief(f"{twice[0]!r} is changed twice: give each slot once")
        plain = to_plain(self)
        for name, text in slots:
            _set(plain, name, text.strip())
        for name in _LISTED:
            plain[name] = [text for text in plain[name] if text]
        plain["ads"] = [ad for ad in plain["ads"] if ad["text"]]
        edited = from_plain(type(self), plain)
        if edited == self:
            raise InvalidBrief("the edit changes nothing: the copy has these words already")
        return edited


def _set(plain: dict, name: str, text: str) -> None:
    group, dot, number = name.partition(".")
    if name in _SINGLE:
        if not text:
            raise InvalidBrief(f"the {name} can't be empty")
        plain[name] = text
    elif dot and re.fullmatch(r"\d{1,3}", number) and group in (*_LISTED, "ads"):
        _set_item(plain[group], group, int(number), text)
    else:
        known = ", ".join((*_SINGLE, *(f"{each}.0" for each in (*_LISTED, "ads"))))
        raise InvalidBrief(f"the copy has no slot {name!r}; its slots: {known} …")


def _set_item(items: list, group: str, index: int, text: str) -> None:
    if group == "ads" and index < len(items):
        items[index] = {**items[index], "text": text}
    elif index < len(items):
        items[index] = text
    elif group != "ads" and index == len(items) and text:
        items.append(text)
    else:
        raise InvalidBrief(f"the copy has {len(items)} {group}: there is no {group}.{index}")


def _check_text(plain: dict) -> None:
    """Raises InvalidBrief for a slot that UTF-8 can't hold: JSON spells half a surrogate pair."""
    for name, value in plain.items():
        try:
            canonical_json(value).encode()
        except UnicodeEncodeError as error:
            raise InvalidBrief(f"the {name} holds half a character: {error.reason}") from error


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"]) or "the whole"
    return f"{where}: {found['msg'].lower()}"
