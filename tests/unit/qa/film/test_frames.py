"""Each instrument finds the fault planted in a tiny reel, at its frames, and passes the clean one."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from filmstock import moving, spoilt, texture, watched
from hypothesis import given
from hypothesis import strategies as st

from content_engine.faults import fault_kinds
from content_engine.types import Kind
from qa.film.frames import breaks, light, pacing, softness
from qa.film.lines import may_be_letters
from qa.film.odds import p_bad
from qa.film.overlays import bars
from qa.film.pulse import Pulse
from qa.film.reel import Reel, luma_size
from qa.film.shots import split
from qa.gate import load_policy
from qa.vision.observed import Reading

Watch = Callable[[Reel, Pulse], Reading]
PAN = moving()
OTHER = [cv2.convertScaleAbs(picture, alpha=0.3) for picture in moving(7, step_px=0.5)]
WATCHES: dict[str, Watch] = {
    "video.freeze": pacing.freeze,
    "video.duplicate": pacing.duplicate,
    "video.dropped": pacing.dropped,
    "video.empty": breaks.empty,
    "video.hard_cut": breaks.hard_cut,
    "video.flicker": light.flicker,
    "video.exposure_jump": light.exposure_jump,
    "video.colour_jump": light.colour_jump,
    "video.ghosting": softness.ghosting,
    "video.blur": softness.blur,
    "video.border": bars.border,
}


def lit(at: int, gain: float) -> np.ndarray:
    return cv2.convertScaleAbs(PAN[at], alpha=gain)


def tinted(at: int) -> np.ndarray:
    return np.clip(PAN[at].astype(int) + np.array([22, 0, -22]), 0, 255).astype(np.uint8)


def barred(at: int) -> np.ndarray:
    picture = PAN[at].copy()
    picture[:8] = picture[-8:] = 0
    return picture


def ghost(at: int) -> np.ndarray:
    return cv2.addWeighted(PAN[at], 0.6, PAN[at + 7], 0.4, 0)


PLANTS = [
    ("video.freeze", "freeze", (12, 25), lambda at: PAN[11]),
    ("video.duplicate", "duplicate", (14, 30), lambda at: PAN[at - (at % 4 == 2)]),
    ("video.empty", "black", (20, 22), lambda at: np.zeros_like(PAN[0])),
    ("video.empty", "blank", (20, 20), lambda at: np.full_like(PAN[0], 200)),
    ("video.hard_cut", "hard_cut", (20, 25), lambda at: OTHER[at]),
    ("video.flicker", "flicker", (10, 34), lambda at: lit(at, 1 + 0.06 * (-1) ** at)),
    ("video.exposure_jump", "exposure_jump", (15, 30), lambda at: lit(at, 0.85)),
    ("video.colour_jump", "colour_jump", (15, 30), tinted),
    ("video.ghosting", "ghosting", (16, 28), ghost),
    ("video.blur", "blur", (20, 26), lambda at: cv2.GaussianBlur(PAN[at], (0, 0), 2.5)),
    ("video.border", "border", (0, 47), barred),
]


@pytest.mark.parametrize(("metric", "kind", "span", "change"), PLANTS, ids=lambda v: str(v)[:14])
def test_a_planted_fault_is_found_at_its_frames(metric, kind, span, change) -> None:
    read = WATCHES[metric](*watched(spoilt(*span, change)))
    assert read.value > load_policy().bound(metric).accept, f"{metric} let it pass: {read}"
    worst = read.evidence[0]
    assert worst.kind == kind
    assert worst.frames is not None
    shared = min(worst.frames[1], span[1]) - max(worst.frames[0], span[0]) + 1
    whole = max(worst.frames[1], span[1]) - min(worst.frames[0], span[0]) + 1
    assert shared / whole >= 0.6, f"{metric} says {worst.frames}, planted {span}"


@pytest.mark.parametrize("metric", WATCHES)
def test_the_clean_pan_passes(metric: str) -> None:
    value = WATCHES[metric](*watched(PAN)).value
    assert value <= load_policy().bound(metric).accept


def test_a_leap_into_rest_is_a_gap_and_a_plain_stop_is_none() -> None:
    limit = load_policy().bound("video.dropped").accept
    leap = pacing.dropped(*watched([*PAN[:20], *[PAN[22]] * 20]))
    assert leap.value > limit
    assert leap.evidence[0].frames == (19, 20)
    assert pacing.dropped(*watched([*PAN[:20], *[PAN[20]] * 20])).value <= limit


def test_missing_frames_are_found_where_they_are_missing() -> None:
    read = pacing.dropped(*watched([*PAN[:20], *PAN[27:]]))
    assert read.value > load_policy().bound("video.dropped").accept
    assert read.evidence[0].frames == (19, 20)


def test_eight_pictures_a_second_in_a_clip_of_24_are_its_cadence() -> None:
    reel, pulse = watched([PAN[at // 3 * 3] for at in range(48)])
    assert pacing.freeze(reel, pulse).value == 0.0
    assert pacing.duplicate(reel, pulse).value == 0.0


def test_a_hold_that_motion_eases_into_is_no_freeze() -> None:
    picture = texture()
    eased = [30 * (1 - (1 - min(at, 20) / 20) ** 3) for at in range(34)]
    back = [30 - 30 * (at / 14) ** 3 for at in range(14)]
    frames = [
        cv2.warpAffine(picture, np.array([[1, 0, -40 - x], [0, 1, -40]], float), (160, 120))
        for x in [*eased, *back]
    ]
    reel, pulse = watched(frames)
    assert pacing.freeze(reel, pulse).value <= load_policy().bound("video.freeze").accept


def test_a_hold_at_the_end_is_no_freeze() -> None:
    assert pacing.freeze(*watched(spoilt(36, 47, lambda at: PAN[35]))).value == 0.0


def test_a_hold_longer_than_any_window_around_it_is_a_freeze() -> None:
    still = [PAN[11]] * 44
    frames = [*PAN[:12], *still, *PAN[36:48]]
    reading = pacing.freeze(*watched(frames))
    assert reading.evidence[0].frames == (12, 55)


def test_a_cut_between_two_long_shots_is_an_edit() -> None:
    reel, pulse = watched([*PAN[:24], *OTHER[:24]])
    assert reel.shots == ((0, 23), (24, 47))
    assert breaks.hard_cut(reel, pulse).value == 0.0


def test_a_cut_to_a_picture_of_like_brightness_is_a_cut() -> None:
    """It changes 10 percent of the brightness, where a cut's own limit is 14."""
    flat = [cv2.addWeighted(frame, 0.7, frame, 0, 38) for frame in [*PAN[:24], *moving(3)[:24]]]
    reel, _ = watched(flat)
    assert 7.0 < reel.cuts[24] < 14.0
    assert reel.shots == ((0, 23), (24, 47))


