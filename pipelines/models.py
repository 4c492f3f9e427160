"""The generative models that the engine can use: `models.toml` as values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from assets.weights import WeightFile
from content_engine.codec import from_plain
from content_engine.errors import InvalidSettings

UNPINNED = "main"
"""A revision that moves: what is loaded under it today may be something else tomorrow."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """An adapter of a model: where its file lies, and what it asks for instead of the model's own.

    `schedule` are the scheduler's settings that it was trained on; empty: the model's own.
    """

    name: str
    repo: str
    file: str
    sha256: str
    licence: str
    steps: int
    guidance: float
    schedule: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model. See `models.toml` for the words.

    `commercial` says whether the licence allows commercial use, `evidence` where it was read.
    `memory_gib` is what the model needs, by preset's name. `sizes` are (width, height) in px.
    `lora` names the adapter that is worn unless another one is asked for. `frames_most` is the
    longest clip that still looks right.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    tasks: tuple[str, ...]
    repo: str
    revision: str
    licence: str
    commercial: bool
    evidence: str
    memory_gib: Mapping[str, float]
    memory_source: str
    steps: int = 0
    guidance: float = 0.0
    sizes: tuple[tuple[int, int], ...] = ()
    references_most: int = 0
    fps: int = 0
    frames: int = 1
    frames_most: int = 1
    lora: str = ""
    loras: Mapping[str, Lora] = field(default_factory=dict)
    files: tuple[WeightFile, ...] = ()
    package: str = ""

    @property
    def pinned(self) -> bool:
        """True when the revision is a commit, which never changes."""
        return _COMMIT.fullmatch(self.revision) is not None

    def size_for(self, width_px: int, height_px: int) -> tuple[int, int]:
        """The model's size that is nearest in shape to a frame of that size."""
        shape = width_px / height_px
        return min(self.sizes, key=lambda size: abs((size[0] / size[1]) / shape - 1))

    def steps_with(self, lora: str) -> tuple[int, float]:
        """(steps, guidance) with that adapter; with none, or one of a brand's, the model's own."""
        worn = self.loras.get(lora)
        return (worn.steps, worn.guidance) if worn else (self.steps, self.guidance)


@dataclass(frozen=True, slots=True)
class ModelCatalog:
    """Every entry of a catalog, by name, in the file's order."""

    entries: Mapping[str, ModelEntry]

    @classmethod
    @cache
    def load(cls) -> Self:
        """The catalog as it is shipped."""
        return cls.read(_FILE)

    @classmethod
    def read(cls, file: Path) -> Self:
        """The catalog of a TOML file. Raises InvalidSettings for an entry that can't be meant."""
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls({name: _entry(name, table) for name, table in tables.items()})

    def entry(self, name: str) -> ModelEntry:
        """The entry of that name. Raises InvalidSettings naming the known ones."""
        if name not in self.entries:
            known = ", ".join(self.entries)
            raise InvalidSettings(f"no model {name!r} in pipelines/models.toml; known: {known}")
        return self.entries[name]


def _entry(name: str, table: Mapping[str, Any]) -> ModelEntry:
    sizes = tuple(tuple(int(side) for side in text.split("x")) for text in table.get("sizes", ()))
    loras = {
        key: from_plain(Lora, {"name": key, **value})
        for key, value in table.get("loras", {}).items()
    }
    files = tuple(WeightFile(**each) for each in table.get("files", ()))
    own = {"name": name, "sizes": sizes, "loras": loras, "files": files}
    entry = from_plain(ModelEntry, {**table, **own})
    if entry.revision != UNPINNED and not entry.pinned:
        raise InvalidSettings(
            f"model {name!r}: revision {entry.revision!r} is neither a commit (40 hexadecimal "
            f"digits) nor {UNPINNED!r}"
        )
    if entry.lora and entry.lora not in entry.loras:
        raise InvalidSettings(f"model {name!r} wears {entry.lora!r}, which is none of its loras")
    return entry
