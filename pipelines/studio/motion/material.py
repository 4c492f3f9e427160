"""What a clip is made from: photos, their cut-outs, the order, a seeded choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from assets.media import Picture
from content_engine.errors import GenerationFailed
from pipelines.studio.beyond import extended
from pipelines.studio.cutout import CutOut, cut_sides
from pipelines.studio.motion.catalog import Layout
from pipelines.studio.motion.composition import Composition, Layer
from pipelines.studio.motion.layout import layout_of
from pipelines.studio.motion.lying import lying_set
from pipelines.studio.motion.order import MotionOrder
from pipelines.studio.motion.sets import Box, Set, SetOrder
from pipelines.studio.motion.standing import standing_set
from pipelines.studio.scenes.arrays import U8
from pipelines.studio.scenes.placement import resized
from pipelines.studio.scenes.spec import Setting, load_settings
from pipelines.studio.upscale import Enlarger

ENLARGE_ABOVE = 1.35
"""Magnification from which the upscaler adds pixels; a moving product is looked at closer."""

SEAT = 0.7
"""Where in its box a thing sits that is lower than it: 0 at the top, 1 at the bottom."""

LINE_SHARE = 0.1
"""How far apart parts may end that stand on one line: a pair of shoes less, a cap before its bottle
0.15 (by eye on the sample catalogs, 2026-11-23)."""

MAGNIFY_MAX = 3.0
"""Most magnification of a product, upscaler included: beyond it a photo has nothing to show."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Everything that a design may use. Cut-outs are made when they are asked for.

    `plain` tells whether a photo's background is one even ground, or transparent. `shapes` gives
    the product's mask (H, W) uint8 in a photo, `worn` that of the garment alone on its wearer;
    both raise GenerationFailed.
    """

    order: MotionOrder
    seed: int
    photos: tuple[Picture, ...]
    cutouts: Callable[[int], CutOut]
    plain: Callable[[int], bool]
    shapes: Callable[[int], U8]
    worn: Callable[[int], U8]
    enlarger: Callable[[], Enlarger]

    @property
    def layout(self) -> Layout:
        """Where product and words go."""
        return layout_of(self.order)

    def choose(self, what: str, options: int) -> int:
        """A number below `options` by the seed: the same for the same question."""
        mixed = np.random.default_rng([self.seed, *what.encode()])
        return int(mixed.integers(options))

    def side(self) -> int:
        """−1 or 1: from where the camera starts."""
        return (-1, 1)[self.choose("side", 2)]

    def whole(self, index: int) -> CutOut:
        """The cut-out of a photo. Raises GenerationFailed when the photo shows less or more."""
        cutout = self.cutouts(index)
        if self.order.plain_only and not self.plain(index):
            raise GenerationFailed(
                f"photo {index} has no plain ground: the product may be worn, and its wearer would "
                "be cut out with it; use a photo of the product alone, or a design that shows the "
                "photo itself"
            )
        if cutout.cut_sides:
            raise GenerationFailed(
                f"photo {index} cuts the product off at its "
                f"{' and '.join(sorted(cutout.cut_sides))}: in a scene the cut would show; "
                "use a photo of the whole product, or a design that shows the photo itself"
            )
        return cutout

    def own_shape(self, index: int) -> U8:
        """The product's mask in a photo; the garment's alone where ground or edge tell it is worn.

        Raises GenerationFailed.
        """
        if self.order.plain_only and not self.plain(index):
            return self.worn(index)
        shape = self.shapes(index)
        return self.worn(index) if self.order.plain_only and cut_sides(shape / 255) else shape

    def large_enough(self, cutout: CutOut, box: Box) -> CutOut:
        """The cut-out with enough pixels for its box: upscaled where it would be magnified.

        Raises GenerationFailed when even that is too little.
        """
        x0, y0, x1, y1 = box.px(self.order.frame_px)
        scale = min((x1 - x0) / cutout.width_px, (y1 - y0) / cutout.height_px)
        if scale <= ENLARGE_ABOVE:
            return cutout
        factor = 2 if scale <= 2 else 4
        size = cutout.width_px * factor, cutout.height_px * factor
        # Beyond the outline of a photo with alpha lies black: SPAN answers such a cliff with noise.
        colours = extended(cutout.rgb, cutout.alpha)
        return replace(
            cutout,
            rgb=self.enlarger().enlarge(colours, factor=factor),
            alpha=cv2.resize(cutout.alpha, size, interpolation=cv2.INTER_CUBIC),
        )

    def seat(self, cutout: CutOut, *, within: Box | None = None) -> Box:
        """The part of `within` (the layout's box) that the cut-out takes, as large as it fits.

        Low things are seated a little above the box's lower edge: on it they would seem to sink.
        """
        box, (width, height) = within or self.layout.product, self.order.frame_px
        x0, y0, x1, y1 = box.px(self.order.frame_px)
        scale = min((x1 - x0) / cutout.width_px, (y1 - y0) / cutout.height_px, MAGNIFY_MAX)
        wide, high = scale * cutout.width_px / width, scale * cutout.height_px / height
        middle = (box.x0 + box.x1) / 2
        foot = box.y0 + high + SEAT * (box.y1 - box.y0 - high)
        return Box(x0=middle - wide / 2, y0=foot - high, x1=middle + wide / 2, y1=foot)

    def set_for(
        self, cutout: CutOut, *, box: Box, detail: float = 1.0, cast: bool = True,
        setting: Setting | None = None,
    ) -> Set:  # fmt: skip
        """The set that the order names, with the product in the box; see `SetOrder`, `cast`."""
        name = self.order.setting_for(width_px=cutout.width_px, height_px=cutout.height_px)
        chosen = setting or load_settings()[name]
        order = SetOrder(
            setting=chosen,
            frame_px=self.order.frame_px,
            box=box,
            seed=self.seed,
            detail=detail,
            scale_max=MAGNIFY_MAX,
        )
        ready = self.large_enough(cutout, box)
        build = {"stand": standing_set, "lie": lying_set}[chosen.stance]
        return build(ready, order, cast=cast)

    def clip(self, ground: Sequence[Layer], front: Sequence[Layer]) -> Composition:
        """The composition of these layers, as long and large as the order says."""
        order = self.order
        return Composition(
            width_px=order.width_px,
            height_px=order.height_px,
            fps=order.fps,
            frames=order.frames,
            ground=tuple(ground),
            front=tuple(front),
        )

    def views(self, most: int) -> list[CutOut]:
        """The cut-outs that can be shown side by side or in turn, at one scale, the main one first.

        Left out is what shows less than the whole product, what was seen from above where it would
        have to stand, and things one before another, of which the rear one would float. Raises
        GenerationFailed when fewer than two are left.
        """
        found: list[CutOut] = []
        for index in range(len(self.photos[:most])):
            try:
                cutout = self.whole(index)
            except GenerationFailed:
                continue
            if self._stands(cutout) and not on_one_line(cutout):
                continue
            if not found:
                found.append(cutout)
            elif self._goes_with(found[0], cutout):
                found.append(
                    _at_scale(cutout, _scale(cutout, found[0], stands=self._stands(cutout)))
                )
        if len(found) < 2:
            raise GenerationFailed(
                f"{len(found)} of {len(self.photos)} photos show the whole product in one way: "
                "views in turn or in line need two; use a design for one photo"
            )
        return found

    def _goes_with(self, first: CutOut, other: CutOut) -> bool:
        """Whether both stand, or both lie: one ground can't hold a standing and a lying one."""
        return self._stands(first) == self._stands(other)

    def _stands(self, cutout: CutOut) -> bool:
        name = self.order.setting_for(width_px=cutout.width_px, height_px=cutout.height_px)
        return load_settings()[name].stance == "stand"


def on_one_line(cutout: CutOut) -> bool:
    """True when all the product's parts (3 % of it at least) end at about the same height.

    A bottle and its cap before it, seen from above, don't: on a level floor the bottle would float.
    """
    _, _, parts, _ = cv2.connectedComponentsWithStats((cutout.alpha > 127).astype(np.uint8))
    areas = parts[1:, cv2.CC_STAT_AREA]
    ends = (parts[1:, cv2.CC_STAT_TOP] + parts[1:, cv2.CC_STAT_HEIGHT])[areas > 0.03 * areas.sum()]
    return bool(np.ptp(ends) <= LINE_SHARE * cutout.height_px)


def _scale(cutout: CutOut, first: CutOut, *, stands: bool) -> float:
    """What brings another view to the first one's scale.

    A thing that stands is as high from all sides; one that lies takes about as much room. Photos
    of one size don't tell: the second one is often taken from nearer.
    """
    if stands:
        return first.height_px / cutout.height_px
    return math.sqrt(first.width_px * first.height_px / (cutout.width_px * cutout.height_px))


def _at_scale(cutout: CutOut, scale: float) -> CutOut:
    """The cut-out as if its photo were `scale` times as large."""
    if abs(scale - 1) < 0.02:
        return cutout
    size = max(2, round(cutout.width_px * scale)), max(2, round(cutout.height_px * scale))
    rgb, alpha = resized(cutout, size)
    return replace(cutout, rgb=rgb, alpha=alpha)
