"""Parallax orbit: the camera passes the product on its set, slowly coming nearer."""

from __future__ import annotations

from pipelines.studio.motion.composition import Composition
from pipelines.studio.motion.easing import drift, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Move

ZOOM = (0.91, 1.10)
"""From a little farther than composed to a little nearer: less is not seen to move at all."""


def compose(material: Material) -> Composition:
    """The product in its setting, passed by the camera. Raises GenerationFailed."""
    order, side = material.order, material.side()
    cutout = material.whole(0)
    box = material.seat(cutout)
    stage = material.set_for(cutout, box=box, detail=ZOOM[1])
    strength = 1 - order.calm
    sway = track((0.0, -side * strength), (order.duration_s, side * strength, drift))
    rise = track((0.0, 0.5 * strength), (order.duration_s, -0.2 * strength, drift))
    far, near = ((each - 1) * strength + 1 for each in ZOOM)
    zoom = track((0.0, far), (order.duration_s, near, drift))

    def camera(t: float) -> Move:
        return Move(sway=sway(t), rise=rise(t), zoom=zoom(t), x=box.middle[0], y=box.middle[1])

    return material.clip(stage.ground(camera), [stage.thing(camera)])
