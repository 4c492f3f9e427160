"""How suddenly hues come where flow cannot fetch them from the frame before.

Grass, gravel, water and spray are rough in brightness and nearly of one hue: what does not belong
there stands out by its hue even where flow loses the ground itself.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from qa.film.places.maps import cells
from qa.film.places.surprise import Surprise, fine_flow, sudden_of, unsmooth, warped
from qa.vision.arrays import Numbers, Pixels

# Source for the constants: 203 planted and 43 clean clips of 8 to 15 frames a second (2026-11-23).
_LEVELS_OF_LUMA = 4.0
"""A level of hue counts as so many of brightness: hues differ less."""
_SOFT_PX = 1.0


def hue_surprise(seen: Surprise, colour: Pixels) -> Surprise:
    """The same shot with what flow leaves unexplained of its hues, in place of its brightness.

    `colour` is its frames (n, h, w, 3) uint8 RGB, of any size. About 3 ms a frame.
    """
    height, width = seen.frames.shape[1:]
    hues = [_hues(picture, (width, height)) for picture in colour]
    luma = seen.frames.astype(np.uint8)
    flow = fine_flow()
    residual = np.zeros_like(seen.residual)
    for index in range(1, len(hues)):
        forth = flow.calc(luma[index - 1], luma[index], None)  # pyright: ignore[reportCallIssue, reportArgumentType]
        one, two = hues[index - 1], hues[index]
        new, old = _apart(two, warped(one, -forth)), _apart(one, warped(two, forth))
        residual[index] = _LEVELS_OF_LUMA * np.maximum(new, old)
    return replace(seen, residual=residual, sudden=sudden_of(residual))


def _hues(picture: Pixels, size: tuple[int, int]) -> Numbers:
    """(h, w, 2) float32: CIELAB's a* and b* at that size, a little soft."""
    large = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    lab = cv2.cvtColor(large, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.float32)
    return cv2.GaussianBlur(lab, (0, 0), _SOFT_PX)


def _apart(one: Numbers, two: Numbers) -> Numbers:
    """(16, 16) how far two pictures' hues lie apart, without the smooth part of it."""
    return cells(np.linalg.norm(unsmooth(one - two), axis=-1))
