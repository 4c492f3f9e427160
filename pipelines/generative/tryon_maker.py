"""Try-ons made on a device; what the model left as it was keeps the photo's own pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass

import cv2
import numpy as np

from assets.media import Picture, decode_picture, encode_jpeg, encode_png
from assets.provenance import Signer
from assets.store import AssetStore
from assets.vault import Vault, same_upload
from content_engine.types import Asset, Candidate, Digest, Ingredient, Recipe
from pipelines.backend import Inputs
from pipelines.diffusion.ask_pictures import flattened
from pipelines.generative.asked import Shape, ask_recipe
from pipelines.generative.claims import made_by, mixed_claims
from pipelines.generative.device import Asking, Wish
from pipelines.generative.tryons import TryonOrder
from pipelines.tryon_places import Place, StorePlace, VaultPlace

ROLE = "tryon"

SAME_BELOW, OTHER_ABOVE = 10.0, 26.0
"""How far colours (greatest of R, G, B, 0..255, blurred) may stray and still be the photo's, and
from where they are the model's. A model's VAE alone strays by 3 to 8 on skin and walls; a garment
of another colour by 40 and more. By reckoning, not yet measured on real weights."""

BLUR_SHARE = 0.006
"""Blur of that difference, in longer sides: single pixels decide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A photo inside a canvas of another shape: its box (x0, y0, x1, y1), the rest filled up."""

    canvas: np.ndarray
    box: tuple[int, int, int, int]

    def inner(self, painted: np.ndarray, *, size_px: tuple[int, int]) -> np.ndarray:
        """The part of a painted canvas that is the photo, at (width, height)."""
        x0, y0, x1, y1 = self.box
        part = painted[y0:y1, x0:x1]
        smaller = size_px[0] < part.shape[1]
        return cv2.resize(
            part, size_px, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        )


class TryonMaker:
    """Makes the pictures of `TryonOrder` recipes. A shopper's stay in the vault. Thread-safe."""

    def __init__(self, *, store: AssetStore, vault: Vault, signer: Signer) -> None:
        self._store = store
        self._vault = vault
        self._signer = signer

    def make(self, recipe: Recipe, ask: Asking) -> Candidate:
        """The recipe's picture, kept where its person's photo lives.

        Raises GenerationFailed, AssetError, what asking raises.
        """
        began = time.perf_counter()
        order, place = TryonOrder.of(recipe), self._place(recipe)
        photo = _sized(flattened(decode_picture(place.person())), order.longer_side_px)
        framed = _framed(photo, order.canvases_px)
        garments = {
            item.role: self._garment(recipe, item.digest)
            for item in recipe.ingredients
            if item.role.startswith("garment")
        }
        inputs = {"person": encode_png(Picture(framed.canvas)), **garments}
        shape = Shape.of((framed.canvas.shape[1], framed.canvas.shape[0]))
        asked = ask_recipe(recipe, order.asked, shape=shape)
        (painted,) = ask([Wish(asked, Inputs(assets=inputs))])
        size_px = (photo.shape[1], photo.shape[0])
        worn = framed.inner(decode_picture(painted.data).rgb, size_px=size_px)
        result = _with_photo(worn, photo)
        asset = self._kept(recipe, order, result, place, garments)
        return Candidate(
            recipe=recipe,
            assets=(asset,),
            seconds=time.perf_counter() - began,
            notes=(made_by(recipe), _DONE),
        )

    def _garment(self, recipe: Recipe, digest: Digest) -> bytes:
        """A garment's picture: the shop's, or one that the shopper sent along with the photo."""
        mine = any(same_upload(item.digest, digest) for item in _people(recipe))
        return self._vault.get(digest) if mine else self._store.get(digest)

    def _place(self, recipe: Recipe) -> Place:
        order = TryonOrder.of(recipe)
        person = _people(recipe)[0].digest
        if not order.asked.private:
            return StorePlace(store=self._store, digest=person)
        return VaultPlace(
            vault=self._vault,
            handle=person,
            recipe=recipe.digest,
            longer_side_px=order.longer_side_px,
        )

    def _kept(
        self,
        recipe: Recipe,
        order: TryonOrder,
        result: np.ndarray,
        place: Place,
        garments: dict[str, bytes],
    ) -> Asset:
        named = {
            f"garment {sku or f'worn as {kind.value}'}": garments[f"garment.{at}"]
            for at, (kind, sku) in enumerate(order.outfit)
        }
        # A shopper's photo is no ingredient: its digest would tell of it after it is gone.
        whose = "a shopper's photo, which is not kept" if order.asked.private else "the model's"
        person = {} if order.asked.private else {"model's photo": place.person()}
        claims = mixed_claims(
            recipe,
            title=order.title,
            inputs={**person, **named},
            steps=(f"garments painted onto {whose}", _DONE),
        )
        data = encode_jpeg(Picture(result), quality=order.quality)
        signed = self._signer.sign(data, media_type="image/jpeg", claims=claims)
        return Asset(
            role=ROLE,
            digest=place.keep(signed),
            media_type="image/jpeg",
            size_bytes=len(signed),
            width_px=result.shape[1],
            height_px=result.shape[0],
        )


_DONE = "what the model left as it was keeps the photo's own pixels"


def _people(recipe: Recipe) -> list[Ingredient]:
    return [item for item in recipe.ingredients if item.role == "person"]


def _sized(photo: np.ndarray, longer_side_px: int) -> np.ndarray:
    scale = min(1.0, longer_side_px / max(photo.shape[:2]))
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA) if scale < 1 else photo


def _framed(photo: np.ndarray, canvases_px: tuple[tuple[int, int], ...]) -> Framed:
    """The whole photo in the middle of the canvas nearest in shape, its edges drawn on outwards."""
    height, width = photo.shape[:2]
    shape = width / height
    across, down = min(canvases_px, key=lambda size: abs(size[0] / size[1] / shape - 1))
    scale = min(across / width, down / height)
    inner = (min(across, round(width * scale)), min(down, round(height * scale)))
    small = cv2.resize(photo, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top = (across - inner[0]) // 2, (down - inner[1]) // 2
    canvas = cv2.copyMakeBorder(
        small,
        top,
        down - inner[1] - top,
        left,
        across - inner[0] - left,
        cv2.BORDER_REPLICATE,
    )
    return Framed(canvas, (left, top, left + inner[0], top + inner[1]))


def _with_photo(worn: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The model's picture where it differs from the photo, the photo where it does not."""
    sigma = max(1.0, BLUR_SHARE * max(photo.shape[:2]))
    stray = cv2.GaussianBlur(cv2.absdiff(worn, photo).max(axis=2).astype(np.float32), (0, 0), sigma)
    share = np.clip((stray - SAME_BELOW) / (OTHER_ABOVE - SAME_BELOW), 0, 1)
    grown = cv2.dilate(share, np.ones((3, 3)), iterations=max(1, round(sigma)))
    soft = cv2.GaussianBlur(grown, (0, 0), sigma)[..., None]
    return np.rint(photo + soft * (worn.astype(np.float32) - photo)).astype(np.uint8)
