"""Line-up: the product's variants, or its views, come in one by one and stand side by side.

Variants are those of one product (a Handle of Shopify); where a feed gives each colour as a product
of its own, nothing says which belong together. A photo carries no name of a colour, so none is
labelled: the caption names all of them, in the photos' order.
"""

from __future__ import annotations

from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.composition import Composition, Layer, Troupe
from pipelines.studio.motion.easing import arrive, drift, track
from pipelines.studio.motion.lying import LyingSet
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.sets import Box, Move, Step, Walk

SHOWN_MAX = 3
FIRST_S = 0.2
ENTER_S = 1.1
EVERY_S = 0.28
"""The first one stands alone for a moment: a clip begins with a clean picture."""

FAR = 1.25
"""From where they come, in frame widths from their mark: outside at any mark."""

GAP = 0.03
"""Air between neighbours, in frame widths."""


def compose(material: Material) -> Composition:
    """Views side by side. Raises GenerationFailed when fewer than two show the whole product."""
    order = material.order
    views = material.views(SHOWN_MAX)
    boxes = _boxes(views, material.layout.product, aspect=order.width_px / order.height_px)
    stage = material.set_for(views[0], box=boxes[0], cast=False)
    zoom = track((0.0, 0.86), (order.duration_s, 1.0, drift))
    sway = track((0.0, -0.5 * material.side()), (order.duration_s, 0.5 * material.side(), drift))
    middle = (boxes[0].x0 + boxes[-1].x1) / 2

    def camera(t: float) -> Move:
        return Move(zoom=zoom(t), sway=sway(t), x=middle, y=0.65)

    lies = isinstance(stage, LyingSet)
    far = FAR * order.width_px / max(stage.box[2] - stage.box[0], stage.box[3] - stage.box[1])
    walks = [_entry(number, far=far, lies=lies) for number in range(len(views))]
    members = [
        stage.walking(stage.another(material.large_enough(view, box), box), camera, walk)
        for view, box, walk in zip(views, boxes, walks, strict=True)
    ]
    depth = [lambda t, walk=walk: walk(t).ahead - walk(t).lift for walk in walks]
    front: list[Layer] = [Troupe(members=tuple(members), depths=tuple(depth))]
    return material.clip(stage.ground(camera), front)


def _boxes(views: list[CutOut], whole: Box, *, aspect: float) -> list[Box]:
    """A box for each view, on one line and at one scale, as large as fits."""
    sizes = [(view.width_px, view.height_px * aspect) for view in views]
    room = whole.x1 - whole.x0 - GAP * (len(views) - 1)
    unit = room / sum(wide for wide, _ in sizes)
    unit = min(unit, *((whole.y1 - whole.y0) / high for _, high in sizes))
    used = unit * sum(wide for wide, _ in sizes) + GAP * (len(views) - 1)
    left = (whole.x0 + whole.x1 - used) / 2
    foot = (whole.y0 + whole.y1 + unit * max(high for _, high in sizes)) / 2
    found = []
    for wide, high in sizes:
        found.append(Box(x0=left, y0=foot - unit * high, x1=left + unit * wide, y1=foot))
        left += unit * wide + GAP
    return found


def _entry(number: int, *, far: float, lies: bool) -> Walk:
    """In from the right, a little after the neighbour on the left; the first is there at once."""
    start = FIRST_S + (number - 1) * EVERY_S if number else -2.0
    away = track((start, 1.0), (start + ENTER_S, 0.0, arrive))

    def step(t: float) -> Step:
        share = away(t)
        return Step(right=far * share, lift=0.4 * share if lies else 0.0)

    return step
