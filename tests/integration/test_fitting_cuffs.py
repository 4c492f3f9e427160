"""A long sleeve over a worn one ends where that one ends, however the wrist is bent."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fitting_figures import SHAPE, UNIT_PX, figure
from test_fitting_fit import top

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.erase_cuff import cuff_scraps
from pipelines.studio.fitting.erase_skin import bared_arms
from pipelines.studio.fitting.fit import fit
from pipelines.studio.fitting.layers import Scene
from pipelines.studio.fitting.light import carried_light

CLOTH, SKIN, AIR = (40, 160, 140), (196, 140, 112), (250, 250, 250)


def slanting_cuff(slant: float) -> tuple[Body, np.ndarray, np.ndarray]:
    """A body in long sleeves, the right cuff's outer corner `slant` U beyond its inner one.

    And the cuff's and the hand's masks.
    """
    body = figure(upper_deg=(10, 15), bend_deg=(5, 5), sleeve_t=2.0)
    arm = body.arms["right"]
    elbow, wrist = np.array(arm.elbow), np.array(arm.wrist)
    run = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    side = np.array([run[1], -run[0]]) * 0.11 * UNIT_PX
    parts = body.parts.copy()
    line = [tuple(np.rint(at).astype(int).tolist()) for at in (wrist, np.array(arm.hand_end))]
    cv2.line(parts, elbow.astype(int).tolist(), line[0], int(Part.BACKGROUND), 90)
    cv2.line(parts, line[0], line[1], int(Part.BACKGROUND), 90)
    cv2.line(parts, line[0], line[1], int(Part.SKIN), 34)
    hand = parts == Part.SKIN
    end = wrist + run * slant * UNIT_PX
    corners = np.array([elbow + side, elbow - side, wrist - side, end + side])
    cuff = np.zeros(SHAPE, np.uint8)
    cv2.fillPoly(cuff, [np.rint(corners).astype(np.int32)], 1)
    parts[cuff > 0] = Part.TOP
    beyond = np.indices(SHAPE)[::-1].transpose(1, 2, 0) @ run > wrist @ run
    hand &= (cuff == 0) & beyond
    alpha = np.where(parts > 0, 255, 0).astype(np.uint8)
    return replace(body, parts=parts, alpha=alpha), (cuff > 0) & beyond, hand


@pytest.mark.parametrize("slant", [0.08, 0.14, 0.2])
def test_a_long_sleeve_ends_in_the_worn_cuffs_line(slant: float) -> None:
    body, cuff, hand = slanting_cuff(slant)
    fitted = fit(top(long=True), body, over=[], layer=0)
    covers = fitted.target.covers
    covered, hidden = float((covers[cuff] > 128).mean()), float((covers[hand] > 128).mean())
    assert covered > 0.9, f"{1 - covered:.0%} of the worn cuff looks out of the new sleeve"
    assert hidden < 0.08, f"the new sleeve hides {hidden:.0%} of the hand beside the worn cuff"
    right = body.arms["right"]
    made = [arm for arm, _ in bared_arms(body, [fitted]) if arm is right]
    assert not made, "a wrist is made up though the new sleeve ends where the worn one did"


def test_a_cuff_beside_the_wrist_that_the_pose_says_is_covered_whole() -> None:
    body, cuff, _ = slanting_cuff(0.14)
    arm = body.arms["right"]
    run = np.subtract(arm.wrist, arm.elbow)
    off = 0.08 * UNIT_PX * np.array([run[1], -run[0]]) / np.linalg.norm(run)
    beside = replace(arm, wrist=(arm.wrist[0] - float(off[0]), arm.wrist[1] - float(off[1])))
    moved = replace(body, arms={**body.arms, "right": beside})
    fitted = fit(top(long=True), moved, over=[], layer=0)
    covered = float((fitted.target.covers[cuff] > 128).mean())
    assert covered > 0.9, f"{1 - covered:.0%} of a cuff off the pose's wrist looks out"


@pytest.mark.parametrize(("pocket", "end"), [(True, (1.7, 1.8)), (False, (1.97, 1.97))])
def test_a_long_sleeve_rides_up_above_a_pocket(*, pocket: bool, end: tuple[float, float]) -> None:
    body = figure(sleeve_t=0.2)
    arm = body.arms["right"]
    wrist, elbow = np.array(arm.wrist), np.array(arm.elbow)
    parts = body.parts.copy()
    if pocket:
        rim = np.rint(elbow + 0.92 * (wrist - elbow)).astype(int)
        cv2.rectangle(parts, (int(rim[0]) - 60, int(rim[1])), (SHAPE[1], SHAPE[0]), 4, -1)
    fitted = fit(top(long=True), replace(body, parts=parts), over=[], layer=0)
    found = fitted.target.sleeves["right"].end_t
    assert end[0] <= found <= end[1], f"the cuff lies at {found:.2f} of the arm"


def test_what_a_cuff_leaves_beside_a_hand_goes_with_it_and_skin_stays() -> None:
    body, _, hand = slanting_cuff(0.08)
    ys, xs = np.nonzero(hand)
    parts, tip = body.parts.copy(), (int(xs.max()) + 14, int(ys.max()) - 6)
    for at in (tip, (tip[0], tip[1] + 20)):
        cv2.circle(parts, at, 4, int(Part.SKIN), -1)
    photo = np.full((*SHAPE, 3), AIR, np.uint8)
    photo[parts == Part.TOP], photo[parts == Part.SKIN] = CLOTH, SKIN
    cv2.circle(photo, tip, 5, CLOTH, -1)
    scene = Scene.of(photo, replace(body, parts=parts), box=(0, 0, SHAPE[1], SHAPE[0]))
    scraps = cuff_scraps(scene, scene.is_part(Part.TOP))
    assert scraps[tip[1], tip[0]], "a cuff's inside that passes for skin is left beside the hand"
    assert not scraps[tip[1] + 20, tip[0]], "a finger's tip is taken for the cuff's inside"
    taken = float(scraps[hand].mean())
    assert taken < 0.03, f"{taken:.0%} of the hand go with the cuff"


def test_a_seam_of_the_worn_top_is_no_fold() -> None:
    body = figure()
    photo = np.full((*SHAPE, 3), AIR, np.uint8)
    photo[body.parts == Part.TOP] = CLOTH
    columns = np.arange(SHAPE[1], dtype=np.float32)
    folds = 1 - 0.15 * np.exp(-(((columns - 390) / 14) ** 2))
    photo = (photo * folds[None, :, None]).astype(np.uint8)
    photo[300:540, 300:306] = (20, 90, 80)
    scene = Scene.of(photo, body, box=(0, 0, SHAPE[1], SHAPE[0]))
    gain = carried_light(scene, scene.is_part(Part.TOP), share=1.0)[350:500].mean(axis=0)
    seam, fold = 1 - gain[296:310].min() / gain[320], 1 - gain[380:400].min() / gain[340]
    assert seam < 0.03, f"a seam darkens the new top by {seam:.0%}"
    assert fold > 0.04, f"a fold darkens the new top by {fold:.0%} alone"
