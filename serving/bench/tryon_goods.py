"""Try-ons to plant faults in, made by the real pipeline, with what its maker knows of them."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from assets.media import Picture, decode_picture, encode_jpeg
from content_engine.errors import GenerationFailed
from content_engine.types import (
    Brief,
    Digest,
    Garment,
    GarmentKind,
    Kind,
    Product,
    TryonSpec,
)
from content_engine.wardrobe import LAYERS
from pipelines.backend import Inputs
from pipelines.studio.fitting.backend import FittingBackend, FittingRun
from pipelines.studio.fitting.body import Body, Part
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.tryon_plan import checked, order_of, recipe_of
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.observed import Box, share_box

SEEN_PATH = Path(__file__).with_name("tryon_seen.toml")
QUALITY = 92


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Good:
    """A result and what its maker knows of it, all in its own pixels.

    `rgb` and `photo` (H, W, 3) uint8; `cloth` (H, W) bool where the garment is seen; `sleeves`
    bool of those of it that are sleeves; `body` the maker's analysis; `printed` (x0, y0, x1, y1)
    px around what is drawn on the chest, or None; `key` names it in the list of what eyes saw.
    """

    rgb: Pixels
    photo: Pixels
    cloth: Mask
    sleeves: Mask
    body: Body
    printed: tuple[int, int, int, int] | None
    person: str
    garment: str
    key: str

    @property
    def unit_px(self) -> float:
        """The body's measure."""
        return self.body.unit_px

    @property
    def worn(self) -> Mask:
        """What was worn in the photo and is to be replaced."""
        return self.body.parts == Part.TOP


class FittingTable:
    """Makes try-ons and keeps what the making knew. The pipeline's own backend and plan."""

    def __init__(self) -> None:
        self._backend = FittingBackend()

    def made(self, person: Path, garment: Path, *, kind: GarmentKind, side_px: int) -> Good:
        """The try-on of a person in a garment. Raises GenerationFailed, Refused."""
        spec = spec_of(person, garment, kind=kind, side_px=side_px)
        brief = Brief(kind=Kind.TRYON, product=bare_product(garment.stem), spec=spec, locale="und")
        recipe = recipe_of(order_of(brief, checked(brief)), spec=spec, seed=0)
        data = {"person": person.read_bytes(), "garment.0": garment.read_bytes()}
        run = self._backend.start(recipe, Inputs(assets=data))
        while not run.done:
            self._backend.step([run])
        return _good(run, person=person, garment=garment)


def spec_of(person: Path, garment: Path, *, kind: GarmentKind, side_px: int) -> TryonSpec:
    """The order of one person in one garment, named by their bytes."""
    worn = Garment(kind=kind, picture=_digest(garment), layer=LAYERS[kind], sku=garment.stem)
    return TryonSpec(
        person=_digest(person), garments=(worn,), longer_side_px=side_px, private=False
    )


def bare_product(title: str) -> Product:
    """A product that is nothing but a title."""
    return Product(sku=title, title=title, brand="", category=(), facts=(), photos=())


def coded(rgb: Pixels) -> bytes:
    """The picture as results are coded."""
    return encode_jpeg(Picture(rgb), quality=QUALITY)


def _digest(path: Path) -> Digest:
    return Digest(hashlib.sha256(path.read_bytes()).hexdigest())


def _good(run: FittingRun, *, person: Path, garment: Path) -> Good:
    if run.dressed is None or run.body is None:
        raise GenerationFailed("the fitting room gave no picture")
    fitted = run.fitted[0]
    shape = run.dressed.shape[:2]
    layers = {piece.name: _placed(piece.rgba, piece.box_px, shape) for piece in fitted.pieces}
    outside = {"back"}
    cloth = np.max([a for name, a in layers.items() if name not in outside], axis=0) > _SEEN
    changed = cv2.blur(cv2.absdiff(run.dressed, run.photo).max(axis=2), (5, 5)) > _CHANGED
    sleeves = [layer for name, layer in layers.items() if name.startswith("sleeve")]
    return Good(
        rgb=run.dressed,
        photo=run.photo,
        cloth=cloth & changed,
        sleeves=(np.max(sleeves, axis=0) > _SEEN) if sleeves else np.zeros(shape, bool),
        body=run.body,
        printed=_printed(fitted, run.dressed, cloth),
        person=person.stem,
        garment=garment.stem,
        key=pair_key(person, garment),
    )


