"""What every instrument of the video judge looks at: a reel, its pulse, and what was wanted."""

from __future__ import annotations

from dataclasses import dataclass

from assets.sound import Sound
from content_engine.channels import VideoRules
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.film.sight import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for. Empty values ask for nothing.

    `aspect` is a `w:h` text, `shorter_side_px` the least, `duration_s` the clip's length, `sound`
    whether it must be heard, `rules` the channel's. `words` stand in the product's own texts.
    `generated` is False for a clip that was drawn by rule: it is not ranked among generated ones.
    """

    aspect: str = ""
    shorter_side_px: int = 0
    duration_s: float = 0.0
    sound: bool = False
    rules: VideoRules | None = None
    words: frozenset[str] = frozenset()
    generated: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Screened:
    """A clip as shown to the judge, beside what it was made from."""

    reel: Reel
    pulse: Pulse
    sound: Sound | None
    wanted: Wanted
    views: Views
