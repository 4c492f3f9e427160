"""Faults of time: frames that stand, repeat, are missing, are empty or belong elsewhere."""

from __future__ import annotations

import numpy as np

from serving.bench.video.footage import Footage
from serving.bench.video.foreign import foreign_frames
from serving.bench.video.places import Span, span
from serving.bench.video.spoilt import Order, Spoilt, changed

_STILL_LEVELS = 1.2
_JUMP_TIMES = 2.5
_OTHER_LEVELS = 14.0
_DARK_LEVELS = 4.0


def freeze(footage: Footage, order: Order) -> Spoilt | None:
    """One frame stands while time goes on; what moved meanwhile is jumped over."""
    length = footage.frames_in(order.amount, least=3)
    stretch = span(footage, order.rng, frames=length, moving=True)
    if stretch is None or _moved(footage, stretch) < _STILL_LEVELS:
        return None
    return changed(footage, stretch, lambda _: stretch[0] - 1)


def duplicate(footage: Footage, order: Order) -> Spoilt | None:
    """Frames here and there in a stretch repeat the one before: motion stutters."""
    length = footage.frames_in(order.seconds, least=10)
    stretch = span(footage, order.rng, frames=length, moving=True)
    if stretch is None or _moved(footage, stretch) < 2 * _STILL_LEVELS:
        return None
    every = round(1 / order.amount)
    repeats = set(range(stretch[0], stretch[1] + 1, every))
    shorter = (stretch[0], max(repeats))
    return changed(footage, shorter, lambda index: index - (index in repeats))


def dropped(footage: Footage, order: Order) -> Spoilt | None:
    """Frames are missing: the picture jumps. The fault lies at the two frames beside the gap."""
    gap = footage.frames_in(order.amount, least=2)
    stretch = span(footage, order.rng, frames=gap, moving=True)
    if stretch is None:
        return None
    first, last = stretch
    usual = float(np.median(footage.steps[max(0, first - 8) : last + 8]))
    if _moved(footage, stretch) < max(2 * _STILL_LEVELS, _JUMP_TIMES * usual):
        return None
    shown = (*range(first), *range(last + 1, footage.count))
    return Spoilt(shown=shown, frames=(first - 1, first), sound=footage.sound)


def black(footage: Footage, order: Order) -> Spoilt | None:
    """The picture is gone for some frames."""
    return _plain(footage, order, colour=(0, 0, 0))


def blank(footage: Footage, order: Order) -> Spoilt | None:
    """A plain white or coloured picture for some frames."""
    colours = ((255, 255, 255), (0, 176, 80), (128, 128, 128), (255, 0, 200))
    return _plain(footage, order, colour=colours[order.rng.integers(len(colours))])


def hard_cut(footage: Footage, order: Order) -> Spoilt | None:
    """Frames of another picture, or of another time of this one, stand inside a shot."""
    length = footage.frames_in(order.amount)
    stretch = span(footage, order.rng, frames=length)
    if stretch is None:
        return None
    other = _other_time(footage, stretch)
    if other is not None and order.rng.random() < 0.5:
        return changed(footage, stretch, lambda index: other + index - stretch[0])
    pictures = foreign_frames(footage.size_px, order.rng, count=length)
    return changed(footage, stretch, lambda index: pictures[index - stretch[0]])


def _plain(footage: Footage, order: Order, *, colour: tuple[int, int, int]) -> Spoilt | None:
    stretch = span(footage, order.rng, frames=footage.frames_in(order.amount))
    width, height = footage.size_px
    if stretch is None:
        return None
    grey = float(np.dot(colour, (0.213, 0.715, 0.072)))
    around = footage.small[stretch[0]].astype(np.float32)
    if np.abs(around - grey).mean() < _DARK_LEVELS:
        return None
    picture = np.full((height, width, 3), colour, np.uint8)
    return changed(footage, stretch, lambda _: picture)


def _moved(footage: Footage, stretch: Span) -> float:
    """Mean difference in levels between the frames before and after the stretch."""
    before = footage.small[stretch[0] - 1].astype(np.int16)
    after = footage.small[min(stretch[1] + 1, footage.count - 1)].astype(np.int16)
    return float(np.abs(after - before).mean())


def _other_time(footage: Footage, stretch: Span) -> int | None:
    """The first frame of a run that differs most from the stretch, or None when all look alike."""
    length = stretch[1] - stretch[0] + 1
    here = footage.small[stretch[0]].astype(np.int16)
    starts = [
        at
        for at in range(footage.count - length)
        if not any(at < cut < at + length for cut in footage.cuts)
    ]
    if not starts:
        return None
    far = [float(np.abs(footage.small[at].astype(np.int16) - here).mean()) for at in starts]
    best = int(np.argmax(far))
    return starts[best] if far[best] >= _OTHER_LEVELS else None
