"""Bars of one plain colour along the picture's edges."""

from __future__ import annotations

import numpy as np

from qa.film.found import found, reading
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Numbers
from qa.vision.observed import Box, Reading

_LOOKS = 12
_PLAIN_LEVELS = 2.0
_STEP_LEVELS = 10.0
_ALL_OF_A_ROW, _MOST_OF_A_ROW = 98.0, 90.0
# Beside a sharp step the coder's blocks of 8 rows ring. Source: bars at the edge of dithered clips,
# 3 levels off in 2 % of the last rows, 1 in 10 % (2026-11-23).
_RINGING_ROWS = 8
_EDGE_SHARE = 0.6
_WIDEST = 0.3
_DARK, _BRIGHT = 26.0, 250.0
_SIDES = ("top", "bottom", "left", "right")


def border(reel: Reel, pulse: Pulse) -> Reading:
    """The width of the widest bar as a share of its side of the picture; 0 is best.

    A bar is plain to two levels, stands still, and ends in a straight step along most of its
    length. One alone must be black or white: a horizon and a table's edge are no bars.
    """
    del pulse
    picked = np.linspace(0, reel.frames - 1, min(_LOOKS, reel.frames)).astype(int)
    looks = reel.luma[picked].astype(np.float32)
    widths = {side: _bar(_turned(looks, side)) for side in _SIDES}
    evidence = []
    for one, two in (("top", "bottom"), ("left", "right")):
        pair = {side: widths[side] for side in (one, two) if widths[side][0] > 0}
        plain = {side: bar for side, bar in pair.items() if not _DARK < bar[1] < _BRIGHT}
        held = pair if _is_pair(pair) else plain
        for side, (width, _) in held.items():
            message = f"a plain bar of {width:.1%} stands at the {side}"
            box = _box(side, width)
            evidence.append(
                found("border", message, frames=(0, reel.frames - 1), number=width, box=box)
            )
    return reading(evidence)


def _turned(looks: Numbers, side: str) -> Numbers:
    """The pictures with that side on top."""
    upright = looks.transpose(0, 2, 1) if side in ("left", "right") else looks
    return upright[:, ::-1] if side in ("bottom", "right") else upright


def _bar(looks: Numbers) -> tuple[float, float]:
    """(width as a share, level) of the bar at the top; width 0 where there is none."""
    height = looks.shape[1]
    level = float(np.median(looks[:, 0]))
    most = round(_WIDEST * height) + 1
    count = _plain_rows(looks[:, :most], level, share=_ALL_OF_A_ROW)
    if 0 < count < height:
        near = looks[:, count : count + _RINGING_ROWS]
        count += _plain_rows(near, level, share=_MOST_OF_A_ROW)
    if count == 0 or count > _WIDEST * height:
        return 0.0, level
    inner = looks[:, min(count + 1, height - 1)]
    steps = np.abs(inner - level) >= _STEP_LEVELS
    seen = float(steps.mean(axis=1).max())
    return (count / height if seen >= _EDGE_SHARE else 0.0), level


def _plain_rows(looks: Numbers, level: float, *, share: float) -> int:
    """How many rows from the top on are of that level over so many percent of them."""
    count = 0
    while count < looks.shape[1]:
        if float(np.percentile(np.abs(looks[:, count] - level), share)) > _PLAIN_LEVELS:
            break
        count += 1
    return count


def _is_pair(pair: dict[str, tuple[float, float]]) -> bool:
    """True for bars on both sides, alike in colour and width."""
    if len(pair) < 2:
        return False
    (width_1, level_1), (width_2, level_2) = pair.values()
    return abs(level_1 - level_2) <= 6.0 and abs(width_1 - width_2) <= 0.02


def _box(side: str, width: float) -> Box:
    return {
        "top": (0.0, 0.0, 1.0, width),
        "bottom": (0.0, 1.0 - width, 1.0, 1.0),
        "left": (0.0, 0.0, width, 1.0),
        "right": (1.0 - width, 0.0, 1.0, 1.0),
    }[side]
