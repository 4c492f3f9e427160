"""What hangs before a garment and swings: a card on a thread, a hood's laces. None is print."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from qa.fitting.palette import ones_inside
from qa.vision.arrays import Mask

_CARD_LONG, _CARD_ASPECT, _CARD_FULL = (0.15, 0.5), 1.3, 0.82
_CARD_TILT, _CARD_ABOVE = 3.0, 0.75
_HOOD_RISES, _HOOD_REACH = 0.15, 0.2
_LACE_THICK, _LACE_NEAR = 0.04, 0.05
_LACES_LOW, _LACES_WIDE = 0.6, 0.36
_LINE_LONG = 0.2
_NEXT = np.ones((5, 5), np.uint8)

Body = tuple[float, float, float, float]


def hooded(mask: Mask, body: Body) -> bool:
    """True when a garment's picture, (h, w) bool, goes on above its shoulders: a hood or a hook.

    `body` is the box (x0, y0, x1, y1) of its trunk, px.
    """
    left, top, right, _ = body
    wide, middle = right - left, (left + right) / 2
    columns = slice(*(max(0, round(middle + side * _HOOD_REACH * wide)) for side in (-1, 1)))
    rows = np.flatnonzero(mask[:, columns].any(axis=1))
    return bool(len(rows)) and top - float(rows[0]) > _HOOD_RISES * wide


def laces(drawn: Mask, collar: Mask, body: Body) -> Mask:
    """A hood's laces: thin strokes off the cloth's colour that begin at the neck, with a rim.

    They hang on each wearer as they please. A level line is drawn: no lace runs so.
    """
    left, top, right, _ = body
    wide, middle = right - left, (left + right) / 2
    rows, columns = np.mgrid[: drawn.shape[0], : drawn.shape[1]].astype(np.float32)
    chest = (rows < top + _LACES_LOW * wide) & (np.abs(columns - middle) < _LACES_WIDE * wide)
    side = max(3, round(_LACE_THICK * wide)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    solid = cv2.dilate(cv2.morphologyEx(ones_inside(drawn), cv2.MORPH_OPEN, disc), disc) > 0
    lines = np.ones((1, max(5, round(_LINE_LONG * wide))), np.uint8)
    ruled = cv2.dilate(cv2.morphologyEx(ones_inside(drawn), cv2.MORPH_OPEN, lines), _NEXT) > 0
    thin = cv2.morphologyEx(ones_inside(drawn & ~solid & ~ruled & chest), cv2.MORPH_CLOSE, _NEXT)
    _, marks = cv2.connectedComponents(thin)
    start = _grown(collar, _LACE_NEAR * wide)
    begun = np.unique(np.asarray(marks)[start & (thin > 0)])
    return _grown((thin > 0) & np.isin(marks, begun), side / 2)


def _grown(mask: Mask, radius: float) -> Mask:
    side = 2 * max(1, round(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(ones_inside(mask), disc) > 0


def swinging_card(drawn: Mask, body: Body) -> Mask:
    """A card that hangs before the front: a filled, upright rectangle that is turned a little.

    What is printed as a rectangle lies straight.
    """
    width = body[2] - body[0]
    filled = cv2.morphologyEx(ones_inside(drawn), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    solid = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = np.zeros(drawn.shape, np.uint8)
    for outline in outlines:
        box = cv2.minAreaRect(outline)
        full = cv2.contourArea(outline) > _CARD_FULL * box[1][0] * box[1][1]
        if full and _like_a_card(box, body, width):
            cv2.fillPoly(found, [np.rint(cv2.boxPoints(box)).astype(np.int32)], (1,))
    return cv2.dilate(found, np.ones((9, 9), np.uint8)) > 0


def _like_a_card(
    box: tuple[Sequence[float], Sequence[float], float],
    body: Body,
    width: float,
) -> bool:
    (x, y), sides, turn = box
    small, large = min(sides), max(sides)
    tilt = abs((turn + 45) % 90 - 45)
    inside = body[0] < x < body[2] and body[1] < y < body[1] + _CARD_ABOVE * (body[3] - body[1])
    long = _CARD_LONG[0] * width < large < _CARD_LONG[1] * width
    return bool(inside and long and tilt > _CARD_TILT and large > _CARD_ASPECT * small)
