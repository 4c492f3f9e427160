"""The glitch detectors on small drawn clips: what they must find, and what is no fault."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.video import VideoFacts
from qa.film.reel import Reel
from qa.film.risk.fusion import FAMILIES, reference_of, risk, shipped
from qa.film.risk.glitch import look
from qa.film.risk.tracks import follow
from qa.film.sudden.spikes import LIMIT, spikes

FPS = 12.0
SIZE = (96, 160)
NAMES = [name for family in FAMILIES.values() for name in family]


def texture(seed: int, shape: tuple[int, int]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.6)
    return np.clip(128 + 60 * soft / soft.std(), 0, 255).astype(np.uint8)


def panned(count: int, *, speed: float = 0.5) -> list[np.ndarray]:
    """A textured wall before a camera that moves slowly along it."""
    wall = texture(1, (SIZE[0], SIZE[1] + 80))
    moves = (np.array([[1, 0, -speed * at], [0, 1, 0]], np.float32) for at in range(count))
    return [cv2.warpAffine(wall, move, SIZE[::-1]) for move in moves]


def reel(frames: list[np.ndarray]) -> Reel:
    luma = np.stack(frames)
    count, height, width = luma.shape
    small = [
        cv2.resize(one, (width // 4, height // 4), interpolation=cv2.INTER_AREA) for one in luma
    ]
    facts = VideoFacts(
        container="mp4",
        video_codec="h264",
        pixel_format="yuv420p",
        width_px=width,
        height_px=height,
        fps=Fraction(12),
        frames=count,
        duration_s=count / FPS,
        constant_frame_rate=True,
        faststart=True,
        color_primaries="bt709",
        color_transfer="bt709",
        color_matrix="bt709",
        color_range="tv",
        bit_rate=0,
        audio=None,
    )
    return Reel(
        facts=facts,
        luma=luma,
        colour=np.repeat(np.stack(small)[..., None], 3, axis=3),
        stills={},
        times_s=np.arange(count) / FPS,
        fps=FPS,
        cuts=np.zeros(count, np.float32),
        shots=((0, count - 1),),
    )


def with_patch(frames: list[np.ndarray], *, shown: range) -> list[np.ndarray]:
    """The frames with another texture in the middle while `shown`."""
    other = texture(2, (36, 36))
    out = [frame.copy() for frame in frames]
    for at in shown:
        out[at][30:66, 60:96] = other
    return out


def test_what_comes_from_nowhere_is_found_at_its_frames_and_place() -> None:
    found = spikes(reel(with_patch(panned(30), shown=range(12, 20))))
    assert found.value > LIMIT
    worst = found.evidence[0]
    assert worst.frames == (12, 19)
    left, top, right, bottom = worst.box or (0, 0, 0, 0)
    assert left < 0.6
    assert right > 0.375
    assert top < 0.69
    assert bottom > 0.31


def test_a_thing_that_passes_in_front_is_no_fault() -> None:
    frames = panned(30)
    ball = texture(3, (40, 24))
    for at, frame in enumerate(frames):
        frame[30:70, 10 + 4 * at : 34 + 4 * at] = ball[:, : max(0, SIZE[1] - 10 - 4 * at)]
    assert spikes(reel(frames)).value <= LIMIT


def test_water_is_no_fault() -> None:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    frames = [
        (128 + 50 * np.sin(columns / 9 + at * 0.7) * np.cos(rows / 7 - at * 0.5 + columns / 30))
        for at in range(30)
    ]
    assert spikes(reel([np.uint8(frame) for frame in frames])).value <= LIMIT


def test_light_that_passes_is_no_fault() -> None:
    frames = panned(30)
    columns = np.arange(SIZE[1], dtype=np.float32)
    for at in range(10, 20):
        sheen = 40 * np.exp(-(((columns - 12 * (at - 6)) / 24) ** 2))
        frames[at] = np.clip(frames[at] + sheen[None], 0, 255).astype(np.uint8)
    assert spikes(reel(frames)).value <= LIMIT


def test_points_die_where_a_thing_vanishes_and_nowhere_else() -> None:
    maps = follow(np.stack(with_patch(panned(16), shown=range(0, 9))))
    assert maps.deaths[8, 4:12, 5:11].sum() > 0.8 * maps.deaths[8].sum() > 0
    assert maps.deaths[3:7].sum() == 0


def test_a_covered_point_that_is_seen_again_is_not_gone() -> None:
    covered = panned(16)
    covered[8][20:80, 50:110] = 128
    maps = follow(np.stack(covered))
    assert maps.lost[7].sum() > 0
    assert maps.gone[7].sum() < 0.2 * maps.lost[7].sum()


def test_what_a_fast_pan_carries_out_of_the_picture_is_not_gone() -> None:
    wall = texture(4, (SIZE[0], 1200))
    speeds = np.concatenate([np.full(6, 30.0), np.full(4, 55.0), np.full(6, 30.0)])
    places = np.cumsum(speeds).astype(int)
    frames = np.stack([wall[:, at : at + SIZE[1]] for at in places.tolist()])
    maps = follow(np.ascontiguousarray(frames))
    assert maps.lost.sum() > 80, "the pan must be too fast to follow"
    assert maps.gone.sum() < 0.4 * maps.lost.sum()


def test_a_melting_place_raises_the_risk() -> None:
    melting = panned(30)
    for at in range(8, 24):
        bent = texture(100 + at, (36, 36))
        melting[at][30:66, 60:96] = bent
    calm, bad = look(reel(panned(30))), look(reel(melting))
    reference = shipped()
    assert risk(bad.statistics, reference=reference) > risk(calm.statistics, reference=reference)
    first, last = bad.peaks[0].frames
    assert first <= 24
    assert last >= 7
    assert 0.3 < bad.peaks[0].place[0] < 0.7


def test_a_clip_too_short_to_move_has_no_peak() -> None:
    seen = look(reel(panned(2)))
    assert seen.peaks == ()
    assert risk(seen.statistics, reference=shipped()) < 0.1


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NAMES), st.floats(0, 50), st.floats(-5, 5))
def test_raising_a_statistic_never_lowers_the_risk(name: str, more: float, start: float) -> None:
    low = dict.fromkeys(NAMES, start)
    high = low | {name: start + more}
    risks = [risk(one, reference=shipped()) for one in (low, high)]
    assert 0.0 <= risks[0] <= risks[1] <= 1.0


def test_a_reference_ranks_its_own_middle_in_the_middle() -> None:
    clips = [dict.fromkeys(NAMES, float(at)) for at in range(41)]
    middle = risk(dict.fromkeys(NAMES, 20.0), reference=reference_of(clips))
    assert middle == pytest.approx(0.5, abs=0.02)