_SEEN, _CHANGED = 0.9, 6
_CHEST = (0.08, 0.62)
_DRAWN = 26.0


def _placed(rgba: Numbers, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Numbers:
    whole = np.zeros(shape, np.float32)
    x0, y0, x1, y1 = box
    whole[y0:y1, x0:x1] = rgba[..., 3]
    return whole


def _printed(fitted: Fitted, rgb: Pixels, cloth: Mask) -> tuple[int, int, int, int] | None:
    """The box of what differs from the cloth on the chest; None on a plain garment."""
    neck, hem = fitted.target.neck, fitted.target.hem
    top, bottom = float(neck[:, 1].max()), float(hem[:, 1].mean())
    rows = slice(*(round(top + share * (bottom - top)) for share in _CHEST))
    left, right = float(neck[:, 0].min()), float(neck[:, 0].max())
    reach = 0.35 * (right - left)
    columns = slice(max(0, round(left - reach)), round(right + reach))
    lab = cv2.cvtColor(rgb[rows, columns], cv2.COLOR_RGB2LAB).astype(np.float32)
    inside = cv2.erode(cloth[rows, columns].astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if inside.sum() < 500:
        return None
    base = np.median(lab[inside], axis=0)
    drawn = inside & (np.linalg.norm((lab - base) * (0.8, 1, 1), axis=2) > _DRAWN)
    drawn = cv2.morphologyEx(drawn.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if drawn.sum() < 0.004 * inside.sum():
        return None
    across, down = np.flatnonzero(drawn.any(axis=0)), np.flatnonzero(drawn.any(axis=1))
    return (
        columns.start + int(across[0]),
        rows.start + int(down[0]),
        columns.start + int(across[-1]) + 1,
        rows.start + int(down[-1]) + 1,
    )


def pair_key(person: Path, garment: Path) -> str:
    """What names a pair by its pictures' bytes, so that no renamed file brings old words."""
    return f"{_digest(person)[:12]}-{_digest(garment)[:12]}"


@cache
def seen_by_eye() -> dict[str, str]:
    """What a person said of each pair at full size: `good`, `fair` or `bad`."""
    words = _seen()["words"]
    return {key: word for word, keys in words.items() for key in keys}


def held_out(person: Path) -> bool:
    """True for people whose results nobody may look at to set a limit or mend a measure."""
    return _digest(person)[:12] in _seen()["people"]["held_out"]


@cache
def _seen() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(SEEN_PATH.read_text(encoding="utf-8"))


def box_of(mask: Mask) -> Box:
    """The box (0..1) around what is True."""
    return share_box(cv2.boundingRect(mask.astype(np.uint8)), (mask.shape[1], mask.shape[0]))


def soft(mask: Mask, sigma: float = 0.8) -> Numbers:
    """The mask as a share 0..1 with a soft edge, (H, W, 1) float32."""
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma)[..., None]


def laid(good: Good, over: Pixels, mask: Mask, *, sigma: float = 0.8) -> Pixels:
    """The result with `over` laid on it inside a mask."""
    share = soft(mask, sigma)
    mixed = good.rgb.astype(np.float32) * (1 - share) + over.astype(np.float32) * share
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def shifted(rgb: Pixels, across: Numbers, down: Numbers) -> Pixels:
    """The picture seen through offsets (H, W) px: each pixel shows what lies that far from it."""
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
    spots = (columns + across).astype(np.float32), (rows + down).astype(np.float32)
    return cv2.remap(rgb, *spots, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def disc(shape: tuple[int, ...], centre: Numbers, radius: float) -> Mask:
    """A filled circle."""
    drawn = np.zeros(shape[:2], np.uint8)
    x, y = np.rint(centre).astype(int).tolist()
    cv2.circle(drawn, (x, y), max(1, round(radius)), (1,), -1)
    return drawn > 0


def grown(mask: Mask, radius: int) -> Mask:
    """The mask grown by a radius in px."""
    size = 2 * radius + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(mask.astype(np.uint8), shape) > 0


def of_photo(path: Path) -> Pixels:
    """A picture's (H, W, 3) uint8 sRGB."""
    return decode_picture(path.read_bytes()).rgb
