"""The outline at full size: a soft matte in a narrow band, and the product's own colours in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.studio.region import Region

DECISIVE_CONTRAST = 40.0
"""Distance between product and background (0..441 RGB) at which colour outweighs the region's
outline. Measured by eye on 40 photos: below 15 the wood's grain bites into the mug, above 60 hair
and fringe turn to blocks."""


REACH = 14
"""Radii of the band around the region within which the matte is made: the widest look at colours
reaches 8, the band 1, its smoothing the rest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matte:
    """A photo's product: `alpha` (H, W) float32 0..1 and `colours` (H, W, 3) float32 0..255.

    In the outline's band the colours are the product's own, without the background's share.
    """

    alpha: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """The three zones of the picture: surely product, surely background, the band between."""

    inside: np.ndarray
    outside: np.ndarray
    between: np.ndarray
    radius_px: int


HUE_APART = 0.02
"""Distance of chromaticities (shares of R, G, B in their sum) at which hue outweighs brightness.
JPEG's noise on a light ground is 0.003; an unbleached tote on grey lies 0.05 away."""


def refine_edges(rgb: np.ndarray, *, region: Region, tight_px: float = 0.0) -> Matte:
    """The soft matte of a (H, W, 3) sRGB picture whose coarse `region` is known.

    `tight_px` pulls the outline inwards; below 0 it lets it out, and the photo shows there. In the
    band alpha is the pixel's place on the line from local background to local product colour
    (Chuang et al. 2001, eq. 4, with one local mean each), trusted by how far the two lie apart;
    elsewhere the region stands.
    """
    size = (rgb.shape[1], rgb.shape[0])
    radius_px = max(3, round(2 * rgb.shape[0] / region.mask.shape[0]))
    soft = cv2.GaussianBlur(region.mask.astype(np.float32), (0, 0), 0.8)
    soft = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
    # Farther out than the widest look reaches nothing changes: there is no need to compute it.
    place = _around(soft > 0, margin_px=REACH * radius_px + round(abs(tight_px)) + 1)
    ground = region.ground
    if ground is not None:
        ground = cv2.resize(ground, size, interpolation=cv2.INTER_LINEAR)[place]
    picture = rgb.astype(np.float32)
    near = _refined(picture[place], soft[place], ground, radius_px=radius_px, tight_px=tight_px)
    alpha = np.zeros(soft.shape, np.float32)
    alpha[place], picture[place] = near.alpha, near.colours
    return Matte(alpha=alpha, colours=picture)


def _around(mask: np.ndarray, *, margin_px: int) -> tuple[slice, slice]:
    """The (rows, columns) of a mask's box with a margin; all of the picture when it is empty."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    if not width:
        return slice(None), slice(None)
    return (
        slice(max(0, y - margin_px), y + height + margin_px),
        slice(max(0, x - margin_px), x + width + margin_px),
    )


def _refined(
    picture: np.ndarray,
    soft: np.ndarray,
    ground: np.ndarray | None,
    *,
    radius_px: int,
    tight_px: float,
) -> Matte:
    band = _band(soft, radius_px)
    product = _local_mean(picture, band.inside, band.radius_px)
    behind = _local_mean(picture, band.outside, band.radius_px)
    alpha, trust = _place_on_line(picture, product, behind, soft)
    if ground is not None:
        by_hue, sure = _place_by_hue(picture, _nearest(picture, band), ground)
        alpha = sure * by_hue + (1 - sure) * alpha
        trust = np.maximum(trust, sure)
    alpha = _crisp(alpha, trust + 0.05)
    alpha = np.where(band.between, alpha, band.inside)
    if ground is None:
        alpha = _calmed(alpha, radius_px=band.radius_px)
    if tight_px > 0:
        alpha = tighten(alpha, tight_px)
    elif tight_px < 0:
        alpha = 1 - tighten(1 - alpha, -tight_px)
    return Matte(alpha=alpha, colours=_own_colours(picture, product, behind, alpha))


def tighten(alpha: np.ndarray, by_px: float) -> np.ndarray:
    """The matte (H, W) with its outline moved inwards by `by_px`, softness kept."""
    whole = int(by_px)
    if whole:
        side = 2 * whole + 1
        alpha = cv2.erode(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    part = by_px - whole
    return alpha if part <= 0 else (1 - part) * alpha + part * cv2.erode(alpha, np.ones((3, 3)))


def _band(soft: np.ndarray, radius_px: int) -> _Band:
    hard = (soft > 0.5).astype(np.uint8)
    side = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    inside = cv2.erode(hard, disc)
    outside = 1 - cv2.dilate(hard, disc)
    return _Band(
        inside.astype(np.float32),
        outside.astype(np.float32),
        (inside == 0) & (outside == 0),
        radius_px,
    )


def _local_mean(picture: np.ndarray, mask: np.ndarray, radius_px: int) -> np.ndarray:
    """The mean colour of the masked pixels around each pixel; a wider look where none is near."""
    masked = picture * mask[..., None]
    near, weight = _mean(masked, mask, 4 * radius_px + 1)
    wide, _ = _mean(masked, mask, 16 * radius_px + 1)
    return np.where((weight > 0.02)[..., None], near, wide)


def _mean(masked: np.ndarray, mask: np.ndarray, side_px: int) -> tuple[np.ndarray, np.ndarray]:
    weight = cv2.blur(mask, (side_px, side_px))
    return cv2.blur(masked, (side_px, side_px)) / np.maximum(weight, 1e-4)[..., None], weight


def _place_on_line(
    picture: np.ndarray, product: np.ndarray, behind: np.ndarray, soft: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The alpha and how far it is to be trusted, 0..1."""
    line = product - behind
    length2 = np.einsum("hwc,hwc->hw", line, line)
    place = np.einsum("hwc,hwc->hw", picture - behind, line) / np.maximum(length2, 1)
    trust = length2 / (length2 + DECISIVE_CONTRAST**2)
    return trust * np.clip(place, -0.2, 1.2) + (1 - trust) * soft, trust


