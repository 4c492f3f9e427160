"""Faults of time and sharpness that usual motion hides: in fast clips, in still ones, at turns."""

import cv2
import numpy as np
import pytest
from filmstock import moving, watched

from qa.film.frames import pacing, softness
from qa.film.frames.leaps import leaps
from qa.film.shots import split
from qa.gate import load_policy
from qa.vision.arrays import Pixels

FEW_FPS = 8


def accepted(metric: str) -> float:
    limit = load_policy().bound(metric).accept
    assert limit is not None
    return limit


def test_a_hold_in_fast_motion_is_a_freeze_though_what_follows_looks_cut_off() -> None:
    pictures = [moving(seed, frames=1)[0] for seed in range(24)]
    rushing = [cv2.convertScaleAbs(picture, alpha=1.4, beta=-50) for picture in pictures]
    held = [*rushing[:12], *[rushing[11]] * 6, *rushing[12:]]
    luma = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in held])
    assert len(split(luma)[1]) == 2
    read = pacing.freeze(*watched(held, fps=FEW_FPS))
    assert read.value > accepted("video.freeze")
    assert read.evidence[0].frames == (12, 17)


def test_a_hold_before_a_real_cut_is_an_edit() -> None:
    slow, other = moving(2, step_px=1.0, frames=24), moving(5, step_px=1.0, frames=24)
    read = pacing.freeze(*watched([*slow[:18], *[slow[17]] * 6, *other]))
    assert read.value <= accepted("video.freeze")


def test_a_hold_that_leaps_on_into_other_light_is_a_freeze() -> None:
    slow = moving(2, step_px=0.5, frames=48)
    lit = [cv2.convertScaleAbs(frame, alpha=1.6, beta=40) for frame in slow]
    reel, pulse = watched([*slow[:18], *[slow[17]] * 12, *lit[30:]])
    assert len(reel.shots) == 2
    read = pacing.freeze(reel, pulse)
    assert read.value == pytest.approx(0.5)
    assert [item.frames for item in read.evidence] == [(18, 29)]


def test_a_hold_in_a_pan_that_goes_on_far_away_is_a_freeze() -> None:
    dull = moving(2, step_px=2.0, frames=56)
    pan = [cv2.convertScaleAbs(np.maximum(frame, 100) - 100, alpha=2.0) for frame in dull]
    reel, pulse = watched([*pan[:18], *[pan[17]] * 20, *pan[38:]])
    assert len(reel.shots) == 2
    read = pacing.freeze(reel, pulse)
    assert [item.frames for item in read.evidence] == [(18, 37)]


def test_a_burst_of_blur_is_found_in_a_picture_that_stands_still() -> None:
    still = [moving()[0]] * 40
    soft = cv2.GaussianBlur(still[0], (0, 0), 1.5)
    read = softness.blur(*watched([*still[:18], *[soft] * 4, *still[22:]], fps=FEW_FPS))
    assert read.value > accepted("video.blur")
    assert read.evidence[0].frames == (18, 21)


def test_a_camera_that_shakes_for_a_frame_is_not_blurred() -> None:
    pan = moving()
    shaken = [*pan[:20], cv2.blur(pan[20], (1, 2)), *pan[21:]]
    assert softness.blur(*watched(shaken)).value <= accepted("video.blur")


def along(steps_px: list[float]) -> list[Pixels]:
    wide = moving(1, step_px=0.0, frames=1)[0]
    moves = (np.array([[1, 0, -x], [0, 1, 0]], float) for x in np.cumsum(steps_px))
    return [cv2.warpAffine(wide, move, (160, 120)) for move in moves]


def test_motion_that_turns_round_repeats_no_frame() -> None:
    frames = along([*[2.0] * 12, 1.0, 0.6, 0.15, 0.12, 0.0, -0.15, -0.6, -1.0, *[-2.0] * 12])
    assert pacing.duplicate(*watched(frames)).value <= accepted("video.duplicate")


def test_a_hand_that_trembles_quickly_repeats_no_frame_where_it_turns_round() -> None:
    on, there, back = [3.0] * 12, [2.5, 4.0, 4.0, 2.5], [-2.5, -4.0, -4.0, -2.5]
    trembling = along([*on, *there, 0.05, *back, 0.05, *there, *on])
    assert pacing.duplicate(*watched(trembling)).value <= accepted("video.duplicate")
    stuttering = along([*on, *there, 0.0, *there, 0.0, *there, *on])
    assert pacing.duplicate(*watched(stuttering)).value > accepted("video.duplicate")


def test_a_gap_shows_in_the_whole_picture_where_an_arm_waves_anyway() -> None:
    _, pulse = watched(moving(step_px=3.0, frames=24))
    pulse.activity[:] = 60.0
    pulse.change[:] = 10.0
    assert not leaps(pulse, (0, 23))
    pulse.change[12] = 20.0
    assert leaps(pulse, (0, 23))[12] > accepted("video.dropped")
