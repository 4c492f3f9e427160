"""Where a clip is cut and how its two sides are joined: decided by how far apart they look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np

from pipelines.timeline.flow import surprise
from pipelines.timeline.footage import Footage, apart

SEARCH_S = 0.25
"""How much more than the bad frames may go on either side for the sake of a better match."""

NATURAL_MAX = 1.7
"""A step of the join up to this many times the larger of the clip's own steps beside it is not seen
as one. Source: measured on the 20 clean clips of ../shared/data/clips, 904 steps: 95 % stay below
1.34 times their larger neighbour, 99 % below 1.62."""

DOUBLED_BELOW = 0.5
"""A step under this share of the steps beside it looks like a frame that stands still."""

STILL = 0.35
"""A step (RMS of looks) below this is stillness: encoder's grain. Source: as NATURAL_MAX; between
the 5th (0.22) and the 10th (0.51) percentile of the clips' steps."""

SURPRISE_SMALL = 6.0
SURPRISE_MOST = 35.0
"""What motion may leave unexplained in the worst cell of a join (RMS 0..255): below the first it is
grain and edges; above the second a thing pops in or out, however wild the clip is beside it.
Source: looked at on 16 cuts of ../shared/data/clips; between the 50th (16) and the 90th (77)
percentile of the clean clips' own steps."""

LOOKED_AT = 8
"""How many of the pairs that look most alike are looked at for what motion does not explain."""

LOSS_PER_FRAME = 0.03
"""What one good frame more that falls away is worth, in RMS: of equal matches the nearer wins."""

BRIDGE_S = 0.3
HURRIED_MAX = 2
"""Longest time that interpolated frames fill, and how many times faster than the clip's own steps
they may go to fit into it. Source: research, qa §7.5: over 8 frames flow keeps 31.4 dB, holding the
frame 28.9; here only motion that explains the step and returns to its start is trusted."""

DISSOLVE_S = 0.3
"""Long enough to be seen as meant, short enough not to show two products. Chosen by eye."""


