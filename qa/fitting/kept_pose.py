"""Is the pose kept? The body's joints in photo and result."""

from __future__ import annotations

import numpy as np

from content_engine.types import Severity
from qa.fitting.stance import ELBOWS, NOSE, SHOULDERS, WRISTS
from qa.fitting.worn import Worn
from qa.vision.arrays import Numbers
from qa.vision.observed import Reading, fault, share_box

_SURE = 0.6
_NAMES = {NOSE: "head"} | {
    joint: f"{side} {name}"
    for name, pair in (("shoulder", SHOULDERS), ("elbow", ELBOWS), ("wrist", WRISTS))
    for side, joint in zip(("left", "right"), pair, strict=True)
}
_SLACK = {"shoulder": 0.5, "elbow": 0.75, "wrist": 1.0, "head": 1.0}
"""Clothes hide shoulders and elbows: BlazePose finds them less surely there."""


def moved(seen: Worn, points: Numbers) -> Reading:
    """How far the joint that moved most is from its place, in body units; 0 is best.

    `points` (33, 4) float32 are BlazePose's of the result, at working size. Joints that either
    picture shows unsurely or outside the frame are left out; shoulders count half, elbows three
    quarters.
    """
    height, width = seen.person.shape
    before = seen.person.stance.points
    worst, which = 0.0, NOSE
    for joint, name in _NAMES.items():
        one, two = before[joint], points[joint]
        inside = 0 <= one[0] < width and 0 <= one[1] < height
        if not inside or min(one[3], two[3]) < _SURE:
            continue
        away = float(np.linalg.norm(one[:2] - two[:2])) / seen.unit_px * _SLACK[name.split()[-1]]
        if away > worst:
            worst, which = away, joint
    x, y = before[which, :2].tolist()
    reach = 0.15 * seen.unit_px
    message = f"the {_NAMES[which]} is {worst:.2f} shoulder widths from its place"
    box = share_box((x - reach, y - reach, 2 * reach, 2 * reach), (width, height))
    return Reading(
        value=worst, evidence=fault("pose", message, severity=Severity.MAJOR, box=box, number=worst)
    )
