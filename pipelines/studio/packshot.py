"""The product alone: on pure white, or on nothing at all."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from assets.media import Picture
from pipelines.studio.beyond import extended
from pipelines.studio.cutout import CutOut
from pipelines.studio.placement import Placement, place
from pipelines.studio.upscale import Enlarger

SHADOW_STRENGTH = 0.34
"""Darkness of the contact shadow under the product's foot, 0..1. Chosen by eye."""

FOOT_SHARE = 0.08
"""Share of the product's height, from below, that is its foot."""

BASE_WIDTH_MIN = 0.25
HOLLOW_MAX = 0.0028
"""Least width of a base, in product widths, and most mean gap between its lower outline and that
outline's convex hull, in longer sides. Measured on 62 cut-outs: bottles, mugs, books, lamps and
single shoes stay below, hoodies, polos, nearly all shirts and pairs of things above; a shirt whose
hem was laid straight (0.001) counts as standing: its shadow is even."""

SHADOW_REDUCTION = 4
"""A shadow is smooth: a quarter of the frame's sides shows all of it, sixteen times faster."""


def scaled(
    cutout: CutOut, *, placement: Placement, enlarger: Enlarger, upscale_above: float
) -> CutOut:
    """The cut-out at its placement's size; magnified beyond `upscale_above` it is upscaled first.

    The alpha is scaled on its own: the network has never seen mattes.
    """
    size = (placement.width_px, placement.height_px)
    rgb = cutout.rgb
    if placement.scale > upscale_above:
        # Black beyond a transparent photo's outline is a cliff that SPAN answers with noise.
        beyond = extended(rgb, cutout.alpha)
        rgb = enlarger.enlarge(beyond, factor=2 if placement.scale <= 2 else 4)
    alpha = _resized(cutout.alpha, size)
    return replace(cutout, rgb=_resized(rgb, size), alpha=_as_crisp(alpha, placement.scale))


def _as_crisp(alpha: np.ndarray, scale: float) -> np.ndarray:
    """A magnified matte whose outline is as many pixels wide as it was: no blurred silhouette."""
    if scale <= 1:
        return alpha
    # Magnified pixels leave steps along the outline: smoothed along it, then steepened across it.
    smooth = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 0.75 * scale)
    steep = (smooth - 127.5) * (1.6 * min(scale, 4.0)) + 127.5
    # Veils (gauze, tinted lenses) are no outline: where the matte is level it stays as it is.
    level = cv2.absdiff(cv2.dilate(alpha, np.ones((3, 3))), cv2.erode(alpha, np.ones((3, 3)))) < 4
    return np.where(level, alpha, np.clip(np.rint(steep), 0, 255)).astype(np.uint8)


def placed(cutout: CutOut, *, frame_px: tuple[int, int], fill: float) -> Placement:
    """Where the cut-out stands in a (width, height) frame. See `placement.place`."""
    return place(
        (cutout.width_px, cutout.height_px),
        frame_px=frame_px,
        fill=fill,
        cut_sides=cutout.cut_sides,
    )


def stands(cutout: CutOut) -> bool:
    """True when the product has a base to stand on, and the photo shows it.

    A base is wide, and its lower outline straight or bulging: what hangs or lies flat ends in a
    wavy hem, in cuffs or in corners, and a shadow under those looks like stains.
    """
    return cutout.cut_sides <= {"top"} and _has_base(cutout.alpha > 127)


def _has_base(product: np.ndarray) -> bool:
    height, width = product.shape
    depth = max(2, round(FOOT_SHARE * height))
    # How far down the product reaches in each column of the lowest rows, 0 where it doesn't.
    reach = np.where(product[-depth:], np.arange(1, depth + 1)[:, None], 0).max(axis=0)
    columns = np.flatnonzero(reach)
    if columns.size == 0 or np.ptp(columns) < BASE_WIDTH_MIN * width:
        return False
    corners = [(columns[0], 0), (columns[-1], 0)]
    outline = np.array([*corners, *zip(columns, reach[columns], strict=True)], np.float32)
    hollow = cv2.contourArea(cv2.convexHull(outline)) - float(reach.sum())
    return hollow < HOLLOW_MAX * float(np.ptp(columns)) * max(height, width)


def on_white(
    cutout: CutOut, *, placement: Placement, frame_px: tuple[int, int], shadow: bool
) -> Picture:
    """The scaled cut-out on pure 255 white; `shadow` puts a soft one under what stands."""
    width, height = frame_px
    canvas = np.full((height, width, 3), 255, np.uint8)
    if shadow and stands(cutout):
        canvas[:] = _contact_shadow(cutout, placement, frame_px)[..., None]
    box = _box(placement)
    share = cutout.alpha[..., None].astype(np.float32) / 255
    ground = canvas[box].astype(np.float32)
    mixed = ground + share * (cutout.rgb.astype(np.float32) - ground)
    canvas[box] = np.rint(mixed).astype(np.uint8)
    return Picture(canvas)


def on_nothing(cutout: CutOut, *, placement: Placement, frame_px: tuple[int, int]) -> Picture:
    """The scaled cut-out in a transparent frame, straight alpha, colour 0 where alpha is 0."""
    width, height = frame_px
    rgb = np.zeros((height, width, 3), np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    rgb[_box(placement)] = np.where(cutout.alpha[..., None] > 0, cutout.rgb, 0)
    alpha[_box(placement)] = cutout.alpha
    return Picture(rgb, alpha)


def _box(placement: Placement) -> tuple[slice, slice]:
    bottom = placement.top_px + placement.height_px
    right = placement.left_px + placement.width_px
    return slice(placement.top_px, bottom), slice(placement.left_px, right)


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    smaller = pixels.shape[1] > size[0]
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _contact_shadow(cutout: CutOut, placement: Placement, frame_px: tuple[int, int]) -> np.ndarray:
    """The white ground with a shadow: (H, W) uint8, 255 far from the product's foot.

    Where the lowest 8 % of the product stands on the ground it takes the light away: a dark line
    close under the foot and a wide faint pool, both fading to nothing.
    """
    width, height = frame_px
    unit = max(frame_px) / SHADOW_REDUCTION
    small = np.zeros((height // SHADOW_REDUCTION + 1, width // SHADOW_REDUCTION + 1), np.float32)
    foot = _resized(_foot(cutout.alpha), (max(1, placement.width_px // SHADOW_REDUCTION), 1))[
        0
    ].astype(np.float32)
    ground = (placement.top_px + placement.height_px) // SHADOW_REDUCTION
    left = placement.left_px // SHADOW_REDUCTION
    rows = slice(max(0, ground - round(0.012 * unit)), ground)
    small[rows, left : left + foot.size] = foot / 255
    line = cv2.GaussianBlur(small, (0, 0), 0.004 * unit)
    pool = cv2.GaussianBlur(small, (0, 0), sigmaX=0.03 * unit, sigmaY=0.012 * unit)
    dark = cv2.resize(SHADOW_STRENGTH * (0.55 * line + 1.2 * pool), (width, height))
    return np.rint(255 * (1 - np.clip(dark - 0.01, 0, 1))).astype(np.uint8)


def _foot(alpha: np.ndarray) -> np.ndarray:
    """How much of the lowest 8 % each column fills, (1, W) uint8: what stands on the ground."""
    rows = max(2, round(FOOT_SHARE * alpha.shape[0]))
    return alpha[-rows:].mean(axis=0, dtype=np.float32)[None].astype(np.uint8)
