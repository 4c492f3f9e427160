"""A garment fitted to a body: the pieces that are laid over the photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from content_engine.errors import Refused
from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.cuff import at_worn_cuffs
from pipelines.studio.fitting.fit_head import head_place
from pipelines.studio.fitting.fit_lower import lower_sheets
from pipelines.studio.fitting.fit_pieces import Fitted, Piece, Target
from pipelines.studio.fitting.fit_top import TopSheets, top_sheets
from pipelines.studio.fitting.garment_view import GarmentView, HeadMarks, LowerMarks, TorsoMarks
from pipelines.studio.fitting.mesh import anisotropy
from pipelines.studio.fitting.mesh_raster import Sheet, drawn, inverse_map
from pipelines.studio.fitting.target import TopTarget, top_target
from pipelines.studio.fitting.target_lower import lower_place

OVER_EASE = 0.03
"""How much a garment worn over another stands off more, in body units."""

SPARE = 1.15
"""The texture is shrunk to this times its size in the photo before it is drawn: crisp, no moiré."""


def fit(view: GarmentView, body: Body, *, over: Sequence[Fitted], layer: int) -> Fitted:
    """The garment on the body, over what is already fitted there.

    Raises Refused ("category") when no way is known to fit this kind of garment.
    """
    if view.head is not None:
        return _fit_head(view, view.head, body, layer=layer)
    if view.lower is not None:
        return _fit_lower(view, view.lower, body, layer=layer)
    if view.torso is None:
        raise Refused("category", f"no way is known to fit a garment of kind {view.kind}")
    under = [one for one in over if one.kind in (GarmentKind.UPPER, GarmentKind.FULL)]
    ease = OVER_EASE * len(under)
    place = top_target(body, view, view.torso, ease=ease)
    sheets = top_sheets(view, view.torso, place)
    drawn_pieces = _pieces(view, sheets, shape=body.alpha.shape)
    pieces = at_worn_cuffs(drawn_pieces, body, sleeves=place.sleeves)
    return Fitted(
        kind=view.kind,
        layer=layer,
        style=view.style,
        pieces=pieces,
        target=_target(place, pieces, body.alpha.shape),
        measures=_measures(view, view.torso, sheets, place),
    )


def _fit_lower(view: GarmentView, marks: LowerMarks, body: Body, *, layer: int) -> Fitted:
    place = lower_place(body, marks)
    sheets = lower_sheets(marks, place)
    pieces = _pieces(view, sheets, shape=body.alpha.shape)
    ends = [place.outer["left"][-1], place.outer["right"][-1]]
    if place.inner:
        ends = [ends[0], place.inner["left"][-1], place.inner["right"][-1], ends[1]]
    target = Target(
        neck=np.empty((0, 2)),
        hem=np.array(ends),
        side_left=place.outer["left"],
        side_right=place.outer["right"],
        covers=_covers(pieces, body.alpha.shape),
    )
    return Fitted(
        kind=view.kind,
        layer=layer,
        style=view.style,
        pieces=pieces,
        target=target,
        measures={f"folds.{name}": sheet.folds() for name, sheet in sheets.sheets.items()},
    )


def _fit_head(view: GarmentView, marks: HeadMarks, body: Body, *, layer: int) -> Fitted:
    place = head_place(body, marks)
    sheets = TopSheets(sheets={"head": place.sheet}, magnification=place.magnification)
    pieces = _pieces(view, sheets, shape=body.alpha.shape)
    none = np.empty((0, 2))
    target = Target(
        neck=none,
        hem=place.brim,
        side_left=none,
        side_right=none,
        covers=_covers(pieces, body.alpha.shape),
    )
    return Fitted(
        kind=view.kind,
        layer=layer,
        style=view.style,
        pieces=pieces,
        target=target,
        measures={"folds.head": place.sheet.folds()},
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Texture:
    """The garment's colours at about the photo's scale, and the scale they were brought to."""

    rgb: np.ndarray
    scale: float


def _texture(view: GarmentView, sheets: TopSheets) -> _Texture:
    scale = min(1.0, SPARE * sheets.magnification)
    if scale >= 1:
        return _Texture(rgb=view.texture, scale=1.0)
    rgb = cv2.resize(view.texture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _Texture(rgb=rgb, scale=scale)


def _pieces(view: GarmentView, sheets: TopSheets, *, shape: tuple[int, ...]) -> tuple[Piece, ...]:
    """All parts drawn, back to front."""
    texture = _texture(view, sheets)
    made = [
        _piece(
            name,
            sheet,
            texture,
            fade=sheets.fades.get(name),
            shape=shape,
        )
        for name, sheet in sheets.sheets.items()
    ]
    return tuple(piece for piece in made if piece is not None)


def _piece(
    name: str,
    sheet: Sheet,
    texture: _Texture,
    *,
    fade: np.ndarray | None,
    shape: tuple[int, ...],
) -> Piece | None:
    """One part; `fade` (rows, columns) is its opacity where that is not 1."""
    box = _box(sheet.target, shape)
    if box is None:
        return None
    values = sheet.source * texture.scale + 0.5 * (texture.scale - 1)
    if fade is not None:
        values = np.dstack([values, fade])
    source = inverse_map(values, sheet.target, box)
    rgb = cv2.remap(
        texture.rgb,
        np.ascontiguousarray(source[..., 0]),
        np.ascontiguousarray(source[..., 1]),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    alpha = drawn(sheet.rim(), box)
    if fade is not None:
        alpha = alpha * np.clip(source[..., 2], 0, 1)
    rgba = np.empty((*alpha.shape, 4), np.float32)
    np.multiply(rgb, (alpha / 255)[..., None], out=rgba[..., :3], casting="unsafe")
    rgba[..., 3] = alpha
    return Piece(name=name, rgba=rgba, box_px=box)


def _box(points: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    flat = points.reshape(-1, 2)
    x0, y0 = (int(v) for v in np.maximum(np.floor(flat.min(axis=0)) - 2, 0))
    x1, y1 = (int(v) for v in np.minimum(np.ceil(flat.max(axis=0)) + 3, (shape[1], shape[0])))
    return (x0, y0, x1, y1) if x1 - x0 > 2 and y1 - y0 > 2 else None


def _covers(pieces: Sequence[Piece], shape: tuple[int, ...]) -> np.ndarray:
    """What of the photo (H, W) uint8 lies under the pieces that are worn in front."""
    covers = np.zeros(shape[:2], np.uint8)
    for piece in pieces:
        x0, y0, x1, y1 = piece.box_px
        if piece.name == "back":
            continue
        solid = np.rint(piece.rgba[..., 3] * 255).astype(np.uint8)
        covers[y0:y1, x0:x1] = np.maximum(covers[y0:y1, x0:x1], solid)
    return covers


def _target(place: TopTarget, pieces: Sequence[Piece], shape: tuple[int, ...]) -> Target:
    return Target(
        neck=place.shoulders.neck,
        hem=place.hem,
        side_left=place.side_left,
        side_right=place.side_right,
        covers=_covers(pieces, shape),
        sleeves=place.sleeves,
    )


def _measures(
    view: GarmentView, marks: TorsoMarks, sheets: TopSheets, place: TopTarget
) -> Mapping[str, float]:
    torso = sheets.sheets["torso"]
    found = {f"folds.{name}": sheet.folds() for name, sheet in sheets.sheets.items()}
    box = view.print_box
    if box is not None:
        found["print.anisotropy"] = anisotropy(torso, box)
    wish = marks.chest_px / marks.length_px
    length = np.linalg.norm(place.hem.mean(axis=0) - place.shoulders.roots.mean(axis=0))
    found["stretch"] = float(place.chest_px / max(float(length), 1.0) / wish)
    found["hem_t"] = place.hem_t
    found["sides.measured"] = place.measured_sides
    found["yaw_deg"] = place.frame.yaw_deg
    return found
