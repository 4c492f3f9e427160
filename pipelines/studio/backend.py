"""The studio: a backend that renders product pictures on the CPU, one frame a step."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_jpeg, encode_png
from assets.weights import locate
from content_engine.errors import GenerationFailed
from content_engine.types import Digest, Recipe, Shot
from pipelines.backend import Inputs, Media
from pipelines.studio.cutout import CutOut, cut_out
from pipelines.studio.order import Order
from pipelines.studio.packshot import on_nothing, on_white, placed, scaled, stands
from pipelines.studio.placement import frame_px
from pipelines.studio.scene import load_settings, render_scene
from pipelines.studio.segmenter import U2NetSegmenter
from pipelines.studio.upscale import SpanEnlarger
from pipelines.studio.window import Window

CUTOUTS_KEPT = 8
"""A product's shots follow each other, and a cut-out costs more than all the rest: 8 × 5 MB."""


@dataclass(slots=True, kw_only=True, eq=False)
class StudioRun:
    """One recipe in the studio: first the cut-out, then a frame for each aspect."""

    order: Order
    seed: int
    photo: Picture
    photo_digest: Digest
    waiting: list[str]
    cutout: CutOut | None = None
    media: list[Media] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """True when every aspect has its frame."""
        return not self.waiting


class StudioBackend:
    """Cuts the product out of its photo and composes it anew. Its pixels are never repainted.

    Deterministic: same recipe, same bytes. The networks are loaded at their first use. Any thread
    may use it.
    """

    def __init__(self) -> None:
        self._cutouts: OrderedDict[tuple[str, float], CutOut] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, recipe: Recipe, inputs: Inputs) -> StudioRun:
        """Decodes the photo. Raises GenerationFailed when it is no usable picture."""
        order = Order.of(recipe)
        try:
            photo = decode_picture(inputs.assets["photo"])
        except AssetError as error:
            raise GenerationFailed(f"the photo can't be used: {error}") from error
        digest = next(item.digest for item in recipe.ingredients if item.role == "photo")
        return StudioRun(
            order=order,
            seed=recipe.seed,
            photo=photo,
            photo_digest=digest,
            waiting=list(order.aspects),
        )

    def step(self, runs: Sequence[StudioRun]) -> None:
        """Advances each run by its cut-out or by one frame. Raises GenerationFailed."""
        for run in runs:
            if run.cutout is None:
                run.cutout = self._cut_out(run)
            elif run.waiting:
                run.media.append(self._frame(run, run.cutout, run.waiting.pop(0)))

    def finish(self, run: StudioRun) -> tuple[Media, ...]:
        """The run's pictures, encoded, one for each aspect."""
        return tuple(run.media)

    def _cut_out(self, run: StudioRun) -> CutOut:
        key = (run.photo_digest, run.order.inwards_px)
        with self._lock:
            if (kept := self._cutouts.get(key)) is not None:
                self._cutouts.move_to_end(key)
                return kept
        fresh = cut_out(run.photo, segmenter=self._segmenter, tight_px=run.order.inwards_px)
        with self._lock:
            self._cutouts[key] = fresh
            while len(self._cutouts) > CUTOUTS_KEPT:
                self._cutouts.popitem(last=False)
        return fresh

    def _frame(self, run: StudioRun, cutout: CutOut, aspect: str) -> Media:
        order = run.order
        frame = frame_px(aspect, longer_side_px=order.longer_side_px)
        window = Window.of(order.crop, frame_px=frame)
        if order.shot is Shot.SCENE:
            picture, steps = self._scene(run, cutout, window.canvas_px)
        else:
            picture, steps = self._alone(order, cutout, window.canvas_px)
        picture = window.through(picture)
        as_png = order.media_type == "image/png"
        return Media(
            role=order.role(aspect),
            data=encode_png(picture) if as_png else encode_jpeg(picture, quality=order.quality),
            media_type=order.media_type,
            width_px=frame[0],
            height_px=frame[1],
            composite=order.shot is Shot.SCENE,
            steps=(_origin(cutout), *_by_hand(order), *steps),
        )

    def _alone(
        self, order: Order, cutout: CutOut, frame: tuple[int, int]
    ) -> tuple[Picture, tuple[str, ...]]:
        placement = placed(cutout, frame_px=frame, fill=order.fill)
        ready = scaled(
            cutout,
            placement=placement,
            enlarger=self._enlarger,
            upscale_above=order.upscale_above,
        )
        neural = placement.scale > order.upscale_above
        steps = (f"scaled ×{placement.scale:.2f}{' by the SPAN network' if neural else ''}",)
        if order.shot is Shot.CUTOUT:
            return on_nothing(ready, placement=placement, frame_px=frame), steps
        white = on_white(ready, placement=placement, frame_px=frame, shadow=order.shadow)
        shaded = order.shadow and stands(cutout)
        ground = "set on pure white with a drawn contact shadow" if shaded else "set on pure white"
        return white, (*steps, ground)

    def _scene(
        self, run: StudioRun, cutout: CutOut, frame: tuple[int, int]
    ) -> tuple[Picture, tuple[str, ...]]:
        if cutout.cut_sides:
            raise GenerationFailed(
                f"the photo cuts the product off at its {' and '.join(sorted(cutout.cut_sides))}: "
                "in a scene the cut would show; use a photo of the whole product"
            )
        name = run.order.setting_for(width_px=cutout.width_px, height_px=cutout.height_px)
        setting = load_settings()[name]
        picture = render_scene(cutout, setting=setting, size_px=frame, seed=run.seed)
        return picture, (f"set in the rendered scene {name}: surface, light and shadow",)

    @cached_property
    def _segmenter(self) -> U2NetSegmenter:
        return U2NetSegmenter(locate("u2netp"))

    @cached_property
    def _enlarger(self) -> SpanEnlarger:
        return SpanEnlarger({2: locate("span-x2"), 4: locate("span-x4")})


def _origin(cutout: CutOut) -> str:
    by = "its own alpha channel" if cutout.given else "segmentation"
    return f"product cut out of its photo by {by}"


def _by_hand(order: Order) -> tuple[str, ...]:
    """What a person changed, in words."""
    grown = order.mask_grow_px
    moved = f"outline moved {'out' if grown > 0 else 'in'} by {abs(grown)} px by a person"
    cropped = "framed anew by a person"
    return (*((moved,) if grown else ()), *((cropped,) if order.crop else ()))
