"""The faces that captions are set in: pinned files, real shaping, no letter that a face lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PIL import ImageFont, features

from assets.weights import locate
from content_engine.errors import BackendUnavailable, GenerationFailed

Weight = Literal["regular", "bold"]
Direction = Literal["ltr", "rtl"]

_LATIN, _ARABIC, _JAPANESE = "face-latin", "face-arabic", "face-japanese"
_FIRST = {"ar": _ARABIC, "ja": _JAPANESE}
_AXES = {_LATIN: {"regular": [32.0, 500.0], "bold": [32.0, 700.0]}}
"""Optical size and weight of the variable face: 32 is drawn for display sizes."""

_LEADING = {_LATIN: 1.2, _ARABIC: 1.36, _JAPANESE: 1.34}
"""Line distance in em: Arabic needs room for marks, Japanese has no small letters."""

_FOOT = {_LATIN: 0.78, _ARABIC: 0.7, _JAPANESE: 0.78}
"""Where a line's foot stands in its height: accents above it, tails and marks below."""

_ABSENT = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Face:
    """A face for one text: which pinned file, which weight, and how its lines are led."""

    name: str
    weight: Weight
    language: str
    direction: Direction

    @property
    def leading_em(self) -> float:
        """The distance from one line's foot to the next one's, in em."""
        return _LEADING[self.name]

    @property
    def foot_share(self) -> float:
        """Where a line's foot stands in its height, from above."""
        return _FOOT[self.name]

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """The face at a size, its em in pixels."""
        return _font(self.name, self.weight, size_px)

    def width_px(self, text: str, size_px: int) -> float:
        """How far a line of text reaches, shaped."""
        return self.at(size_px).getlength(text, direction=self.direction, language=self.language)


def face_for(text: str, *, locale: str, weight: Weight) -> Face:
    """The locale's face, or the next one that has every letter of the text.

    Raises GenerationFailed naming a letter that no face has, BackendUnavailable where letters
    can't be shaped.
    """
    if problem := shaping_problem():
        raise BackendUnavailable(problem)
    language = locale.partition("-")[0]
    first = _FIRST.get(language, _LATIN)
    direction: Direction = "rtl" if language == "ar" else "ltr"
    for name in dict.fromkeys((first, _LATIN, _JAPANESE, _ARABIC)):
        if all(_has(name, weight, character) for character in set(text) if not character.isspace()):
            return Face(name, weight, language, direction)
    lacking = sorted(c for c in set(text) if not c.isspace() and not _has(first, weight, c))
    raise GenerationFailed(
        f"no caption face has all letters of {text!r} ({' '.join(lacking)}): leave the caption out"
    )


def shaping_problem() -> str:
    """Why captions can't be set on this machine, in words; empty when they can.

    Without Raqm, Arabic letters stand apart and in the wrong order, and kerning is lost.
    """
    if features.check("raqm"):
        return ""
    return (
        "captions need Pillow with Raqm (HarfBuzz and FriBiDi), this Pillow lacks it: letters "
        "would be wrong. Install Pillow's own wheel (pip install --force-reinstall pillow==11.3.0)"
    )


@lru_cache(maxsize=128)
def _font(name: str, weight: Weight, size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(locate(_file(name, weight)), size_px)
    if name in _AXES:
        font.set_variation_by_axes(_AXES[name][weight])
    return font


def _file(name: str, weight: Weight) -> str:
    return f"{name}-{weight}" if name == _ARABIC else name


@lru_cache(maxsize=4096)
def _has(name: str, weight: Weight, character: str) -> bool:
    """True when the face draws the character otherwise than one that no face can have."""
    font = _font(name, weight, 32)
    return bytes(font.getmask(character)) != bytes(font.getmask(_ABSENT))
