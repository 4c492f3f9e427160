"""A garment's picture becomes a GarmentView: cut out, set upright, its landmarks found."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture
from content_engine.errors import GenerationFailed, Refused
from content_engine.types import GarmentKind
from pipelines.studio.cutout import cut_out
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.body_seen import BodySeer
from pipelines.studio.fitting.garment_fold import without_folds
from pipelines.studio.fitting.garment_label import without_label
from pipelines.studio.fitting.garment_print import carried_on, find_print
from pipelines.studio.fitting.garment_tag import without_tag
from pipelines.studio.fitting.garment_view import GarmentView, Sleeves, Style
from pipelines.studio.fitting.garment_worn import worn_top
from pipelines.studio.fitting.landmarks import top_marks
from pipelines.studio.fitting.landmarks_head import upright_hat
from pipelines.studio.fitting.landmarks_lower import check_lower, lower_marks
from pipelines.studio.fitting.landmarks_outline import tilt_deg, trace
from pipelines.studio.fitting.worn import worn_garment
from pipelines.studio.given import OPAQUE_FROM, has_real_alpha
from pipelines.studio.segmenter import Segmenter

WORK_SIDE_PX = 900
"""Longer side of the garment after scaling: half as much again as it covers on a 1024 px photo."""

PICTURE_LIMIT_PX = 1100
"""Longer side of the picture before the cut-out: beyond it only time is lost."""

GROUND_LIMIT_PX = 900
"""The same for a picture with a ground, which has to be told from the garment: a tenth to a fifth
of its first look is saved, and a photo of 1024 px shows no garment of more."""

MARGIN_PX = 12
"""What is left of the emptiness around a garment: enough for the cut-out to see its edge."""

WORN_SIDE_PX = 1024
"""Longer side of a picture of a person who wears the garment."""

TILT_FROM_DEG = 0.8
"""Below this a garment is upright: the search's own unrest on upright ones."""


def see_garment(
    picture: Picture, *, kind: GarmentKind, segmenter: Segmenter, seer: BodySeer
) -> GarmentView:
    """The garment in a picture that shows it from the front, alone or worn.

    In pictures without alpha `seer` looks for who wears it, else `segmenter` finds it. Raises
    Refused ("garment-view") when the garment can't be told from its surroundings or is not seen
    from the front, ("category") when its kind can't be fitted.
    """
    if kind is GarmentKind.HEAD:
        return _hat(_cut(picture, segmenter=segmenter))
    if kind is GarmentKind.LOWER:
        return _lower(_laid_or_worn(picture, segmenter=segmenter, seer=seer))
    if kind not in (GarmentKind.UPPER, GarmentKind.OUTER):
        raise Refused("category", f"no way is known to fit a garment of kind {kind}")
    if picture.alpha is None or not has_real_alpha(picture.alpha):
        rgb = _limited(picture, WORN_SIDE_PX).rgb
        body = _wearer(rgb, seer)
        if body is not None:
            return worn_top(rgb, body, kind=kind)
    loose = _upright(_cut(picture, segmenter=segmenter))
    outline = trace(loose.rgba[..., 3] > 0.5)
    marks = top_marks(outline, _lightness(loose.rgba))
    plain = without_label(loose.rgba, marks.torso)
    wide_px = plain.torso.chest_px
    flat = without_folds(plain.rgba, marks.sleeves_of, sleeves=marks.sleeves, chest_px=wide_px)
    tagless = without_tag(flat.rgba, plain.torso)
    return GarmentView(
        kind=kind,
        style=marks.style,
        sleeves=marks.sleeves,
        rgba=tagless.rgba,
        texture=carried_on(tagless.rgba),
        outline=outline.points,
        torso=plain.torso,
        hang_tag=tagless.box,
        sleeves_of=flat.sleeves_of,
        print_box=find_print(tagless.rgba, plain.torso),
        measures={"tilt_deg": loose.tilt_deg, "neckline.confidence": marks.neck.confidence},
    )


def _hat(rgba: np.ndarray) -> GarmentView:
    hat = upright_hat(rgba)
    return GarmentView(
        kind=GarmentKind.HEAD,
        style=Style.BEANIE,
        sleeves=Sleeves.NONE,
        rgba=hat.rgba,
        texture=carried_on(hat.rgba),
        outline=hat.marks.crown,
        head=hat.marks,
        measures={"turn_deg": hat.turn_deg},
    )


def _laid_or_worn(picture: Picture, *, segmenter: Segmenter, seer: BodySeer) -> _Loose:
    """A lower garment's pixels: by its alpha, taken off its wearer, or cut out where it lies."""
    if picture.alpha is None or not has_real_alpha(picture.alpha):
        try:
            worn = worn_garment(
                _limited(picture, WORN_SIDE_PX).rgb, kind=GarmentKind.LOWER, seer=seer
            )
        except Refused:
            return _upright(_cut(picture, segmenter=segmenter))
        alpha = worn.rgba[..., 3:].astype(np.float32) / 255
        rgba = np.dstack([worn.rgba[..., :3].astype(np.float32) / 255 * alpha, alpha])
        edge = 24
        return _Loose(
            rgba=np.pad(rgba, ((edge, edge), (edge, edge), (0, 0))), tilt_deg=0.0, worn=True
        )
    return _upright(_cut(picture, segmenter=segmenter))


