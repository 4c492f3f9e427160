"""Where a body's parts are: the judge's own shapes, drawn from the 33 points of BlazePose."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from qa.vision.arrays import Mask, Numbers

NOSE, MOUTH = 0, (9, 10)
SHOULDERS, ELBOWS, WRISTS, FINGERS = (12, 11), (14, 13), (16, 15), (20, 19)
HIPS, KNEES = (24, 23), (26, 25)
JOINTS = (NOSE, *SHOULDERS, *ELBOWS, *WRISTS, *HIPS)
"""BlazePose's indices; pairs are (left, right) as seen in the picture of a person facing us."""

_UNIT_OF_TRUNK = 0.62


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stance:
    """A body's points and measure in the working picture.

    `points` (33, 4) float32: x, y, z px, visibility. `unit_px` is the body's measure: the width of
    the shoulders or, of a turned body, 0.62 of the trunk (research 2026-11, tryon section 1).
    """

    points: Numbers

    @property
    def flat(self) -> Numbers:
        """(33, 2) x, y."""
        return self.points[:, :2]

    @property
    def shoulder(self) -> Numbers:
        """The middle between the shoulders."""
        return self.flat[list(SHOULDERS)].mean(axis=0)

    @property
    def hip(self) -> Numbers:
        """The middle between the hips."""
        return self.flat[list(HIPS)].mean(axis=0)

    @property
    def unit_px(self) -> float:
        """The body's measure in px."""
        across = float(np.linalg.norm(np.diff(self.flat[list(SHOULDERS)], axis=0)))
        return max(across, _UNIT_OF_TRUNK * self.trunk_px, 8.0)

    @property
    def trunk_px(self) -> float:
        """From the shoulders' middle to the hips'."""
        return float(np.linalg.norm(self.hip - self.shoulder))

    @property
    def down(self) -> Numbers:
        """Unit vector from the shoulders to the hips."""
        return (self.hip - self.shoulder) / max(self.trunk_px, 1.0)

    @property
    def across(self) -> Numbers:
        """Unit vector to the picture's right, square to `down`."""
        down = self.down
        return np.array([down[1], -down[0]], np.float32)

    def along(self, shape: tuple[int, int]) -> tuple[Numbers, Numbers]:
        """(t, s) of every pixel: t 0 at the shoulders, 1 at the hips; s in units, right is more."""
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        x, y = columns - self.shoulder[0], rows - self.shoulder[1]
        down, across = self.down, self.across
        t = (x * down[0] + y * down[1]) / max(self.trunk_px, 1.0)
        return t, (x * across[0] + y * across[1]) / self.unit_px

    def arm(self, side: int) -> Numbers:
        """(4, 2): shoulder, elbow, wrist and hand's end of the arm on that side of the picture."""
        joints = self.flat[[SHOULDERS[side], ELBOWS[side], WRISTS[side]]]
        reach = joints[2] + 0.38 * (joints[2] - joints[1])
        finger = self.flat[FINGERS[side]]
        end = (
            reach
            if np.linalg.norm(finger - joints[2]) < 0.05 * self.unit_px
            else (joints[2] + 1.35 * (finger - joints[2]))
        )
        return np.vstack([joints, end])

    def on_arm(self, side: int, t: Numbers) -> Numbers:
        """Points (n, 2) on an arm: t 0 shoulder, 1 elbow, 2 wrist, 3 the hand's end."""
        joints = self.arm(side)
        grid = np.arange(4)
        return np.stack([np.interp(t, grid, joints[:, axis]) for axis in (0, 1)], axis=1)

    def arm_mask(
        self, shape: tuple[int, int], side: int, *, span: tuple[float, float], wide: float = 1.0
    ) -> Mask:
        """The arm between two t as a tube of the usual thickness times `wide`."""
        t = np.linspace(*span, 24)
        radii = (
            np.interp(t, (0, 1, 2, 2.4, 3), (0.17, 0.14, 0.11, 0.13, 0.12)) * self.unit_px * wide
        )
        return tube(shape, self.on_arm(side, t), radii)


def tube(shape: tuple[int, int], spine: Numbers, radii: Numbers) -> Mask:
    """The union of circles along a spine (n, 2) with radii (n,), and what lies between them."""
    drawn = np.zeros(shape, np.uint8)
    for first, second, radius in zip(spine[:-1], spine[1:], radii[1:], strict=True):
        ends = [tuple(np.rint(point).astype(int).tolist()) for point in (first, second)]
        cv2.line(drawn, ends[0], ends[1], 1, max(1, round(2 * float(radius))))
    return drawn > 0


def polygon(shape: tuple[int, int], corners: Numbers) -> Mask:
    """The inside of a polygon (n, 2)."""
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [np.rint(corners).astype(np.int32)], (1,))
    return drawn > 0
