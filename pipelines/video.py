"""The video pipeline: from a brief to recipes, from a recipe to a signed clip in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from assets.errors import AssetError
from assets.media import sniff
from assets.provenance import ActionClaim, Claims, IngredientClaim, Signer
from assets.store import AssetStore
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Correction, FallBack, Regenerate, Replace, Trim
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Ingredient,
    Kind,
    Recipe,
    VideoSpec,
)
from pipelines.backend import Backend, Inputs, Media, rendered
from pipelines.correcting import TIMELINE, UPLOAD, changes, refused
from pipelines.language.captions import caption_lines
from pipelines.language.realiser import Realiser
from pipelines.repair import metrics_in, repaired
from pipelines.studio.motion.order import MotionOrder
from pipelines.timeline import TimelineEditor
from pipelines.video_plan import Planned, planned
from pipelines.video_repair import LADDER

BACKEND = "studio-motion"
MODEL = "studio-motion@1"

_SIGNED = ("video/mp4", "image/jpeg")


class VideoPipeline:
    """Plans and makes product clips on one backend. Implements `flow.Pipeline`.

    The clips of a recipe have the same frames each time; their bytes differ by the signature,
    which C2PA salts and dates.
    """

    def __init__(self, *, store: AssetStore, signer: Signer, backend: Backend[Any]) -> None:
        self._store = store
        self._signer = signer
        self._backend = backend
        self._realiser = Realiser.load()
        self._editor = TimelineEditor(store=store, signer=signer)
        self._makers: Mapping[str, Callable[[Recipe, Stop], Candidate]] = {
            BACKEND: self._moved,
            TIMELINE: self._edited,
            UPLOAD: self._edited,
        }

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe a design that suits, the best first, then again with other seeds.

        Raises InvalidBrief when photos, aspect, size, length, design or count can't be served.
        """
        return self._recipes(brief, seed=brief.seed)

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The recipe with what the judge found mended, or None when no change would help.

        The faults are read from the verdict's reasons, each of which begins with its metric.
        """
        del brief
        recipe = attempt.candidate.recipe
        if recipe.backend != BACKEND:
            return None
        faults = metrics_in(attempt.verdict.reasons)
        order = repaired(MotionOrder.of(recipe), faults, ladder=LADDER)
        return None if order is None else replace(recipe, parameters=order.to_parameters())

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """See `flow.Pipeline.correct`: trim, replace, regenerate or fall back to another design."""
        if isinstance(correction, Trim | Replace):
            return self._editor.correct(brief, attempt, correction)
        if isinstance(correction, Regenerate):
            return self._regenerated(brief, attempt, correction)
        if isinstance(correction, FallBack):
            return self._fallen_back(brief, attempt, correction)
        allowed = ("trim", "regenerate", "fall_back", "replace")
        raise refused(correction, noun="a clip", allowed=allowed)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The recipe's clip, signed and stored; calls `stop` between steps.

        Raises GenerationFailed, BackendUnavailable.
        """
        if recipe.backend not in self._makers:
            raise GenerationFailed(
                f"no backend {recipe.backend!r} makes clips here; known: {', '.join(self._makers)}"
            )
        return self._makers[recipe.backend](recipe, stop)

    def _recipes(self, brief: Brief, *, seed: int, design: str = "") -> Iterator[Recipe]:
        texts = self._texts(brief)
        return (_recipe(each) for each in planned(brief, texts=texts, seed=seed, design=design))

    def _texts(self, brief: Brief) -> tuple[str, ...]:
        """The captions' words, the most telling first; none for `und` or when none are wanted."""
        spec = brief.spec
        if brief.locale == "und" or not isinstance(spec, VideoSpec) or not spec.captions:
            return ()
        lines = caption_lines(
            brief.product, locale=brief.locale, realiser=self._realiser, seed=brief.seed
        )
        return tuple(line.text for line in lines)

    def _regenerated(self, brief: Brief, attempt: Attempt, wanted: Regenerate) -> Recipe:
        """The same design with another seed, length, captions or sound; or another design."""
        known = {"design": str, "duration_s": float, "captions": bool, "sound": bool}
        edited = changes(wanted, known=known)
        spec = brief.spec
        if not isinstance(spec, VideoSpec):
            raise InvalidBrief(f"a video brief needs a VideoSpec, not {type(spec).__name__}")
        recipe = attempt.candidate.recipe
        own = MotionOrder.of(recipe).design if recipe.backend == BACKEND else spec.design
        design = edited.pop("design", own)
        changed = replace(brief, spec=replace(spec, **edited))
        return next(self._recipes(changed, seed=wanted.seed, design=design))

    def _fallen_back(self, brief: Brief, attempt: Attempt, wanted: FallBack) -> Recipe:
        """The design that is named, or the best one that the attempt was not made by."""
        recipe = attempt.candidate.recipe
        tried = MotionOrder.of(recipe).design if recipe.backend == BACKEND else ""
        for each in self._recipes(brief, seed=brief.seed, design=wanted.design):
            if wanted.design or MotionOrder.of(each).design != tried:
                return each
        raise InvalidBrief("no other design suits this product: regenerate or replace the clip")

    def _moved(self, recipe: Recipe, stop: Stop) -> Candidate:
        began = time.perf_counter()
        try:
            inputs = {item.role: self._store.get(item.digest) for item in recipe.ingredients}
            media = rendered(self._backend, recipe, Inputs(assets=inputs), stop=stop)
            photos = tuple(inputs.values())
            assets = tuple(self._stored(recipe, item, photos) for item in media)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else GenerationFailed
            raise cause(f"{error}") from error
        return Candidate(
            recipe=recipe,
            assets=assets,
            seconds=time.perf_counter() - began,
            notes=tuple(dict.fromkeys(step for item in media for step in item.steps)),
        )

    def _edited(self, recipe: Recipe, stop: Stop) -> Candidate:
        return self._editor.generate(recipe, stop=stop)

    def _stored(self, recipe: Recipe, media: Media, photos: tuple[bytes, ...]) -> Asset:
        order, data = MotionOrder.of(recipe), media.data
        if media.media_type in _SIGNED:
            claims = _claims(media, title=order.title, photos=photos)
            data = self._signer.sign(data, media_type=media.media_type, claims=claims)
        moves = media.media_type == "video/mp4"
        return Asset(
            role=media.role,
            digest=Digest(self._store.put(data)),
            media_type=media.media_type,
            size_bytes=len(data),
            width_px=media.width_px,
            height_px=media.height_px,
            duration_s=order.duration_s if moves else 0.0,
            fps=float(order.fps) if moves else 0.0,
        )


def _recipe(clip: Planned) -> Recipe:
    return Recipe(
        kind=Kind.VIDEO,
        backend=BACKEND,
        model=MODEL,
        prompt="",
        seed=clip.seed,
        parameters=clip.order.to_parameters(),
        ingredients=tuple(
            Ingredient(role="photo" if index == 0 else f"photo.{index}", digest=photo.digest)
            for index, photo in enumerate(clip.photos)
        ),
    )


def _claims(media: Media, *, title: str, photos: tuple[bytes, ...]) -> Claims:
    """What is claimed: photos, cut out and moved by algorithms, within a rendered picture."""
    return Claims(
        title=title,
        digital_source_type="compositeSynthetic",
        generator="Content Engine motion studio",
        actions=tuple(ActionClaim(action="c2pa.edited", description=step) for step in media.steps),
        ingredients=tuple(
            IngredientClaim(title="product photo", data=photo, media_type=sniff(photo))
            for photo in photos
        ),
    )