def _lower(loose: _Loose) -> GarmentView:
    outline = trace(loose.rgba[..., 3] > 0.5)
    marks = lower_marks(outline)
    check_lower(marks, outline)
    if loose.worn and marks.is_skirt:
        raise Refused("garment-view", "the wearer's legs can't be told apart")
    return GarmentView(
        kind=GarmentKind.LOWER,
        style=Style.SKIRT if marks.is_skirt else Style.TROUSERS,
        sleeves=Sleeves.NONE,
        rgba=loose.rgba,
        texture=carried_on(loose.rgba),
        outline=outline.points,
        lower=marks,
        worn=loose.worn,
        measures={"tilt_deg": loose.tilt_deg},
    )


def _wearer(rgb: np.ndarray, seer: BodySeer) -> Body | None:
    """The person in a garment's picture; None when the garment lies or hangs there alone."""
    try:
        return seer.see(rgb, kinds=frozenset())
    except Refused as refusal:
        if refusal.reason == "no-person":
            return None
        raise Refused("garment-view", f"who wears the garment: {refusal}") from refusal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Loose:
    """The garment's pixels (H, W, 4) float32 premultiplied, and how far they were turned."""

    rgba: np.ndarray
    tilt_deg: float
    worn: bool = False


def _cut(picture: Picture, *, segmenter: Segmenter) -> np.ndarray:
    """The garment as (H, W, 4) float32 premultiplied, its longer side at most WORK_SIDE_PX."""
    loose = picture.alpha is not None and has_real_alpha(picture.alpha)
    limit_px = PICTURE_LIMIT_PX if loose else GROUND_LIMIT_PX
    try:
        cut = cut_out(_limited(_trimmed(picture), limit_px), segmenter=segmenter)
    except GenerationFailed as failure:
        raise Refused("garment-view", str(failure)) from failure
    if cut.cut_sides:
        sides = ", ".join(sorted(cut.cut_sides))
        raise Refused("garment-view", f"the picture cuts the garment off at its {sides}")
    alpha = cut.alpha.astype(np.float32) / 255
    rgba = np.dstack([cut.rgb.astype(np.float32) / 255 * alpha[..., None], alpha])
    scale = min(1.0, WORK_SIDE_PX / max(alpha.shape))
    size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
    return cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)


def _trimmed(picture: Picture) -> Picture:
    """A picture with alpha without most of the emptiness around what it shows."""
    if picture.alpha is None or not has_real_alpha(picture.alpha):
        return picture
    rows = np.flatnonzero((picture.alpha >= OPAQUE_FROM).any(axis=1))
    columns = np.flatnonzero((picture.alpha >= OPAQUE_FROM).any(axis=0))
    if rows.size == 0:
        return picture
    inside = (
        slice(max(0, rows[0] - MARGIN_PX), rows[-1] + MARGIN_PX + 1),
        slice(max(0, columns[0] - MARGIN_PX), columns[-1] + MARGIN_PX + 1),
    )
    return Picture(picture.rgb[inside], picture.alpha[inside])


def _limited(picture: Picture, longer_side_px: int) -> Picture:
    scale = longer_side_px / max(picture.width_px, picture.height_px)
    if scale >= 1:
        return picture
    size = (round(picture.width_px * scale), round(picture.height_px * scale))
    alpha = picture.alpha
    return Picture(
        cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA),
        None if alpha is None else cv2.resize(alpha, size, interpolation=cv2.INTER_AREA),
    )


def _upright(rgba: np.ndarray) -> _Loose:
    """The garment turned until it is its own mirror image, in a canvas with a margin."""
    height, width = rgba.shape[:2]
    tilt = tilt_deg(rgba[..., 3] > 0.5)
    tilt = tilt if abs(tilt) >= TILT_FROM_DEG else 0.0
    margin = round(0.04 * max(height, width)) + round(0.5 * width * abs(np.sin(np.radians(tilt))))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    turn[:, 2] += margin
    size = (width + 2 * margin, height + 2 * margin)
    turned = cv2.warpAffine(rgba, turn, size, flags=cv2.INTER_CUBIC)
    return _Loose(rgba=np.clip(turned, 0, 1), tilt_deg=tilt)


def _lightness(rgba: np.ndarray) -> np.ndarray:
    """L* 0..100 of the garment on a mid-grey ground, (H, W) float32."""
    flat = rgba[..., :3] + 0.5 * (1 - rgba[..., 3:])
    return cv2.cvtColor(np.ascontiguousarray(flat), cv2.COLOR_RGB2LAB)[..., 0]
