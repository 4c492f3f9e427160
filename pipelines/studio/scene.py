"""Scenes: a cut-out product in a rendered setting. Next: `scenes/stand.py`, `scenes/lie.py`.

A small physically motivated renderer, on the CPU, from numbers alone: a pinhole camera that follows
the view of the product's photo, procedural surfaces, one area light and the sky, shadows summed
over the light's rays, Fresnel reflection, depth of field, film. The product's pixels are never
repainted: they are scaled once and copied in.
"""

from __future__ import annotations

import zlib

from assets.media import Picture
from content_engine.errors import InvalidBrief
from pipelines.studio.cutout import CutOut
from pipelines.studio.scenes.choose import choose_settings
from pipelines.studio.scenes.lie import render_lying
from pipelines.studio.scenes.spec import Setting, load_settings
from pipelines.studio.scenes.stand import render_standing

__all__ = ["Setting", "choose_settings", "load_settings", "render_scene"]

SMALLEST_PX = 32


def render_scene(
    cutout: CutOut, *, setting: Setting, size_px: tuple[int, int], seed: int
) -> Picture:
    """The product in the setting: an opaque sRGB picture of `size_px` (width, height).

    Deterministic: same cut-out, setting, size and seed, same pixels. Composed for the frame's
    aspect, not cropped to it. Where the scaled alpha is 255 the product's pixels are its own.
    Raises InvalidBrief when the frame is too small or the cut-out empty.
    """
    if min(size_px) < SMALLEST_PX:
        raise InvalidBrief(
            f"a scene of {size_px[0]}x{size_px[1]} px: needs {SMALLEST_PX} px or more"
        )
    if not (cutout.alpha > 127).any():
        raise InvalidBrief("the cut-out is empty: there is no product to set in a scene")
    render = {"stand": render_standing, "lie": render_lying}[setting.stance]
    own = _own_seed(cutout, seed)
    return Picture(render(cutout, setting=setting, size_px=size_px, seed=own))


def _own_seed(cutout: CutOut, seed: int) -> int:
    """A seed of this product's own, so that two products do not stand on the same spot.

    The same for every frame: a product's aspects show one set.
    """
    return (zlib.crc32(cutout.alpha.tobytes()) + seed) & 0xFFFF
