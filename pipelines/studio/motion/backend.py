"""The motion studio: a backend that renders clips on the CPU, a chunk of frames a step."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import cv2

from assets.encode import VideoWriter
from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_jpeg
from assets.weights import locate
from content_engine.errors import GenerationFailed
from content_engine.types import Digest, Recipe
from pipelines.backend import Inputs, Media
from pipelines.studio.backdrop import model_backdrop
from pipelines.studio.cutout import CutOut, cut_out
from pipelines.studio.given import has_real_alpha
from pipelines.studio.motion.composition import Composition
from pipelines.studio.motion.designs import (
    beats,
    glide,
    lineup,
    measure,
    orbit,
    prints,
    sweep,
    turn,
)
from pipelines.studio.motion.filming import film
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import MotionOrder
from pipelines.studio.motion.poster import poster_frame
from pipelines.studio.motion.shape import product_shape, worn_shape
from pipelines.studio.motion.sound import audio_bed
from pipelines.studio.motion.webvtt import webvtt
from pipelines.studio.motion.wording import worded
from pipelines.studio.segmenter import U2NetSegmenter, locate_product
from pipelines.studio.upscale import SpanEnlarger

CHUNK = 15
"""Frames a step: half a second of film, about half a second of work."""

POSTER_QUALITY = 90
CUTOUTS_KEPT = 8
LOOK_PX = 400
"""Longer side at which a photo's background is looked at, as in `studio/region.py`."""

COMPOSE: Mapping[str, Callable[[Material], Composition]] = {
    "orbit": orbit.compose,
    "turn": turn.compose,
    "sweep": sweep.compose,
    "beats": beats.compose,
    "measure": measure.compose,
    "lineup": lineup.compose,
    "glide": glide.compose,
    "prints": prints.compose,
}
"""The designs by name; the same names as in `designs/designs.toml`."""


@dataclass(slots=True, kw_only=True, eq=False)
class MotionRun:
    """One clip in the making: first its composition, then its frames, a chunk at a time."""

    order: MotionOrder
    material: Material
    scene: Composition | None = None
    writer: VideoWriter | None = None
    drawn: int = 0
    poster_at: int = 0
    poster: bytes = b""

    @property
    def done(self) -> bool:
        """True when every frame is written."""
        return self.drawn >= self.order.frames


