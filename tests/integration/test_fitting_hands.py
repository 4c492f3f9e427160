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
SKIN = (196, 140, 112)


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


def in_front(photo: np.ndarray, body: Body) -> np.ndarray:
    scene = Scene.of(photo, body, box=(0, 0, SHAPE[1], SHAPE[0]))
    nothing = np.zeros(SHAPE, np.float32)
    undressed = Undressed(
        canvas=scene.photo,
        removed=scene.is_part(Part.TOP),
        person=scene.alpha > 0.5,
        neck=nothing,
        bare=nothing,
        measures={},
    )
    return limbs(scene, undressed, sleeves={}).share


def photographed(body: Body, *, cloth: tuple[int, int, int]) -> np.ndarray:
    photo = np.full((*SHAPE, 3), 255, np.uint8)
    photo[body.parts == Part.TOP] = cloth
    photo[body.parts == Part.SKIN] = SKIN
    return photo


def test_cloth_between_fingers_stays_behind_though_its_parts_are_called_skin() -> None:
    body, fingers = bent_hand(40.0)
    photo = photographed(body, cloth=(20, 110, 200))
    near, far = (cv2.dilate(fingers.astype(np.uint8), np.ones((n, n), np.uint8)) for n in (5, 11))
    web = (far > near) & (body.parts == Part.TOP)
    parts = np.where(web, np.uint8(Part.SKIN), body.parts)
    shown = in_front(photo, replace(body, parts=parts))
    left, kept = float((shown[web] > 0.6).mean()), float((shown[fingers] > 0.5).mean())
    assert left < 0.15, f"{left:.0%} of the old cloth between the fingers stands before the new"
    assert kept > 0.85, f"only {kept:.0%} of the fingers stay in front"


def test_shining_nails_on_black_cloth_are_no_wall() -> None:
    body, fingers = bent_hand(40.0)
    photo = photographed(body, cloth=(25, 25, 28))
    nails = fingers & (cv2.erode(fingers.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    photo[nails] = (242, 224, 216)
    kept = float((in_front(photo, body)[nails] > 0.5).mean())
    assert kept > 0.9, f"only {kept:.0%} of the nails stay in front"


def test_a_glimpse_of_wall_beside_an_arm_is_no_skin() -> None:
    body = figure(upper_deg=(10, 40), bend_deg=(5, 65))
    arm = body.arms["right"]
    parts, bone = body.parts.copy(), np.zeros(SHAPE, np.uint8)
    middle = corner((np.array(arm.elbow) + np.array(arm.wrist)) / 2)
    cv2.circle(parts, middle, 60, int(Part.TOP), -1)
    cv2.line(parts, corner(np.array(arm.elbow)), corner(np.array(arm.wrist)), int(Part.SKIN), 48)
    cv2.line(bone, corner(np.array(arm.elbow)), corner(np.array(arm.wrist)), 1, 38)
    photo = photographed(replace(body, parts=parts), cloth=(25, 25, 28))
    wall = (parts == Part.SKIN) & (bone == 0)
    wall &= np.hypot(*(np.indices(SHAPE) - np.array(middle[::-1])[:, None, None])) < 35
    photo[wall] = 255
    shown = in_front(photo, replace(body, parts=parts))
    left, kept = float((shown[wall] > 0.6).mean()), float((shown[bone > 0] > 0.5).mean())
    assert left < 0.2, f"{left:.0%} of the wall beside the arm stands before the new garment"
    assert kept > 0.9, f"only {kept:.0%} of the arm stays in front"


@pytest.mark.parametrize("bend_deg", [-30.0, 0.0, 30.0, 60.0, 90.0])
def test_a_bent_hand_keeps_its_finger_tips(bend_deg: float) -> None:
    body, fingers = bent_hand(bend_deg)
    shown = in_front(np.full((*SHAPE, 3), 128, np.uint8), body)
    kept = float((shown[fingers] > 0.5).mean())
    assert kept > 0.85, f"bent by {bend_deg:g}°, only {kept:.0%} of the fingers stay in front"
