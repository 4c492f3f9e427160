"""Brand voices, read from `voices.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief

AD_VOICES = ("precise", "warm", "playful")
"""The voices of the three ad-copy variants, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a brand speaks; the fields are explained in `voices.toml`."""

    name: str
    tags: tuple[str, ...]
    exclamation: bool
    longest_sentence: int


def load_voices() -> dict[str, Voice]:
    """All voices by name."""
    tables = tomllib.loads(files("pipelines.language").joinpath("voices.toml").read_text("utf-8"))
    return {name: from_plain(Voice, {"name": name, **table}) for name, table in tables.items()}


def voice_of(voices: Mapping[str, Voice], name: str) -> Voice:
    """The voice of that name. Raises InvalidBrief naming the known ones."""
    if name not in voices:
        raise InvalidBrief(f"unknown voice {name!r}; known: {', '.join(sorted(voices))}")
    return voices[name]
