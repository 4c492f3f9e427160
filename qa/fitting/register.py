"""The result laid back on the garment's picture: body on body, then pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from qa.fitting.garment import GarmentTruth
from qa.fitting.lengths import Hem, chest_px
from qa.fitting.palette import ones_inside
from qa.fitting.person import Part
from qa.fitting.worn import Worn
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box, share_box

FRAME_PX = 384
"""Height of the frame in which both are compared: about a body's in a picture of 1024 px."""

_MARGIN = 0.06
_ARM, _ARM_WIDE = (0.3, 3.0), 1.2
_LOCAL_PX = 31
_WINDOW_PX, _SHADE_PX = 17, 33
_UNSURE_PX = 2
_SWINGS_PX = 19
_FLOOR = 3.0
_KEPT = 6.0
_CLOSING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (61, 61))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """Garment and result in one frame, (h, w).

    `source` and `view` (h, w, 3) uint8 sRGB; `inside` bool where both show the garment's body;
    `open` bool where the garment should be seen, nothing of the photo lying before it;
    `agrees` float32 -1..1 the local correlation of their drawing, shade taken off; `texture`
    float32 the source's local contrast in grey levels; `to_result` (h, w, 2) float32 where each
    pixel is in the result, px of the working picture; `printed` bool; `hung` bool what swings
    before the garment in its picture. `frame` (2, 3) maps the frame to the garment's picture.
    """

    source: Pixels
    view: Pixels
    inside: Mask
    open: Mask
    agrees: Numbers
    texture: Numbers
    to_result: Numbers
    printed: Mask
    hung: Mask
    frame: Numbers

    @property
    def swung(self) -> Mask:
        """Where laces may hang on a wearer: in the picture, and 9 px around."""
        return cv2.dilate(ones_inside(self.hung), np.ones((_SWINGS_PX, _SWINGS_PX), np.uint8)) > 0

    def framed(self, rect: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """A box (x0, y0, x1, y1) of the garment's picture in the frame, a pixel wider."""
        step = float(self.frame[0, 0]), float(self.frame[1, 1])
        start = float(self.frame[0, 2]), float(self.frame[1, 2])
        height, width = self.inside.shape
        x0, x1 = ((rect[at] - start[0]) / step[0] for at in (0, 2))
        y0, y1 = ((rect[at] - start[1]) / step[1] for at in (1, 3))
        return (
            max(0, int(x0) - 1),
            max(0, int(y0) - 1),
            min(width, int(x1) + 2),
            min(height, int(y1) + 2),
        )


def lay(seen: Worn, index: int, *, hem: Hem | None) -> Laid | None:
    """The garment of that index and the result in the frame of the garment's body.

    Boxes of both bodies give the first place; dense flow between locally normalised greys the rest.
    None where no body of the garment is seen.
    Source of the flow: Kroeger et al. (2016), dense inverse search.
    """
    truth = seen.pieces[index].truth
    region = seen.region(index)
    place = None if hem is None else _body_place(seen, region, hem)
    if place is None:
        return None
    frame, source, mask = _frame(truth)
    start = _start(frame, source.shape[:2], truth, place)
    scale = seen.full.shape[0] / seen.rgb.shape[0]
    view = seen_through(seen.full, start, scale)
    flow = _flow(source, view, mask)
    to_result = start + _pulled(start, flow)
    view = seen_through(seen.full, to_result, scale)
    here = cv2.remap(
        ones_inside(region) * 255, to_result[..., 0], to_result[..., 1], cv2.INTER_LINEAR
    )
    trunk = mask & ~_under_arms(seen, to_result)
    inside = cv2.erode(ones_inside(trunk & (here > 127)), np.ones((5, 5), np.uint8)) > 0
    free = _unhidden(seen, trunk, to_result)
    source = _as_sharp(source, frame=frame, to_result=to_result, scale=scale)
    agrees, texture = _agreement(source, view, inside)
    return Laid(
        source=source,
        view=view,
        inside=inside,
        open=free & (cv2.morphologyEx(ones_inside(inside), cv2.MORPH_CLOSE, _CLOSING) > 0),
        agrees=agrees,
        texture=texture,
        to_result=to_result,
        printed=_framed(ones_inside(truth.print_mask), frame, source.shape[:2]) > 0,
        hung=_framed(ones_inside(truth.tag), frame, source.shape[:2]) > 0,
        frame=frame,
    )


def _under_arms(seen: Worn, to_result: Numbers) -> Mask:
    """Where an arm lies in the result: a sleeve over the trunk is none of the trunk's drawing."""
    stance, shape = seen.person.stance, seen.person.shape
    arms = stance.arm_mask(shape, 0, span=_ARM, wide=_ARM_WIDE)
    arms |= stance.arm_mask(shape, 1, span=_ARM, wide=_ARM_WIDE)
    there = cv2.remap(
        ones_inside(arms) * 255, to_result[..., 0], to_result[..., 1], cv2.INTER_LINEAR
    )
    return there > 127


def _unhidden(seen: Worn, mask: Mask, to_result: Numbers) -> Mask:
    """Where the garment's body would be seen: not where what the photo shows still stands."""
    kept = ~seen.dressed & (seen.change < _KEPT) & (seen.person.parts != Part.TOP)
    near = cv2.dilate(ones_inside(kept), np.ones((5, 5), np.uint8)) * 255
    there = cv2.remap(near, to_result[..., 0], to_result[..., 1], cv2.INTER_LINEAR)
    return mask & (there < 128)


def _body_place(seen: Worn, region: Mask, found: Hem) -> tuple[Numbers, Numbers, Numbers] | None:
    """(top middle, half across, down to the hem) of the garment's body in the working picture."""
    stance = seen.person.stance
    t, s = seen.along
    trunk = region & (np.abs(s) < 0.7) & (t > 0.3) & (t < 0.9)
    if trunk.sum() < 100:
        return None
    half = chest_px(seen, region) / 2
    middle = float(np.median([np.median(s[trunk & (np.abs(t - at) < 0.05)]) for at in (0.4, 0.6)]))
    shoulders = region & (np.abs(np.abs(s - middle) - 0.34) < 0.04)
    top = float(np.percentile(t[shoulders], 1.0)) if shoulders.any() else -0.1
    origin = stance.shoulder + stance.down * top * stance.trunk_px
    origin = origin + stance.across * middle * stance.unit_px
    return origin, stance.across * half, stance.down * (found.middle - top) * stance.trunk_px


def _frame(truth: GarmentTruth) -> tuple[Numbers, Pixels, Mask]:
    """The (2, 3) map from the frame to the garment's picture, and the garment in the frame."""
    x0, y0, x1, y1 = truth.body_px
    tall, wide = y1 - y0, x1 - x0
    step = tall * (1 + 2 * _MARGIN) / FRAME_PX
    width = max(32, round(wide * (1 + 2 * _MARGIN) / step))
    matrix = np.array([[step, 0, x0 - _MARGIN * wide], [0, step, y0 - _MARGIN * tall]], np.float32)
    shape = (FRAME_PX, width)
    return (
        matrix,
        _framed(truth.rgb, matrix, shape),
        _framed(ones_inside(truth.mask & ~truth.collar & ~truth.tag), matrix, shape) > 0,
    )


def _framed(image: Pixels, matrix: Numbers, shape: tuple[int, int]) -> Pixels:
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if image.ndim == 3 else cv2.INTER_NEAREST)
    return cv2.warpAffine(image, matrix, shape[::-1], flags=flags)


