"""Multi-view turn: the product's views pass the mark one after another, each kept for a while.

Standing ones go round in a wide arc; lying ones are lifted off and laid down, front, then back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from pipelines.studio.cutout import CutOut
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
    front = _stations(material, len(views), creep=_creep(box, stage, things, order.frame_px))
    spacing = _outside(box, stage, frame_width_px=order.width_px) * _unit(stage)
    walk = (_laid if isinstance(stage, LyingSet) else _turned)(front, material.side(), spacing)
    walks = [walk(number) for number in range(len(views))]
    members = [
        _with_its_shade(stage.walking(thing, camera, own), away=partial(_away, front, number))
        for number, (thing, own) in enumerate(zip(things, walks, strict=True))
    ]
    troupe = Troupe(members=tuple(members), depths=tuple(map(_depth, walks)))
    return material.clip(stage.ground(camera), [troupe])


def _creep(box: Box, stage: Set, things: Sequence[Thing], frame_px: tuple[int, int]) -> float:
    """How far a view goes on while it is kept, in stations: the widest stays in the frame."""
    middle, wide = box.middle[0] * frame_px[0], max(each.placed.size[0] for each in things)
    held = middle - wide / 2, 0.0, middle + wide / 2, 0.0
    room = sideways_px(held, frame_width_px=frame_px[0], zoom=ZOOM[1])
    if isinstance(stage, LyingSet):
        room *= 1 - PAN_SHARE
    station_px = _outside(box, stage, frame_width_px=frame_px[0]) * (stage.box[2] - stage.box[0])
    return min(CREEP, 2 * room / station_px)


def _away(front: Level, number: int, time_s: float) -> float:
    """How many stations a view is from the mark."""
    return abs(number - front(time_s))


def _with_its_shade(
    pieces: tuple[Piece, ...], *, away: Callable[[float], float]
) -> tuple[Piece, ...]:
    """The thing and its shades, which are gone when the thing is out of the frame."""
    near, far = SHADE_GONE

    def dimmed(piece: Piece) -> Piece:
        return replace(
            piece,
            opacity=lambda t: piece.opacity(t) * (1 - glide((away(t) - near) / (far - near))),
        )

    return (*map(dimmed, pieces[:-1]), pieces[-1])


def _outside(box: Box, stage: Set, *, frame_width_px: int) -> float:
    """How many widths of the product from the mark the next view stands: just outside the frame.

    A fifth more than the wider side beyond the mark asks for: it stands farther back.
    """
    mark = box.middle[0]
    wide = stage.box[2] - stage.box[0]
    return 1.2 * max(mark, 1 - mark) * frame_width_px / wide + 0.9


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


def _stations(material: Material, count: int, *, creep: float) -> Level:
    """Which view is in front: 0 … count − 1, each kept for an equal time, creeping on meanwhile."""
    duration = material.order.duration_s
    keep = duration / count
    keys = [
        (key, value, glide)
        for step in range(1, count)
        for key, value in (
            (step * keep - TURN_S / 2, step - 1.0),
            (step * keep + TURN_S / 2, float(step)),
        )
    ]
    stepped = track((0.0, 0.0), *keys)
    return lambda t: (1 - creep) * stepped(t) + creep * (t / keep - 0.5)


def _turned(front: Level, side: int, spacing: float) -> Callable[[int], Walk]:
    """Along an arc whose nearest point is the mark."""

    def walk(number: int) -> Walk:
        def step(t: float) -> Step:
            away = number - front(t)
            return Step(right=side * away * spacing, ahead=ARC * min(away * away, 2.0))

        return step

    return walk


def _laid(front: Level, side: int, spacing: float) -> Callable[[int], Walk]:
    """Lifted in from one side, laid on the mark, lifted off to the other."""

    def walk(number: int) -> Walk:
        def step(t: float) -> Step:
            away = number - front(t)
            lift = LIFT * math.sin(min(abs(away), 1.0) * math.pi / 2)
            return Step(right=spacing * side * away, lift=lift, turn_rad=0.16 * side * away)

        return step

    return walk


def _depth(walk: Walk) -> Callable[[float], float]:
    def depth(t: float) -> float:
        step = walk(t)
        return step.ahead - step.lift

    return depth
