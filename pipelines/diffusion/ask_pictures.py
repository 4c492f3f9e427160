"""Pictures on their way into a model and out of it: flattened, fitted, never distorted."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture
from content_engine.errors import GenerationFailed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """A picture that a model looks at: `rgb` (H, W, 3) uint8 sRGB, opaque.

    `reusable` is False when nothing made from it may outlive the run (what a shopper sent).
    """

    role: str
    rgb: np.ndarray
    reusable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The size that a model paints at, and the size that was asked for.

    The asked picture lies in the middle of the canvas, `used` px large; around it are the few
    rows and columns that only the model's multiple needs.
    """

    width_px: int
    height_px: int
    used_width_px: int
    used_height_px: int
    asked_width_px: int
    asked_height_px: int

    @classmethod
    def of(cls, width_px: int, height_px: int, *, multiple: int, max_pixels: int) -> Canvas:
        """The canvas for an asked size: same aspect, sides rounded up to the model's multiple.

        Larger sizes than `max_pixels` are painted smaller and enlarged at the end.
        """
        scale = min(1.0, math.sqrt(max_pixels / (width_px * height_px)))
        used_width_px, used_height_px = round(width_px * scale), round(height_px * scale)
        return cls(
            width_px=math.ceil(used_width_px / multiple) * multiple,
            height_px=math.ceil(used_height_px / multiple) * multiple,
            used_width_px=used_width_px,
            used_height_px=used_height_px,
            asked_width_px=width_px,
            asked_height_px=height_px,
        )

    def asked(self, painted: np.ndarray) -> np.ndarray:
        """The middle of a painted picture (H, W, 3) uint8, at the asked size."""
        left, top = self._margin_px()
        used = painted[top : top + self.used_height_px, left : left + self.used_width_px]
        return covering(used, self.asked_width_px, self.asked_height_px)

    def painted(self, picture: np.ndarray) -> np.ndarray:
        """A picture or mask as it lies under the canvas, mirrored into the margin.

        `asked` gives it back.
        """
        used = covering(picture, self.used_width_px, self.used_height_px)
        left, top = self._margin_px()
        bottom = self.height_px - self.used_height_px - top
        right = self.width_px - self.used_width_px - left
        return cv2.copyMakeBorder(used, top, bottom, left, right, cv2.BORDER_REFLECT)

    def _margin_px(self) -> tuple[int, int]:
        """How far from the left and from the top the asked picture lies."""
        across, down = self.width_px - self.used_width_px, self.height_px - self.used_height_px
        return across // 2, down // 2


def digest_of(pixels: np.ndarray) -> str:
    """The identity of pixels: same shape and bytes, same digest."""
    shape = "x".join(map(str, pixels.shape)).encode()
    return hashlib.sha256(shape + b":" + pixels.tobytes()).hexdigest()


def covering(picture: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """The picture scaled, aspect kept, until it covers the size; what stands over is cut evenly.

    A picture that covers it in one side already is only cut: no pixel is touched.
    """
    height, width = picture.shape[:2]
    scale = max(width_px / width, height_px / height)
    if scale != 1:
        size = (max(width_px, round(width * scale)), max(height_px, round(height * scale)))
        kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = cv2.resize(picture, size, interpolation=kernel)
    top, left = (picture.shape[0] - height_px) // 2, (picture.shape[1] - width_px) // 2
    return np.ascontiguousarray(picture[top : top + height_px, left : left + width_px])


def reference_of(assets: Mapping[str, bytes], role: str, *, reusable: bool) -> Reference:
    """The decoded picture of a role. Raises GenerationFailed when it is missing or unreadable."""
    return Reference(role=role, rgb=flattened(_picture(assets, role)), reusable=reusable)


def mask_of(assets: Mapping[str, bytes]) -> np.ndarray:
    """The mask, (H, W) uint8: its alpha where it has one, else its brightness."""
    picture = _picture(assets, "mask")
    if picture.alpha is not None:
        return picture.alpha
    return cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY)


def flattened(picture: Picture) -> np.ndarray:
    """The picture on pure white, (H, W, 3) uint8: models know no alpha and see black there."""
    if picture.alpha is None:
        return picture.rgb
    alpha = picture.alpha[..., None].astype(np.uint16)
    return ((picture.rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _picture(assets: Mapping[str, bytes], role: str) -> Picture:
    if role not in assets:
        raise GenerationFailed(f"the recipe's {role} did not come with it")
    try:
        return decode_picture(assets[role])
    except AssetError as error:
        raise GenerationFailed(f"the {role} cannot be read: {error}") from error
