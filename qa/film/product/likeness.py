"""Does the product stay itself? Its drawing, outline, proportions and colours over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import cv2
import numpy as np

from content_engine.errors import ScorerFailed
from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs, stretch
from qa.film.product.covered import laid_on, uncovered
from qa.film.product.sought import Place, places
from qa.film.screened import Screened
from qa.film.sight import Sight, boxed
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.identity import Embedder, squared
from qa.vision.lab import to_lab
from qa.vision.observed import Reading, largest_part

_WINDOW_PX = 15
_AGREES = 0.5
_TEXTURE_LEVELS = 5.0
_RIM_SHARE = 0.06
_AT_RIM = 0.5
_CELL_PX = 12
_COLOUR_PERCENTILE = 96.0
_LEAST_DRAWN = 0.01
_LEAST_COLOUR = 2.0
_PHOTO_SHARE = 0.5
_LEAST_STRETCH = 0.03
_SURELY = 1.1
_EDGE_PX = 3
_PASSING_S = 3.0
_LEAST_SHOWN = 0.25


def drawing(seen: Screened) -> Reading:
    """The greatest share of the product drawn otherwise than at another moment; 0 is best.

    Every sight is held against the first or the median of all, whichever is more like the photo,
    in the product's own frame: motion and zoom are no difference, nor is light. `silhouette` where
    most of it lies at the outline, else `product_drift`.
    """
    return reading(_events(seen, _redrawn, _drawn_message, least=_LEAST_DRAWN))


def colours(seen: Screened) -> Reading:
    """How far a part of the product leaves the colour it has at other moments; 0 is best.

    The CIELAB distance in a* and b* of cells of 1/20 of the product, its 96th percentile: light
    and shade change L* alone. A light that passes over it is none: only what lasts three seconds or
    up to the clip's end counts. Against the photo itself half of the distance counts: it was taken
    in other light.
    """
    evidence = _events(seen, _recoloured, _colour_message, least=_LEAST_COLOUR)
    lasting = [item for item in evidence if _lasts(seen, item)]
    return reading([*lasting, *_unlike_photo(seen)])


def _unlike_photo(seen: Screened) -> Iterator[Evidence]:
    """Runs of sights whose colours are not the photo's, up to the last sight.

    Source of the half: six clean rendered clips reach 6.0 at their first sight, planted drifts of
    the stronger half 17 and more (2026-11-22).
    """
    held = seen.views.sights
    numbers = [_recoloured(sight.view, sight.photo, sight.mask) for sight in held]
    differs = [_PHOTO_SHARE * number >= _LEAST_COLOUR for number, _, _ in numbers]
    for first, last in runs(differs):
        if last + 1 < len(held):
            continue
        sight, mask = held[last], uncovered(seen.views, held[last])
        if mask.sum() < _LEAST_SHOWN * sight.mask.sum():
            continue
        again = _recoloured(laid_on(sight.photo, sight.view, mask), sight.photo, mask)
        number, kind, rect = min(numbers[last], again, key=lambda tried: tried[0])
        message = f"a part of the product is {number:.1f} away from its colour in the photo"
        box, span = boxed(sight, rect, seen.views.frame_px), _span(seen, held, first, last)
        yield found(kind, message, frames=span, number=_PHOTO_SHARE * number, box=box)


def identity(seen: Screened, *, embedder: Embedder) -> Reading:
    """How unlike its photo the product is in its last sight: 1 − cosine of features; 0 is best.

    Both are shown on grey and cut to what the still holds of it. Raises ScorerFailed when no still
    shows the product: a person must say whether it is there at all.
    """
    if not seen.views.sights:
        raise ScorerFailed("no still shows the product of the photos; look whether it is there")
    last = seen.views.sights[-1]
    one, two = (embedder.features(squared(p, last.mask)) for p in (last.view, last.photo))
    value = max(0.0, 1.0 - float(one @ two))
    message = f"the product is {1 - value:.2f} like its photo (1 is the same)"
    span = (last.frame, last.frame)
    item = found("product_drift", message, frames=span, number=value, box=last.box, fatal=True)
    return Reading(value=value, evidence=(item,))


def proportions(seen: Screened) -> Reading:
    """How far the product's proportions leave those of its photo and first sight; 0 is best.

    The natural logarithm of width over height. A turn is foreshortened too: only what two sights
    in a row show, or the last one, counts.
    """
    return reading(_stretches(seen))


Compared = tuple[float, str, tuple[int, int, int, int]]
"""(number, kind, rectangle in the view) of one sight against another picture of the product."""

Compare = Callable[[Pixels, Pixels, Mask], Compared]


def _events(
    seen: Screened,
    compare: Compare,
    message: Callable[[float], str],
    *,
    least: float,
) -> Iterator[Evidence]:
    """One piece of evidence for each run of sights that differ."""
    for _, group in groupby(seen.views.sights, key=lambda sight: id(sight.source)):
        same = list(group)
        if len(same) < 2:
            continue
        other, where = _truest(same, compare)
        held = [_apart(seen, sight, other, where, compare, least) for sight in same]
        differs = [number >= least for number, _, _ in held]
        for first, last in runs(differs):
            worst = max(range(first, last + 1), key=lambda at: held[at][0])
            number, kind, rect = held[worst]
            box = boxed(same[worst], rect, seen.views.frame_px)
            span = _span(seen, same, first, last)
            yield found(kind, message(number), frames=span, number=number, box=box)


def _apart(
    seen: Screened,
    sight: Sight,
    other: Pixels,
    where: Mask,
    compare: Compare,
    least: float,
) -> Compared:
    """One sight against another picture; what seems to differ is looked at more closely.

    What hides the product is left out, the sight is laid on the other picture anew, and what is
    like the photo is no fault, whatever other moments show.
    """
    first = compare(sight.view, other, sight.mask & where)
    if first[0] < least:
        return first
    shown = uncovered(seen.views, sight)
    if shown.sum() < _LEAST_SHOWN * sight.mask.sum():
        return 0.0, *first[1:]
    plain = compare(sight.view, sight.photo, shown)
    if plain[0] < least:
        return plain
    tries = (
        compare(laid_on(picture, sight.view, mask), picture, mask)
        for picture, mask in ((other, shown & where), (sight.photo, shown))
        if mask.any()
    )
    return min((first, plain, *tries), key=lambda tried: tried[0])


def _lasts(seen: Screened, item: Evidence) -> bool:
    first, last = item.frames or (0, 0)
    return last == seen.reel.frames - 1 or last - first + 1 >= _PASSING_S * seen.reel.fps


def _truest(same: Sequence[Sight], compare: Compare) -> tuple[Pixels, Mask]:
    """What all are held against: the first sight or the median, by their likeness to the photo."""
    first, photo = same[0], same[0].photo
    median = np.median(np.stack([sight.view for sight in same]), axis=0).astype(np.uint8)
    own = compare(first.view, photo, first.mask)[0]
    if own <= compare(median, photo, first.mask)[0] * _SURELY:
        return first.view, first.mask
    return median, np.ones_like(first.mask)


def _span(seen: Screened, same: Sequence[Sight | Place], first: int, last: int) -> Span:
    """From half way to the sight before up to half way to the one after, or the clip's ends."""
    return stretch([each.frame for each in same], first, last, of=seen.reel.frames)


