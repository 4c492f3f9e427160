"""Is the pose kept? The body's joints in photo and result."""

from __future__ import annotations

import numpy as np

from content_engine.types import Severity
from qa.fitting.outside import grown
from qa.fitting.person import Part
from qa.fitting.stance import ELBOWS, NOSE, SHOULDERS, WRISTS
from qa.fitting.worn import Worn
from qa.vision.arrays import Numbers
from qa.vision.observed import Reading, fault, share_box

_SURE = 0.6
_TOUCHED, _MOST_TOUCHED, _LEAST_SEEN = 6.0, 0.02, 0.02
_FOREARM = (1.15, 2.9)
_NAMES = {NOSE: "head"} | {
    joint: f"{side} {name}"
    for name, pair in (("shoulder", SHOULDERS), ("elbow", ELBOWS), ("wrist", WRISTS))
    for side, joint in zip(("left", "right"), pair, strict=True)
}
_SLACK = {"shoulder": 0.5, "elbow": 0.75, "wrist": 1.0, "head": 1.0}
"""Clothes hide shoulders and elbows: BlazePose finds them less surely there."""


def untouched(seen: Worn) -> bool:
    """True where face and both forearms, as far as no garment lies there, are the photo's pixels.

    Then the joints are where they were, and no network need look for them.
    """
    cloth = grown(seen.dressed | (seen.person.parts == Part.TOP), 0.05 * seen.unit_px)
    limbs = [seen.person.face]
    for side in (0, 1):
        tube = seen.person.stance.arm_mask(seen.person.shape, side, span=_FOREARM, wide=1.2)
        limbs.append(tube & seen.person.body)
    least = _LEAST_SEEN * seen.unit_px**2
    for limb in limbs:
        shown = limb & ~cloth
        if shown.sum() < least or float((seen.change[shown] > _TOUCHED).mean()) > _MOST_TOUCHED:
            return False
    return True


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
