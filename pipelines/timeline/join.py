"""The join of a cut: which of the methods, chosen by what was measured, and its new frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.timeline.bridge import bridge, dissolve, motion_between
from pipelines.timeline.footage import Footage, chosen_frames
from pipelines.timeline.splice import (
    Meeting,
    Splice,
    best_meeting,
    bridge_frames,
    bridged,
    dissolve_frames,
    dissolved,
    ends_cut,
    matched,
)


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """A splice and its `mixed` new frames, packed (H·3/2, W) uint8."""

    splice: Splice
    mixed: tuple[np.ndarray, ...] = ()


def join(footage: Footage, cut: tuple[int, int], *, least_frames: int) -> Join:
    """How the clip goes on where `cut` (first, last) was taken out, at least that long afterwards.

    First it is looked for two frames, close to the cut, whose step is like the clip's own. Failing
    that, frames are interpolated where motion explains the step, else the sides dissolve.
    """
    frames = len(footage.looks)
    at_the_end = ends_cut(cut, frames=frames)
    if at_the_end:
        return Join(at_the_end)
    spare = max(0, frames - (cut[1] - cut[0] + 1) - least_frames)
    meeting = best_meeting(footage, cut, spare=spare)
    if meeting.seamless:
        return Join(matched(meeting.last, meeting.first, frames=frames))
    taken = meeting.first - meeting.last - 1
    return _bridged(footage, meeting) or _dissolved(
        footage, meeting, spare=spare - taken + (cut[1] - cut[0] + 1)
    )


def _bridged(footage: Footage, meeting: Meeting) -> Join | None:
    last, first = meeting.last, meeting.first
    count = bridge_frames(meeting, fps=footage.fps)
    if not count:
        return None
    one, other = chosen_frames(footage, (last, first))
    motion = motion_between(_luma(one), _luma(other))
    if not motion.trusted:
        return None
    splice = bridged(last, first, frames=len(footage.looks), mixed=count)
    return Join(splice, tuple(bridge(one, other, motion=motion, count=count)))


def _dissolved(footage: Footage, meeting: Meeting, *, spare: int) -> Join:
    last, first, frames = meeting.last, meeting.first, len(footage.looks)
    count = dissolve_frames(footage, last=last, first=first, spare=spare)
    if count < 2:
        return Join(matched(last, first, frames=frames))
    leaving = chosen_frames(footage, range(last + 1 - count, last + 1))
    coming = chosen_frames(footage, range(first, first + count))
    splice = dissolved(last, first, frames=frames, mixed=count)
    return Join(splice, tuple(dissolve(leaving, coming)))


def _luma(frame: np.ndarray) -> np.ndarray:
    return frame[: frame.shape[0] * 2 // 3]
