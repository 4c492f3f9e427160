"""What a slot of a sheet can hold, besides phrases."""

from __future__ import annotations

from dataclasses import dataclass

from content_engine.types import Money, Quantity
from pipelines.language.phrase import Phrase, Said


@dataclass(frozen=True, slots=True)
class Measure:
    """A named amount: `diameter 9 cm`. `name` is a concept of kind `measure`."""

    name: str
    quantity: Quantity
    text: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A fact said with its name: `Warranty: 2 years`.

    `name` is a concept of kind `label`, or empty where none means the merchant's attribute; then
    only `text` can be said.
    """

    name: str
    values: tuple[Phrase | Territory | Quantity | str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Territory:
    """A country by its English name; CLDR knows what it is called elsewhere."""

    text: str


@dataclass(frozen=True, slots=True)
class Extent:
    """Sides in one unit: `45 × 45 cm`."""

    quantities: tuple[Quantity, ...]


Item = Money | Territory | Extent | Said | Quantity | Measure | Labelled | str
"""What a slot holds; a text is said as it is (names, codes, sizes)."""
