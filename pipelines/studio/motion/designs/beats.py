"""Fact reveal: each fact gets a framing of its own; the camera goes from one to the next."""

from __future__ import annotations

from pipelines.studio.motion.composition import Composition
from pipelines.studio.motion.easing import Ease, Track, arrive, drift, glide, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Move

FRAMINGS = ((1.0, 0.0, 0.0), (1.09, 0.2, 0.1), (1.02, -0.2, 0.3), (1.1, 0.1, -0.1))
"""Zoom, sway and rise of the framings, one after another. By eye, 2026-11-22."""

OPENING = 1.12
OPENING_S = 1.3
MOVE_S = 0.95
EARLY_S = 0.4
"""The camera sets off a little before the words: they land together."""

ABOVE = 0.25
"""Under words the camera nears a place this far down the product, which else grows into them."""


def compose(material: Material) -> Composition:
    """The product in its setting, a framing for each caption. Raises GenerationFailed."""
    order, side, box = material.order, material.side(), material.seat(material.whole(0))
    stage = material.set_for(material.whole(0), box=box, detail=1.18)
    zoom, sway, rise = (_over_cues(material, axis) for axis in range(3))
    opening = track((0.0, OPENING), (OPENING_S, 1.0, arrive))
    breath = track((0.0, 0.92), (order.duration_s, 1.08, drift))
    pass_by = track((0.0, -0.8), (order.duration_s, 0.8, drift))
    calm = 1 - order.calm
    rises = ABOVE if material.layout.words.y1 <= material.layout.product.y0 else 0.5
    y = box.y0 + rises * (box.y1 - box.y0)

    def camera(t: float) -> Move:
        return Move(
            zoom=opening(t) * zoom(t) * breath(t),
            sway=side * (sway(t) + pass_by(t)) * calm,
            rise=rise(t) * calm,
            x=box.middle[0],
            y=y,
        )

    return material.clip(stage.ground(camera), [stage.thing(camera)])


def _over_cues(material: Material, axis: int) -> Track:
    """One of zoom, sway, rise over time: a new framing with each caption, the first at the end."""
    starts = [cue.start_s for cue in material.order.cues[1:]] or [
        share * material.order.duration_s for share in (0.25, 0.5, 0.75)
    ]
    turn = material.choose("framing", 3)
    keys: list[tuple[float, float, Ease]] = []
    value, until = FRAMINGS[0][axis], 0.0
    for number, start in enumerate(starts):
        last = number == len(starts) - 1
        framing = FRAMINGS[0 if last else 1 + (number + turn) % (len(FRAMINGS) - 1)]
        begin = max(start - EARLY_S, until + 0.05)
        until = begin + MOVE_S
        keys += [(begin, value, glide), (until, framing[axis], glide)]
        value = framing[axis]
    return track((0.0, FRAMINGS[0][axis]), *keys)