def _start(
    frame: Numbers,
    shape: tuple[int, int],
    truth: GarmentTruth,
    place: tuple[Numbers, Numbers, Numbers],
) -> Numbers:
    """Where each pixel of the frame lies in the working picture by the boxes alone, (h, w, 2)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x0, y0, x1, y1 = truth.body_px
    u = (frame[0, 0] * columns + frame[0, 2] - (x0 + x1) / 2) / ((x1 - x0) / 2)
    v = (frame[1, 1] * rows + frame[1, 2] - y0) / (y1 - y0)
    origin, half, down = place
    return (origin + u[..., None] * half + v[..., None] * down).astype(np.float32)


def seen_through(full: Pixels, where: Numbers, scale: float) -> Pixels:
    """The result where the map of working pixels points, (h, w, 3) uint8."""
    spots = (where + 0.5) * scale - 0.5
    return cv2.remap(
        full, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _flow(source: Pixels, view: Pixels, mask: Mask) -> Numbers:
    """(h, w, 2): from each pixel of the source to its place in the view."""
    weight = mask.astype(np.float32)
    one, two = (
        _levelled(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), weight) for image in (source, view)
    )
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(1)
    search.setPatchSize(12)
    search.setPatchStride(4)
    empty = np.zeros((*one.shape, 2), np.float32)
    flow = search.calc(one, two, empty)
    return cv2.GaussianBlur(flow, (0, 0), 3.0)


def _levelled(gray: Pixels, weight: Numbers) -> Pixels:
    """Grey freed of slow shading: the drawing alone, around 128."""
    fine = cv2.GaussianBlur(gray, (0, 0), 1.0).astype(np.float32)
    size = (_LOCAL_PX * 2 + 1,) * 2
    mass = np.maximum(cv2.boxFilter(weight, -1, size), 0.02)
    mean = cv2.boxFilter(fine * weight, -1, size) / mass
    away = (fine - mean) * weight
    spread = np.sqrt(np.maximum(cv2.boxFilter(away * away, -1, size) / mass, 0.0)) + 4.0
    return np.clip(128 + 40 * away / spread, 0, 255).astype(np.uint8)


def _pulled(start: Numbers, flow: Numbers) -> Numbers:
    """What a flow in the frame means in the working picture: the start map is affine."""
    right = start[0, 1] - start[0, 0]
    down = start[1, 0] - start[0, 0]
    return flow[..., :1] * right + flow[..., 1:] * down


def placed(seen: Worn, laid: Laid, mask: Mask) -> Box | None:
    """Where a mask of the frame lies in the result, 0..1."""
    if not mask.any():
        return None
    points = laid.to_result[mask]
    x0, y0 = points.min(axis=0).tolist()
    x1, y1 = points.max(axis=0).tolist()
    height, width = seen.person.shape
    return share_box((x0, y0, x1 - x0, y1 - y0), (width, height))


def plain_stretch(where: Mask, to_result: Numbers) -> tuple[Numbers, Numbers]:
    """The best affine map over a mask, (3, 2), and where it takes the mask's places, (n, 2)."""
    rows, columns = np.nonzero(where)
    here = np.column_stack([columns, rows, np.ones(len(rows))]).astype(np.float64)
    fit, *_ = np.linalg.lstsq(here, to_result[where].astype(np.float64), rcond=None)
    return fit, here @ fit


