"""Faults of light and lens over the whole picture: flicker, jumps, ghosts, blur."""

from __future__ import annotations

import cv2
import numpy as np

from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.places import ramp, span
from serving.bench.video.spoilt import Order, Spoilt, changed

_GHOST_S = 0.3
_GHOST_LEVELS = 36.0
_TEXTURE_LEVELS = 1.5
_GAMMA = 2.2


def flicker(footage: Footage, order: Order) -> Spoilt | None:
    """Brightness swings from frame to frame."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=8))
    if stretch is None:
        return None
    signs = np.where(np.arange(footage.count) % 2, 1.0, -1.0)
    swings = signs * order.rng.uniform(0.6, 1.0, footage.count) * order.amount
    return changed(footage, stretch, lambda at: _lit(footage.rgb(at), 1.0 + swings[at]))


def exposure_jump(footage: Footage, order: Order) -> Spoilt | None:
    """The picture is suddenly brighter or darker, and as suddenly back."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=6))
    if stretch is None:
        return None
    bright = float(footage.small[stretch[0] : stretch[1] + 1].mean())
    up = order.rng.random() < 0.5 and bright < 150
    gain = 2.0 ** ((order.amount if up else -order.amount) / _GAMMA)
    return changed(footage, stretch, lambda at: _lit(footage.rgb(at), gain))


def colour_jump(footage: Footage, order: Order) -> Spoilt | None:
    """All colours shift suddenly, and as suddenly back."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=6))
    if stretch is None:
        return None
    angle = order.rng.uniform(0, 2 * np.pi)
    shift = (0.0, order.amount * float(np.cos(angle)), order.amount * float(np.sin(angle)))
    return changed(footage, stretch, lambda at: shifted(footage.rgb(at), shift))


def ghosting(footage: Footage, order: Order) -> Spoilt | None:
    """Another moment shines through."""
    length = footage.frames_in(order.seconds, least=5)
    apart = footage.frames_in(_GHOST_S, least=2)
    stretch = span(footage, order.rng, frames=length, moving=True)
    if stretch is None:
        return None
    away = apart if stretch[0] < apart else -apart
    middle = (stretch[0] + stretch[1]) // 2
    other = min(footage.count - 1, middle + away)
    difference = footage.small[middle].astype(np.int16) - footage.small[other]
    if np.percentile(np.abs(difference), 95) < _GHOST_LEVELS:
        return None

    def ghost(at: int) -> Pixels:
        seen = footage.rgb(min(footage.count - 1, at + away))
        return cv2.addWeighted(footage.rgb(at), 1.0 - order.amount, seen, order.amount, 0.0)

    return changed(footage, stretch, ghost)


def blur(footage: Footage, order: Order) -> Spoilt | None:
    """The picture loses its sharpness for a moment."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=4))
    if stretch is None:
        return None
    sigma = max(0.4, order.amount * min(footage.size_px))
    plain = footage.rgb((stretch[0] + stretch[1]) // 2)
    soft = cv2.GaussianBlur(plain, (0, 0), sigma).astype(np.int16)
    if np.percentile(np.abs(soft - plain), 95) < _TEXTURE_LEVELS:
        return None

    def blurred(at: int) -> Pixels:
        strength = 0.5 + 0.5 * ramp(at, stretch, rise=1, fall=1)
        return cv2.GaussianBlur(footage.rgb(at), (0, 0), sigma * strength)

    return changed(footage, stretch, blurred)


def shifted(
    picture: Pixels, shift: tuple[float, float, float], *, share: np.ndarray | None = None
) -> Pixels:
    """The picture with CIELAB L*, a*, b* moved, by `share` (H, W, 1) where it is given."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    moved = np.array(shift, np.float32)
    lab += moved if share is None else moved * share
    back = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return np.clip(np.rint(back * 255.0), 0, 255).astype(np.uint8)


def _lit(picture: Pixels, gain: float) -> Pixels:
    return cv2.convertScaleAbs(picture, alpha=gain)
