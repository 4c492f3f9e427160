"""Pictures made on a device: asked for frame by frame, finished, signed and stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from assets.media import Picture, decode_picture, encode_jpeg
from assets.provenance import Signer
from assets.store import AssetStore
from assets.weights import locate
from content_engine.types import Asset, Candidate, Digest, Recipe
from pipelines.backend import Inputs, Media
from pipelines.diffusion.ask_pictures import covering
from pipelines.generative.asked import Shape, ask_recipe
from pipelines.generative.claims import generated_claims, made_by, mixed_claims
from pipelines.generative.device import Asking, Wish
from pipelines.generative.kept import Put, canvas_and_mask, with_product
from pipelines.generative.named import named
from pipelines.generative.pictures import Method, PictureFrame, PictureOrder
from pipelines.studio.cutout import CutOut, cut_out
from pipelines.studio.segmenter import U2NetSegmenter
from pipelines.studio.upscale import SpanEnlarger

CUTOUTS_KEPT = 8
"""A product's frames and repairs follow each other, and a cut-out costs seconds: 8 × 5 MB."""

Wishing = Callable[[Recipe, PictureOrder, PictureFrame, bytes], Wish]

_DONE: Mapping[Method, str] = {
    "repainted": "the product's photo was shown to the model, which painted the whole picture",
    "around": "the product's own pixels, cut out of its photo; the scene around it is the model's",
    "backdrop": "the product's own pixels, cut out of its photo, put on the model's empty set",
}


class PictureMaker:
    """Makes the pictures of `PictureOrder` recipes. Any thread may use it."""

    def __init__(self, *, store: AssetStore, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._cut = lru_cache(maxsize=CUTOUTS_KEPT)(self._cut_out)
        self._wishes: Mapping[Method, Wishing] = {
            "repainted": self._repainted,
            "around": self._around,
            "backdrop": self._backdrop,
        }

    def make(self, recipe: Recipe, ask: Asking) -> Candidate:
        """The recipe's pictures. Raises GenerationFailed, AssetError, what asking raises."""
        began = time.perf_counter()
        order = PictureOrder.of(recipe)
        photo = self._store.get(
            next(item.digest for item in recipe.ingredients if item.role == "photo")
        )
        wish = self._wishes[order.method]
        painted = ask([wish(recipe, order, frame, photo) for frame in order.frames])
        finished = [
            self._finished(order, frame, media, photo)
            for frame, media in zip(order.frames, painted, strict=True)
        ]
        assets = tuple(self._kept(recipe, order, media, photo) for media in finished)
        return Candidate(
            recipe=recipe,
            assets=assets,
            seconds=time.perf_counter() - began,
            notes=(made_by(recipe), _DONE[order.method]),
        )

    def _repainted(
        self, recipe: Recipe, order: PictureOrder, frame: PictureFrame, photo: bytes
    ) -> Wish:
        asked = _ask(recipe, order, frame)
        return Wish(asked, Inputs(assets={"photo": photo}))

    def _around(
        self, recipe: Recipe, order: PictureOrder, frame: PictureFrame, photo: bytes
    ) -> Wish:
        canvas, mask = canvas_and_mask(
            self._cut(photo, order.tight_px),
            canvas_px=frame.canvas_px,
            put=Put(fill=order.fill, aside=frame.aside),
            enlarger=self._enlarger,
        )
        given = {"photo": canvas, "mask": mask}
        asked = named(_ask(recipe, order, frame), given)
        return Wish(asked, Inputs(assets=given))

    def _backdrop(self, recipe: Recipe, order: PictureOrder, frame: PictureFrame, _: bytes) -> Wish:
        asked = named(_ask(recipe, order, frame), {})
        return Wish(asked, Inputs(assets={}))

    def _finished(
        self, order: PictureOrder, frame: PictureFrame, painted: Media, photo: bytes
    ) -> Media:
        scene = covering(decode_picture(painted.data).rgb, frame.width_px, frame.height_px)
        if order.method != "repainted":
            scene = with_product(
                scene,
                self._cut(photo, order.tight_px),
                put=Put(fill=order.fill, aside=frame.aside),
                shadow=order.method == "backdrop",
                enlarger=self._enlarger,
            )
        return Media(
            role=frame.role,
            data=encode_jpeg(Picture(scene), quality=order.quality),
            media_type="image/jpeg",
            width_px=frame.width_px,
            height_px=frame.height_px,
        )

    def _kept(self, recipe: Recipe, order: PictureOrder, media: Media, photo: bytes) -> Asset:
        claimed = generated_claims if order.method == "repainted" else mixed_claims
        claims = claimed(
            recipe,
            title=order.title,
            inputs={"product photo": photo},
            steps=(_DONE[order.method],),
        )
        signed = self._signer.sign(media.data, media_type=media.media_type, claims=claims)
        return Asset(
            role=media.role,
            digest=Digest(self._store.put(signed)),
            media_type=media.media_type,
            size_bytes=len(signed),
            width_px=media.width_px,
            height_px=media.height_px,
        )

    def _cut_out(self, photo: bytes, tight_px: float) -> CutOut:
        return cut_out(decode_picture(photo), segmenter=self._segmenter, tight_px=tight_px)

    @cached_property
    def _segmenter(self) -> U2NetSegmenter:
        return U2NetSegmenter(locate("u2netp"))

    @cached_property
    def _enlarger(self) -> SpanEnlarger:
        return SpanEnlarger({2: locate("span-x2"), 4: locate("span-x4")})


def _ask(recipe: Recipe, order: PictureOrder, frame: PictureFrame) -> Recipe:
    shape = Shape.of(frame.canvas_px)
    return ask_recipe(recipe, order.asked, shape=shape, words=frame.words)
