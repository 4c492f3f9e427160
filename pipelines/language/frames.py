"""Sentences with slots, written by people who speak the locale; read from `sentences/*.toml`.

    "{item:indef} in {color:noun}[, {capacity}]. <It holds|They hold> more."

`{slot:form}` is said by the locale's grammar in that form; `{item+color+material:form}` is one noun
phrase with those facts in it; `{details?comes|come}` agrees with how much the slot says;
`[…]` is left out when a slot in it is missing; `<a|b>` agrees with
the product's noun (which word stands for what, each grammar says).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from content_engine.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for facts: the slot's name, what joins it into one noun phrase, and the form."""

    name: str
    extras: tuple[str, ...] = ()
    form: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Words of which one agrees with the product's noun."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Words of which the first is for one thing in the slot, the second for several."""

    slot: str
    one: str
    several: str


@dataclass(frozen=True, slots=True)
class Option:
    """Parts said only when all their slots can be filled."""

    parts: tuple[Part, ...]


Part = str | Slot | Choice | Count | Option


@dataclass(frozen=True, slots=True)
class Frame:
    """One sentence (or more) with slots. `rank` is higher for a narrower scope."""

    parts: tuple[Part, ...]
    text: str
    rank: int = 0


@dataclass(frozen=True)
class Frames:
    """A locale's frames by move (`opening`, `care`, `ad`, …) and scope."""

    locale: str
    moves: Mapping[str, Mapping[str, tuple[Frame, ...]]]

    @classmethod
    @cache
    def load(cls, locale: str) -> Frames:
        """Frames of `sentences/<locale>.toml`, read once. Raises InvalidSettings on a bad file."""
        path = files("pipelines.language").joinpath(f"sentences/{locale}.toml")
        tables = tomllib.loads(path.read_text("utf-8"))
        moves = {
            move: {scope: _frames(texts, scope) for scope, texts in scopes.items()}
            for move, scopes in tables.items()
        }
        return cls(locale, moves)

    def of(self, move: str, scopes: Sequence[str]) -> tuple[Frame, ...]:
        """The frames of a move in any of these scopes; none when the locale has no such move."""
        table = self.moves.get(move, {})
        return tuple(frame for scope in scopes for frame in table.get(scope, ()))


_RANKS = {"any": 0, "described": 1, "named": 1}
"""A scope's rank; a product kind has 2, a concept 3, a voice tag 4 more."""


def _frames(texts: Sequence[str], scope: str) -> tuple[Frame, ...]:
    place = scope.partition("@")[0]
    rank = _RANKS.get(place, 2 + place.count("."))
    return tuple(Frame(parse(text), text, rank + 4 * scope.count("@")) for text in texts)


_PART = re.compile(r"\{(?P<slot>[^{}]+)\}|<(?P<choice>[^<>]+)>|\[(?P<option>[^\[\]]+)\]")


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a frame's text. Raises InvalidSettings when its brackets do not match."""
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[Part]:
    at = 0
    for match in _PART.finditer(text):
        yield from _literal(text[at : match.start()], text)
        at = match.end()
        if match["slot"] and "?" in match["slot"]:
            slot, _, words = match["slot"].partition("?")
            one, _, several = words.partition("|")
            yield Count(slot, one, several)
        elif match["slot"]:
            names, _, form = match["slot"].partition(":")
            name, *extras = names.split("+")
            yield Slot(name, tuple(extras), form)
        elif match["choice"]:
            yield Choice(tuple(match["choice"].split("|")))
        else:
            yield Option(tuple(_parts(match["option"])))
    yield from _literal(text[at:], text)


def _literal(text: str, frame: str) -> Iterator[str]:
    if re.search(r"[\[\]{}<>]", text):
        raise InvalidSettings(f"brackets of the frame {frame!r} do not match, near {text!r}")
    if text:
        yield text
