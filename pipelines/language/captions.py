"""Captions of a clip: short claims from a product's facts, in the words of the locale's grammar."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from content_engine.types import Product
from pipelines.language.compose import scopes_of
from pipelines.language.frames import Frame, Option, Part, Slot
from pipelines.language.items import Labelled, Measure
from pipelines.language.localise import localise, with_known_noun
from pipelines.language.realiser import Realiser
from pipelines.language.tongue import VERBATIM
from pipelines.language.voice import voice_of
from pipelines.language.writing import Filled, Slots, Writer

COLUMNS = 36
"""The widest caption, in columns: two lines of a vertical clip at a legible size.

A column is a Latin or Arabic letter; a Japanese one takes two. Source: measured with the faces of
`assets/models.toml`: 18 columns fill a 756 px line at
4 % of 1920 px; subtitle guides take 37 to 42.
"""

_ORDER = (
    *("bullet_material", "bullet_details", "bullet_function", "bullet_print", "bullet_cut"),
    *("bullet_care", "bullet_details", "bullet_sizes", "bullet_dimensions", "bullet_more"),
)
"""Moves in the order of the clip: what it is made of and does first, amounts last."""

_FACTS = {"details": ("highlight", "finish"), "traits": ("highlight",), "facts": ("highlight",)}
_FACTS |= {"suitable": ("care", "highlight"), "others": ("highlight",), "one_size": ("size",)}
_FACTS |= {"size_from": ("sizes",), "size_to": ("sizes",), "care_part": ("care",)}
_FACTS |= {"grammage": ("material",), "parts": ("material",), "value": ("title",)}
_ALIKE = {"format": "size"}
"""A slot of names that holds what another one holds: a notebook's A5."""

_TWO_THOUGHTS = re.compile(r"[;؛／]|[。.!?] ")


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """One caption: its text (no line breaks) and the names of the facts that it tells.

    The first line of a clip names the product: its `facts` are `title`, and `brand` if it says so.
    """

    text: str
    facts: tuple[str, ...]


def caption_lines(
    product: Product, *, locale: str, realiser: Realiser, seed: int = 0
) -> tuple[CaptionLine, ...]:
    """The captions of a product's clip: its name, then one claim each, the more telling first.

    No claim says again what the name said; where that would leave none, the name says less. At
    most `COLUMNS` columns each; a claim that needs more is left out, never cut. Amounts keep their
    units behind no-break spaces. Same arguments, same words. Raises InvalidBrief for an unknown
    locale.
    """
    composer = realiser.composer(locale)
    sheet = with_known_noun(realiser.sheets.sheet(product), composer.tongue)
    tongue = composer.tongue.about(sheet.item.head)
    slots = localise(sheet, tongue=tongue, language=product.language)
    writer = Writer(
        tongue,
        composer.frames,
        scopes_of(sheet),
        voice_of(realiser.voices, "plain"),
        random.Random(f"{product.sku}/{locale}/{seed}/captions"),
        dict(slots),
    )
    names = tuple(_names(writer, product.brand))
    claims = tuple(_claims(writer.fresh(slots)))
    for name in names:
        fresh = [claim for claim in claims if not claim.slots <= name.slots]
        if fresh:
            fresh.sort(key=lambda claim: set(claim.line.facts) <= name.told)
            return (name.line, *(claim.line for claim in fresh))
    return tuple(each.line for each in names[:1] or claims)


def columns(text: str) -> int:
    """How wide a text is: two columns for a full-width character, none for a combining one."""
    return sum(
        0
        if unicodedata.combining(character)
        else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A line, the slots that it fills, and the names of the facts behind them."""

    line: CaptionLine
    slots: frozenset[str]
    told: frozenset[str]


def _names(writer: Writer, brand: str) -> Iterator[_Said]:
    """What is sold, the fullest title that fits first, its noun last."""
    texts = [
        (each.text, each.taken) for each in _fillings(writer, "title") if each.taken or each.naming
    ]
    for slot in ("name", "item", "noun"):
        said = [writer.tongue.say(item, "title") for item in writer.unsaid.get(slot, ())[:1]]
        texts += [(text.replace(VERBATIM, ""), {}) for text in said]
    for text, taken in texts:
        if _fits(text):
            facts = ("title", "brand") if brand and brand in text else ("title",)
            slots = frozenset(each for slot in taken for each in (slot, _ALIKE.get(slot, slot)))
            told = frozenset(name for slot in taken for name in _FACTS.get(slot, (slot,)))
            yield _Said(CaptionLine(text.replace("　", " "), facts), slots, told)


def _claims(writer: Writer) -> Iterator[_Said]:
    for move in _ORDER:
        found = [each for each in _fillings(writer, move) if each.taken and _fits(each.text)]
        chosen = _best(writer, found)
        if chosen is None:
            continue
        facts = _facts_of(chosen, writer.unsaid)
        yield _Said(CaptionLine(chosen.text, facts), frozenset(chosen.taken), frozenset(facts))
        writer.tell(chosen)


def _best(writer: Writer, found: list[Filled]) -> Filled | None:
    """The most telling one: see `_worth`; among equals the seed decides."""
    if not found:
        return None
    best = max(_worth(each) for each in found)
    pool = {each.text: each for each in found if _worth(each) == best}
    return writer.rng.choice([pool[text] for text in sorted(pool)])


def _worth(filled: Filled) -> tuple[int, bool, bool, int]:
    """Two facts at most in one breath; a material before a colour, words before a bare number."""
    told = min(len(filled.taken), 2)
    return (told, "material" in filled.taken, not filled.text[0].isdigit(), filled.frame.rank)


def _fillings(writer: Writer, move: str) -> Iterator[Filled]:
    """Every frame of a move, filled; whole, and with fewer and fewer of its optional parts."""
    for frame in writer.candidates(move):
        for shorter in _shorter(frame):
            filled = writer.fill(shorter)
            if filled is not None:
                yield filled


def _shorter(frame: Frame) -> Iterator[Frame]:
    options = [at for at, part in enumerate(frame.parts) if isinstance(part, Option)]
    for kept in range(len(options), -1, -1):
        dropped = options[kept:]
        parts = tuple(part for at, part in enumerate(frame.parts) if at not in dropped)
        yield replace(frame, parts=parts)
        if any(isinstance(part, Slot) and part.name == "details" for part in parts):
            yield replace(frame, parts=tuple(_one_detail(part) for part in parts))


def _one_detail(part: Part) -> Part:
    if isinstance(part, Slot) and part.name == "details":
        return Slot("detail", part.extras, part.form)
    return part


def _fits(text: str) -> bool:
    return 0 < columns(text) <= COLUMNS and not _TWO_THOUGHTS.search(text)


def _facts_of(filled: Filled, unsaid: Slots) -> tuple[str, ...]:
    """The names of the facts told; amounts and labels carry theirs in the merchant's words."""
    told: list[str] = []
    for slot, count in filled.taken.items():
        named = [
            item for item in unsaid.get(slot, ())[:count] if isinstance(item, Measure | Labelled)
        ]
        told += [item.text.partition(":")[0].replace(" ", "_") for item in named]
        told += [] if named else _FACTS.get(slot, (slot,))
    return tuple(dict.fromkeys(told))
