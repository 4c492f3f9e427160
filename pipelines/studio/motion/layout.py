"""Where the product stands and where words are set: by design and aspect, in the safe area."""

from __future__ import annotations

from dataclasses import replace

from pipelines.studio.motion.catalog import Layout, design_named
from pipelines.studio.motion.order import MotionOrder
from pipelines.studio.motion.sets import Box


def layout_of(order: MotionOrder) -> Layout:
    """The order's layout: its words within the channel's safe area, moved in by `inset`."""
    design = design_named(order.design)
    ready = design.layouts[order.aspect]
    if not order.cues:
        ready = replace(ready, product=design.alone.get(order.aspect, ready.product))
    safe, words, more = order.safe_area, ready.words, order.inset
    return replace(
        ready,
        words=Box(
            x0=max(words.x0, safe[0] + more),
            y0=max(words.y0, safe[1] + more),
            x1=min(words.x1, safe[2] - more),
            y1=min(words.y1, safe[3] - more),
        ),
    )
