"""A long sleeve over a worn one ends where that one ends, however the wrist is bent."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fitting_figures import SHAPE, UNIT_PX, figure
from test_fitting_fit import top

from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.erase_skin import bared_arms
from pipelines.studio.fitting.fit import fit


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
