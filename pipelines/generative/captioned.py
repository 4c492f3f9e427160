"""Captions over a generated clip: dark or light as its ground asks, in the channel's safe area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.captions import MIN_SIZE_SHARE, Style, typeset
from pipelines.studio.motion.order import Cue
from pipelines.studio.motion.wording import CONTRAST_MIN, DARK, LIGHT
from pipelines.studio.scenes.color import to_linear

SIZE = 0.066
"""Type size in shorter sides, as the motion studio's (see `motion.wording`)."""

LOWEST = 0.3
"""Share of the safe area, from below, that captions stand in: the product keeps the rest."""

VEIL_LEAST, VEIL_MOST = 0.25, 0.65
"""How much of the ground the veil behind the letters hides: more where their contrast is short."""

FADE_S = 0.3
BLACK = (0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    """One caption ready to be laid over frames: where, its veil (0..1) and its letters' alpha."""

    cue: Cue
    top_px: int
    left_px: int
    veil: np.ndarray
    letters: np.ndarray
    dark: bool


@dataclass(frozen=True, slots=True, eq=False)
class Captions:
    """The captions of one clip. Those that no face or room is found for are left out."""

    plates: tuple[_Plate, ...]

    @classmethod
    def of(
        cls,
        cues: Sequence[Cue],
        *,
        locale: str,
        ground: np.ndarray,
        safe_area: tuple[float, float, float, float],
    ) -> Self:
        """The captions set for frames like `ground`, (H, W, 3) uint8."""
        plates = (_plate(cue, locale, ground, safe_area) for cue in cues)
        return cls(tuple(plate for plate in plates if plate is not None))

    @property
    def cues(self) -> tuple[Cue, ...]:
        """What is really shown."""
        return tuple(plate.cue for plate in self.plates)

    def over(self, frame: np.ndarray, at_s: float) -> np.ndarray:
        """The frame (H, W, 3) uint8 with what stands at that time; the same one when nothing."""
        for plate in self.plates:
            share = _opacity(plate.cue, at_s)
            if share > 0:
                frame = _laid(frame, plate, share)
        return frame


def _plate(
    cue: Cue,
    locale: str,
    ground: np.ndarray,
    safe_area: tuple[float, float, float, float],
) -> _Plate | None:
    height, width = ground.shape[:2]
    x0, x1 = round(safe_area[0] * width), round(safe_area[2] * width)
    y1 = round(safe_area[3] * height)
    y0 = round(y1 - LOWEST * (safe_area[3] - safe_area[1]) * height)
    least = round(MIN_SIZE_SHARE * height)
    style = Style(
        size_px=max(least, round(SIZE * min(width, height))), min_size_px=least, align="center"
    )
    try:
        done = typeset(cue.text, locale=locale, box_px=(x1 - x0, y1 - y0), style=style)
    except GenerationFailed:
        return None
    pad = 2 * done.size_px
    ink = np.ascontiguousarray(done.rgba[..., 3])
    letters = cv2.copyMakeBorder(ink, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    reach = np.ones((done.size_px + 1, 2 * done.size_px + 1), np.uint8)
    wide = cv2.dilate(letters, reach).astype(np.float32) / 255
    dark, strength = _ink_for(ground[y0:y1, x0:x1])
    veil = cv2.GaussianBlur(wide, (0, 0), done.size_px / 2) * strength
    top = y1 - done.rgba.shape[0] - pad
    left = x0 + done.origin_px[0] - pad
    return _Plate(cue, top, left, veil, letters.astype(np.float32) / 255, dark)


def _ink_for(ground: np.ndarray) -> tuple[bool, float]:
    """Whether dark letters read better there, and how strong a veil they need.

    Source: WCAG 2.2, contrast ratio, with the worst tenth of the ground; as `motion.wording`.
    """
    weights = np.array([0.2126, 0.7152, 0.0722])
    light = to_linear(np.ascontiguousarray(ground[::4, ::4])) @ weights
    low, high = np.percentile(light, (10, 90))
    ink = float(to_linear(np.array([[DARK]], np.uint8))[0, 0] @ weights)
    with_dark, with_light = (low + 0.05) / (ink + 0.05), 1.05 / (high + 0.05)
    short = max(0.0, CONTRAST_MIN / max(with_dark, with_light) - 1)
    strength = float(np.clip(VEIL_LEAST + 0.5 * short, VEIL_LEAST, VEIL_MOST))
    return bool(with_dark >= with_light), strength


def _opacity(cue: Cue, at_s: float) -> float:
    coming, going = (at_s - cue.start_s) / FADE_S, (cue.stop_s - at_s) / FADE_S
    return float(np.clip(min(coming, going + 1), 0, 1)) if at_s <= cue.stop_s + FADE_S else 0.0


def _laid(frame: np.ndarray, plate: _Plate, share: float) -> np.ndarray:
    height, width = frame.shape[:2]
    y0, x0 = max(0, plate.top_px), max(0, plate.left_px)
    y1 = min(height, plate.top_px + plate.letters.shape[0])
    x1 = min(width, plate.left_px + plate.letters.shape[1])
    box = slice(y0, y1), slice(x0, x1)
    part = (
        slice(y0 - plate.top_px, y1 - plate.top_px),
        slice(x0 - plate.left_px, x1 - plate.left_px),
    )
    out = frame.copy()
    ink, paper = (DARK, LIGHT) if plate.dark else (LIGHT, BLACK)
    veil, letters = share * plate.veil[part][..., None], share * plate.letters[part][..., None]
    veiled = frame[box] * (1 - veil) + veil * np.array(paper, np.float32)
    mixed = veiled * (1 - letters) + letters * np.array(ink, np.float32)
    out[box] = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return out
