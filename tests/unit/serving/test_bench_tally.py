"""What every examination of a judge counts alike."""

from serving.bench.tally import cell, meet, share


def test_shares_and_cells_of_none_are_told_apart_from_none_true() -> None:
    assert (share([]), cell([])) == (0.0, "–")
    assert (share([False]), cell([False])) == (0.0, "0/1")
    assert (share(flag for flag in (True, True, False, True)), cell([True, False])) == (0.75, "1/2")


def test_boxes_meet_when_they_overlap_or_touch() -> None:
    one = (0.0, 0.0, 0.5, 0.5)
    assert meet(one, (0.4, 0.4, 0.9, 0.9))
    assert meet(one, (0.5, 0.0, 0.9, 0.5))
    assert not meet(one, (0.6, 0.0, 0.9, 0.5))
    assert not meet(one, None)