def test_a_cut_that_its_coder_mends_a_frame_later_is_a_cut() -> None:
    flat = [cv2.addWeighted(frame, 0.7, frame, 0, 38) for frame in [*PAN[:24], *moving(3)[:24]]]
    flat[24] = cv2.GaussianBlur(flat[24], (0, 0), 2.0)
    reel, _ = watched(flat)
    assert reel.shots == ((0, 23), (24, 47))


def test_a_gap_in_a_pan_is_no_cut() -> None:
    pan = moving(3, step_px=1.0, frames=60)
    reel, _ = watched([*pan[:24], *pan[36:60]])
    assert reel.cuts[24] > 7.0
    assert reel.shots == ((0, 47),)


def test_words_are_read_and_busy_ground_is_not() -> None:
    ground, at = texture(3), (140, 80, 340, 120)
    word = cv2.putText(ground.copy(), "NORDFJELL", (148, 110), 0, 1.1, (235, 235, 235), 3)
    assert may_be_letters(word, at)
    assert not may_be_letters(ground, at)


def test_a_jump_of_light_is_no_cut() -> None:
    reel, pulse = watched(spoilt(15, 30, lambda at: lit(at, 0.45)))
    assert reel.shots == ((0, 47),)
    assert light.exposure_jump(reel, pulse).evidence[0].frames == (15, 30)


def test_a_scrap_of_a_shot_is_no_edit() -> None:
    reel, pulse = watched([*PAN[:40], *OTHER[:8]])
    assert breaks.hard_cut(reel, pulse).evidence[0].frames == (40, 47)


def test_a_fade_from_white_at_the_start_is_no_empty_picture() -> None:
    white = np.full_like(PAN[0], 255)
    frames = [
        cv2.addWeighted(
            PAN[at], min(1.0, max(0, at - 3) / 8), white, 1 - min(1.0, max(0, at - 3) / 8), 0
        )
        for at in range(48)
    ]
    assert breaks.empty(*watched(frames)).value == 0.0


def test_a_light_that_grows_is_no_flicker_and_no_jump() -> None:
    reel, pulse = watched([lit(at, 0.7 + 0.3 * at / 47) for at in range(48)])
    assert light.flicker(reel, pulse).value == 0.0
    assert light.exposure_jump(reel, pulse).value == 0.0


def test_a_plain_wall_over_a_floor_is_no_bar() -> None:
    frames = [frame.copy() for frame in PAN]
    for picture in frames:
        picture[:30] = 170
    assert bars.border(*watched(frames)).value == 0.0


def test_a_bar_whose_step_rings_in_the_coder_is_a_bar() -> None:
    frames = [picture.copy() for picture in PAN]
    for picture in frames:
        picture[:12] = 0
        picture[8:12, ::20] = 6
    assert bars.border(*watched(frames)).value > 0.03


def test_fast_motion_is_not_cut_into_shots() -> None:
    rng = np.random.default_rng(1)
    shaking = rng.integers(0, 255, (20, 90, 160), dtype=np.uint8)
    assert split(shaking)[1] == ((0, 19),)


@pytest.mark.parametrize(
    ("size", "small"), [((1280, 720), (320, 176)), ((1080, 1080), (240, 240)), ((64, 48), (64, 48))]
)
def test_small_pictures_have_sides_of_eights(size, small) -> None:
    assert luma_size(*size) == small


def test_every_kind_that_an_instrument_names_has_words() -> None:
    named = {kind for _, kind, _, _ in PLANTS} | {"dropped"}
    assert named <= set(fault_kinds(Kind.VIDEO))


excess = st.floats(0, 50)


@given(st.dictionaries(st.sampled_from(sorted(WATCHES)), excess, min_size=1), excess)
def test_raising_a_fault_never_lowers_the_odds(excesses, more) -> None:
    before = p_bad(excesses)
    assert 0.0 <= before <= 1.0
    for metric, value in excesses.items():
        assert p_bad({**excesses, metric: value + more}) >= before
