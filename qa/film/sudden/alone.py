"""How far two surprises at one place stand out from all else that happens there.

Where the view moves smoothly, a small or faint fault surprises little, and yet by far the most at
its place: the place changes much at both ends, holds between them, and is afterwards what it was
before. Where many things at once say so a little, none need say it loudly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qa.film.places.patches import Patch, cut, grown, solidity
from qa.film.places.surprise import Surprise
from qa.film.sudden.ends import Ends, Held, ramp
from qa.film.sudden.pairs import Pair
from qa.film.sudden.returned import Returned
from qa.vision.arrays import Mask

# Source for the constants: 244 planted and 193 clean clips of 30 frames a second (2026-11-23): 240
# plants read more than all clean clips, the highest of which reads 0.89 of the limit. It is not
# asked at 8 frames a second, where an arm that comes and goes stands out as far.
_LIMIT = 2.2
_FEWEST_FRAMES = 4
_AROUND_FRAMES = 8
_LEAST_ELSE = 0.2
_NOISE_LEVELS = 2.0
_ENOUGH_LEVELS = 10.0
_CHANGE_WEIGHT = 0.7
_STIRS = 0.1
# What surprises within and beside the fault, as shares of its ends, from not at all alone to alone.
_WITHIN = (1.0, 0.6)
_BESIDE = (0.85, 0.6)
# Drawn lines that grow by a pixel 0.01 to 0.03, of 358 planted faults all but two 0.1 and more.
_SOLID = (0.04, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a pair's place: its ends, how it held between them, and how it came back.

    `steps` is the place from the frame after the fault back to the one before it.
    """

    steps: list[Patch]
    ends: Ends
    held: Held
    returned: Returned


def standing_out(seen: Surprise, pair: Pair, place: Mask, *, size: float, known: Known) -> float:
    """A multiple of the limit: how far the pair stands out at its place, (16, 16) bool.

    The root of a product: how many times more its ends surprise than anything else there does, how
    many times nearer the place is afterwards to what it was before than to what it was between, how
    much it changes at its ends (by how many levels, over how large a place), how little within. A
    fault of so few frames that nobody can tell whether it holds counts 0.
    """
    if pair.after - pair.first < _FEWEST_FRAMES:
        return 0.0
    held, again = known.held, known.returned
    beyond = pair.strength / _elsewhen(seen, pair, grown(place))
    back = (again.between + _NOISE_LEVELS) / (again.back + _NOISE_LEVELS)
    change = (held.near_levels * size / _ENOUGH_LEVELS) ** _CHANGE_WEIGHT
    stirs = held.within_levels / (held.near_levels + 1.0) + _STIRS
    calm = ramp(known.ends.within, _WITHIN) * ramp(known.ends.beside, _BESIDE)
    calm *= ramp(_solid(seen, known.steps), _SOLID)
    return float(np.sqrt(beyond * back * change / stirs * calm / _LIMIT))


def _solid(seen: Surprise, steps: list[Patch]) -> float:
    """How little of what changes at the ends is lines: one that grows by a pixel is no thing."""
    both = ((steps[-2], steps[-1]), (steps[1], steps[0]))
    return min(solidity(cut(seen, one), seen, two) for one, two in both)


def _elsewhen(seen: Surprise, pair: Pair, place: Mask) -> float:
    """The most that surprises there within and around, the frames beside both ends left out."""
    frames = range(
        max(1, pair.first - _AROUND_FRAMES), min(len(seen.sudden), pair.after + _AROUND_FRAMES + 1)
    )
    others = (at for at in frames if min(abs(at - pair.first), abs(at - pair.after)) > 1)
    return max(_LEAST_ELSE, *(float(seen.sudden[at][place].max()) for at in others), 0.0)