def _as_sharp(source: Pixels, *, frame: Numbers, to_result: Numbers, scale: float) -> Pixels:
    """The source no sharper than the result can be: its pixels in the result, or its own."""
    step = np.linalg.norm(np.diff(to_result[:, to_result.shape[1] // 2], axis=0), axis=1)
    per_px = float(np.median(step)) * scale
    own = 1.0 / float(frame[1, 1])
    factor = min(1.0, per_px, 1.0 / own if own > 1 else 1.0)
    if factor > 0.95:
        return source
    small = cv2.resize(source, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, source.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _agreement(source: Pixels, view: Pixels, inside: Mask) -> tuple[Numbers, Numbers]:
    """Local correlation of the drawing, and the source's local contrast in levels.

    Shade broader than the window is taken off: a body has its own light. Flow is sure to a pixel or
    two: the best of the places so far around counts.
    """
    weight = inside.astype(np.float32)
    mass = np.maximum(_mean(weight), 1e-3)
    one, two = (unshaded(image, weight) for image in (source, view))
    spread_1 = np.maximum(_mean(one * one * weight) / mass, 0.0)
    best = np.full(inside.shape, -1.0, np.float32)
    for across in (-_UNSURE_PX, 0, _UNSURE_PX):
        for down in (-_UNSURE_PX, 0, _UNSURE_PX):
            near = np.roll(two, (down, across), axis=(0, 1)) * weight
            joint = _mean(one * near) / mass
            spread_2 = np.maximum(_mean(near * near) / mass, 0.0)
            agrees = (joint + _FLOOR) / (np.sqrt(spread_1 * spread_2) + _FLOOR)
            np.maximum(best, agrees, out=best)
    return best, np.sqrt(spread_1).astype(np.float32)


def unshaded(image: Pixels, weight: Numbers) -> Numbers:
    """The drawing in grey levels around 0, shade broader than 33 px taken off; (h, w) float32."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    size = (_SHADE_PX, _SHADE_PX)
    mass = np.maximum(cv2.boxFilter(weight, -1, size), 0.02)
    return (gray - cv2.boxFilter(gray * weight, -1, size) / mass) * weight


def _mean(image: Numbers) -> Numbers:
    return cv2.boxFilter(image, -1, (_WINDOW_PX, _WINDOW_PX), borderType=cv2.BORDER_REFLECT)
