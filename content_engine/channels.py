"""The rules of the sales channels, from `channels.toml`: limits of copy, pictures and clips."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from content_engine.codec import from_plain
from content_engine.errors import InvalidBrief


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """The most characters each slot of copy may have; `bullets` is (fewest, most)."""

    title: int
    description: int
    bullets: tuple[int, int]
    bullet: int
    seo_title: int
    meta_description: int
    alt_text: int
    ad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """What a channel asks of a product picture; `fill_min` is a share of the longer side."""

    white_background: bool
    fill_min: float
    longer_side_min_px: int
    longer_side_max_px: int
    max_megapixels: int
    max_bytes: int
    media_types: tuple[str, ...]
    overlays_allowed: bool


SafeArea = tuple[float, float, float, float]
"""Where captions may stand: (x0, y0, x1, y1), each 0..1 of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRules:
    """What a channel asks of a product clip. `source` says where it was read.

    `aspects` are `w:h` texts, the preferred one first; `safe_area` has one entry for each, free
    of the channel's own buttons in either direction of writing. `codecs` are ffprobe's names.
    `max_bytes` and `min_bit_rate` (bits a second, of the whole file) bound the file;
    `overlays_allowed` says whether the clip may carry captions in the picture.
    """

    source: str
    aspects: tuple[str, ...]
    shorter_side_min_px: int
    longer_side_max_px: int
    duration_min_s: float
    duration_max_s: float
    fps_min: float
    fps_max: float
    max_bytes: int
    min_bit_rate: int
    containers: tuple[str, ...]
    codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]
    sound: Literal["required", "optional", "forbidden"]
    overlays_allowed: bool
    safe_area: dict[str, SafeArea]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A sales channel: its rules, where they were read, and when."""

    name: str
    source: str
    date: str
    text: TextLimits
    image: ImageRules
    video: VideoRules


@cache
def channels() -> dict[str, Channel]:
    """All channels by name."""
    path = Path(__file__).with_name("channels.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: from_plain(Channel, {"name": name, **table}) for name, table in tables.items()}


def channel(name: str) -> Channel:
    """The channel of that name. Raises InvalidBrief naming the known ones."""
    known = channels()
    if name not in known:
        raise InvalidBrief(f"unknown channel {name!r}; known: {', '.join(sorted(known))}")
    return known[name]
