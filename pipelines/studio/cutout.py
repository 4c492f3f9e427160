"""The product without its surroundings: the value every studio picture is composed from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from content_engine.errors import GenerationFailed
from pipelines.studio.edges import Matte, refine_edges, tighten
from pipelines.studio.given import has_real_alpha, without_baked_shadow
from pipelines.studio.parts import connected
from pipelines.studio.region import find_region
from pipelines.studio.segmenter import Segmenter, doubt, locate_product

WORK_LIMIT_PX = 2800
"""Longer side of a photo that is cut out: more than any picture made from it shows."""

DOUBT_MAX = 0.6
"""Above this the network does not know where the product is. Measured on 44 photos: usable
cut-outs reach 0.28."""

AGREEMENT_MIN = 0.6
"""Least overlap (intersection over union) of the network's region and the colour model's."""

AREA_MIN = 0.01
AREA_MAX = 0.97
"""Shares of the photo that a product covers: below lies a speck, above the photo itself."""

PRODUCT_MIN_PX = 48
"""Least longer side of a product: magnified 30 times it is a smear."""


SIDE_MIN_PX = 32
SLENDER_MAX = 16
"""Least side of a photo, and most times its longer side may be its shorter: below and beyond that
nothing is left of it at the networks' input size."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutOut:
    """A product cut out of its photo and trimmed to its own box.

    `rgb` is (H, W, 3) uint8 sRGB, not premultiplied; where `alpha` is below 255 the colours are the
    product's own, freed from the old background. `alpha` is (H, W) uint8: 0 outside, 255 inside.
    The first and last row and column of `alpha` each hold some of the product. `cut_sides` names
    the sides (`left`, `top`, `right`, `bottom`) where the photo itself cuts the product: such a
    side belongs at the frame's edge. `given` is True when the alpha came with the photo.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    cut_sides: frozenset[str] = frozenset()
    given: bool = False

    @property
    def height_px(self) -> int:
        """Rows of the box."""
        return int(self.alpha.shape[0])

    @property
    def width_px(self) -> int:
        """Columns of the box."""
        return int(self.alpha.shape[1])


def cut_out(picture: Picture, *, segmenter: Segmenter, tight_px: float = 0.0) -> CutOut:
    """The product of a photo: by the photo's own alpha if it has a real one, else segmented.

    `tight_px` pulls the outline inwards, below 0 it lets it out. Raises GenerationFailed when the
    product can't be told from its surroundings well enough to ship, or its outline not be let out.
    """
    _check_size(picture)
    picture = _within_limit(picture)
    if picture.alpha is not None and has_real_alpha(picture.alpha):
        if tight_px < 0:
            raise GenerationFailed(
                "the photo brings its own mask: there is no product beyond it to let the outline "
                "out to; shrink the mask, or replace the picture"
            )
        colours, alpha = without_baked_shadow(picture.rgb, picture.alpha)
        alpha = tighten(alpha, tight_px) if tight_px > 0 else alpha
        return _trimmed(Matte(alpha=alpha, colours=colours.astype(np.float32)), given=True)
    return _trimmed(_segmented(picture.rgb, segmenter=segmenter, tight_px=tight_px), given=False)


def _segmented(rgb: np.ndarray, *, segmenter: Segmenter, tight_px: float) -> Matte:
    prior = locate_product(rgb, segmenter=segmenter)
    unsure = doubt(prior)
    if unsure > DOUBT_MAX:
        raise GenerationFailed(
            f"the product can't be told from its surroundings: {unsure:.0%} of it is undecided "
            f"(at most {DOUBT_MAX:.0%}); use a photo on a plainer background or one with alpha"
        )
    region = find_region(rgb, prior=prior)
    _check_region(region.mask, prior)
    return refine_edges(rgb, region=region, tight_px=tight_px)


def _check_region(region: np.ndarray, prior: np.ndarray) -> None:
    size = (region.shape[1], region.shape[0])
    guess = cv2.resize(prior, size, interpolation=cv2.INTER_LINEAR) > 0.5
    found = region > 0
    share = min(float(found.mean()), float(guess.mean()))
    if share < AREA_MIN:
        raise GenerationFailed(
            f"the product covers {share:.1%} of the photo (at least {AREA_MIN:.0%}): "
            "too small or not found; use a closer photo"
        )
    if found.mean() > AREA_MAX:
        raise GenerationFailed(
            "the product fills the whole photo, or nothing sets it off: use a photo with some "
            "background around the product"
        )
    overlap = np.count_nonzero(guess & found) / np.count_nonzero(guess | found)
    if overlap < AGREEMENT_MIN:
        raise GenerationFailed(
            f"shape and colour disagree about where the product ends (overlap {overlap:.0%}, at "
            f"least {AGREEMENT_MIN:.0%}); use a photo on a plainer background or one with alpha"
        )


def _check_size(picture: Picture) -> None:
    shorter, longer = sorted((picture.width_px, picture.height_px))
    if shorter < SIDE_MIN_PX or longer > SLENDER_MAX * shorter:
        raise GenerationFailed(
            f"a photo of {picture.width_px} × {picture.height_px} px is too small or too slender: "
            f"at least {SIDE_MIN_PX} px a side and at most {SLENDER_MAX} times as long as wide"
        )


def _within_limit(picture: Picture) -> Picture:
    scale = WORK_LIMIT_PX / max(picture.height_px, picture.width_px)
    if scale >= 1:
        return picture
    size = (round(picture.width_px * scale), round(picture.height_px * scale))
    rgb = cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA)
    if picture.alpha is None:
        return Picture(rgb)
    return Picture(rgb, cv2.resize(picture.alpha, size, interpolation=cv2.INTER_AREA))


def _trimmed(matte: Matte, *, given: bool) -> CutOut:
    """The matte as a CutOut, trimmed to what a viewer can see of it (alpha above 4 %)."""
    visible = matte.alpha > 0.04
    if not given:
        visible &= ~_crumbs(visible)
    rows = np.flatnonzero(visible.any(axis=1))
    columns = np.flatnonzero(visible.any(axis=0))
    if rows.size == 0:
        raise GenerationFailed("nothing of the product is left after the cut-out")
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    if max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 < PRODUCT_MIN_PX:
        raise GenerationFailed(
            f"the product is under {PRODUCT_MIN_PX} px in its photo: use a larger photo"
        )
    alpha = np.where(visible, matte.alpha, 0)[box]
    return CutOut(
        rgb=np.rint(matte.colours[box]).astype(np.uint8),
        alpha=np.rint(alpha * 255).astype(np.uint8),
        cut_sides=cut_sides(matte.alpha),
        given=given,
    )


def _crumbs(visible: np.ndarray) -> np.ndarray:
    """Pieces that the outline's refinement left behind: below 0.3 % of the largest one."""
    parts, areas = connected(visible)
    return np.take(areas < 0.003 * areas[1:].max(initial=1), parts)


def cut_sides(alpha: np.ndarray) -> frozenset[str]:
    """The photo's sides along which at least 1.5 % of the length is product; alpha is 0..1."""
    borders = {
        "left": alpha[:, 0],
        "right": alpha[:, -1],
        "top": alpha[0],
        "bottom": alpha[-1],
    }
    return frozenset(side for side, line in borders.items() if np.mean(line > 0.5) > 0.015)
