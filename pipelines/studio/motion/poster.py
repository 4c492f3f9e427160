"""Which frame of a clip becomes its poster."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.studio.motion.canvas import Canvas
from pipelines.studio.motion.composition import Composition

POSTER_AT = 0.58
"""The share of the clip where the poster is taken if nothing speaks against it: everything has come
in, a caption stands."""

SEARCHED = (0.46, 0.74)
LOOKS = 7
ENOUGH = 0.96
"""Between captions, and while a view is changed, there is less to see: so many frames around are
looked at, and the nearest is taken that shows about as much as the fullest. By eye on the sample
catalog, 2026-11-22."""

_LOOK_PX = 240


def poster_frame(scene: Composition) -> int:
    """The frame that shows most of what the clip has to say, near its usual place."""
    last = scene.frames - 1
    spots = {round(float(share) * last) for share in np.linspace(*SEARCHED, LOOKS)}
    shown = {spot: _shown(scene.frame(spot)) for spot in sorted(spots | {round(POSTER_AT * last)})}
    fullest = max(shown.values())
    return min(
        (spot for spot, much in shown.items() if much >= ENOUGH * fullest),
        key=lambda spot: abs(spot - POSTER_AT * last),
    )


def _shown(canvas: Canvas) -> float:
    """The mean slope of the brightness at a fifth of the size: more with words and sharp things."""
    plane = canvas.planes[0]
    shrink = min(1.0, _LOOK_PX / min(plane.shape))
    small = cv2.resize(plane, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return float(cv2.magnitude(across, down).mean())
