"""Is every frame crisp and single? Bursts of blur, and pictures that shine through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from assets.planes import shrunk
from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs
from qa.film.frames.exposures import exposure
from qa.film.frames.pacing import still_steps
from qa.film.places.maps import median_of
from qa.film.pulse import Pulse
from qa.film.reel import Reel
from qa.vision.arrays import Numbers
from qa.vision.observed import Reading

_TEXTURED = 1.5
_FEWEST_CELLS = 4
_BASE_S = 0.6
_USUAL_S = 2.0
_LEAST_LOSS = 0.2
_LONGEST_BLUR_S = 1.0
_PLACE_LEVELS = 3.0
_SHAKE_S, _AT_ONCE, _SUDDEN_TIMES = 0.2, 0.6, 1.35
"""Source: 151 clean clips lose at most 0.28 so (a pan over a lamp), bursts planted at 8 frames a
second 0.37 and more (2026-11-23)."""

_FAST_TIMES = 1.5
_SHRINK = 4
_FARTHEST_S = 0.6
_LEAST_SHARE, _MOST_SHARE = 0.08, 0.8
_EXPLAINED = 0.5
_BOTH_EXPLAINED = 1.72
_SEEN_LEVELS = 0.8
_NEVER = 1e18
_STEPS_AT_ONCE = 64
_BEYOND = np.array([0.5, -1.5, 1.5, -0.5])
"""Shares of the four moments around a step in what it changes beyond the steps beside it."""

_LONGEST_GHOST_S = 1.5
_BACK = 0.5
_FEW_FPS = 20.0
"""Under it, motion from frame to frame hides a ghost from what is mixed linearly."""
SURE = 0.055
"""Source: 17 clean generated clips reach 0.022 (boiling milk), see docs/video-judge.md."""
_SURE_AS_SHARE = 0.28


def blur(reel: Reel, pulse: Pulse) -> Reading:
    """The greatest share of fine contrast that the whole picture loses for a moment; 0 is best.

    Against the sharper frames within 0.6 s, in most textured cells at once. It must go and come
    back within a second: motion blur of a thing that passes touches few cells, a slow change none.
    A cell whose brightness leaves that of its sharp frames shows something else (letters that come
    and go), and a picture that moves faster while it is soft is blurred by its motion.
    """
    kept = np.ones(reel.frames)
    for first, last in reel.shots:
        shot = slice(first, last + 1)
        kept[shot] = _kept(pulse.sharp[shot], pulse.level[shot], reel.fps)
    longest = round(_LONGEST_BLUR_S * reel.fps)
    evidence = []
    for first, last in runs(1.0 - kept > _LEAST_LOSS, bridge=1):
        loss = float(1.0 - kept[first : last + 1].min())
        strong = np.flatnonzero(1.0 - kept[first : last + 1] > 0.5 * loss) + first
        span = (int(strong[0]), int(strong[-1]))
        brief = span[1] - span[0] + 1 <= longest and _inside_shot(reel, (first, last))
        sudden = _is_sudden(kept, span, reel.fps)
        if brief and (sudden or not _is_swift(pulse.activity, span, reel.fps)):
            message = f"the picture loses {loss:.0%} of its fine contrast"
            number = min(1.0, loss * _SUDDEN_TIMES) if sudden else loss
            evidence.append(found("blur", message, frames=span, number=number))
    return reading(evidence)


def _is_sudden(kept: Numbers, span: Span, fps: float) -> bool:
    """True when most of the loss comes within two frames and goes within two, and stays between.

    A camera's shake blurs for a frame or two, or comes and goes slowly.
    """
    first, last = span
    before, after = kept[max(0, first - 2)], kept[min(len(kept) - 1, last + 2)]
    least = min(float(before - kept[first]), float(after - kept[last]))
    lasts = last - first + 1 >= max(3, round(_SHAKE_S * fps))
    return lasts and least >= _AT_ONCE * float(1.0 - kept[first : last + 1].min())


def _is_swift(activity: Numbers, span: Span, fps: float) -> bool:
    """True when things move clearly faster inside the span than mostly within two seconds of it."""
    reach = round(_USUAL_S * fps)
    inside = activity[span[0] + 1 : span[1] + 1]
    beside = [*activity[max(1, span[0] - reach) : span[0]], *activity[span[1] + 2 :][:reach]]
    if len(inside) < 2 or not beside:
        return False
    return float(np.median(inside)) > _FAST_TIMES * float(np.median(beside))


def _kept(sharp: Numbers, level: Numbers, fps: float) -> Numbers:
    """(n,) the share of fine contrast that each frame of a shot keeps, median over its cells."""
    reach = max(4, round(_BASE_S * fps))
    kept = np.ones(len(sharp))
    for index in range(len(sharp)):
        window = slice(max(0, index - reach), index + reach + 1)
        near = sharp[window]
        base = _upper_quartile(near)
        crisp = near >= base
        usual = (level[window] * crisp).sum(axis=0) / crisp.sum(axis=0)
        left = np.abs(level[index] - usual)
        same = left <= _PLACE_LEVELS + 2.0 * float(median_of(left.ravel()))
        cells = (base > _TEXTURED) & same
        if cells.sum() >= _FEWEST_CELLS:
            kept[index] = min(1.0, float(median_of(sharp[index][cells] / base[cells])))
    return kept


def _upper_quartile(values: Numbers) -> Numbers:
    """np.percentile(values, 75, axis=0), to a rounding, in a third of its time."""
    ordered = np.sort(values, axis=0)
    place = 0.75 * (len(ordered) - 1)
    below = ordered[int(place)]
    return below + (place - int(place)) * (ordered[min(int(place) + 1, len(ordered) - 1)] - below)


def _inside_shot(reel: Reel, span: Span) -> bool:
    return any(first < span[0] and span[1] < last for first, last in reel.shots)


def ghosting(reel: Reel, pulse: Pulse) -> Reading:
    """The greatest share of another moment's picture that shines through suddenly; 0 is best.

    Where it sets in, the step between two frames holds, beside the motion, the difference to
    another moment within 0.6 s, all over the picture, and the same is taken away where it ends.
    Both steps must be explained well: clean clips with motion to and fro reach 1.71 summed, planted
    ghosts at 24 frames a second 1.87 and more; at 8 a second (1.18 to 1.74) most are missed here.
    A cross-fade has no such sudden ends; steps beside a repeated frame prove nothing. Clips of few
    frames a second are looked at with their motion taken out, too (`exposures`).
    """
    small = _small(reel)
    mixings = (step for shot in reel.shots for step in _mixings(small, shot, fps=reel.fps))
    uneven = {
        int(at) + near
        for shot in reel.shots
        for at in np.flatnonzero(still_steps(pulse.activity, shot))
        for near in (-1, 0, 1)
    }
    steps = [step for step in mixings if step.at not in uneven]
    longest = round(_LONGEST_GHOST_S * reel.fps)
    evidence = [
        found(
            "ghosting", f"another moment shines through by {share:.0%}", frames=span, number=share
        )
        for span, share in _paired(steps, longest=longest)
    ]
    return reading([*evidence, *(_exposed(reel, uneven) if reel.fps < _FEW_FPS else ())])


def _exposed(reel: Reel, uneven: set[int]) -> Iterator[Evidence]:
    """Double exposures, their likeness put on the scale of shares."""
    for first, last in reel.shots:
        beside = np.array([frame in uneven for frame in range(first, last + 1)])
        seen = exposure(reel.luma[first : last + 1], reel.fps, uneven=beside)
        if seen is not None:
            yield found(
                "ghosting",
                f"another moment shines through by {seen.share:.0%}",
                frames=(first + seen.span[0], first + seen.span[1]),
                number=min(1.0, seen.likeness * _SURE_AS_SHARE / SURE),
            )


def _small(reel: Reel) -> Numbers:
    """(n, pixels) float32: brightness at a quarter of the reel's side."""
    size = (reel.luma.shape[2] // _SHRINK, reel.luma.shape[1] // _SHRINK)
    pictures = [shrunk(frame, size) for frame in reel.luma]
    return np.stack(pictures).reshape(reel.frames, -1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Mixing:
    """A step that mixes another moment in (share > 0) or takes it out; likeness 0..1."""

    at: int
    share: float
    likeness: float


def _mixings(small: Numbers, shot: Span, *, fps: float) -> Iterator[_Mixing]:
    """The steps that mix. All sums are of products of two frames, so those are taken once.

    Of what the frames differ in from one of them: only differences count, and they are small
    enough for single precision, which takes half of the time.
    """
    farthest = max(3, round(_FARTHEST_S * fps))
    least = _SEEN_LEVELS * small.shape[1] ** 0.5
    for start in range(shot[0] + 2, shot[1], _STEPS_AT_ONCE):
        steps = range(start, min(shot[1], start + _STEPS_AT_ONCE))
        zero = max(shot[0], start - farthest)
        held = small[zero : min(shot[1], steps[-1] + farthest) + 1] - small[zero]
        products = (held @ held.T).astype(np.float64)
        for at in steps:
            moments = range(max(shot[0], at - farthest), min(shot[1], at + farthest) + 1)
            window = slice(moments.start - zero, moments.stop - zero)
            best, own = _mixing(products[window, window], at - moments.start)
            unlike = not _LEAST_SHARE <= abs(best.share) <= _MOST_SHARE
            if best.likeness < _EXPLAINED or unlike or own < least:
                continue
            if best.likeness * own >= least:
                yield replace(best, at=at)


def _mixing(products: Numbers, at: int) -> tuple[_Mixing, float]:
    """The moment that explains best what a step has beyond the steps around, and how much that is.

    `products` (k, k) of the moments' pixels; the step is the one to moment `at`. Beyond: what it
    changes more than the mean of the steps before and after it (`_BEYOND`).
    """
    beside = slice(at - 2, at + 2)
    shared = products[:, beside] @ _BEYOND
    own = float(_BEYOND @ shared[beside]) ** 0.5
    sizes = products.diagonal()
    mixed = []
    for base in (at, at - 1):
        energy = sizes - 2.0 * products[:, base] + sizes[base]
        energy[beside] = _NEVER
        along = shared - shared[base]
        likeness = np.abs(along) / np.maximum(np.sqrt(energy) * own, 1e-3)
        best = int(likeness.argmax())
        share = float(along[best]) / max(float(energy[best]), 1e-3)
        mixed.append(_Mixing(at, share, float(likeness[best])))
    return max(mixed, key=lambda item: item.likeness), own


def _paired(steps: list[_Mixing], *, longest: int) -> Iterator[tuple[Span, float]]:
    """Spans from a mixing's start to its end, and the share."""
    taken = -1
    for start in steps:
        if start.at <= taken or start.share <= 0:
            continue
        ends = [
            end
            for end in steps
            if start.at + 2 < end.at <= start.at + longest
            and -end.share >= _BACK * start.share
            and start.likeness + end.likeness >= _BOTH_EXPLAINED
        ]
        if ends:
            best = max(ends, key=lambda end: end.likeness)
            taken = best.at
            yield (start.at, best.at - 1), min(start.share, -best.share)
