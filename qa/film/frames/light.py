"""Does the light hold? Flicker, and jumps of brightness or colour of the whole picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, around, found, reading, runs
from qa.film.pulse import GRID, Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Mask, Numbers
from qa.vision.observed import Reading

_DARK, _BURNT = 10.0, 247.0
_FEWEST_CELLS = 8
_FLICKER_WINDOW_S = 0.4
_FLICKER_LEAST = 0.006
_REACH = 4
_BACK = 0.5
_LEAST_STOPS = 0.03
_LEAST_SHIFT = 1.0
_AGREE = 0.5


def flicker(reel: Reel, pulse: Pulse) -> Reading:
    """How far brightness swings up and down from frame to frame, as a share; 0 is best.

    The mean over 0.4 s of what goes up and comes down again: a fade or a passing light only goes
    one way. A step counts as far as most cells of the picture share it.
    """
    steps = brightness_steps(pulse)
    window = max(6, round(_FLICKER_WINDOW_S * reel.fps))
    swings = np.zeros(reel.frames)
    for first, last in reel.shots:
        swings[first + 1 : last + 1] = _swings(steps[first + 1 : last + 1], window)
    return reading(_flicker(swings, span) for span in runs(swings > _FLICKER_LEAST, bridge=2))


def _flicker(swings: Numbers, span: Span) -> Evidence:
    value = float(swings[span[0] : span[1] + 1].max())
    strong = np.flatnonzero(swings[span[0] : span[1] + 1] >= 0.4 * value) + span[0]
    message = f"brightness swings by {value:.1%} from frame to frame"
    return found("flicker", message, frames=(strong[0], strong[-1]), number=value)


def _swings(steps: Numbers, window: int) -> Numbers:
    """For each step the mean of what is undone by a neighbouring step, over a centred window."""
    undone = np.zeros(len(steps))
    for index in range(1, len(steps)):
        one, two = steps[index - 1], steps[index]
        if one * two < 0:
            undone[index - 1 : index + 1] = np.maximum(
                undone[index - 1 : index + 1], min(abs(one), abs(two))
            )
    if len(steps) < window:
        return np.full(len(steps), float(undone.mean()) if len(steps) else 0.0)
    kernel = np.ones(window) / window
    return np.convolve(undone, kernel, mode="same")


def brightness_steps(pulse: Pulse) -> Numbers:
    """(n,) how much brighter (+) or darker (−) the whole picture became, as natural logarithm.

    The median over cells that are neither black nor burnt out, shrunk by half of how much the
    cells disagree: things that move change cells both ways, light all one way.
    """
    one, two = pulse.level[:-1].reshape(-1, GRID**2), pulse.level[1:].reshape(-1, GRID**2)
    bright = np.minimum(one, two) > _DARK
    lit = bright & (np.maximum(one, two) < _BURNT)
    lit = np.where(lit.sum(axis=1, keepdims=True) < _FEWEST_CELLS, bright, lit)
    low, middle, high = _quartiles(np.log((two + 1.0) / (one + 1.0)), lit)
    known = np.sign(middle) * np.maximum(0.0, np.abs(middle) - _AGREE * (high - low))
    steps = np.zeros(len(pulse.level))
    steps[1:] = np.where(lit.sum(axis=1) < _FEWEST_CELLS, 0.0, known)
    return steps


def _quartiles(values: Numbers, chosen: Mask) -> Numbers:
    """(3, n) quartiles of the chosen of each row's values, (n, k), as np.percentile gives them.

    All rows at once; 0 in rows of which nothing is chosen.
    """
    count = chosen.sum(axis=1)
    ordered = np.sort(np.where(chosen, values, np.inf), axis=1)
    places = np.array([[0.25], [0.5], [0.75]]) * np.maximum(count - 1, 0)
    below = places.astype(int)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(values))
    least, most = ordered[rows, below], ordered[rows, above]
    apart = np.subtract(most, least, out=np.zeros_like(most), where=count > 0)
    return np.where(count > 0, least, 0.0) + (places - below) * apart


def exposure_jump(reel: Reel, pulse: Pulse) -> Reading:
    """The greatest sudden change of brightness of the whole picture, in stops; 0 is best.

    Sudden: beyond all that the four frames before and after show. Up to the jump back where there
    is one, else to the end of the shot.
    """
    steps = brightness_steps(pulse)[:, None] * (2.2 / np.log(2.0))
    return reading(
        found("exposure_jump", f"brightness jumps by {size:.2f} stops", frames=span, number=size)
        for span, size in _jumps(reel, steps, least=_LEAST_STOPS)
    )


def colour_jump(reel: Reel, pulse: Pulse) -> Reading:
    """The greatest sudden shift of all colours in CIELAB a* and b*; 0 is best."""
    ab = pulse.lab[..., 1:].reshape(reel.frames, -1, 2)
    steps = np.zeros((reel.frames, 2))
    changes = np.diff(ab, axis=0)
    low, middle, high = np.percentile(changes, (25, 50, 75), axis=1)
    steps[1:] = middle
    spread = high - low
    steps[1:] = np.sign(steps[1:]) * np.maximum(0.0, np.abs(steps[1:]) - _AGREE * spread)
    return reading(
        found("colour_jump", f"all colours shift by {size:.1f} at once", frames=span, number=size)
        for span, size in _jumps(reel, steps, least=_LEAST_SHIFT)
    )


def _jumps(reel: Reel, steps: Numbers, *, least: float) -> Iterator[tuple[Span, float]]:
    """Spans between sudden steps and the steps that undo them, and the size of each."""
    steps = steps.copy()
    steps[[first for first, _ in reel.shots]] = 0.0
    sizes = np.linalg.norm(steps, axis=1)
    for first, last in reel.shots:
        inside = sizes[first : last + 1]
        beyond = np.array(
            [
                size - around(inside, at, reach=_REACH).max(initial=0.0) * 0.7
                for at, size in enumerate(inside)
            ]
        )
        sudden = [first + int(at) for at in np.flatnonzero(beyond >= least)]
        paired: set[int] = set()
        for at in sudden:
            if at in paired:
                continue
            back = _undoing(steps, at, [other for other in sudden if other > at])
            paired |= {back} if back else set()
            size = float(beyond[at - first])
            yield (at, back - 1 if back else last), size


def _undoing(steps: Numbers, at: int, later: list[int]) -> int | None:
    """The later jump that takes the first one back, or None."""
    size = float(np.linalg.norm(steps[at]))
    for other in later:
        if float(np.linalg.norm(steps[at] + steps[other])) < _BACK * size:
            return other
    return None
