"""The try-on pipeline: from a person and an outfit to a signed picture of the one in the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from assets.errors import AssetError
from assets.media import decode_picture
from assets.provenance import Claims, Signer
from assets.store import AssetStore
from assets.vault import Vault
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Correction, Regenerate, Replace
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Ingredient,
    Kind,
    Recipe,
    canonical_json,
)
from pipelines.backend import Inputs, Media
from pipelines.correcting import PERSON, UPLOAD, changes, refused
from pipelines.repair import metrics_in, repaired
from pipelines.studio.fitting.backend import FittingBackend, FittingRun, as_media
from pipelines.studio.fitting.order import FittingOrder
from pipelines.tryon_claims import fitted_claims, uploaded_claims
from pipelines.tryon_places import Place, StorePlace, VaultPlace
from pipelines.tryon_plan import BACKEND, LADDER, checked, order_of, recipe_of

ROLE = "tryon"
_CHANGES = {"carried_light": float, "natural_hem": bool, "grain": bool}


class TryonPipeline:
    """Plans and makes try-ons on one backend. Implements `flow.Pipeline`.

    The picture of a recipe has the same pixels each time; its bytes differ by the signature, which
    C2PA salts and dates. What is made from a shopper's photo goes to the vault alone.
    """

    def __init__(
        self, *, store: AssetStore, vault: Vault, signer: Signer, backend: FittingBackend
    ) -> None:
        self._store = store
        self._vault = vault
        self._signer = signer
        self._backend = backend
        self._makers: Mapping[str, Callable[[Recipe, Stop], Candidate]] = {
            BACKEND: self._fitted,
            UPLOAD: self._uploaded,
        }

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe: there is one way of wearing an outfit; repairs vary it.

        Raises InvalidBrief for sizes and counts, Refused for garments that nobody wears together.
        """
        spec = checked(brief)
        return [recipe_of(order_of(brief, spec), spec=spec, seed=brief.seed)]

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The recipe with what the judge found mended, or None when no change would help.

        The faults are read from the verdict's reasons, each of which begins with its metric.
        """
        recipe = attempt.candidate.recipe
        if recipe.backend != BACKEND or brief.kind is not recipe.kind:
            return None
        faults = metrics_in(attempt.verdict.reasons)
        order = repaired(FittingOrder.of(recipe), faults, ladder=LADDER)
        return None if order is None else replace(recipe, parameters=order.to_parameters())

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The recipe of the newly made or uploaded picture. Raises InvalidBrief."""
        if brief.private:
            raise InvalidBrief("a shopper's try-on is seen by nobody else: nothing to correct")
        match correction:
            case Regenerate():
                return self._regenerate(brief, attempt.candidate.recipe, correction)
            case Replace():
                return self._replace(attempt.candidate.recipe, correction)
            case _:
                raise refused(correction, noun="a try-on", allowed=("regenerate", "replace"))

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The recipe's picture, signed and kept where its person's photo lives.

        Calls `stop` between steps. Raises Refused with a reason that shoppers understand,
        GenerationFailed, BackendUnavailable.
        """
        try:
            return self._makers[recipe.backend](recipe, stop)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else GenerationFailed
            raise cause(f"{error}") from error

    def _regenerate(self, brief: Brief, recipe: Recipe, correction: Regenerate) -> Recipe:
        """The order that was seen, or the plan's own if a person's upload was seen."""
        wanted = changes(correction, known=_CHANGES)
        base = recipe if recipe.backend == BACKEND else next(iter(self.plan(brief)))
        order = replace(FittingOrder.of(base), **wanted)
        if not 0 <= order.carried_light <= 1:
            raise InvalidBrief(f"carried_light of {order.carried_light:g}: give 0 to 1")
        if order == FittingOrder.of(base):
            raise InvalidBrief(
                "a try-on holds no chance: another seed gives the same picture. "
                f"Change one of {', '.join(_CHANGES)}, or replace it"
            )
        return replace(base, seed=correction.seed, parameters=order.to_parameters())

    def _replace(self, recipe: Recipe, correction: Replace) -> Recipe:
        try:
            decode_picture(self._store.get(correction.digest))
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else InvalidBrief
            raise cause(f"{error}") from error
        shown = tuple(item for item in recipe.ingredients if item.role != "upload")
        return Recipe(
            kind=Kind.TRYON,
            backend=UPLOAD,
            model=PERSON,
            prompt="",
            seed=0,
            parameters=recipe.parameters,
            ingredients=(Ingredient(role="upload", digest=correction.digest), *shown),
        )

    def _fitted(self, recipe: Recipe, stop: Stop) -> Candidate:
        began = time.perf_counter()
        order, place = FittingOrder.of(recipe), self._place(recipe)
        inputs = self._inputs(recipe, place)
        run = self._backend.start(recipe, inputs)
        while not run.done:
            stop()
            self._backend.step([run])
            _keep(run, place)
        stop()
        (media,) = self._backend.finish(run)
        claims = fitted_claims(media, order=order, inputs=inputs.assets)
        return Candidate(
            recipe=recipe,
            assets=(self._kept(media, claims, place),),
            seconds=time.perf_counter() - began,
            notes=(*media.steps, f"report: {canonical_json(run.report)}"),
        )

    def _uploaded(self, recipe: Recipe, stop: Stop) -> Candidate:
        began = time.perf_counter()
        stop()
        digest = next(item.digest for item in recipe.ingredients if item.role == "upload")
        data = self._store.get(digest)
        media = as_media(
            decode_picture(data), order=FittingOrder.of(recipe), steps=("uploaded by a person",)
        )
        claims = uploaded_claims(title=FittingOrder.of(recipe).title, upload=data)
        asset = self._kept(media, claims, self._place(recipe))
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=(asset,), seconds=seconds, notes=media.steps)

    def _inputs(self, recipe: Recipe, place: Place) -> Inputs:
        garments = {
            item.role: self._store.get(item.digest)
            for item in recipe.ingredients
            if item.role.startswith("garment")
        }
        known = place.body()
        seen = {} if known is None else {"body": known}
        return Inputs(assets={"person": place.person(), **garments, **seen})

    def _place(self, recipe: Recipe) -> Place:
        order = FittingOrder.of(recipe)
        person = next(item.digest for item in recipe.ingredients if item.role == "person")
        if not order.private:
            return StorePlace(store=self._store, digest=person)
        return VaultPlace(
            vault=self._vault,
            handle=person,
            recipe=recipe.digest,
            longer_side_px=order.longer_side_px,
        )

    def _kept(self, media: Media, claims: Claims, place: Place) -> Asset:
        signed = self._signer.sign(media.data, media_type=media.media_type, claims=claims)
        return Asset(
            role=media.role,
            digest=place.keep(signed),
            media_type=media.media_type,
            size_bytes=len(signed),
            width_px=media.width_px,
            height_px=media.height_px,
        )


def _keep(run: FittingRun, place: Place) -> None:
    """What the last step made for others to read."""
    for data in run.taken("body"):
        place.keep_body(data)
    for data in run.taken("preview"):
        place.keep_preview(data)
