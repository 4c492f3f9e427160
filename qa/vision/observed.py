"""What every instrument looks at: one picture beside its reference, in both frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from content_engine.channels import ImageRules
from content_engine.errors import ScorerFailed
from content_engine.types import Asset, Evidence, ImageSpec, Severity, Shot
from qa.vision.arrays import Mask, Pixels
from qa.vision.reference import Reference, on_grey
from qa.vision.register import Alignment, align, align_boxes, features
from qa.vision.search import refined, search

Box = tuple[float, float, float, float]

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

_SAME_SHADE = 24
_DRAWN_BELOW = 250
_DRAWN_ALPHA = 8
_CLOSER_LOOK_PX = 1100
_MANY_POINTS = 8000
_ENOUGH_POINTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an instrument read off a picture, with the places that say so."""

    value: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """A picture to be judged.

    `rgb` (H, W, 3) uint8 sRGB (a cut-out lies on neutral grey), `alpha` (H, W) uint8 or None.
    `drawn` (H, W) bool: what is not empty white (packshot) or transparent (cut-out); all True in a
    scene. `alignment` is None when the source's product was not found. `view` is the picture seen
    in the reference's frame, `source` (h, w, 3) uint8 the reference as sharp as that scale allows,
    `present` (h, w) bool where that frame lies inside the picture, `core` (h, w) bool the part of
    the reference's core that can be compared.
    `expected` (H, W) bool is where the product should be: all drawn when it was not found;
    `accounted` adds what may belong to it and looks as in the source.
    `lowest` and `highest` (H, W) uint8 are each pixel's least and greatest channel.
    """

    asset: Asset
    spec: ImageSpec
    rules: ImageRules
    rgb: Pixels
    alpha: Pixels | None
    drawn: Mask
    reference: Reference
    alignment: Alignment | None
    view: Pixels
    source: Pixels
    core: Mask
    present: Mask
    expected: Mask
    accounted: Mask
    lowest: Pixels
    highest: Pixels

    @property
    def frame_px(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def product_scale(self) -> float:
        """Picture pixels per source photo pixel; 1 when the product was not found."""
        if self.alignment is None:
            return 1.0
        return self.alignment.scale * self.reference.per_photo_px

    def product_box(self) -> Box:
        """Where the product lies, 0..1: from the alignment, else everything drawn."""
        if self.alignment is not None:
            return self.alignment.boxed(self.reference.box, frame_px=self.frame_px)
        return share_box(cv2.boundingRect(self.drawn.astype(np.uint8)), self.frame_px)

    def found(self) -> Alignment:
        """Where the product lies. Raises ScorerFailed when the source's product was not found."""
        if self.alignment is None:
            raise ScorerFailed("the source's product was not found in the picture; look at it")
        return self.alignment

    def placed(self, rect: Sequence[float]) -> Box:
        """A rectangle (x, y, width, height) of the reference's frame as a box of the picture."""
        x, y, width, height = rect
        if self.alignment is None:
            return WHOLE
        return self.alignment.boxed((x, y, x + width, y + height), frame_px=self.frame_px)


def fault(
    kind: str, message: str, *, severity: Severity, box: Box | None, number: float
) -> tuple[Evidence, ...]:
    """One piece of evidence, as the tuple that a Reading takes; the judge adds the asset's role."""
    item = Evidence(
        kind=kind, severity=severity, message=message, box=box, number=round(float(number), 4)
    )
    return (item,)


def share_box(rect: Sequence[float], frame_px: tuple[int, int]) -> Box:
    """A rectangle (x, y, width, height) in pixels as a box (x0, y0, x1, y1), 0..1."""
    x, y, width, height = rect
    across, down = frame_px
    return x / across, y / down, (x + width) / across, (y + height) / down


def largest_part(mask: Mask) -> tuple[int, tuple[int, int, int, int]]:
    """(area, (x, y, width, height)) in pixels of the mask's largest part; zeros when empty."""
    if not mask.any():
        return 0, (0, 0, 0, 0)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, area = (int(number) for number in stats[best])
    return area, (x, y, width, height)


def observe(
    picture: Picture, *, asset: Asset, spec: ImageSpec, rules: ImageRules, reference: Reference
) -> Observed:
    """The picture beside its reference: found, aligned and seen in the reference's frame."""
    rgb = on_grey(picture)
    lowest, highest = extremes(rgb)
    drawn = _drawn(picture.alpha, lowest, shot=spec.shot)
    alignment = _found(rgb, reference)
    if alignment is None and spec.shot is not Shot.SCENE and drawn.any():
        x, y, width, height = cv2.boundingRect(drawn.astype(np.uint8))
        alignment = align_boxes(reference.box, (x, y, x + width, y + height))
    if alignment is not None:
        alignment = refined(reference.rgb, reference.core, rgb, alignment)
    view, present = _view(rgb, reference, alignment)
    scale = 1.0 if alignment is None else alignment.scale
    source = _at_scale(reference.rgb, alignment)
    expected = drawn if alignment is None else _placed(reference.mask, alignment, drawn.shape)
    accounted = expected
    if alignment is not None and spec.shot is not Shot.SCENE:
        same = reference.possible & present & _alike(view, source)
        accounted = expected | _placed(same, alignment, drawn.shape)
    return Observed(
        asset=asset,
        spec=spec,
        rules=rules,
        rgb=rgb,
        alpha=picture.alpha,
        drawn=drawn,
        reference=reference,
        alignment=alignment,
        view=view,
        source=source,
        core=_clear_core(reference.core, scale) & present,
        present=present,
        expected=expected,
        accounted=accounted,
        lowest=lowest,
        highest=highest,
    )


def _found(rgb: Pixels, reference: Reference) -> Alignment | None:
    """Where the product is: by its points, looked for more closely where few agree, or its shades.

    A busy ground has thousands of clear points; only a look that keeps 8000 sees the product's.
    Source: 2 gift cards on terrazzo, 0 agreeing points of 1000 and 178 to 276 of 8000 (2026-11-22).
    """
    first = align(reference.features, features(rgb))
    if first is not None and first.agreeing >= _ENOUGH_POINTS:
        return first
    closely = features(rgb, longer_side_px=_CLOSER_LOOK_PX, most=_MANY_POINTS)
    second = align(reference.features, closely)
    found = [look for look in (first, second) if look is not None]
    best = max(found, key=lambda look: look.agreeing, default=None)
    return best or search(reference.rgb, reference.mask, rgb)


def _at_scale(source: Pixels, alignment: Alignment | None) -> Pixels:
    """The source as a faultless picture of that scale would show it, in the reference's frame.

    Scaled down and placed as in the picture, then seen as the picture is seen: what a picture loses
    only by being small is no difference.
    """
    if alignment is None or alignment.scale >= 1.0:
        return source
    height, width = source.shape[:2]
    scale = alignment.scale
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _clear_core(core: Mask, scale: float) -> Mask:
    """The core without what lies within a pixel of the picture from its rim."""
    reach = int(np.ceil(1.0 / scale)) - 1
    if reach < 1:
        return core
    return cv2.erode(core.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0


def _placed(mask: Mask, alignment: Alignment, shape: tuple[int, ...]) -> Mask:
    """A mask of the reference's frame in the picture's."""
    size = (shape[1], shape[0])
    drawn = mask.astype(np.uint8) * 255
    return cv2.warpAffine(drawn, alignment.matrix, size, flags=cv2.INTER_LINEAR) > 127


def _alike(view: Pixels, source: Pixels) -> Mask:
    """Where picture and source show the same within a shade, grain aside."""
    difference = cv2.blur(cv2.absdiff(view, source), (5, 5)).max(axis=2)
    return difference < _SAME_SHADE


def extremes(rgb: Pixels) -> tuple[Pixels, Pixels]:
    """Each pixel's least and greatest channel, (H, W) uint8 each."""
    red, green, blue = cv2.split(rgb)
    return cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)


def _drawn(alpha: Pixels | None, lowest: Pixels, *, shot: Shot) -> Mask:
    if alpha is not None and shot is Shot.CUTOUT:
        return alpha > _DRAWN_ALPHA
    if shot is Shot.SCENE:
        return np.ones(lowest.shape, bool)
    return lowest < _DRAWN_BELOW


def _view(rgb: Pixels, reference: Reference, alignment: Alignment | None) -> tuple[Pixels, Mask]:
    """The picture in the reference's frame, averaged where it shrinks, and where there is any."""
    size = (reference.rgb.shape[1], reference.rgb.shape[0])
    if alignment is None:
        return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.ones(size[::-1], bool)
    factor = min(1.0, 1.0 / alignment.scale)
    across, down = round(rgb.shape[1] * factor), round(rgb.shape[0] * factor)
    small = cv2.resize(rgb, (across, down), interpolation=cv2.INTER_AREA)
    ratio = np.array([[across / rgb.shape[1]], [down / rgb.shape[0]]])
    matrix = alignment.matrix * ratio
    matrix[:, 2] += (ratio[:, 0] - 1.0) / 2.0
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(small, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    here = np.full(small.shape[:2], 255, np.uint8)
    present = cv2.warpAffine(here, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return view, present > 127
