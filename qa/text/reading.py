"""One copy set opened for reading: slots with their words, and the places that are names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from content_engine.channels import TextLimits
from content_engine.types import Brief
from content_engine.units import FoundQuantity, find_quantities
from qa.text.copy import Slot
from qa.text.ground import Ground
from qa.text.tongue import Rule, Tongue
from qa.text.words import Span, Words


class Read:
    """One slot, read: its words, and where names stand that copy must leave as they are."""

    def __init__(
        self, slot: Slot, *, language: str, names: tuple[str, ...], left: tuple[str, ...]
    ) -> None:
        self.slot = slot
        self.words = Words(slot.text, language=language)
        self._names = names
        self._left = left

    @cached_property
    def quantities(self) -> tuple[FoundQuantity, ...]:
        """Every amount and count in the text, with its place."""
        return find_quantities(self.slot.text, locale=self.words.language)

    @cached_property
    def names(self) -> tuple[Span, ...]:
        """Places of brand, title and other texts that are repeated letter for letter."""
        return tuple(_places(self.slot.text, self._names))

    @cached_property
    def left(self) -> tuple[Span, ...]:
        """Places of fact values that the maker left in the merchant's words and said so."""
        return tuple(_places(self.slot.text, self._left, any_case=True))

    def is_name(self, span: Span) -> bool:
        """True when the place lies inside a name or a value left as it is."""
        return any(a <= span[0] and span[1] <= b for a, b in (*self.names, *self.left))

    def blanked(self) -> str:
        """The text, as long as before, with names and left values as spaces."""
        text = self.slot.text
        for start, end in (*self.names, *self.left):
            text = text[:start] + " " * (end - start) + text[end:]
        return text


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything an instrument may look at. `copy` is the JSON object as it came."""

    brief: Brief
    copy: Mapping[str, Any]
    limits: TextLimits
    tongue: Tongue
    ground: Ground
    rules: Mapping[str, Rule]
    slots: tuple[Read, ...]


def _places(text: str, names: tuple[str, ...], *, any_case: bool = False) -> Iterator[Span]:
    haystack = text.lower() if any_case else text
    for name in names:
        needle = name.lower() if any_case else name
        start = haystack.find(needle)
        while start >= 0:
            end = start + len(needle)
            if not (_glued(text, start) or _glued(text, end)):
                yield (start, end)
            start = haystack.find(needle, end)


def _glued(text: str, place: int) -> bool:
    """True when Latin letters touch at this place: the name would be a piece of a word."""
    return re.fullmatch(r"[A-Za-zÀ-ÿ]{2}", text[place - 1 : place + 1] if place else "") is not None
