"""Faults of the file: too short, no sound, another size than was asked for."""

from __future__ import annotations

from dataclasses import replace

import cv2

from serving.bench.video.footage import Footage
from serving.bench.video.spoilt import Order, Spoilt, changed

_SHORTEST_FRAMES = 6


def wrong_duration(footage: Footage, order: Order) -> Spoilt | None:
    """The clip ends too early."""
    kept = round(footage.count * (1.0 - order.amount))
    if kept < _SHORTEST_FRAMES or kept == footage.count:
        return None
    sound = footage.sound
    if sound is not None:
        samples = round(len(sound.samples) * kept / footage.count)
        sound = replace(sound, samples=sound.samples[:samples])
    return Spoilt(shown=tuple(range(kept)), frames=(0, kept - 1), sound=sound)


def missing_audio(footage: Footage, order: Order) -> Spoilt | None:
    """The sound falls silent before the end, or there is none."""
    sound, everything = footage.sound, tuple(range(footage.count))
    if sound is None:
        return None
    silent = round(footage.count * (1.0 - order.amount))
    if order.amount >= 1.0:
        return Spoilt(shown=everything, frames=(0, footage.count - 1), sound=None)
    samples = sound.samples.copy()
    samples[round(len(samples) * (1.0 - order.amount)) :] = 0.0
    quiet = replace(sound, samples=samples)
    return Spoilt(shown=everything, frames=(silent, footage.count - 1), sound=quiet)


def odd_size(footage: Footage, order: Order) -> Spoilt | None:
    """The picture is stretched to another height than was asked for."""
    width, height = footage.size_px
    lower = round(height * (1.0 - order.amount)) // 2 * 2
    if lower == height or lower < 16:
        return None
    size = (width, lower)
    return changed(
        footage,
        (0, footage.count - 1),
        lambda at: cv2.resize(footage.rgb(at), size, interpolation=cv2.INTER_AREA),
    )
