"""Captions after a cut stand where their words are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.timeline.cues import READABLE_S, carried, cue_times

VTT = """WEBVTT - Becher

NOTE made by hand

1
00:00.500 --> 00:02.000 line:80% align:center
Handgefertigt

00:00:02.000 --> 00:00:05.000
Fasst 350 ml

00:00:05.500 --> 00:00:08.000
Spülmaschinenfest
& schön
"""


def cut(first_s: float, last_s: float) -> str:
    return carried(VTT, until_s=first_s, from_s=last_s, shift_s=first_s - last_s)


def test_cues_after_the_cut_move_and_settings_stay() -> None:
    text = cut(2.0, 5.0)
    assert cue_times(text) == ((0.5, 2.0), (2.5, 5.0))
    assert "00:00:00.500 --> 00:00:02.000 line:80% align:center" in text
    assert "NOTE made by hand" in text
    assert "Spülmaschinenfest\n& schön" in text
    assert "350 ml" not in text, "the words of a cut scene are still shown"


def test_a_cue_over_the_whole_cut_stays_in_one_piece() -> None:
    assert cue_times(cut(3.0, 4.0)) == ((0.5, 2.0), (2.0, 4.0), (4.5, 7.0))


def test_a_cue_with_too_little_left_is_dropped() -> None:
    assert cue_times(cut(0.7, 3.0)) == ((0.7, 2.7), (3.2, 5.7))


def test_nothing_is_cut_from_captions_when_nothing_is_cut() -> None:
    assert cue_times(carried(VTT, until_s=9, from_s=9, shift_s=0)) == cue_times(VTT)


@given(st.integers(0, 9000), st.integers(0, 9000))
def test_cues_stay_in_order_and_inside_the_clip(one: int, other: int) -> None:
    first, last = sorted((one / 1000, other / 1000))
    times = cue_times(cut(first, last))
    ends = [end for _, end in times]
    assert all(start < end for start, end in times)
    assert all(a <= b + 1e-9 for a, (b, _) in zip(ends, times[1:], strict=False))
    assert not times or ends[-1] <= 8.0 - (last - first) + 1e-3 or last >= 8.0
    assert all(end - start >= READABLE_S - 2e-3 for start, end in times)


def test_a_damaged_file_is_left_as_it_is() -> None:
    assert carried("no captions at all", until_s=1, from_s=2, shift_s=-1) == "no captions at all\n"


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_every_line_end_is_read(line_end: str) -> None:
    text = VTT.replace("\n", line_end)
    assert cue_times(carried(text, until_s=2, from_s=5, shift_s=-3)) == ((0.5, 2.0), (2.5, 5.0))
