"""Laying a small array over a large one at a place that may reach beyond its edges."""

from __future__ import annotations


def overlap(
    small: tuple[int, int], large: tuple[int, int], *, top: int, left: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The parts of both that meet: (rows, columns) of the small one, then of the large one.

    Sizes are (height, width); (top, left) is the small one's corner in the large one. Where
    nothing meets the slices are empty.
    """
    rows = _meet(small[0], large[0], top)
    columns = _meet(small[1], large[1], left)
    return (rows[0], columns[0]), (rows[1], columns[1])


def _meet(small: int, large: int, start: int) -> tuple[slice, slice]:
    first = min(max(0, start), large)
    last = max(first, min(large, start + small))
    return slice(first - start, last - start), slice(first, last)
