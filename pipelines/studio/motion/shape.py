"""Where the product is in its photo: by its alpha, by the network, or as a garment on a person."""

from __future__ import annotations

import cv2
import numpy as np

from assets.media import Picture
from content_engine.errors import GenerationFailed, Refused
from content_engine.types import GarmentKind
from pipelines.studio.given import OPAQUE_FROM, has_real_alpha
from pipelines.studio.scenes.arrays import U8
from pipelines.studio.segmenter import Segmenter, locate_product


def product_shape(photo: Picture, *, segmenter: Segmenter) -> U8:
    """The product's mask (H, W) uint8 in its photo, 255 inside, edges rough."""
    if photo.alpha is not None and has_real_alpha(photo.alpha):
        return np.where(photo.alpha >= OPAQUE_FROM, 255, 0).astype(np.uint8)
    guess = locate_product(photo.rgb, segmenter=segmenter)
    size = photo.width_px, photo.height_px
    return np.where(cv2.resize(guess, size) > 0.5, 255, 0).astype(np.uint8)


def worn_shape(photo: Picture, *, garment: str) -> U8:
    """The mask (H, W) uint8 of the garment that a person wears in the photo.

    Neither face, hands nor shoes. Raises GenerationFailed where it can't be told.
    """
    from pipelines.studio.fitting.body_seen import BodySeer
    from pipelines.studio.fitting.worn import worn_garment

    if not garment:
        raise GenerationFailed(
            "the photo shows more than the product, which may be worn or held, and no garment's "
            "name says what to look at: use a photo of the product alone or another design"
        )
    try:
        worn = worn_garment(photo.rgb, kind=GarmentKind(garment), seer=BodySeer())
    except Refused as refused:
        raise GenerationFailed(
            f"the garment can't be told from its wearer ({refused}): use a photo of the garment "
            "alone or another design"
        ) from refused
    return np.ascontiguousarray(worn.rgba[..., 3])
