"""Frames filled with what is still unsaid: the sentence-level half of the realiser."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.language.frames import Choice, Count, Frame, Frames, Option, Part, Slot
from pipelines.language.items import Item
from pipelines.language.phrase import Phrase
from pipelines.language.tongue import VERBATIM, Tongue
from pipelines.language.voice import Voice

SAID_AGAIN = frozenset({"item", "noun", "kind", "brand", "by", "view", "index"})
"""Slots that a text may use more than once: they name the product, they do not tell of it."""

_ALSO_TELLS = {"size_from": ("size_to", "sizes"), "sizes": ("size_from", "size_to")}
"""Slots that are another way to say the same."""

_PLENTY = 3
"""The most details one sentence lists; more would be a list read aloud."""

Slots = Mapping[str, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A frame filled: its text, and how many items of each slot it told."""

    frame: Frame
    text: str
    taken: Mapping[str, int]
    naming: frozenset[str]

    @property
    def score(self) -> tuple[int, int, int]:
        """More facts told are better; then the narrower scope; then the fuller naming."""
        return (len(self.taken), self.frame.rank, len(self.naming))


@dataclass
class Writer:
    """Writes frames of one text after another; `unsaid` shrinks, no frame is used twice."""

    tongue: Tongue
    frames: Frames
    scopes: tuple[str, ...]
    voice: Voice
    rng: random.Random
    unsaid: dict[str, tuple[Item, ...]]
    used: set[str] = field(default_factory=set)

    def fresh(self, slots: Slots, *, voice: Voice | None = None) -> Writer:
        """A writer that starts with these slots unsaid and shares the frames used so far."""
        return replace(self, unsaid=dict(slots), voice=voice or self.voice)

    def write(
        self,
        move: str,
        *,
        limit: int = 100_000,
        telling: bool = False,
        slack: int = 0,
        once: bool = False,
    ) -> str | None:
        """The best frame of a move that fits, filled; None when there is none.

        `telling` wants a frame that says at least one thing unsaid so far; `slack` lets the seed
        choose among frames that tell so many facts fewer than the best; `once` lets a text name the
        product in each way but once.
        """
        found = [
            filled
            for frame in self.candidates(move)
            if frame.text not in self.used and (filled := self.fill(frame)) is not None
        ]
        fitting = [
            filled
            for filled in found
            if len(filled.text) <= limit and (filled.taken or not telling)
        ]
        chosen = self._choose(fitting, slack)
        if chosen is None:
            return None
        self.used.add(chosen.frame.text)
        self.tell(chosen)
        for name in chosen.naming if once else ():
            self.unsaid.pop(name, None)
        return chosen.text

    def write_all(self, move: str) -> list[str]:
        """Frames of a move for as long as they tell something unsaid."""
        texts = []
        while (text := self.write(move, telling=True)) is not None:
            texts.append(text)
        return texts

    def candidates(self, move: str) -> tuple[Frame, ...]:
        """The frames of a move in the product's scopes and the voice's."""
        tagged = [f"{scope}@{tag}" for scope in self.scopes for tag in self.voice.tags]
        return self.frames.of(move, [*self.scopes, *tagged])

    def _choose(self, found: Sequence[Filled], slack: int) -> Filled | None:
        short = [filled for filled in found if len(filled.text) <= self.voice.longest_sentence]
        pool = short or found
        if not pool:
            return None
        told, rank, naming = max(filled.score for filled in pool)
        if slack:
            rank = max(filled.frame.rank for filled in pool)
            pool = [f for f in pool if f.frame.rank == rank]
            told = max(len(f.taken) for f in pool)
            return self.rng.choice([f for f in pool if len(f.taken) >= told - slack])
        return self.rng.choice([f for f in pool if f.score == (told, rank, naming)])

    def tell(self, filled: Filled) -> None:
        """Takes what a filled frame told out of what is unsaid."""
        if "by" in filled.naming:
            self.unsaid.pop("maker", None)
        for name, count in filled.taken.items():
            for other in _ALSO_TELLS.get(name, ()):
                self.unsaid.pop(other, None)
            rest = self.unsaid.get(name, ())[count:]
            if rest:
                self.unsaid[name] = rest
            else:
                self.unsaid.pop(name, None)

    def fill(self, frame: Frame) -> Filled | None:
        """The frame said with what is unsaid; None when it wants what there is not."""
        taken: dict[str, int] = {}
        text = self._say(frame.parts, taken)
        if text is None:
            return None
        told = {name: count for name, count in taken.items() if name not in SAID_AGAIN}
        if not self.voice.exclamation:
            text = text.replace("!", ".")
        said = self.tongue.grammar.polish(_capitals(text))
        return Filled(frame, said, told, frozenset(taken) & SAID_AGAIN)

    def _say(self, parts: Iterable[Part], taken: dict[str, int]) -> str | None:
        said: list[str] = []
        for part in parts:
            text = self._part(part, taken)
            if text is None:
                return None
            said.append(text)
        return "".join(said)

    def _part(self, part: Part, taken: dict[str, int]) -> str | None:
        if isinstance(part, str):
            return part
        if isinstance(part, Choice):
            options = part.options
            return self.tongue.grammar.agree(options, self.tongue.gender, self.tongue.plural)
        if isinstance(part, Count):
            return self._count(part)
        if isinstance(part, Option):
            trial = dict(taken)
            text = self._say(part.parts, trial)
            if text is not None:
                taken |= trial
            return text or ""
        return self._slot(part, taken)

    def _count(self, part: Count) -> str | None:
        items = self.unsaid.get("details" if part.slot == "detail" else part.slot, ())
        count = _share(len(items), part.slot)
        if not count:
            return None
        several = count > 1 or self.tongue.is_plural(items[0])
        return part.several if several else part.one

    def _slot(self, slot: Slot, taken: dict[str, int]) -> str | None:
        name = "details" if slot.name == "detail" else slot.name
        if slot.extras:
            return self._compound(slot, taken)
        items = self.unsaid.get(name, ())
        if not items:
            return None
        count = taken.get(name) or _share(len(items), slot.name)
        taken[name] = count
        return self.tongue.say_all(items[:count], slot.form)

    def _compound(self, slot: Slot, taken: dict[str, int]) -> str | None:
        """One noun phrase of the item and facts that can be its modifiers, else None."""
        if slot.name not in self.unsaid:
            return None
        (phrase,) = self.unsaid[slot.name]
        for extra in slot.extras:
            items = self.unsaid.get(extra, ())
            if len(items) != 1 or not isinstance(items[0], Phrase) or extra in taken:
                return None
            joined = _joined(phrase, items[0]) if self.tongue.knows(items[0]) else None
            if joined is None:
                return None
            phrase = joined
        taken |= dict.fromkeys((slot.name, *slot.extras), 1)
        return self.tongue.say(phrase, slot.form)


def _joined(phrase: Item, modifier: Phrase) -> Phrase | None:
    if not isinstance(phrase, Phrase) or modifier.links or modifier.quantity:
        return None
    if modifier.role == "adjective":
        return replace(phrase, adjectives=(modifier.head, *phrase.adjectives))
    if modifier.share not in (None, 100) or modifier.nouns or modifier.adjectives:
        return None
    return replace(phrase, nouns=(modifier.head, *phrase.nouns))


def _share(count: int, slot: str) -> int:
    """How many of so many items one sentence takes: all, but details in even handfuls."""
    if slot == "detail" and count:
        return 1
    if slot != "details":
        return count
    sentences = -(-count // _PLENTY) or 1
    return -(-count // sentences)


_SENTENCE = re.compile(rf"(?:^|(?<=[.!?] ))(?!{VERBATIM})\w")


def _capitals(text: str) -> str:
    """The text with a capital at each sentence's start, but in what is said as it is.

    A name that brings its own full stop takes no second one (`by Zed & Co.`).
    """
    said = _SENTENCE.sub(lambda found: found[0].upper(), text).replace(VERBATIM, "")
    return said.replace("..", ".")
