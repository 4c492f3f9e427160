"""What a person may change of a picture's order, and how an uploaded picture takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_jpeg, encode_png, probe
from content_engine.errors import GenerationFailed, InvalidBrief
from content_engine.review import Adjust
from content_engine.types import Shot
from pipelines.backend import Media
from pipelines.correcting import ENLARGED_MAX, LOST_MAX
from pipelines.studio.order import Order
from pipelines.studio.placement import frame_px
from pipelines.studio.scene import load_settings
from pipelines.studio.window import Box, fitted, nested

MASK_MAX_PX = 24
"""How far a person may move the outline of a photo's product, all corrections together: beyond it
the mask no longer follows the product. Chosen by eye on the sample photos."""

CROP_MIN = 0.25
"""Least side of a crop, as a share of the frame: below it the photo is magnified over 4 times."""


def adjusted(order: Order, adjust: Adjust) -> Order:
    """The order with outline and frame as a person wants them. Raises InvalidBrief."""
    grown = order.mask_grow_px + adjust.mask_grow_px
    if abs(grown) > MASK_MAX_PX:
        raise InvalidBrief(
            f"the outline would lie {abs(grown)} px from where it was found; at most "
            f"{MASK_MAX_PX} px: replace the picture instead"
        )
    crop = order.crop if adjust.crop is None else _cropped(order, adjust.crop)
    changed = replace(order, mask_grow_px=grown, crop=crop)
    if changed == order:
        raise InvalidBrief("nothing is adjusted: move the mask or draw a crop")
    return changed


def rewished(order: Order, wanted: Mapping[str, Any]) -> Order:
    """The order in another `setting`, with or without `shadow`. Raises InvalidBrief."""
    setting, shadow = wanted.get("setting", order.setting), wanted.get("shadow", order.shadow)
    if setting != order.setting and order.shot is not Shot.SCENE:
        raise InvalidBrief(f"a {order.shot.value} has no setting: only scenes have one")
    if setting != order.setting and setting not in load_settings():
        raise InvalidBrief(f"no setting {setting!r}; known: {', '.join(load_settings())}")
    if shadow != order.shadow and order.shot is not Shot.PACKSHOT:
        raise InvalidBrief(f"a {order.shot.value} has no shadow to choose: only packshots have one")
    above = order.setting_above if setting == order.setting else setting
    return replace(order, setting=setting, setting_above=above, shadow=shadow)


def _cropped(order: Order, crop: Box) -> Box:
    x0, y0, x1, y1 = crop
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise InvalidBrief(f"a crop of {crop}: give left, top, right, bottom as shares 0..1")
    whole = fitted(nested(crop, within=order.crop))
    if whole[2] - whole[0] < CROP_MIN:
        raise InvalidBrief(
            f"a crop of {whole[2] - whole[0]:.0%} of the frame would magnify the photo too far: "
            f"at least {CROP_MIN:.0%}"
        )
    x0, y0, x1, y1 = (round(each, 6) for each in whole)
    return x0, y0, x1, y1


def check_upload(data: bytes, *, order: Order) -> None:
    """Raises InvalidBrief when the uploaded picture can't fill every frame of the order."""
    try:
        _, width_px, height_px = probe(data)
        opaque = order.shot is Shot.CUTOUT and decode_picture(data).alpha is None
    except AssetError as error:
        raise InvalidBrief(f"the uploaded picture can't be used: {error}") from error
    if opaque:
        raise InvalidBrief("a cut-out needs a picture with transparency: upload a PNG with alpha")
    for aspect in order.aspects:
        _check_fit((width_px, height_px), order=order, aspect=aspect)


def _check_fit(size_px: tuple[int, int], *, order: Order, aspect: str) -> None:
    frame = frame_px(aspect, longer_side_px=order.longer_side_px)
    across, down = frame[0] / size_px[0], frame[1] / size_px[1]
    filled = order.shot is Shot.SCENE
    scale = max(across, down) if filled else min(across, down)
    if scale > ENLARGED_MAX:
        raise InvalidBrief(
            f"the uploaded picture has {size_px[0]} × {size_px[1]} px: too few for "
            f"{frame[0]} × {frame[1]} px; upload a larger one"
        )
    lost = 1 - min(across, down) / max(across, down)
    if filled and lost > LOST_MAX:
        raise InvalidBrief(
            f"the uploaded picture has {size_px[0]} × {size_px[1]} px: {lost:.0%} of it would fall "
            f"away in a {aspect} frame (at most {LOST_MAX:.0%}); upload one of that shape"
        )


def as_ordered(data: bytes, *, order: Order) -> tuple[Media, ...]:
    """The uploaded picture in every frame of the order. Raises GenerationFailed."""
    try:
        check_upload(data, order=order)
        picture = decode_picture(data)
    except (InvalidBrief, AssetError) as error:
        raise GenerationFailed(f"{error}") from error
    return tuple(_framed(picture, order=order, aspect=aspect) for aspect in order.aspects)


def _framed(picture: Picture, *, order: Order, aspect: str) -> Media:
    width, height = frame_px(aspect, longer_side_px=order.longer_side_px)
    shown = _fit(picture, (width, height), filled=order.shot is Shot.SCENE)
    as_png = order.media_type == "image/png"
    opaque = shown if as_png else _on_white(shown)
    return Media(
        role=order.role(aspect),
        data=encode_png(opaque) if as_png else encode_jpeg(opaque, quality=order.quality),
        media_type=order.media_type,
        width_px=width,
        height_px=height,
        composite=False,
        steps=("uploaded by a person", f"fitted into {width} × {height} px"),
    )


def _fit(picture: Picture, frame: tuple[int, int], *, filled: bool) -> Picture:
    """The picture scaled into the middle of the frame: filling it, or whole with clear margins."""
    ratios = (frame[0] / picture.width_px, frame[1] / picture.height_px)
    scale = max(ratios) if filled else min(ratios)
    size = (max(1, round(picture.width_px * scale)), max(1, round(picture.height_px * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    rgb = cv2.resize(picture.rgb, size, interpolation=how)
    clear = np.full((size[1], size[0]), 255, np.uint8)
    alpha = clear if picture.alpha is None else cv2.resize(picture.alpha, size, interpolation=how)
    rgba = _centred(np.dstack((rgb, alpha)), frame)
    bare = picture.alpha is None and rgba[..., 3].min() == 255
    return Picture(rgba[..., :3].copy(), None if bare else rgba[..., 3].copy())


def _centred(rgba: np.ndarray, frame: tuple[int, int]) -> np.ndarray:
    """The pixels (H, W, 4) cut or padded with nothing, around the middle, to the frame."""
    out = np.zeros((frame[1], frame[0], 4), np.uint8)
    rows, columns = min(out.shape[0], rgba.shape[0]), min(out.shape[1], rgba.shape[1])
    to = [(out.shape[0] - rows) // 2, (out.shape[1] - columns) // 2]
    at = [(rgba.shape[0] - rows) // 2, (rgba.shape[1] - columns) // 2]
    seen = rgba[at[0] : at[0] + rows, at[1] : at[1] + columns]
    out[to[0] : to[0] + rows, to[1] : to[1] + columns] = seen
    return out


def _on_white(picture: Picture) -> Picture:
    if picture.alpha is None:
        return picture
    share = picture.alpha[..., None].astype(np.float32) / 255
    mixed = 255 + share * (picture.rgb.astype(np.float32) - 255)
    return Picture(np.rint(mixed).astype(np.uint8))