class MotionBackend:
    """Moves a product's own photos. Its pixels are never repainted: scaled, moved, lit, cut out.

    Deterministic: same recipe, same frames. Networks are loaded when they are needed. Any thread
    may use it.
    """

    def __init__(self) -> None:
        self._cutouts: OrderedDict[tuple[Digest, float], CutOut | str] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, recipe: Recipe, inputs: Inputs) -> MotionRun:
        """Decodes the photos. Raises GenerationFailed when one is no usable picture."""
        order = MotionOrder.of(recipe)
        try:
            photos = tuple(decode_picture(inputs.assets[item.role]) for item in recipe.ingredients)
        except AssetError as error:
            raise GenerationFailed(f"a photo can't be used: {error}") from error
        digests = tuple(item.digest for item in recipe.ingredients)
        material = Material(
            order=order,
            seed=recipe.seed,
            photos=photos,
            cutouts=partial(self._cut_out, photos, digests, order.tight_px),
            plain=lambda index: self._is_plain(photos[index]),
            shapes=lambda index: product_shape(photos[index], segmenter=_segmenter()),
            worn=lambda index: worn_shape(photos[index], garment=order.garment),
            enlarger=lambda: self._enlarger,
        )
        return MotionRun(order=order, material=material)

    def step(self, runs: Sequence[MotionRun]) -> None:
        """Advances each run: composes it, or draws and encodes a chunk. Raises GenerationFailed."""
        for run in runs:
            if run.scene is None:
                run.scene = worded(run.material, COMPOSE[run.order.design](run.material))
                run.poster_at = poster_frame(run.scene)
                run.writer = _writer(run)
            elif run.writer is not None and not run.done:
                _draw(run, run.scene, run.writer)

    def finish(self, run: MotionRun) -> tuple[Media, ...]:
        """The clip, its poster, and its captions if it has any."""
        if run.writer is None or not run.done:
            raise GenerationFailed("the clip is not drawn to its end: step until it is done")
        order, steps = run.order, _steps(run)
        width, height = order.frame_px
        clip = Media(
            role=order.role("clip"),
            data=run.writer.finish(),
            media_type="video/mp4",
            width_px=width,
            height_px=height,
            steps=steps,
        )
        poster = Media(
            role=order.role("poster"),
            data=run.poster,
            media_type="image/jpeg",
            width_px=width,
            height_px=height,
            steps=steps,
        )
        if not order.cues:
            return clip, poster
        said = webvtt(order.cues, duration_s=order.duration_s)
        words = Media(role="captions", data=said, media_type="text/vtt")
        return clip, poster, words

    def _cut_out(
        self,
        photos: Sequence[Picture],
        digests: Sequence[Digest],
        tight_px: float,
        index: int,
    ) -> CutOut:
        """A photo's cut-out, kept for the product's next clips; so is why there is none."""
        key = digests[index], tight_px
        with self._lock:
            kept = self._cutouts.get(key)
        if kept is None:
            kept = self._fresh(photos[index], tight_px)
            with self._lock:
                self._cutouts[key] = kept
                while len(self._cutouts) > CUTOUTS_KEPT:
                    self._cutouts.popitem(last=False)
        if isinstance(kept, str):
            raise GenerationFailed(kept)
        return kept

    def _fresh(self, photo: Picture, tight_px: float) -> CutOut | str:
        try:
            return cut_out(photo, segmenter=_segmenter(), tight_px=tight_px)
        except GenerationFailed as error:
            return str(error)

    @staticmethod
    def _is_plain(photo: Picture) -> bool:
        if photo.alpha is not None and has_real_alpha(photo.alpha):
            return True
        scale = min(1.0, LOOK_PX / max(photo.width_px, photo.height_px))
        small = cv2.resize(photo.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        prior = locate_product(small, segmenter=_segmenter())
        guess = cv2.resize(prior, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
        return model_backdrop(small, prior=guess).plain

    @cached_property
    def _enlarger(self) -> SpanEnlarger:
        return SpanEnlarger({2: locate("span-x2"), 4: locate("span-x4")})


def _segmenter() -> U2NetSegmenter:
    """A fresh one each time: loaded in a tenth of a second, it would keep 150 MB while drawing."""
    return U2NetSegmenter(locate("u2netp"))


def _writer(run: MotionRun) -> VideoWriter:
    order = run.order
    beats_s = tuple(cue.start_s for cue in order.cues)
    seed = run.material.seed
    return VideoWriter(
        width_px=order.width_px,
        height_px=order.height_px,
        fps=order.fps,
        sound=audio_bed(order.duration_s, seed=seed, beats=beats_s) if order.sound else None,
        crf=order.crf,
    )


def _draw(run: MotionRun, scene: Composition, writer: VideoWriter) -> None:
    frames = range(run.drawn, min(run.drawn + CHUNK, run.order.frames))
    for index, canvas in zip(frames, film(scene, writer, frames), strict=True):
        if index == run.poster_at:
            run.poster = encode_jpeg(Picture(canvas.rgb()), quality=POSTER_QUALITY)
        run.drawn = index + 1


def _steps(run: MotionRun) -> tuple[str, ...]:
    """What was done, in words, for the credentials."""
    order, many = run.order, len(run.material.photos)
    photos = "the product's photo" if many == 1 else f"{many} photos of the product"
    said = ("captions set from the product's facts",) if order.cues else ()
    heard = ("a synthesised sound bed added",) if order.sound else ()
    return (f"{photos} moved by the design {order.design}, {order.duration_s:g} s", *said, *heard)
