"""Clips made on a device: the take, or a span of it anew; then shown at the channel's size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np

from assets.encode import VideoWriter
from assets.media import Picture, decode_picture, encode_jpeg, encode_png
from assets.provenance import Signer
from assets.store import AssetStore
from assets.video import read_frames, rgb
from content_engine.errors import GenerationFailed
from content_engine.flow import never
from content_engine.types import Asset, Candidate, Digest, Recipe, Shot
from pipelines.backend import Backend, Inputs, rendered
from pipelines.diffusion.ask_pictures import covering
from pipelines.generative.asked import Shape, ask_recipe
from pipelines.generative.captioned import Captions
from pipelines.generative.claims import generated_claims, made_by
from pipelines.generative.clips import TAKE, ClipOrder
from pipelines.generative.device import Asking, Wish
from pipelines.generative.named import named
from pipelines.generative.retimed import retimed
from pipelines.image import BACKEND as STUDIO
from pipelines.image import MODEL as STUDIO_MODEL
from pipelines.studio.motion.sound import audio_bed
from pipelines.studio.motion.webvtt import webvtt

TAKE_CRF = 14
"""Of a take that was mended: finer than what is shown, as it is encoded once more."""

POSTER_QUALITY = 90
_POSTER_AT = 0.58


class ClipMaker:
    """Makes the clips of `ClipOrder` recipes. Any thread may use it."""

    def __init__(self, *, store: AssetStore, signer: Signer) -> None:
        self._store = store
        self._signer = signer

    def make(self, recipe: Recipe, ask: Asking) -> Candidate:
        """The recipe's clip, poster and captions; its take is kept for repairs.

        Raises GenerationFailed, AssetError, what asking raises.
        """
        began = time.perf_counter()
        order = ClipOrder.of(recipe)
        photo = self._of(recipe, "photo")
        take = self._taken(recipe, order, photo, ask)
        shown = self._shown(recipe, order, take, photo)
        return Candidate(
            recipe=recipe,
            assets=shown,
            seconds=time.perf_counter() - began,
            notes=(made_by(recipe), *_done(order), f"{TAKE}{self._store.put(take)}"),
        )

    def _taken(self, recipe: Recipe, order: ClipOrder, photo: bytes, ask: Asking) -> bytes:
        """The clip as the model gives it: no captions, the model's own size and rate."""
        if order.span is not None:
            return self._mended(recipe, order, ask)
        given = {"photo": self._first_frame(recipe, order, photo)}
        asked = named(_ask(recipe, order, order.frames), given)
        (media,) = ask([Wish(asked, Inputs(assets=given))])
        return media.data

    def _mended(self, recipe: Recipe, order: ClipOrder, ask: Asking) -> bytes:
        """The earlier take with the span's frames made anew between their two neighbours."""
        assert order.span is not None  # noqa: S101 - the caller has looked
        take = self._of(recipe, "take")
        first, last = order.span[0] - 1, order.span[1] + 1
        ends = [each for index, each in enumerate(_frames(take)) if index in (first, last)]
        if len(ends) != 2:
            raise GenerationFailed(f"the take has no frames {first} and {last} to go between")
        pictures = [encode_png(Picture(each)) for each in ends]
        given = {"first": pictures[0], "last": pictures[1]}
        asked = named(_ask(recipe, order, last - first + 1), given)
        (media,) = ask([Wish(asked, Inputs(assets=given))])
        new = _frames(media.data)
        frames = chain(islice(_frames(take), first), new, islice(_frames(take), last + 1, None))
        width, height = ends[0].shape[1], ends[0].shape[0]
        writer = VideoWriter(width_px=width, height_px=height, fps=order.fps, crf=TAKE_CRF)
        for frame in frames:
            writer.write(covering(frame, width, height))
        return writer.finish()

    def _shown(
        self, recipe: Recipe, order: ClipOrder, take: bytes, photo: bytes
    ) -> tuple[Asset, ...]:
        size = order.width_px, order.height_px
        ground = covering(next(_frames(take)), *size)
        said = Captions.of(
            order.cues, locale=order.locale, ground=ground, safe_area=order.safe_area
        )
        writer = VideoWriter(
            width_px=size[0],
            height_px=size[1],
            fps=order.out_fps,
            crf=order.crf,
            sound=audio_bed(order.duration_s, seed=recipe.seed) if order.sound else None,
        )
        poster, count = np.zeros((0, 0, 3), np.uint8), round(order.duration_s * order.out_fps)
        whole = (covering(frame, *size) for frame in _frames(take))
        paced = retimed(whole, fps=order.fps, out_fps=order.out_fps, count=count)
        for index, frame in enumerate(paced):
            shown = said.over(frame, index / order.out_fps)
            writer.write(shown)
            if index == round(_POSTER_AT * count):
                poster = shown
        clip = self._signed(recipe, order, "clip", writer.finish(), photo)
        still = encode_jpeg(Picture(poster), quality=POSTER_QUALITY)
        assets = clip, self._signed(recipe, order, "poster", still, photo)
        return (*assets, *self._words(order, said))

    def _signed(
        self, recipe: Recipe, order: ClipOrder, kind: str, data: bytes, photo: bytes
    ) -> Asset:
        moves = kind == "clip"
        media_type = "video/mp4" if moves else "image/jpeg"
        claims = generated_claims(
            recipe, title=order.title, inputs={"product photo": photo}, steps=_done(order)
        )
        signed = self._signer.sign(data, media_type=media_type, claims=claims)
        return Asset(
            role=order.role(kind),
            digest=Digest(self._store.put(signed)),
            media_type=media_type,
            size_bytes=len(signed),
            width_px=order.width_px,
            height_px=order.height_px,
            duration_s=order.duration_s if moves else 0.0,
            fps=float(order.out_fps) if moves else 0.0,
        )

    def _words(self, order: ClipOrder, said: Captions) -> tuple[Asset, ...]:
        if not said.cues:
            return ()
        data = webvtt(said.cues, duration_s=order.duration_s)
        digest = Digest(self._store.put(data))
        return (Asset(role="captions", digest=digest, media_type="text/vtt", size_bytes=len(data)),)

    def _first_frame(self, recipe: Recipe, order: ClipOrder, photo: bytes) -> bytes:
        """The product's own pixels in a rendered scene, of the size that the model paints."""
        still = Recipe(
            kind=recipe.kind,
            backend=STUDIO,
            model=STUDIO_MODEL,
            prompt="",
            seed=recipe.seed,
            parameters=order.still.to_parameters(),
            ingredients=tuple(item for item in recipe.ingredients if item.role == "photo"),
        )
        (scene,) = rendered(self._studio, still, Inputs(assets={"photo": photo}), stop=never)
        assert order.still.shot is Shot.SCENE  # noqa: S101 - the planner orders nothing else
        return encode_png(Picture(covering(decode_picture(scene.data).rgb, *order.canvas_px)))

    def _of(self, recipe: Recipe, role: str) -> bytes:
        return self._store.get(
            next(item.digest for item in recipe.ingredients if item.role == role)
        )

    @cached_property
    def _studio(self) -> Backend[Any]:
        from pipelines.studio.backend import StudioBackend

        return StudioBackend()


def _ask(recipe: Recipe, order: ClipOrder, frames: int) -> Recipe:
    width, height = order.canvas_px
    shape = Shape(width_px=width, height_px=height, frames=frames, fps=order.fps)
    return ask_recipe(recipe, order.asked, shape=shape)


def _frames(clip: bytes) -> Iterator[np.ndarray]:
    return (np.ascontiguousarray(rgb(each.frame)) for each in read_frames(clip))


def _done(order: ClipOrder) -> tuple[str, ...]:
    began = "begun with the product's own pixels in a rendered scene; all frames are the model's"
    said = "captions set from the product's facts" if order.cues else ""
    heard = "a synthesised sound bed added" if order.sound else ""
    mended = ""
    if order.span is not None:
        mended = f"frames {order.span[0]} to {order.span[1]} of the take made anew"
    return tuple(filter(None, (began, mended, said, heard)))
