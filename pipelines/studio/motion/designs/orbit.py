"""Parallax orbit: the camera passes the product on its set, slowly coming nearer."""

from __future__ import annotations

from pipelines.studio.motion.composition import Composition
from pipelines.studio.motion.easing import drift, track
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Move

ZOOM = 1.10


def compose(material: Material) -> Composition:
    """The product in its setting, passed by the camera. Raises GenerationFailed."""
    order, side = material.order, material.side()
    stage = material.set_for(material.whole(0), box=material.layout.product, detail=ZOOM)
    strength = 1 - order.calm
    sway = track((0.0, -side * strength), (order.duration_s, side * strength, drift))
    rise = track((0.0, 0.5 * strength), (order.duration_s, -0.2 * strength, drift))
    zoom = track((0.0, 1.0), (order.duration_s, 1 + (ZOOM - 1) * strength, drift))

    def camera(t: float) -> Move:
        return Move(sway=sway(t), rise=rise(t), zoom=zoom(t), y=0.6)

    return material.clip(stage.ground(camera), [stage.thing(camera)])
