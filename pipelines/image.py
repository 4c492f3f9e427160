"""The image pipeline: from a brief to recipes, from a recipe to signed pictures in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from assets.errors import AssetError
from assets.provenance import Claims, Signer
from assets.store import AssetStore
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Adjust, Correction, Regenerate, Replace
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    ImageSpec,
    Ingredient,
    Kind,
    Recipe,
    Shot,
)
from pipelines.backend import Backend, Inputs, Media, rendered
from pipelines.correcting import PERSON, UPLOAD, changes, refused
from pipelines.image_claims import made_claims, uploaded_claims
from pipelines.image_correct import adjusted, as_ordered, check_upload, rewished
from pipelines.image_plan import checked, order_of, scene_orders
from pipelines.image_repair import LADDER
from pipelines.repair import metrics_in, repaired
from pipelines.studio.order import Order

BACKEND = "studio"
MODEL = "studio@1"


class ImagePipeline:
    """Plans and makes product pictures on one backend. Implements `flow.Pipeline`.

    The pictures of a recipe have the same pixels each time; their bytes differ by the signature,
    which C2PA salts and dates.
    """

    def __init__(self, *, store: AssetStore, signer: Signer, backend: Backend[Any]) -> None:
        self._store = store
        self._signer = signer
        self._backend = backend
        self._makers: Mapping[str, Callable[[Recipe, Stop], list[tuple[Asset, Media]]]] = {
            BACKEND: self._composed,
            UPLOAD: self._uploaded,
        }

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe for a packshot or cut-out; for scenes one for each setting that suits.

        Raises InvalidBrief when photo, aspects, size, setting or count can't be served.
        """
        spec = checked(brief)
        orders = scene_orders(brief, spec) if spec.shot is Shot.SCENE else [order_of(brief, spec)]
        if brief.count > len(orders):
            raise InvalidBrief(
                f"{brief.count} different {spec.shot.value} pictures of one photo are asked for; "
                f"there are {len(orders)}: ask for fewer, or for another photo"
            )
        photo = Ingredient(role="photo", digest=brief.product.photos[spec.photo].digest)
        return [_recipe(order, seed=brief.seed, photo=photo) for order in orders]

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The recipe with what the judge found mended, or None when no change would help.

        The faults are read from the verdict's reasons, each of which begins with its metric.
        """
        recipe = attempt.candidate.recipe
        if recipe.backend != BACKEND:
            return None
        faults = metrics_in(attempt.verdict.reasons)
        order = repaired(Order.of(recipe), faults, ladder=LADDER)
        if order is not None:
            return replace(recipe, parameters=order.to_parameters())
        return _in_another_setting(brief, recipe)

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The recipe of the adjusted, newly made or uploaded picture. Raises InvalidBrief.

        Adjustments add to what was adjusted before.
        """
        match correction:
            case Adjust():
                return self._adjust(attempt.candidate.recipe, correction)
            case Regenerate():
                return self._regenerate(brief, attempt.candidate.recipe, correction)
            case Replace():
                return self._replace(brief, attempt.candidate.recipe, correction)
            case _:
                allowed = ("adjust", "regenerate", "replace")
                raise refused(correction, noun="a picture", allowed=allowed)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The recipe's pictures, signed and stored; calls `stop` between steps.

        Raises GenerationFailed, BackendUnavailable.
        """
        began = time.perf_counter()
        try:
            made = self._makers[recipe.backend](recipe, stop)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else GenerationFailed
            raise cause(f"{error}") from error
        seconds = time.perf_counter() - began
        notes = tuple(dict.fromkeys(step for _, item in made for step in item.steps))
        assets = tuple(asset for asset, _ in made)
        return Candidate(recipe=recipe, assets=assets, seconds=seconds, notes=notes)

    def _adjust(self, recipe: Recipe, correction: Adjust) -> Recipe:
        if recipe.backend != BACKEND:
            raise InvalidBrief("an uploaded picture has no mask here: upload another one instead")
        order = adjusted(Order.of(recipe), correction)
        return replace(recipe, parameters=order.to_parameters())

    def _regenerate(self, brief: Brief, recipe: Recipe, correction: Regenerate) -> Recipe:
        """The order that was seen, or the plan's first if a person's upload was seen."""
        wanted = changes(correction, known={"setting": str, "shadow": bool})
        base = recipe if recipe.backend == BACKEND else next(iter(self.plan(brief)))
        order = rewished(Order.of(base), wanted)
        if order.shot is not Shot.SCENE and order == Order.of(base):
            raise InvalidBrief(
                f"a {order.shot.value} holds no chance: another seed gives the same picture. "
                "Adjust its mask or crop, or replace it"
            )
        return replace(base, seed=correction.seed, parameters=order.to_parameters())

    def _replace(self, brief: Brief, recipe: Recipe, correction: Replace) -> Recipe:
        try:
            data = self._store.get(correction.digest)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else InvalidBrief
            raise cause(f"{error}") from error
        order = order_of(brief, checked(brief))
        check_upload(data, order=order)
        photos = tuple(item for item in recipe.ingredients if item.role != "upload")
        return Recipe(
            kind=Kind.IMAGE,
            backend=UPLOAD,
            model=PERSON,
            prompt="",
            seed=0,
            parameters=order.to_parameters(),
            ingredients=(Ingredient(role="upload", digest=correction.digest), *photos),
        )

    def _composed(self, recipe: Recipe, stop: Stop) -> list[tuple[Asset, Media]]:
        inputs = {item.role: self._store.get(item.digest) for item in recipe.ingredients}
        media = rendered(self._backend, recipe, Inputs(assets=inputs), stop=stop)
        title = Order.of(recipe).title
        return [
            (self._stored(item, made_claims(item, title=title, photo=inputs["photo"])), item)
            for item in media
        ]

    def _uploaded(self, recipe: Recipe, stop: Stop) -> list[tuple[Asset, Media]]:
        stop()
        order = Order.of(recipe)
        digest = next(item.digest for item in recipe.ingredients if item.role == "upload")
        data = self._store.get(digest)
        return [
            (self._stored(item, uploaded_claims(item, title=order.title, upload=data)), item)
            for item in as_ordered(data, order=order)
        ]

    def _stored(self, media: Media, claims: Claims) -> Asset:
        signed = self._signer.sign(media.data, media_type=media.media_type, claims=claims)
        return Asset(
            role=media.role,
            digest=Digest(self._store.put(signed)),
            media_type=media.media_type,
            size_bytes=len(signed),
            width_px=media.width_px,
            height_px=media.height_px,
        )


def _recipe(order: Order, *, seed: int, photo: Ingredient) -> Recipe:
    return Recipe(
        kind=Kind.IMAGE,
        backend=BACKEND,
        model=MODEL,
        prompt="",
        seed=seed,
        parameters=order.to_parameters(),
        ingredients=(photo,),
    )


def _in_another_setting(brief: Brief, recipe: Recipe) -> Recipe | None:
    """The scene once more in the next setting that suits: what it clashed with may be gone."""
    spec = brief.spec
    if not isinstance(spec, ImageSpec) or spec.shot is not Shot.SCENE or spec.setting:
        return None
    if recipe.seed != brief.seed:
        return None
    current = Order.of(recipe)
    orders = scene_orders(brief, spec)
    names = [order.setting for order in orders]
    following = orders[(names.index(current.setting) + 1) % len(orders)]
    order = replace(current, setting=following.setting, setting_above=following.setting_above)
    return replace(recipe, seed=brief.seed + 1, parameters=order.to_parameters())
