"""Waves in a print: bends shorter than any that a body makes."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.palette import ones_inside
from qa.fitting.register import Laid, placed, plain_stretch
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading, fault

_OFF_EDGE_PX, _NEAR_PRINT_PX = 21, 9
_FEWEST_PX = 120
_FINE_PX, _BODY_PX = 0.75, 8.0
_CLEAREST, _SURE = 20.0, 0.3


def waves(seen: Worn, laid: Laid) -> Reading:
    """The height of the print's waves, root mean square in px of 1024; 0 is best."""
    value = wave_height(laid) * 1024 / max(seen.rgb.shape[:2])
    message = f"the print lies in waves of {value:.1f} px"
    box = placed(seen, laid, laid.printed & laid.inside)
    return Reading(
        value=value,
        evidence=fault("print", message, severity=Severity.MAJOR, box=box, number=value),
    )


def wave_height(laid: Laid) -> float:
    """The same in px of the working picture; 0 where little is printed or known.

    What is left of the flow, beside the print's plain stretch, when all that is broader than 16 px
    of 384 (a body's own bends) is taken off. Drawing that agrees counts most.
    Source of the lengths: 100 good results and 52 of waves of 5 and 7 px (2026-11-23).
    """
    size = np.ones((_OFF_EDGE_PX, _OFF_EDGE_PX), np.uint8)
    near = laid.printed & (cv2.erode(ones_inside(laid.inside), size) > 0)
    sure = (_half(near.astype(np.float32)) > 0.5) & (_half(laid.agrees) > _SURE)
    if near.sum() < _FEWEST_PX or sure.sum() < _FEWEST_PX / 4:
        return 0.0
    left = _ripples(_away(laid, near), _trust(laid))
    return float(np.sqrt((left[sure] ** 2).sum(axis=1).mean()))


def _away(laid: Laid, near: Mask) -> Numbers:
    """(h / 2, w / 2, 2) float32: each place's way from where the print's plain stretch has it."""
    fit, _ = plain_stretch(near, laid.to_result)
    rows, columns = np.mgrid[: near.shape[0], : near.shape[1]].astype(np.float32)
    plain = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ fit.astype(np.float32)
    return _half(laid.to_result - plain)


def _trust(laid: Laid) -> Numbers:
    """(h / 2, w / 2) float32: how well the flow knows its place."""
    around = np.ones((_NEAR_PRINT_PX, _NEAR_PRINT_PX), np.uint8)
    drawn = (cv2.dilate(ones_inside(laid.printed), around) > 0) & laid.inside
    known = np.clip(laid.agrees, 0, 1) ** 2 * np.minimum(laid.texture, _CLEAREST) * drawn
    return _half((known + 1e-4 * laid.inside + 1e-7).astype(np.float32))


def _ripples(away: Numbers, trust: Numbers) -> Numbers:
    """The way less its own broad mean."""
    weighed = away * trust[..., None]

    def mean(sigma_px: float) -> Numbers:
        total = cv2.GaussianBlur(trust, (0, 0), sigma_px)
        return cv2.GaussianBlur(weighed, (0, 0), sigma_px) / total[..., None]

    return mean(_FINE_PX) - mean(_BODY_PX)


def _half(image: Numbers) -> Numbers:
    height, width = image.shape[:2]
    return cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
