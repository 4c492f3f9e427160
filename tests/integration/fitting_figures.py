"""A drawn person for tests of fitting: a body made of limbs, at any angle of the arms."""

import cv2
import numpy as np

from assets.people.bodies import Pose
from pipelines.studio.fitting.body import Arm, Body, Part, Worn

UNIT_PX = 180.0
SHAPE = (900, 700)


def figure(
    *,
    upper_deg: tuple[float, float] = (10.0, 10.0),
    bend_deg: tuple[float, float] = (5.0, 5.0),
    width: float = 1.0,
    sleeve_t: float = 0.6,
    hem_t: float = 1.05,
) -> Body:
    """A person facing the camera; angles (left, right in the image) open away from the trunk."""
    middle, top = SHAPE[1] / 2, 260.0
    parts = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(parts, (350, 160), (48, 66), 0, 0, 360, int(Part.SKIN), -1)
    cv2.line(parts, (350, 200), (350, 250), int(Part.SKIN), 70)
    half = UNIT_PX / 2 * width
    trunk = np.array(
        [
            (middle - half, top - 25),
            (middle + half, top - 25),
            (middle + 0.44 * UNIT_PX * width, 420),
            (middle + 0.49 * UNIT_PX * width, 560),
            (middle - 0.49 * UNIT_PX * width, 560),
            (middle - 0.44 * UNIT_PX * width, 420),
        ]
    )
    cv2.fillPoly(parts, [np.int32(trunk)], int(Part.TOP))
    cv2.rectangle(parts, (int(middle - 86 * width), 560), (int(middle + 86 * width), 899), 4, -1)
    arms = {
        side: _arm(parts, middle + sign * half, top, sign, upper, bend, sleeve_t)
        for side, sign, upper, bend in (
            ("left", -1, upper_deg[0], bend_deg[0]),
            ("right", 1, upper_deg[1], bend_deg[1]),
        )
    }
    points = np.zeros((33, 4), np.float32)
    points[:, 3] = 1
    points[[11, 12, 23, 24], :2] = [
        (middle + half, top),
        (middle - half, top),
        (middle + 60, 560),
        (middle - 60, 560),
    ]
    points[[25, 26, 27, 28], :2] = [
        (middle + 60, 860),
        (middle - 60, 860),
        (middle + 60, 1160),
        (middle - 60, 1160),
    ]
    points[[0, 2, 5], :2] = [(350, 165), (372, 145), (328, 145)]
    world = np.zeros((33, 3), np.float32)
    world[11], world[12] = (0.18, 0, 0), (-0.18, 0, 0)
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    alpha = np.where(parts > 0, 255, 0).astype(np.uint8)
    return Body(
        photo_px=(SHAPE[1], SHAPE[0]),
        pose=Pose(points=points, world=world, presence=1.0, mask=alpha),
        synthetic=False,
        unit_px=UNIT_PX,
        alpha=alpha,
        parts=parts,
        hair=np.zeros(SHAPE, np.uint8),
        arms=arms,
        face_oval=np.stack([350 + 48 * np.cos(turn), 160 + 66 * np.sin(turn)], axis=1).astype(
            np.float32
        ),
        chin=(350.0, 226.0),
        skin_lab=np.array([60, 12, 18], np.float32),
        mid_shoulder=(middle, top),
        mid_hip=(middle, 560.0),
        worn=Worn(
            hem_t=hem_t,
            neckline=np.zeros((0, 2), np.float32),
            open_front=False,
            high_collar=False,
            hair_over=0.0,
        ),
        measures={},
    )


def _arm(parts, x, y, sign, upper_deg, bend_deg, sleeve_t) -> Arm:
    first = np.radians(upper_deg)
    second = np.radians(upper_deg - bend_deg)
    elbow = np.array([x + sign * 150 * np.sin(first), y + 150 * np.cos(first)])
    wrist = elbow + 130 * np.array([sign * np.sin(second), np.cos(second)])
    hand = wrist + 0.35 * (wrist - elbow)
    chain = [((x, y), elbow, 52), (elbow, wrist, 40), (wrist, hand, 36)]
    for start, end, thick in chain:
        a, b = ((round(float(p[0])), round(float(p[1]))) for p in (start, end))
        cv2.line(parts, a, b, int(Part.SKIN), thick)
    cv2.line(
        parts,
        (round(x), round(y)),
        tuple(np.rint(np.array([x, y]) + sleeve_t * (elbow - [x, y])).astype(int).tolist()),
        int(Part.TOP),
        58,
    )
    return Arm(
        shoulder=(float(x), float(y)),
        elbow=(float(elbow[0]), float(elbow[1])),
        wrist=(float(wrist[0]), float(wrist[1])),
        hand_end=(float(hand[0]), float(hand[1])),
        worn_sleeve_t=sleeve_t,
        bare=sleeve_t < 0.32,
        before_torso=0.0,
        visibility=1.0,
    )
