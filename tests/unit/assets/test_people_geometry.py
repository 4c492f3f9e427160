"""Anchors, crops and detections: the arithmetic around the networks that find people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.people import bodies, faces, hands
from assets.people.anchors import Detector
from assets.people.crops import Roi, letterboxed, roi_upright


@pytest.mark.parametrize(
    ("detector", "count"),
    [(bodies.DETECTOR, 2254), (faces.NEAR, 896), (faces.FAR, 2304), (hands.DETECTOR, 2016)],
)
def test_anchors_are_as_many_as_the_network_answers(detector: Detector, count: int) -> None:
    anchors = detector.anchors()
    assert anchors.shape == (count, 2)
    assert anchors.min() > 0
    assert anchors.max() < 1


def test_anchors_of_one_stride_lie_side_by_side_in_their_cell() -> None:
    anchors = bodies.DETECTOR.anchors()
    # 28 x 28 cells of two, 14 x 14 of two, then 7 x 7 of six (three layers of stride 32).
    last = anchors[-6:]
    assert np.allclose(last, 1 - 0.5 / 7)
    assert np.allclose(anchors[:2], 0.5 / 28)


@given(
    width=st.integers(40, 900),
    height=st.integers(40, 900),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_a_letterboxed_point_comes_back(width: int, height: int, x: float, y: float) -> None:
    _, frame = letterboxed(np.zeros((height, width, 3), np.uint8), side_px=224)
    there = np.array([x * width, y * height]) * frame.scale + (frame.left_px, frame.top_px)
    back = frame.to_picture(there[None] / 224)[0]
    assert np.allclose(back, (x * width, y * height), atol=0.1)


@given(angle=st.floats(-3, 3), side=st.floats(50, 400))
def test_a_crop_lies_about_its_middle_at_every_angle(angle: float, side: float) -> None:
    roi = Roi(x=150, y=90, side_px=side, angle=angle)
    corners = roi.to_picture(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32))
    assert np.allclose(corners.mean(axis=0), (150, 90), atol=0.1)
    assert np.allclose(np.hypot(*(corners[1] - corners[0])), side, rtol=1e-3)


def test_a_pasted_mask_lies_where_the_crop_was_cut() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:120, 130:170] = 255
    roi = Roi(x=150, y=100, side_px=120, angle=0.4)
    pasted = roi.paste(roi.cut(picture, out_px=128)[..., 0], size_px=(300, 200))
    inside = pasted[85:115, 135:165]
    assert inside.min() > 200, "the cut square came back elsewhere"
    assert pasted[:70].max() < 50


def test_upright_bodies_need_no_turn() -> None:
    hips, head = np.array([50.0, 90.0]), np.array([50.0, 20.0])
    assert roi_upright(hips, head) == pytest.approx(0)
    assert abs(roi_upright(head, hips)) == pytest.approx(np.pi)


def test_findings_that_overlap_become_one() -> None:
    detector = bodies.DETECTOR
    _, frame = letterboxed(np.zeros((224, 224, 3), np.uint8), side_px=224)
    boxes = np.zeros((1, 2254, 12), np.float32)
    scores = np.full((1, 2254, 1), -100, np.float32)
    boxes[0, :, 2:4] = 40
    scores[0, [0, 1]] = 5
    scores[0, 2200] = 3
    found = detector.read(boxes, scores, frame=frame)
    assert len(found) == 2
    assert found[0].score > found[1].score