def _place_by_hue(
    picture: np.ndarray, product: np.ndarray, ground: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The alpha by chromaticity, which no shadow changes, and its trust by how far hues differ."""
    behind, behind_sum = _chromaticity(ground)
    own, own_sum = _chromaticity(product)
    hue, total = _chromaticity(picture)
    line = own - behind
    length2 = np.einsum("hwc,hwc->hw", line, line)
    place = np.einsum("hwc,hwc->hw", hue - behind, line)
    place = np.clip(place / np.maximum(length2, 1e-6), 0, 1.2)
    # A mixture's chromaticity leans to the brighter of the two: weigh that out.
    share = place * behind_sum / np.maximum(place * behind_sum + (1 - place) * own_sum, 1e-3)
    share = np.where(place >= 1, place, share)
    # Darker than a quarter of the ground is no shadow but a black rim, which has no hue.
    lit = np.clip((total / behind_sum - 0.15) / 0.15, 0, 1)
    lit *= np.clip((own_sum / behind_sum - 0.25) / 0.15, 0, 1)
    return share, lit * length2 / (length2 + HUE_APART**2)


def _chromaticity(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = np.maximum(colours.sum(axis=2), 24)
    return colours / total[..., None], total


def _nearest(picture: np.ndarray, band: _Band) -> np.ndarray:
    """The colour of the surely inner pixel that is nearest to each pixel, itself smoothed."""
    side = 2 * band.radius_px + 1
    smooth, _ = _mean(picture * band.inside[..., None], band.inside, side)
    _, labels = cv2.distanceTransformWithLabels(
        (band.inside == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    inner = np.flatnonzero(band.inside.ravel() > 0)
    where = np.zeros(labels.max() + 1, np.int64)
    where[labels.ravel()[inner]] = inner
    return smooth.reshape(-1, 3)[where[labels.ravel()]].reshape(picture.shape)


def _crisp(alpha: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """The matte with the outline of a solid thing: smooth along it, about 2 px wide across it.

    Doubtful pixels take their surer neighbours' word. A wide ramp is a shadow's or the grain's,
    seldom the product's: left in, it shows as a grey veil on white.
    """
    smooth = cv2.GaussianBlur(alpha * trust, (0, 0), 1.3) / cv2.GaussianBlur(trust, (0, 0), 1.3)
    return np.clip((smooth - 0.55) * 2.4 + 0.5, 0, 1)


def _calmed(alpha: np.ndarray, *, radius_px: int) -> np.ndarray:
    """The matte with its outline smoothed at the scale of the band, thin parts left as they are.

    A grained ground nibbles at the outline. Where a blur of the matte and the matte agree about
    the side but for a nibble's breadth, the blur's half-way line is the outline.
    """
    blurred = cv2.GaussianBlur(alpha, (0, 0), 0.6 * radius_px)
    smooth = np.clip((blurred - 0.5) * 2.4 * radius_px * 0.6 + 0.5, 0, 1)
    side = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    slim = cv2.absdiff(cv2.morphologyEx(alpha, cv2.MORPH_OPEN, disc), alpha)
    narrow = cv2.absdiff(cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, disc), alpha)
    keep = cv2.GaussianBlur(cv2.dilate(np.maximum(slim, narrow), disc), (0, 0), radius_px / 2)
    return smooth + np.clip(1.5 * keep, 0, 1) * (alpha - smooth)


def _own_colours(
    picture: np.ndarray, product: np.ndarray, behind: np.ndarray, alpha: np.ndarray
) -> np.ndarray:
    """The colours before the background mixed in.

    Source: Forte 2021, "Approximate Fast Foreground Colour Estimation" (blur fusion), one pass.
    """
    share = alpha[..., None]
    freed = product + share * (picture - share * product - (1 - share) * behind)
    return np.clip(np.where(share >= 1, picture, freed), 0, 255)
