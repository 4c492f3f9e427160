"""Layers: the part of the photo that changes, and how pictures are laid over each other in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from content_engine.types import GarmentKind
from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.fit_pieces import Fitted, Piece
from pipelines.studio.fitting.layers_hair import hair_of

WORN_AS = {
    GarmentKind.UPPER: (Part.TOP,),
    GarmentKind.OUTER: (Part.TOP,),
    GarmentKind.FULL: (Part.TOP, Part.BOTTOM),
    GarmentKind.LOWER: (Part.BOTTOM,),
    GarmentKind.HEAD: (),
}
"""On which worn cloth a garment lies, and whose light it takes over."""

Box = tuple[int, int, int, int]

SLEEVE_OUT_T = 0.05
"""So far a sleeve has to reach out of the one worn over it to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """The crop of the photo in which everything happens, and what the body is there.

    `box` (x0, y0, x1, y1) px in the photo. `photo` (h, w, 3) float32 0..1 sRGB; `parts` (h, w)
    uint8 of `Part`; `alpha`, `hair` (h, w) float32 0..1; `cloth_as_hair` (h, w) bool is worn cloth
    that the parts call hair. `unit_px` is the body unit.
    """

    box: Box
    body: Body
    photo: np.ndarray
    parts: np.ndarray
    alpha: np.ndarray
    hair: np.ndarray
    cloth_as_hair: np.ndarray

    @classmethod
    def of(cls, photo: np.ndarray, body: Body, *, box: Box) -> Scene:
        """The crop `box` of a (H, W, 3) uint8 sRGB photo."""
        x0, y0, x1, y1 = box
        rows, columns = slice(y0, y1), slice(x0, x1)
        part = photo[rows, columns].astype(np.float32) / 255
        hair = hair_of(
            part,
            body.parts[rows, columns],
            body.hair[rows, columns].astype(np.float32) / 255,
            chin=(body.chin[0] - x0, body.chin[1] - y0),
            unit_px=body.unit_px,
        )
        return cls(
            box=box,
            body=body,
            photo=part,
            parts=body.parts[rows, columns],
            alpha=body.alpha[rows, columns].astype(np.float32) / 255,
            hair=hair.share,
            cloth_as_hair=hair.cloth,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.photo.shape[0], self.photo.shape[1]

    @property
    def unit_px(self) -> float:
        """The body unit."""
        return self.body.unit_px

    def px(self, units: float, *, least: int = 1) -> int:
        """A length in body units as whole pixels."""
        return max(least, round(units * self.body.unit_px))

    def local(self, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """Points (n, 2) of the photo as points of the crop, float32."""
        return np.asarray(points, np.float32).reshape(-1, 2) - np.array(self.box[:2], np.float32)

    def polygon(self, points: np.ndarray) -> np.ndarray:
        """The inside of a closed curve (n, 2) of the crop: (h, w) float32 0..1, smooth edges."""
        mask = np.zeros(self.shape, np.uint8)
        if len(points) > 2:
            cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def is_part(self, *parts: Part) -> np.ndarray:
        """Where the crop shows one of the parts: (h, w) bool."""
        found = np.zeros(self.shape, bool)
        for part in parts:
            found |= self.parts == part.value
        return found


def changed_box(body: Body, fitted: Sequence[Fitted], *, margin_u: float = 0.35) -> Box:
    """The box of the photo that can change: the pieces, all that is worn there, and around it."""
    pieces = [piece.box_px for item in fitted for piece in item.pieces]
    for part in {part for item in fitted for part in WORN_AS[item.kind]}:
        x, y, width, height = cv2.boundingRect((body.parts == part.value).astype(np.uint8))
        pieces += [(x, y, x + width, y + height)] * (width > 0)
    boxes = np.array(pieces)
    margin = round(margin_u * body.unit_px)
    width, height = body.photo_px
    return (
        max(0, int(boxes[:, 0].min()) - margin),
        max(0, int(boxes[:, 1].min()) - margin),
        min(width, int(boxes[:, 2].max()) + margin),
        min(height, int(boxes[:, 3].max()) + margin),
    )


def within(piece: Piece, scene: Scene) -> tuple[tuple[slice, slice], np.ndarray]:
    """Where the piece lies in the crop, as (rows, columns), and its pixels there."""
    x0, y0, x1, y1 = piece.box_px
    left, top, right, bottom = scene.box
    cx0, cy0, cx1, cy1 = max(x0, left), max(y0, top), min(x1, right), min(y1, bottom)
    rows, columns = slice(cy0 - top, max(cy1, cy0) - top), slice(cx0 - left, max(cx1, cx0) - left)
    return (rows, columns), piece.rgba[cy0 - y0 : max(cy1, cy0) - y0, cx0 - x0 : max(cx1, cx0) - x0]


def lay(canvas: np.ndarray, place: tuple[slice, slice], rgba: np.ndarray) -> None:
    """Lays premultiplied (h, w, 4) pixels over the canvas (H, W, 3) at that place."""
    under = canvas[place]
    canvas[place] = rgba[..., :3] + under * (1 - rgba[..., 3:])


def mix(canvas: np.ndarray, colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The canvas with that share (h, w) 0..1 of the colours (h, w, 3)."""
    x, y, width, height = cv2.boundingRect((share > 0).astype(np.uint8))
    place = (slice(y, y + height), slice(x, x + width))
    mixed = canvas.copy()
    mixed[place] += (colours[place] - canvas[place]) * share[place][..., None]
    return mixed


def shaded(canvas: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """The canvas with that share (h, w) 0..1 of its light taken."""
    x, y, width, height = cv2.boundingRect((taken > 0.002).astype(np.uint8))
    place = (slice(y, y + height), slice(x, x + width))
    darker = canvas.copy()
    darker[place] *= 1 - taken[place][..., None]
    return darker


def coverage(pieces: Sequence[Piece], scene: Scene) -> np.ndarray:
    """How much of each pixel of the crop the pieces cover together: (h, w) float32 0..1."""
    free = np.ones(scene.shape, np.float32)
    for piece in pieces:
        place, rgba = within(piece, scene)
        free[place] *= 1 - rgba[..., 3]
    return 1 - free


def soft(mask: np.ndarray, sigma_px: float) -> np.ndarray:
    """A mask as float32 0..1, blurred; wide blurs are made small, where they are as good."""
    field = mask.astype(np.float32)
    if sigma_px < 4:
        return cv2.GaussianBlur(field, (0, 0), max(sigma_px, 0.3))
    scale = 2.0 / sigma_px
    small = cv2.resize(field, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 2.0)
    return cv2.resize(small, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)


def is_back(piece: Piece) -> bool:
    """True for what lies behind head and neck: a collar's inner back, a hood."""
    return piece.name.startswith("back")


def is_hood(piece: Piece) -> bool:
    """True for the sides of a hood laid back, which lie on the trunk."""
    return piece.name.startswith("hood")


def is_sleeve(piece: Piece) -> bool:
    """True for sleeves, which lie over trunk and arms."""
    return piece.name.startswith("sleeve")


def front_pieces(fitted: Sequence[Fitted]) -> list[Piece]:
    """All that lies before head and neck, back to front."""
    return [piece for item in fitted for piece in item.pieces if not is_back(piece)]


def without_hidden_sleeves(outfit: Sequence[Fitted]) -> list[Fitted]:
    """The outfit, inside out, without sleeves that lie in a longer one worn over them."""
    shown: list[Fitted] = []
    for at, item in enumerate(outfit):
        hidden = {
            f"sleeve-{side}"
            for over in outfit[at + 1 :]
            for side, sleeve in over.target.sleeves.items()
            if side in item.target.sleeves
            and sleeve.end_t > item.target.sleeves[side].end_t - SLEEVE_OUT_T
        }
        pieces = tuple(piece for piece in item.pieces if piece.name not in hidden)
        shown.append(replace(item, pieces=pieces))
    return shown
