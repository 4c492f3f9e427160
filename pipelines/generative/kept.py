"""A product's own pixels in a generated picture: laid over it, or kept while the rest is made."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture, encode_png
from pipelines.studio.cutout import CutOut
from pipelines.studio.packshot import placed, scaled, stands
from pipelines.studio.placement import Placement
from pipelines.studio.upscale import Enlarger

GROUND = 200
"""Grey of the canvas around a product before a scene is painted: neither light nor shadow."""

FREE_PX = 2
"""So far inside its outline the product may be painted over too: the seam lies on the product."""

SINKS = 0.06
"""How much lower than the middle a product stands, as a share of the frame: room above it."""

SHADOW = 0.5
SHADOW_LINE, SHADOW_POOL = 0.006, 0.035
"""A contact shadow: its strength, and the reach of its line and of its pool in product sides.
By eye on the sample products, as `studio.scenes.contact`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How a product is put into a scene.

    `fill` is the share of the frame's sides that it may take, `aside` how far to the right of the
    middle it stands, in frame widths.
    """

    fill: float
    aside: float = 0.0


def standing(cutout: CutOut, *, frame_px: tuple[int, int], put: Put) -> Placement:
    """Where the product stands in a painted scene: a little below the middle."""
    width_px, height_px = frame_px
    where = placed(cutout, frame_px=frame_px, fill=put.fill)
    lower = min(where.top_px + round(SINKS * height_px), height_px - where.height_px)
    room = (width_px - where.width_px) // 2
    left = min(room + round(put.aside * width_px), width_px - where.width_px)
    return Placement(
        left_px=left,
        top_px=max(0, lower),
        width_px=where.width_px,
        height_px=where.height_px,
        scale=where.scale,
    )


def canvas_and_mask(
    cutout: CutOut, *, canvas_px: tuple[int, int], put: Put, enlarger: Enlarger
) -> tuple[bytes, bytes]:
    """The product on grey, and what shall be painted (255) around it: two PNG files."""
    place = standing(cutout, frame_px=canvas_px, put=put)
    rgb, alpha = _laid(cutout, place, canvas_px, enlarger)
    canvas = np.full((canvas_px[1], canvas_px[0], 3), GROUND, np.uint8)
    free = cv2.erode(alpha, np.ones((2 * FREE_PX + 1, 2 * FREE_PX + 1), np.uint8))
    mask = np.where(free > 127, 0, 255).astype(np.uint8)
    return encode_png(Picture(_mixed(canvas, rgb, alpha))), encode_png(
        Picture(np.dstack([mask] * 3))
    )


def with_product(
    scene: np.ndarray, cutout: CutOut, *, put: Put, shadow: bool, enlarger: Enlarger
) -> np.ndarray:
    """The scene (H, W, 3) uint8 with the product's own pixels over it.

    `shadow` puts one under what stands: where a model painted around the product it did so itself.
    """
    frame_px = (scene.shape[1], scene.shape[0])
    place = standing(cutout, frame_px=frame_px, put=put)
    rgb, alpha = _laid(cutout, place, frame_px, enlarger)
    ground = _shaded(scene, alpha, place) if shadow and stands(cutout) else scene
    return _mixed(ground, rgb, alpha)


def _laid(
    cutout: CutOut, place: Placement, frame_px: tuple[int, int], enlarger: Enlarger
) -> tuple[np.ndarray, np.ndarray]:
    ready = scaled(cutout, placement=place, enlarger=enlarger, upscale_above=2.0)
    rgb = np.zeros((frame_px[1], frame_px[0], 3), np.uint8)
    alpha = np.zeros((frame_px[1], frame_px[0]), np.uint8)
    box = (
        slice(place.top_px, place.top_px + place.height_px),
        slice(place.left_px, place.left_px + place.width_px),
    )
    rgb[box], alpha[box] = ready.rgb, ready.alpha
    return rgb, alpha


def _mixed(under: np.ndarray, over: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None].astype(np.float32) / 255
    ground = under.astype(np.float32)
    return np.rint(ground + share * (over.astype(np.float32) - ground)).astype(np.uint8)


def _shaded(scene: np.ndarray, alpha: np.ndarray, place: Placement) -> np.ndarray:
    side = max(place.width_px, place.height_px)
    foot = np.zeros(alpha.shape, np.float32)
    bottom = place.top_px + place.height_px
    depth = max(2, round(0.03 * place.height_px))
    foot[bottom - depth : bottom] = alpha[bottom - depth : bottom] / 255
    line = cv2.GaussianBlur(foot, (0, 0), max(1.0, SHADOW_LINE * side))
    pool = cv2.GaussianBlur(
        foot, (0, 0), sigmaX=max(1.0, SHADOW_POOL * side), sigmaY=max(1.0, 0.4 * SHADOW_POOL * side)
    )
    light = 1 - np.clip(SHADOW * (line + 1.4 * pool), 0, 0.8)
    return np.rint(scene * light[..., None]).astype(np.uint8)
