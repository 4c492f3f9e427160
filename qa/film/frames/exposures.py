"""Double exposures in clips of few frames a second, where much moves from one frame to the next.

A ghost mixes one other moment in by the same share everywhere (`shares`). It sets in at one
frame and goes at another, the same number of frames away at both; and with it taken out again, both
frames fit their neighbours better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qa.film.found import Span
from qa.film.frames.shares import Shares, misfit, shares
from qa.vision.arrays import Mask, Numbers, Pixels

# Source for the constants: 17 clean generated clips of both halves and ghosts put into those of
# them that move (2026-11-23), see docs/video-judge.md.
_NEAREST, _FARTHEST_S = 2, 0.6
_SHORTEST, _LONGEST_S = 3, 1.5
_USUAL_REACH = 4
_FLOOR_LEVELS2 = 2.0
_SUDDEN = 1.3
_BALANCED = 0.7
_SPREAD, _USUAL = 0.5, 0.5
_MOST_SHARE, _MOST_AT_AN_END = 0.7, 0.85
_LIKELIEST, _LEAST = 8, 0.03
_SHARES_OUT = (0.1, 0.6)
_FITS, _UNFIT = 1.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A stretch of frames through which another moment shines, by what share, how surely.

    `likeness` is 0 for none; ghosts of a third reach 0.1 to 0.3, of a half 0.2 to 0.5.
    """

    span: Span
    share: float
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """A stretch and the distance in frames to the moment that may shine through it."""

    span: Span
    distance: int
    share: float
    likeness: float


def exposure(luma: Pixels, fps: float, *, uneven: Mask) -> Exposure | None:
    """The surest double exposure of a shot's frames, luma (n, h, w) uint8; None where none is.

    Frames beside repeated ones, `uneven` (n,), prove nothing. About 3 ms a frame.
    """
    if len(luma) <= 2 * _NEAREST:
        return None
    distances = _distances(fps)
    ends = shares(luma, distances)
    for end in ends:
        end.left[uneven], end.middle[uneven] = 0.0, 0.0
    longest = min(len(luma), round(_LONGEST_S * fps))
    guesses = sorted(_guesses(ends, distances, longest=longest), key=lambda guess: -guess.likeness)
    sure = (
        Exposure(
            span=guess.span,
            share=guess.share,
            likeness=guess.likeness * _fitting(luma, guess),
        )
        for guess in guesses[:_LIKELIEST]
    )
    best = max(sure, key=lambda item: item.likeness, default=None)
    return best if best and best.likeness else None


def _distances(fps: float) -> list[int]:
    farthest = max(3, round(_FARTHEST_S * fps))
    return [way * far for way in (-1, 1) for far in range(_NEAREST, farthest + 1)]


def _guesses(
    ends: tuple[Shares, Shares], distances: list[int], *, longest: int
) -> Iterator[_Guess]:
    """For each length and distance, the likeliest stretch."""
    entering, leaving = ends
    sudden, certain = [_sudden(end.left) for end in ends], [_certain(end) for end in ends]
    for length in range(_SHORTEST, longest):
        one, two = slice(1, len(sudden[0]) - length), slice(length, -1)
        at_once = np.minimum(sudden[0][one], sudden[1][two])[:, None]
        middles = entering.middle[one], leaving.middle[two]
        likely = np.minimum(certain[0][one], certain[1][two]) * np.minimum(1.0, at_once / _SUDDEN)
        likely = likely * _even(*middles)
        for column, distance in enumerate(distances):
            at = int(likely[:, column].argmax()) if len(likely) else 0
            if len(likely) and likely[at, column] > _LEAST:
                yield _Guess(
                    span=(at + 1, at + length),
                    distance=distance,
                    share=float(sum(middle[at, column] for middle in middles)) / 2,
                    likeness=float(likely[at, column]),
                )


def _sudden(left: Numbers) -> Numbers:
    """(n,) what flow cannot fetch as a multiple of the median within four frames."""
    places = np.arange(len(left))
    near = [(abs(places - at) <= _USUAL_REACH) & (places != at) & (left > 0) for at in places]
    usual = [np.median(left[held]) if held.any() else np.inf for held in near]
    return left / (np.array(usual) + _FLOOR_LEVELS2)


def _certain(end: Shares) -> Numbers:
    """(n, k) the share, less where the blocks differ, and less what is usual in the shot.

    In boiling water any two moments share half of what flow fails at.
    """
    spread = np.maximum(end.upper - end.middle, 0.0)
    known = np.where(end.middle == 0.0, np.nan, end.middle)
    seen = (end.middle != 0.0).sum(axis=0) >= _USUAL_REACH
    usual = np.zeros(end.middle.shape[1])
    if seen.any():
        usual[seen] = np.maximum(np.nanmedian(known[:, seen], axis=0), 0.0)
    certain = end.middle - _SPREAD * spread - _USUAL * usual
    return np.where(end.middle <= _MOST_AT_AN_END, np.maximum(certain, 0.0), 0.0)


def _even(one: Numbers, two: Numbers) -> Numbers:
    """1 where both ends hold about the same share, less where one holds far more.

    0 where both together hold more than a ghost does.
    """
    balance = np.minimum(one, two) / np.maximum(np.maximum(one, two), 1e-2)
    ghostly = (one + two) / 2 <= _MOST_SHARE
    return np.where(ghostly, np.clip(balance / _BALANCED, 0.0, 1.0), 0.0)


def _fitting(luma: Pixels, guess: _Guess) -> float:
    """1 where both ends fit their neighbours at least as well without the other moment, 0 if not.

    The worse end counts, and both together.
    """
    first, last = guess.span
    ratios = np.array(
        [_misfits(luma, guess, first, first - 1), _misfits(luma, guess, last, last + 1)]
    )
    together = float(np.sqrt(ratios.prod()))
    return float(np.clip((_UNFIT - together) / (_UNFIT - _FITS), 0.0, 1.0))


def _misfits(luma: Pixels, guess: _Guess, at: int, neighbour: int) -> float:
    """What flow can't fetch with the other moment taken out, as a multiple of that with it in."""
    frame = luma[at].astype(np.float32)
    after = misfit(_without(luma, guess, at), luma[neighbour])
    before = misfit(frame, luma[neighbour])
    return float(after.sum() / max(float(before.sum()), 1e-3))


def _without(luma: Pixels, guess: _Guess, at: int) -> Numbers:
    """That frame without the other moment, which is itself mixed where it lies in the stretch."""
    share = float(np.clip(guess.share, *_SHARES_OUT))
    source = min(max(at + guess.distance, 0), len(luma) - 1)
    other = luma[source].astype(np.float32)
    farther = source + guess.distance
    if guess.span[0] <= source <= guess.span[1] and 0 <= farther < len(luma):
        other = (other - share * luma[farther]) / (1.0 - share)
    return (luma[at].astype(np.float32) - share * np.clip(other, 0.0, 255.0)) / (1.0 - share)
