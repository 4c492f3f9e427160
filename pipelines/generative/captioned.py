"""Captions over a generated clip: white letters on a soft veil, in the channel's safe area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from content_engine.errors import GenerationFailed
from pipelines.studio.motion.captions import MIN_SIZE_SHARE, Style, typeset
from pipelines.studio.motion.order import Cue

SIZE = 0.066
"""Type size in shorter sides, as the motion studio's (see `motion.wording`)."""

LOWEST = 0.3
"""Share of the safe area, from below, that captions stand in: the product keeps the rest."""

VEIL = 0.62
"""Darkness behind the letters. White on it keeps a contrast of 4.5 even over white paper: what is
left of it has a luminance of 0.12. Source: WCAG 2.2, 1.4.3."""

FADE_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    """One caption ready to be laid over frames: where, its veil and its letters."""

    cue: Cue
    top_px: int
    left_px: int
    veil: np.ndarray
    letters: np.ndarray


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
        size_px: tuple[int, int],
        safe_area: tuple[float, float, float, float],
    ) -> Self:
        """The captions set for frames of that (width, height)."""
        plates = (_plate(cue, locale, size_px, safe_area) for cue in cues)
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
    size_px: tuple[int, int],
    safe_area: tuple[float, float, float, float],
) -> _Plate | None:
    width, height = size_px
    x0, x1 = round(safe_area[0] * width), round(safe_area[2] * width)
    y1 = round(safe_area[3] * height)
    y0 = round(y1 - LOWEST * (safe_area[3] - safe_area[1]) * height)
    least = round(MIN_SIZE_SHARE * height)
    style = Style(size_px=max(least, round(SIZE * min(size_px))), min_size_px=least, align="center")
    try:
        done = typeset(cue.text, locale=locale, box_px=(x1 - x0, y1 - y0), style=style)
    except GenerationFailed:
        return None
    pad = 2 * done.size_px
    letters = cv2.copyMakeBorder(done.rgba, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0,) * 4)
    reach = np.ones((done.size_px + 1, 2 * done.size_px + 1), np.uint8)
    wide = cv2.dilate(letters[..., 3], reach).astype(np.float32) / 255
    veil = cv2.GaussianBlur(wide, (0, 0), done.size_px / 2) * VEIL
    top = y1 - done.rgba.shape[0] - pad
    return _Plate(cue, top, x0 + done.origin_px[0] - pad, veil, letters)


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
    ground = frame[box].astype(np.float32) * (1 - share * plate.veil[part][..., None])
    letters = plate.letters[part].astype(np.float32)
    mixed = ground * (1 - share * letters[..., 3:] / 255) + share * letters[..., :3]
    out[box] = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return out
