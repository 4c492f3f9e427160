"""Multi-view turn: the product's views pass the mark one after another, each kept for a while.

Standing ones go round in a wide arc; lying ones are lifted off and laid down, front, then back.
Where words stand beside the product, each leaves and the next one comes on the other side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.catalog import Layout
from pipelines.studio.motion.composition import Composition, Level, Piece, Troupe
from pipelines.studio.motion.easing import drift, glide, track
from pipelines.studio.motion.lying import PAN_SHARE, LyingSet
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Box, Move, Set, Step, Thing, Walk, sideways_px

VIEWS_MAX = 4
ARC = 0.35
"""How far behind the mark the views stand that are not in front, in product sizes."""

LIFT = 0.5
TURN_S = 0.8
"""From mark to mark; two thirds of the way are gone in the middle third, blurred as on film."""

CREEP = 0.07
"""How far a view goes on while it is kept, in stations: what has just come must not freeze. Less
where there is less room beside it."""

ZOOM = (0.90, 1.10)

SHADE_GONE = (0.75, 1.0)
"""How far from the mark a shade fades: longer than its product, it would lie in the frame alone."""


def compose(material: Material) -> Composition:
    """Several views of one product, in turn. Raises GenerationFailed for fewer than two."""
    order = material.order
    views = material.views(VIEWS_MAX)
    box = material.layout.product
    box = replace(box, y1=material.seat(_tallest(views)).y1)
    stage = material.set_for(_largest(views), box=box, detail=ZOOM[1], cast=False)
    zoom = track((0.0, ZOOM[0]), (order.duration_s, ZOOM[1], drift))
    sway = track((0.0, -0.8 * material.side()), (order.duration_s, 0.8 * material.side(), drift))

    def camera(t: float) -> Move:
        return Move(zoom=zoom(t), sway=sway(t), x=box.middle[0], y=0.65)

    boxes = [_share(view, views, box) for view in views]
    things = [
        stage.another(material.large_enough(view, own), own)
        for view, own in zip(views, boxes, strict=True)
    ]
    aside = _aside(material.layout) if order.cues else 0
    station = _outside(box, stage, aside, frame_width_px=order.width_px)
    creep = _creep(box, stage, things, order.frame_px, station=station)
    ways = _ways(material, len(views), creep=creep, swaps=aside != 0)
    walk = _laid if isinstance(stage, LyingSet) else _turned
    walks = [walk(way, aside or material.side(), station * _unit(stage)) for way in ways]
    members = [
        _with_its_shade(stage.walking(thing, camera, own), way=way)
        for thing, own, way in zip(things, walks, ways, strict=True)
    ]
    troupe = Troupe(members=tuple(members), depths=tuple(map(_depth, walks)))
    return material.clip(stage.ground(camera), [troupe])


def _aside(layout: Layout) -> int:
    """The side on which no words stand: −1 left, 1 right; 0 where they stand above or below."""
    product, words = layout.product, layout.words
    return (words.x1 <= product.x0) - (words.x0 >= product.x1)


def _creep(
    box: Box, stage: Set, things: Sequence[Thing], frame_px: tuple[int, int], *, station: float
) -> float:
    """How far a view goes on while it is kept, in stations: the widest stays in the frame."""
    middle, wide = box.middle[0] * frame_px[0], max(each.placed.size[0] for each in things)
    held = middle - wide / 2, 0.0, middle + wide / 2, 0.0
    room = sideways_px(held, frame_width_px=frame_px[0], zoom=ZOOM[1])
    if isinstance(stage, LyingSet):
        room *= 1 - PAN_SHARE
    return min(CREEP, 2 * room / station / (stage.box[2] - stage.box[0]))


def _with_its_shade(pieces: tuple[Piece, ...], *, way: Level) -> tuple[Piece, ...]:
    """The thing and its shades, which are gone when the thing is out of the frame."""
    near, far = SHADE_GONE

    def dimmed(piece: Piece) -> Piece:
        return replace(
            piece,
            opacity=lambda t: piece.opacity(t) * (1 - glide((abs(way(t)) - near) / (far - near))),
        )

    return (*map(dimmed, pieces[:-1]), pieces[-1])


def _outside(box: Box, stage: Set, aside: int, *, frame_width_px: int) -> float:
    """How many widths of the product from the mark the next view stands: just outside the frame.

    A fifth more than that side (the wider one for 0) beyond the mark asks for: it stands farther
    back.
    """
    mark = box.middle[0]
    beyond = {-1: mark, 0: max(mark, 1 - mark), 1: 1 - mark}[aside]
    wide = stage.box[2] - stage.box[0]
    return 1.2 * beyond * frame_width_px / wide + 0.9


def _unit(stage: Set) -> float:
    """The main product's width in its own sizes: its longer side is 1."""
    x0, y0, x1, y1 = stage.box
    return (x1 - x0) / max(x1 - x0, y1 - y0)


def _share(view: CutOut, views: Sequence[CutOut], box: Box) -> Box:
    """The view's own part of the box, so that all are shown at one scale."""
    across = view.width_px / max(each.width_px for each in views)
    down = view.height_px / max(each.height_px for each in views)
    middle, wide = (box.x0 + box.x1) / 2, (box.x1 - box.x0) * across
    high = (box.y1 - box.y0) * down
    return Box(x0=middle - wide / 2, y0=box.y1 - high, x1=middle + wide / 2, y1=box.y1)


def _tallest(views: Sequence[CutOut]) -> CutOut:
    return max(views, key=lambda view: view.height_px)


def _largest(views: Sequence[CutOut]) -> CutOut:
    return max(views, key=lambda view: view.width_px * view.height_px)


def _ways(material: Material, count: int, *, creep: float, swaps: bool) -> list[Level]:
    """How many stations from the mark each view is: each kept for an equal time, creeping on.

    From +1 over the mark to −1; one that `swaps` comes and leaves on the + side, one after another.
    """
    keep = material.order.duration_s / count
    keys = [
        (key, value, glide)
        for step in range(1, count)
        for key, value in (
            (step * keep - TURN_S / 2, step - 1.0),
            (step * keep + TURN_S / 2, float(step)),
        )
    ]
    front = track((0.0, 0.0), *keys)

    def passing(number: int, time_s: float) -> float:
        return number - (1 - creep) * front(time_s) - creep * (time_s / keep - 0.5)

    def swapping(number: int, time_s: float) -> float:
        crept = min(max(number + 0.5 - time_s / keep, -0.5), 0.5)
        return min(2 * abs(number - front(time_s)), 1.0) * (1 + creep) + creep * crept

    return [partial(swapping if swaps else passing, number) for number in range(count)]


def _turned(way: Level, side: int, spacing: float) -> Walk:
    """Along an arc whose nearest point is the mark."""

    def step(t: float) -> Step:
        away = way(t)
        return Step(right=side * away * spacing, ahead=ARC * min(away * away, 2.0))

    return step


def _laid(way: Level, side: int, spacing: float) -> Walk:
    """Lifted in from one side, laid on the mark, lifted off."""

    def step(t: float) -> Step:
        away = way(t)
        lift = LIFT * math.sin(min(abs(away), 1.0) * math.pi / 2)
        return Step(right=spacing * side * away, lift=lift, turn_rad=0.16 * side * away)

    return step


def _depth(walk: Walk) -> Callable[[float], float]:
    def depth(t: float) -> float:
        step = walk(t)
        return step.ahead - step.lift

    return depth
