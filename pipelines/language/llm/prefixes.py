"""Beginnings that many texts share, read once: the brand's rules before each product's facts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.language.llm.memory import Memory


@dataclass(kw_only=True)
class Prefixes:
    """Memories by the tokens they were read from; the longest unused go beyond `most_bytes`.

    Exact: a text is always read as its shared beginning, then the rest, whether the beginning was
    kept or is read now. `hits` and `misses` count.
    """

    most_bytes: int
    hits: int = 0
    misses: int = 0
    _kept: OrderedDict[tuple[int, ...], Memory] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, tokens: tuple[int, ...], *, read: Callable[[tuple[int, ...]], Memory]) -> Memory:
        """The memory of these tokens: the kept one, or what `read` makes of them."""
        with self._lock:
            if tokens in self._kept:
                self.hits += 1
                self._kept.move_to_end(tokens)
                return self._kept[tokens]
            self.misses += 1
            self._kept[tokens] = memory = read(tokens)
            while self.size_bytes > self.most_bytes:
                self._kept.popitem(last=False)
            return memory

    @property
    def size_bytes(self) -> int:
        """What all kept memories hold."""
        return sum(memory.size_bytes for memory in self._kept.values())
