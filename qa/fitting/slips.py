"""Slips: the drawing on both sides of a line lies farther apart than in the garment's picture."""

from __future__ import annotations

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.palette import ones_inside
from qa.fitting.register import Laid, placed
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading, fault

_SLIP_PX = 8
_DRAWN = 3.0
_ASTRAY = (0.5, 0.7)
_MOST_OF_IT = 0.45


def slip(seen: Worn, laid: Laid) -> Reading:
    """The largest jump of the cloth across a line over the garment, in body units; 0 is best.

    For each row and column of the frame: how much farther apart than usual in its neighbourhood
    the lines on both sides of it lie in the result, by the median over the line. Where nothing is
    drawn, and beside the edges, the flow knows no place; where the drawing does not agree around
    a line, it went astray.
    """
    core = cv2.erode(ones_inside(laid.inside), np.ones((25, 25), np.uint8)) > 0
    sure = core & (laid.texture > _DRAWN)
    jumps = [
        _jumps(laid.to_result, sure) * _sureness(laid.agrees, sure),
        _jumps(laid.to_result.transpose(1, 0, 2), sure.T) * _sureness(laid.agrees.T, sure.T),
    ]
    tops = [float(each.max(initial=0.0)) for each in jumps]
    value = max(tops) / seen.unit_px
    place = int(jumps[int(np.argmax(tops))].argmax()) + _SLIP_PX
    line = np.zeros(laid.inside.shape, bool)
    if tops[0] >= tops[1]:
        line[place] = laid.inside[place]
    else:
        line[:, place] = laid.inside[:, place]
    message = f"the cloth jumps by {value:.1%} of shoulder width across a line"
    box = placed(seen, laid, line)
    return Reading(
        value=value, evidence=fault("fold", message, severity=Severity.MAJOR, box=box, number=value)
    )


def _jumps(places: Numbers, inside: Mask) -> Numbers:
    """(h - 16,) how much each row's sides are apart beyond what its neighbours' are, px."""
    gap = 2 * _SLIP_PX
    apart = places[gap:] - places[:-gap]
    both = inside[gap:] & inside[:-gap] & inside[_SLIP_PX:-_SLIP_PX]
    counts = both.sum(axis=1)
    rows = np.flatnonzero(counts > _MOST_OF_IT * max(int(counts.max(initial=0)), 1))
    off = np.zeros(len(apart), np.float32)
    if len(rows):
        usual = np.median(apart[both], axis=0)
        off[rows] = np.linalg.norm(_medians(apart[rows], both[rows]) - usual, axis=1)
    return np.maximum(off - cv2.blur(off[:, None], (1, 61))[:, 0], 0.0)


def _sureness(agrees: Numbers, inside: Mask) -> Numbers:
    """(h - 16,) 0..1: how well the drawing agrees around each row."""
    each = (np.maximum(agrees, 0.0) * inside).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    around = cv2.blur(each.astype(np.float32)[:, None], (1, 4 * _SLIP_PX + 1))[:, 0]
    low, high = _ASTRAY
    return np.clip((around[_SLIP_PX:-_SLIP_PX] - low) / (high - low), 0.0, 1.0)


def _medians(vectors: Numbers, kept: Mask) -> Numbers:
    """(n, 2): the median of each row's kept vectors (n, w, 2), every second one looked at."""
    kept = kept[:, ::2]
    ranked = np.sort(np.where(kept[..., None], vectors[:, ::2], np.inf), axis=1)
    middle = np.maximum(kept.sum(axis=1) - 1, 0) // 2
    return np.take_along_axis(ranked, middle[:, None, None], axis=1)[:, 0]
