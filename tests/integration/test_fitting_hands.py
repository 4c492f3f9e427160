"""Hands stay in front of a garment down to their finger tips, however the wrist is bent."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fitting_figures import SHAPE, UNIT_PX, figure

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.erase import Undressed
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.layers_front import limbs

FINGERS_PX = 8


def bent_hand(bend_deg: float) -> tuple[Body, np.ndarray]:
    """A hand on the hip, bent so far from its forearm towards the trunk; where its fingers are."""
    body = figure(upper_deg=(10, 40), bend_deg=(5, 65))
    arm = body.arms["right"]
    wrist, elbow = np.array(arm.wrist), np.array(arm.elbow)
    along, turn = (wrist - elbow) / np.linalg.norm(wrist - elbow), np.radians(bend_deg)
    parts, fingers = body.parts.copy(), np.zeros(SHAPE, np.uint8)
    cv2.line(parts, corner(wrist), corner(np.array(arm.hand_end)), int(Part.TOP), 40)
    cv2.line(parts, corner(elbow), corner(wrist), int(Part.SKIN), 40)
    knuckles = []
    for spread in (-0.35, -0.12, 0.12, 0.35):
        way = turned(along, turn + spread)
        knuckles.append(wrist + 0.2 * UNIT_PX * way)
        tip = corner(wrist + 0.4 * UNIT_PX * way)
        cv2.line(fingers, corner(wrist + 0.25 * UNIT_PX * way), tip, 1, FINGERS_PX)
        cv2.line(parts, corner(wrist), corner(knuckles[-1]), int(Part.SKIN), 20)
    parts[fingers > 0] = Part.SKIN
    points = body.pose.points.copy()
    points[17, :2], points[19, :2] = knuckles[0], knuckles[-1]
    alpha = np.where(parts > 0, 255, 0).astype(np.uint8)
    pose = replace(body.pose, points=points)
    return replace(body, parts=parts, alpha=alpha, pose=pose), fingers > 0


def corner(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def turned(way: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([cos * way[0] - sin * way[1], sin * way[0] + cos * way[1]])


@pytest.mark.parametrize("bend_deg", [-30.0, 0.0, 30.0, 60.0, 90.0])
def test_a_bent_hand_keeps_its_finger_tips(bend_deg: float) -> None:
    body, fingers = bent_hand(bend_deg)
    photo = np.full((*SHAPE, 3), 128, np.uint8)
    scene = Scene.of(photo, body, box=(0, 0, SHAPE[1], SHAPE[0]))
    nothing = np.zeros(SHAPE, np.float32)
    undressed = Undressed(
        canvas=scene.photo,
        removed=nothing > 0,
        person=scene.alpha > 0.5,
        neck=nothing,
        bare=nothing,
        measures={},
    )
    shown = limbs(scene, undressed, sleeves={}).share
    kept = float((shown[fingers] > 0.5).mean())
    assert kept > 0.85, f"bent by {bend_deg:g}°, only {kept:.0%} of the fingers stay in front"
