"""Whether a planted fault is seen at all: by the pixels before and after alone."""

from __future__ import annotations

import cv2

from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lab import delta_e2000, to_lab

LEAST_SHARE = 1 / 3
"""A slip that shows over less of its line is a spot, not a tear."""

_NORMAL_SIZE_PX = 2.0
_NOTICED = 3.0
_BELOW_PX = 8


def seen_change(before: Pixels, after: Pixels) -> Numbers:
    """(h, w) CIEDE2000 between two pictures as an eye sees them at normal size.

    `before` and `after` (h, w, 3) uint8 sRGB, 1024 px on the longer side. A shop shows them at
    half that: what is finer than two px is smoothed away.
    """
    one, two = (
        to_lab(cv2.GaussianBlur(image, (0, 0), _NORMAL_SIZE_PX)) for image in (before, after)
    )
    return delta_e2000(one, two)


def shown_share(change: Numbers, moved: Mask, *, row: int) -> float:
    """The share of a level line along which the change below it is seen, 0..1.

    `change` (h, w) CIEDE2000, `moved` (h, w) bool what slips. Above the line nothing changes, so
    the change in the 8 px below it is the step that the slip makes; it is seen from 3 on.
    Source: Mokrzycki and Tatol, Colour difference ΔE: a survey (2011): 2 to 3.5 is noticed by
    untrained eyes.
    """
    below = moved[row + 1 : row + 1 + _BELOW_PX]
    columns = below.mean(axis=0) > 0.5
    if not columns.any():
        return 0.0
    total = (change[row + 1 : row + 1 + _BELOW_PX] * below).sum(axis=0)
    step = total[columns] / below.sum(axis=0)[columns]
    return float((step > _NOTICED).mean())
