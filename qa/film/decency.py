"""Is the clip fit for a shop window? Open-NSFW on a few of its stills."""

from __future__ import annotations

from qa.film.found import found
from qa.film.screened import Screened
from qa.vision.decency import Decency
from qa.vision.observed import Reading

_LOOKS = 2


def nudity(seen: Screened, *, network: Decency) -> Reading:
    """The highest probability of nudity among two stills, 0..1; 0 is best."""
    indices = sorted(seen.reel.stills)
    picked = {indices[(2 * turn + 1) * len(indices) // (2 * _LOOKS)] for turn in range(_LOOKS)}
    values = {index: network.probability(seen.reel.stills[index]) for index in sorted(picked)}
    worst = max(values, key=lambda index: values[index])
    value = values[worst]
    message = f"nudity with probability {value:.2f}"
    item = found("nsfw", message, frames=(worst, worst), number=value, fatal=True)
    return Reading(value=value, evidence=(item,))
