"""A sleeve that was laid down bent loses its elbow's fold; a straight one stays as it was."""

import cv2
import numpy as np

from pipelines.studio.fitting.garment_fold import without_folds
from pipelines.studio.fitting.garment_view import SleeveMarks, Sleeves
from pipelines.studio.fitting.mesh_curves import resample

CHEST_PX = 400.0
CLOTH = (0.1, 0.3, 0.8)


def sleeve(*, folded: bool) -> tuple[np.ndarray, dict[str, SleeveMarks], np.ndarray]:
    """A hanging sleeve's pixels and edges; where the fold's crease is dark."""
    rgba = np.zeros((600, 400, 4), np.float32)
    outer = [(250.0, 60.0), (90.0, 160.0), (60.0, 540.0)]
    fold = [(190.0, 250.0), (245.0, 300.0)] if folded else []
    inner = [(250.0, 200.0), *fold, (130.0, 540.0)]
    shape, crease = np.zeros((600, 400), np.uint8), np.zeros((600, 400), np.uint8)
    cv2.fillPoly(shape, [np.array([*outer, *inner[::-1]], np.int32)], 1)
    rgba[shape > 0] = (*CLOTH, 1)
    cv2.line(crease, (190, 250), (150, 275), 1, 5)
    if folded:
        rgba[crease > 0] = (0, 0, 0.3, 1)
    marks = SleeveMarks(outer=resample(np.array(outer), 80), inner=resample(np.array(inner), 80))
    return rgba, {"left": marks}, crease > 0


def test_a_fold_at_the_elbow_becomes_plain_cloth_and_its_mouth_is_closed() -> None:
    rgba, edges, crease = sleeve(folded=True)
    flat = without_folds(rgba, edges, sleeves=Sleeves.LONG, chest_px=CHEST_PX)
    off = np.abs(flat.rgba[crease][:, :3] - CLOTH).max()
    assert off < 0.1, f"the fold's crease still differs by {off:.2f} from the cloth around it"
    inner = flat.sleeves_of["left"].inner
    deepest = float(inner[(inner[:, 1] > 200) & (inner[:, 1] < 300), 0].min())
    assert deepest > 235, f"the sleeve's inner edge still runs into the fold, to {deepest:.0f} px"
    assert flat.rgba[250, 225, 3] == 1, "the fold's mouth is still a hole"


def test_a_straight_sleeve_keeps_every_pixel_and_its_edge() -> None:
    rgba, edges, _ = sleeve(folded=False)
    flat = without_folds(rgba, edges, sleeves=Sleeves.LONG, chest_px=CHEST_PX)
    assert np.array_equal(flat.rgba, rgba), "a sleeve without a fold was painted over"
    assert np.array_equal(flat.sleeves_of["left"].inner, edges["left"].inner)


def test_a_short_sleeves_hollow_is_no_fold() -> None:
    rgba, edges, _ = sleeve(folded=True)
    flat = without_folds(rgba, edges, sleeves=Sleeves.SHORT, chest_px=CHEST_PX)
    assert np.array_equal(flat.rgba, rgba), "a short sleeve was painted over"