def _drawn_message(number: float) -> str:
    return f"{number:.1%} of the product is drawn otherwise than at other moments"


def _colour_message(number: float) -> str:
    return f"a part of the product leaves its colour by {number:.1f}"


def _redrawn(view: Pixels, other: Pixels, mask: Mask) -> Compared:
    """The share of the product in windows that do not correlate; where most of it lies."""
    one, two = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (view, other))
    solid = cv2.erode(mask.astype(np.uint8), np.ones((2 * _EDGE_PX + 1,) * 2, np.uint8)) > 0
    agrees, textured = _agreement(one, two, solid)
    differs = textured & (agrees < _AGREES)
    area, rect = largest_part(differs)
    reach = max(3, round(_RIM_SHARE * max(mask.shape)))
    inner = cv2.erode(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    rim = float((differs & ~inner).sum()) / max(float(differs.sum()), 1.0)
    kind = "silhouette" if rim > _AT_RIM else "product_drift"
    return area / max(float(mask.sum()), 1.0), kind, rect


def _agreement(one: Numbers, two: Numbers, mask: Mask) -> tuple[Numbers, Mask]:
    """Local correlation of brightness inside the mask, and where there is texture to compare."""
    weight = mask.astype(np.float32)
    mass = np.maximum(_mean(weight), 1e-3)
    mean_1, mean_2 = _mean(one * weight) / mass, _mean(two * weight) / mass
    spread_1 = np.maximum(_mean(one * one * weight) / mass - mean_1**2, 0.0)
    spread_2 = np.maximum(_mean(two * two * weight) / mass - mean_2**2, 0.0)
    joint = _mean(one * two * weight) / mass - mean_1 * mean_2
    floor = (_TEXTURE_LEVELS / 2) ** 2
    agrees = (joint + floor) / (np.sqrt(spread_1 * spread_2) + floor)
    textured = np.maximum(spread_1, spread_2) > _TEXTURE_LEVELS**2
    return agrees, textured & mask & (mass > 0.3)


def _mean(image: Numbers) -> Numbers:
    return cv2.boxFilter(image, -1, (_WINDOW_PX, _WINDOW_PX), borderType=cv2.BORDER_REFLECT)


def _recoloured(view: Pixels, other: Pixels, mask: Mask) -> Compared:
    height, width = mask.shape
    size = (max(2, width // _CELL_PX), max(2, height // _CELL_PX))
    one, two = (to_lab(cv2.resize(p, size, interpolation=cv2.INTER_AREA)) for p in (view, other))
    inside = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 250
    if not inside.any():
        return 0.0, "colour_drift", (0, 0, width, height)
    apart = np.linalg.norm((one - two)[..., 1:], axis=2) * inside
    number = float(np.percentile(apart[inside], _COLOUR_PERCENTILE))
    _, (x, y, across, down) = largest_part((apart >= 0.6 * number) & inside)
    step_x, step_y = width / size[0], height / size[1]
    rect = (round(x * step_x), round(y * step_y), round(across * step_x), round(down * step_y))
    return number, "colour_drift", rect


def _stretches(seen: Screened) -> Iterator[Evidence]:
    """Runs of places whose proportions differ from the photo's and the first place's."""
    held = list(places(seen.views))
    if not held:
        return
    ratios = [_proportion(place) for place in held]
    apart = [min(abs(ratio), abs(ratio - ratios[0])) for ratio in ratios]
    for first, last in runs([number >= _LEAST_STRETCH for number in apart]):
        if first == last and last + 1 < len(held):
            continue
        number = float(np.sort(apart[first : last + 1])[-2:].min())
        message = f"the product is {np.expm1(number):.0%} wider or higher than at first"
        span = _span(seen, held, first, last)
        yield found("product_drift", message, frames=span, number=number, box=held[last].box)


def _proportion(place: Place) -> float:
    """The logarithm of how much more the product's width is scaled than its height."""
    across, down = (float(np.linalg.norm(place.matrix[:, axis])) for axis in (0, 1))
    return float(np.log(across / down))
