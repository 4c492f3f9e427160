"""A garment taken out of a picture of a person who wears it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.body_seen import BodySeer
from pipelines.studio.fitting.body_shapes import closed, components, opened
from pipelines.studio.fitting.worn_lower import lower_of_legs

HOLES_MAX = 0.12
"""Share of the garment that arms, hands or hair may cover: what lies under them must be invented.
By eye on 22 worn pictures."""

TURN_MAX_DEG = 30.0
"""Turn of the wearer's shoulders beyond which the garment is not seen from the front."""

AREA_MIN = 0.02
"""Least share of the picture that the garment fills."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WornGarment:
    """A garment without its wearer: `rgba` (H, W, 4) uint8, straight alpha, of the picture's size.

    `holes` is the share of the garment's filled outline that arms or hair cover, 0..1; there the
    alpha is 0. `body` is the wearer, None when only legs show.
    """

    rgba: np.ndarray
    holes: float
    body: Body | None


def worn_garment(rgb: np.ndarray, *, kind: GarmentKind, seer: BodySeer) -> WornGarment:
    """The garment of `kind` in a (H, W, 3) uint8 sRGB picture of a person wearing it.

    A full garment is top and bottom together. Raises Refused (`garment-view`) when no person, no
    such garment, or too little of it shows; `category` for hats, which faces wear unlike.
    """
    if kind is GarmentKind.HEAD:
        raise Refused("category", "a hat is not taken off a worn picture: give it alone")
    try:
        body = seer.see(rgb, kinds=frozenset())
    except Refused as refused:
        if kind is not GarmentKind.LOWER:
            raise Refused("garment-view", f"no wearer can be made out ({refused})") from refused
        return _checked(rgb, mask=lower_of_legs(rgb, guess=seer.likely(rgb)), body=None)
    if body.measures["turn_deg"] > TURN_MAX_DEG:
        raise Refused(
            "garment-view",
            f"its wearer is turned by {body.measures['turn_deg']:.0f}°, above {TURN_MAX_DEG:g}°",
        )
    wanted = {GarmentKind.LOWER: (Part.BOTTOM,), GarmentKind.FULL: (Part.TOP, Part.BOTTOM)}
    mask = np.isin(body.parts, wanted.get(kind, (Part.TOP,)))
    return _checked(rgb, mask=np.where(mask, body.alpha, 0).astype(np.uint8), body=body)


def _checked(rgb: np.ndarray, *, mask: np.ndarray, body: Body | None) -> WornGarment:
    """Raises Refused unless enough of the garment shows."""
    side = max(3, round(rgb.shape[0] / 200))
    whole = _main(opened(mask > 127, side))
    if whole.sum() < AREA_MIN * whole.size:
        raise Refused("garment-view", f"the garment fills {whole.mean():.1%} of the picture")
    holes = _covered(whole, body=body)
    if holes > HOLES_MAX:
        raise Refused(
            "garment-view", f"arms or hair cover {holes:.0%} of the garment, above {HOLES_MAX:.0%}"
        )
    alpha = np.where(cv2.dilate(whole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0, mask, 0)
    alpha = cv2.GaussianBlur(alpha.astype(np.uint8), (0, 0), 0.8)
    return WornGarment(rgba=np.dstack([rgb, alpha]), holes=holes, body=body)


def _main(mask: np.ndarray) -> np.ndarray:
    """The largest piece, with pieces of at least a twentieth of it (a sleeve behind an arm)."""
    kept, biggest = np.zeros(mask.shape, bool), 0
    for piece, area in components(mask):
        biggest = biggest or area
        if area < 0.05 * biggest:
            break
        kept |= piece
    return kept


def _covered(whole: np.ndarray, *, body: Body | None) -> float:
    """The share of the garment's filled outline under skin or hair that lies before it."""
    if body is None:
        return 0.0
    scale = 300 / whole.shape[0]
    size = (max(1, round(whole.shape[1] * scale)), 300)
    small = cv2.resize(whole.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    parts = cv2.resize(body.parts, size, interpolation=cv2.INTER_NEAREST)
    filled = closed(small, round(0.45 * body.unit_px * scale))
    over = filled & ~small & np.isin(parts, (Part.SKIN, Part.HAIR))
    # The neck and arms beside the garment are not before it: only what the outline encloses.
    rows = np.arange(300)[:, None] / scale > body.mid_shoulder[1] + 0.1 * body.unit_px
    return float((over & rows).sum() / max(int(filled.sum()), 1))
