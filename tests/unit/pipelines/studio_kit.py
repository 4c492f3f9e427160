"""Small pictures and values that the studio's tests share."""

import hashlib

import cv2
import numpy as np

from assets.media import Picture, encode_png
from content_engine.types import (
    Brief,
    Digest,
    ImageSpec,
    Kind,
    Photo,
    PhotoRole,
    Product,
)
from pipelines.studio.cutout import CutOut


class KnownPlace:
    """A segmenter that is told where the product is: stands in for the network."""

    def __init__(self, mask: np.ndarray) -> None:
        self._mask = mask.astype(np.float32)

    def saliency(self, rgb: np.ndarray) -> np.ndarray:
        return cv2.resize(self._mask, (320, 320), interpolation=cv2.INTER_AREA)


def ring_on_grey(side: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """A red ring on a grey gradient with a soft shadow below it, and its true mask."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    radius = np.hypot(x - side / 2, y - side / 2)
    mask = (radius < 0.32 * side) & (radius > 0.14 * side)
    ground = (170 + 40 * y / side)[..., None].repeat(3, axis=2)
    below = np.exp(
        -(((x - side / 2) / (0.25 * side)) ** 2) - ((y - 0.83 * side) / (0.035 * side)) ** 2
    )
    ground *= 1 - 0.35 * below[..., None]
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)[..., None]
    picture = soft * np.array([190, 30, 40], np.float32) + (1 - soft) * ground
    return np.rint(picture).astype(np.uint8), mask


def block(width: int, height: int, *, cut_sides: frozenset[str] = frozenset()) -> CutOut:
    """An opaque cut-out with a pattern that shows any resampling."""
    rows, columns = np.mgrid[0:height, 0:width]
    rgb = np.stack([rows * 3 % 200, columns * 5 % 200, (rows + columns) % 200], axis=2)
    alpha = np.full((height, width), 255, np.uint8)
    return CutOut(rgb=rgb.astype(np.uint8), alpha=alpha, cut_sides=cut_sides)


def photo_with_alpha(side: int = 160) -> bytes:
    """A PNG whose alpha cuts out a two-coloured block, a grey shadow baked in below it."""
    rgb = np.zeros((side, side, 3), np.uint8)
    alpha = np.zeros((side, side), np.uint8)
    rgb[30:100, 40:120] = (20, 90, 200)
    rgb[30:60, 40:120] = (230, 160, 30)
    alpha[30:100, 40:120] = 255
    alpha[115:130, 30:130] = 60
    return encode_png(Picture(rgb, alpha))


def image_brief(spec: ImageSpec, *, data: bytes, channel: str = "web", count: int = 1) -> Brief:
    photo = Photo(
        role=PhotoRole.MAIN,
        digest=Digest(hashlib.sha256(data).hexdigest()),
        source="photo.png",
        width_px=160,
        height_px=160,
    )
    product = Product(
        sku="BLOCK-1",
        title="Painted block",
        brand="Blockhaus",
        category=("Home & Garden", "Decor", "Figurines"),
        facts=(),
        photos=(photo,),
    )
    return Brief(
        kind=Kind.IMAGE, product=product, spec=spec, locale="und", channel=channel, count=count
    )