class Method(StrEnum):
    """How the two sides of a cut meet."""

    ENDS = "cut at the end, nothing to join"
    MATCH = "joined where both sides match"
    BRIDGE = "joined over frames interpolated by optical flow"
    DISSOLVE = "joined by a cross-dissolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """What is shown: frames 0..left−1, then `mixed` new frames, then `right`..frames−1.

    All count the source's frames. `last` and `first` are the source frames on both sides of what
    was taken out; a dissolve mixes `mixed` frames of either side, a bridge lies between them.
    """

    method: Method
    frames: int
    left: int
    mixed: int
    right: int
    last: int
    first: int

    @property
    def frames_out(self) -> int:
        """How many frames the joined clip has."""
        return self.left + self.mixed + self.frames - self.right

    @property
    def shift(self) -> int:
        """What is added to the number of a source frame after the cut to get the new one."""
        return self.left + self.mixed - self.right

    def shows(self, index: int) -> bool:
        """True when the source frame is shown, alone or mixed."""
        return 0 <= index <= self.last or self.first <= index < self.frames


def ends_cut(cut: tuple[int, int], *, frames: int) -> Splice | None:
    """The splice of a cut at the clip's very beginning or end, else None."""
    if cut[0] > 0 and cut[1] < frames - 1:
        return None
    left = cut[0] if cut[1] >= frames - 1 else 0
    right = frames if cut[1] >= frames - 1 else cut[1] + 1
    return Splice(
        method=Method.ENDS,
        frames=frames,
        left=left,
        mixed=0,
        right=right,
        last=left - 1,
        first=right,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two frames that may meet.

    `ratio` is their step beside the clip's own; `seamless`: an eye takes it for one of them.
    """

    last: int
    first: int
    ratio: float
    seamless: bool


def best_meeting(footage: Footage, cut: tuple[int, int], *, spare: int) -> Meeting:
    """The best pair of frames close to the cut, of which at most `spare` more fall away.

    A pair that would double a frame is passed over while there is another.
    """
    looks = footage.looks
    ranked = sorted(
        (_cost(looks, last, first) + LOSS_PER_FRAME * _lost(cut, last, first), last, first)
        for last, first in _pairs(footage, cut, spare=spare)
    )
    meetings = [_meeting(looks, last, first) for _, last, first in ranked[:LOOKED_AT]]
    return next((each for each in meetings if each.seamless), meetings[0])


def _meeting(looks: np.ndarray, last: int, first: int) -> Meeting:
    ratio = apart(looks[last], looks[first]) / max(*_steps(looks, last, first), STILL)
    unexplained = surprise(looks[last], looks[first]) if ratio <= NATURAL_MAX else np.inf
    usual = NATURAL_MAX * _usual(looks, last, first) if unexplained <= SURPRISE_MOST else 0.0
    seamless = unexplained <= max(SURPRISE_SMALL, usual)
    return Meeting(last=last, first=first, ratio=ratio, seamless=seamless)


def matched(last: int, first: int, *, frames: int) -> Splice:
    """Frame `first` follows frame `last` at once."""
    return _splice(Method.MATCH, last, first, frames=frames)


def bridged(last: int, first: int, *, frames: int, mixed: int) -> Splice:
    """New frames lie between `last` and `first`."""
    return _splice(Method.BRIDGE, last, first, frames=frames, mixed=mixed)


def dissolved(last: int, first: int, *, frames: int, mixed: int) -> Splice:
    """The `mixed` frames up to `last` go over into those from `first` on; both keep moving."""
    return Splice(
        method=Method.DISSOLVE,
        frames=frames,
        left=last + 1 - mixed,
        mixed=mixed,
        right=first + mixed,
        last=last,
        first=first,
    )


def dissolve_frames(footage: Footage, *, last: int, first: int, spare: int) -> int:
    """How many frames of either side a dissolve may mix; below 2 there is no room for one."""
    wanted = max(3, round(DISSOLVE_S * footage.fps))
    return min(wanted, last + 1, len(footage.looks) - first, spare)


def bridge_frames(meeting: Meeting, *, fps: float) -> int:
    """How many frames a bridge needs so that its steps are like the clip's own; 0: too many.

    Never more than were taken out.
    """
    wanted = max(1, int(np.ceil(meeting.ratio / NATURAL_MAX)) - 1)
    most = max(2, round(BRIDGE_S * fps))
    return (
        min(wanted, most, meeting.first - meeting.last - 1) if wanted <= HURRIED_MAX * most else 0
    )


def _splice(method: Method, last: int, first: int, *, frames: int, mixed: int = 0) -> Splice:
    return Splice(
        method=method,
        frames=frames,
        left=last + 1,
        mixed=mixed,
        right=first,
        last=last,
        first=first,
    )


def _pairs(footage: Footage, cut: tuple[int, int], *, spare: int) -> Iterator[tuple[int, int]]:
    reach = min(spare, round(SEARCH_S * footage.fps))
    lasts = range(max(0, cut[0] - 1 - reach), cut[0])
    firsts = range(cut[1] + 1, min(len(footage.looks), cut[1] + 2 + reach))
    return (pair for pair in product(lasts, firsts) if _lost(cut, *pair) <= spare)


def _lost(cut: tuple[int, int], last: int, first: int) -> int:
    return (cut[0] - 1 - last) + (first - cut[1] - 1)


def _cost(looks: np.ndarray, last: int, first: int) -> float:
    step = apart(looks[last], looks[first])
    calmest = min(_steps(looks, last, first))
    doubled = calmest > STILL and step < DOUBLED_BELOW * calmest
    return step + 1000 * doubled


def _usual(looks: np.ndarray, last: int, first: int) -> float:
    """The surprise of the clip's own steps just before and just after the join."""
    before, after = max(1, last), min(len(looks) - 2, first)
    return max(surprise(looks[before - 1], looks[before]), surprise(looks[after], looks[after + 1]))


def _steps(looks: np.ndarray, last: int, first: int) -> tuple[float, float]:
    """The clip's own steps just before and just after the join."""
    before, after = max(1, last), min(len(looks) - 2, first)
    return apart(looks[before - 1], looks[before]), apart(looks[after], looks[after + 1])
