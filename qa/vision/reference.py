"""The source photo as the judge reads it: product upright in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.register import Features, features
from qa.vision.segment import Segmenter

PRODUCT_PX = 800
"""The most pixels that the product's longer side has in a reference frame."""

_MARGIN = 0.12
_NEUTRAL = 128
_BACKDROP_PX = 96
_CUT_SHARE = 0.02
_RIM = 0.02
_SOLID_FROM = 250
_GLASS_RIM_PX = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference:
    """A product as its source photo shows it, cropped to all that may be it and a margin of 12 %.

    `rgb` (h, w, 3) uint8 sRGB, on neutral grey where the photo is transparent; `mask` (h, w) bool,
    the product; `possible` (h, w) bool, what else may belong to it; `core` (h, w) bool, the product
    without its rim of 2 %, without glass and 3 px around glass; `backdrop` (h, w, 3) uint8, the
    photo's own ground as it would look behind the product, None for a transparent photo; `box` the
    product's (x0, y0, x1, y1) in reference pixels; `per_photo_px` reference pixels per photo pixel
    (at most 1); `cut_sides` where the photo cuts the product; `features` its distinct points.
    """

    rgb: Pixels
    mask: Mask
    possible: Mask
    core: Mask
    backdrop: Pixels | None
    box: tuple[int, int, int, int]
    per_photo_px: float
    cut_sides: frozenset[str]
    features: Features

    @property
    def longer_side_px(self) -> int:
        """The product's longer side in reference pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)

    @property
    def area_px(self) -> int:
        """The product's area in reference pixels."""
        return max(int(self.mask.sum()), 1)


def read_reference(photo: Picture, *, segmenter: Segmenter) -> Reference:
    """The reference of a source photo. Raises ScorerFailed when no product stands out in it."""
    mask = segmenter.mask(photo)
    possible = segmenter.possible(photo, sure=mask)
    matrix, size = _frame(mask, possible)
    scale = float(matrix[0, 0])
    longer = max(cv2.boundingRect(mask.astype(np.uint8))[2:])
    rgb = _warped(on_grey(photo), matrix, size)
    inside, around = (_warped_mask(each, matrix, size) for each in (mask, possible))
    solid = _eroded(_warped(_opaque(photo), matrix, size) > _SOLID_FROM, radius=_GLASS_RIM_PX)
    ground = None if photo.alpha is not None else _backdrop(photo.rgb, mask)
    box_x, box_y, box_width, box_height = cv2.boundingRect(inside.astype(np.uint8))
    return Reference(
        rgb=rgb,
        mask=inside,
        possible=around | inside,
        core=_eroded(inside, radius=max(1, round(_RIM * longer * scale))) & solid,
        backdrop=None if ground is None else _warped(ground, matrix, size),
        box=(box_x, box_y, box_x + box_width, box_y + box_height),
        per_photo_px=scale,
        cut_sides=_cut_sides(mask),
        features=features(rgb, inside),
    )


def _frame(mask: Mask, possible: Mask) -> tuple[Numbers, tuple[int, int]]:
    """The (2, 3) matrix from photo to reference pixels, and the reference's (width, height)."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    longer = max(width, height)
    scale, margin = min(1.0, PRODUCT_PX / longer), _MARGIN * longer
    wide_x, wide_y, wide_width, wide_height = cv2.boundingRect(possible.astype(np.uint8))
    left, top = min(x - margin, wide_x), min(y - margin, wide_y)
    right = max(x + width + margin, wide_x + wide_width)
    bottom = max(y + height + margin, wide_y + wide_height)
    matrix = np.array([[scale, 0, -scale * left], [0, scale, -scale * top]])
    return matrix, (round(scale * (right - left)), round(scale * (bottom - top)))


def _warped_mask(mask: Mask, matrix: Numbers, size: tuple[int, int]) -> Mask:
    drawn = mask.astype(np.uint8) * 255
    return _warped(drawn, matrix, size, border=cv2.BORDER_CONSTANT) > 127


def _eroded(mask: Mask, *, radius: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    padded = np.pad(mask.astype(np.uint8), radius)
    return cv2.erode(padded, kernel)[radius:-radius, radius:-radius].astype(bool)


def _opaque(photo: Picture) -> Pixels:
    """How opaque each pixel of the photo is: glass shows the ground, so it proves no colour."""
    return np.full(photo.rgb.shape[:2], 255, np.uint8) if photo.alpha is None else photo.alpha


def on_grey(picture: Picture) -> Pixels:
    """The picture laid on middle grey, (H, W, 3) uint8 sRGB: nothing lies under glass."""
    if picture.alpha is None:
        return picture.rgb
    share = picture.alpha[..., None].astype(np.float32) / 255.0
    return np.rint(picture.rgb * share + _NEUTRAL * (1.0 - share)).astype(np.uint8)


def _warped(
    image: Pixels,
    matrix: Numbers,
    size: tuple[int, int],
    *,
    border: int = cv2.BORDER_REPLICATE,
) -> Pixels:
    """The image in the reference frame; blurred first when it shrinks, so that nothing aliases."""
    scale = float(matrix[0, 0])
    source = image if scale > 0.9 else cv2.GaussianBlur(image, (0, 0), 0.45 / scale)
    return cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)


def _backdrop(rgb: Pixels, mask: Mask) -> Pixels:
    """The photo without its product: the ground grown smoothly into the hole."""
    factor = _BACKDROP_PX / max(mask.shape)
    size = (max(8, round(mask.shape[1] * factor)), max(8, round(mask.shape[0] * factor)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    grown = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8))
    filled = cv2.inpaint(small, grown, 3, cv2.INPAINT_TELEA)
    return cv2.resize(filled, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_CUBIC)


def _cut_sides(mask: Mask) -> frozenset[str]:
    """The sides of the photo that the product touches along more than 2 % of its longer side."""
    height, width = mask.shape
    least = _CUT_SHARE * max(height, width)
    rims = {
        "left": mask[:, :2],
        "right": mask[:, -2:],
        "top": mask[:2].T,
        "bottom": mask[-2:].T,
    }
    return frozenset(side for side, rim in rims.items() if rim.any(axis=1).sum() > least)
