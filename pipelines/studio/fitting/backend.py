"""The fitting room: a backend that dresses a person in a garment's own pixels, on the CPU."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_jpeg
from assets.weights import locate
from content_engine.errors import GenerationFailed, Refused
from content_engine.types import Digest, GarmentKind, Recipe
from pipelines.backend import Inputs, Media
from pipelines.studio.fitting.body import Body
from pipelines.studio.fitting.body_seen import BodySeer
from pipelines.studio.fitting.compose import Finish, compose
from pipelines.studio.fitting.erase_skin import bared_area
from pipelines.studio.fitting.fit import fit
from pipelines.studio.fitting.fit_pieces import Fitted
from pipelines.studio.fitting.garment import see_garment
from pipelines.studio.fitting.garment_view import GarmentView
from pipelines.studio.fitting.lately import Lately
from pipelines.studio.fitting.measures import refuse_photo
from pipelines.studio.fitting.order import FittingOrder
from pipelines.studio.fitting.report import report_of
from pipelines.studio.fitting.resized import resized_body
from pipelines.studio.segmenter import U2NetSegmenter

PREVIEW_PX = 384
PREVIEW_QUALITY = 80
VIEWS_KEPT = 24
"""Garments that are tried on follow each other: a view of 1200² takes 20 MB."""
BODIES_KEPT = 4
"""Models of a catalog try on one garment after the other; shoppers are never kept here."""

BARED_MAX_U2 = 0.15
"""Source: research/tryon, 3: arms made up cover 0 in good rows and .30 to .58 in bad ones."""

Step = Callable[["FittingRun"], None]


@dataclass(slots=True, kw_only=True, eq=False)
class FittingRun:
    """One person in one outfit, on the way: what is done, and the steps to come."""

    order: FittingOrder
    recipe: Recipe
    inputs: Inputs
    photo: np.ndarray
    waiting: deque[Step]
    body: Body | None = None
    views: list[GarmentView] = field(default_factory=list)
    fitted: list[Fitted] = field(default_factory=list)
    dressed: np.ndarray | None = None
    media: Media | None = None
    report: dict[str, object] = field(default_factory=dict)
    by_the_way: dict[str, bytes] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """True when the picture is encoded."""
        return not self.waiting

    def taken(self, name: str) -> tuple[bytes, ...]:
        """What a step made by the way under that name (`body`, `preview`), once."""
        return (self.by_the_way.pop(name),) if name in self.by_the_way else ()

    def seen(self) -> Body:
        """The body. Raises GenerationFailed before it was seen."""
        if self.body is None:
            raise GenerationFailed("the fitting room was asked to dress a body it has not seen")
        return self.body


class FittingBackend:
    """Dresses people. Deterministic: same recipe and inputs, same bytes.

    Steps: see the person, see the garments, a coarse preview, one step for each garment, compose,
    encode; of a person seen before, the preview is the composed picture made small. Networks are
    loaded at their first use. Any thread may use it; a private photo is kept only in its run.
    """

    def __init__(self) -> None:
        self._views: Lately[tuple[str, GarmentKind], GarmentView] = Lately(VIEWS_KEPT)
        self._bodies: Lately[tuple[str, int], Body] = Lately(BODIES_KEPT)
        self._looking = threading.Lock()

    def warm(self, photo: np.ndarray) -> None:
        """Dresses who is in the (H, W, 3) photo in their own top: no shopper waits for loading.

        Networks and libraries take seconds at their first use; nothing is kept of the photo.
        """
        with self._looking, suppress(Refused):
            self._segmenter.saliency(photo)
            body = self._seer.see(photo, kinds=frozenset())
            view = see_garment(
                Picture(photo), kind=GarmentKind.UPPER, segmenter=self._segmenter, seer=self._seer
            )
            compose(photo, body, [fit(view, body, over=(), layer=0)], finish=Finish())

    def start(self, recipe: Recipe, inputs: Inputs) -> FittingRun:
        """Decodes the photo and scales it to its working size. Raises GenerationFailed."""
        order = FittingOrder.of(recipe)
        try:
            photo = decode_picture(inputs.assets["person"])
        except AssetError as error:
            raise GenerationFailed(f"the photo can't be used: {error}") from error
        return FittingRun(
            order=order,
            recipe=recipe,
            inputs=inputs,
            photo=working_photo(photo.rgb, longer_side_px=order.longer_side_px),
            waiting=deque([self._see]),
        )

    def step(self, runs: Sequence[FittingRun]) -> None:
        """Advances each run by one step. Raises Refused, GenerationFailed."""
        for run in runs:
            if run.waiting:
                run.waiting.popleft()(run)

    def finish(self, run: FittingRun) -> tuple[Media, ...]:
        """The run's picture, encoded."""
        return () if run.media is None else (run.media,)

    def _see(self, run: FittingRun) -> None:
        kinds = frozenset(worn.kind for worn in run.order.outfit)
        known = self._known_body(run)
        views, fits = ([step] * len(run.order.outfit) for step in (self._view, self._fit))
        if known is not None:
            refuse_photo(known.measures, kinds=kinds)
            run.body = known
            # The picture itself is so near that a coarse one before it would only delay it.
            run.waiting.extend([*views, *fits, self._compose, self._reduce, self._encode])
            return
        run.waiting.extend([*views, self._preview, *fits, self._compose, self._encode])
        with self._looking:
            run.body = self._seer.see(run.photo, kinds=kinds)
        run.by_the_way["body"] = run.body.to_bytes()
        if not run.order.private:
            self._bodies.put(_body_key(run), run.body)

    def _known_body(self, run: FittingRun) -> Body | None:
        kept = run.inputs.assets.get("body")
        if kept is None:
            return None if run.order.private else self._bodies.get(_body_key(run))
        return Body.from_bytes(kept)

    def _view(self, run: FittingRun) -> None:
        at = len(run.views)
        worn, role = run.order.outfit[at], f"garment.{at}"
        key = (_digest(run.recipe, role), worn.kind)
        view = self._views.get(key)
        if view is None:
            view = self._seen_garment(run.inputs.assets[role], kind=worn.kind)
            self._views.put(key, view)
        run.views.append(view)

    def _seen_garment(self, data: bytes, *, kind: GarmentKind) -> GarmentView:
        try:
            picture = decode_picture(data)
        except AssetError as error:
            raise Refused(
                "garment-view", f"the garment's picture can't be used: {error}"
            ) from error
        with self._looking:
            return see_garment(picture, kind=kind, segmenter=self._segmenter, seer=self._seer)

    def _preview(self, run: FittingRun) -> None:
        """The same, from the analysis made small: a try-on in a tenth of the time."""
        scale = min(1.0, PREVIEW_PX / max(run.photo.shape[:2]))
        body = resized_body(run.seen(), scale=scale)
        photo = cv2.resize(run.photo, body.photo_px, interpolation=cv2.INTER_AREA)
        fitted = _all_fitted(run, body)
        _check_arms(body, fitted)
        small, _ = compose(photo, body, fitted, finish=_finish(run.order))
        run.by_the_way["preview"] = encode_jpeg(Picture(small), quality=PREVIEW_QUALITY)

    def _reduce(self, run: FittingRun) -> None:
        if run.dressed is not None:
            small = working_photo(run.dressed, longer_side_px=PREVIEW_PX)
            run.by_the_way["preview"] = encode_jpeg(Picture(small), quality=PREVIEW_QUALITY)

    def _fit(self, run: FittingRun) -> None:
        run.fitted.append(_next_fitted(run, run.seen(), run.fitted))

    def _compose(self, run: FittingRun) -> None:
        _check_arms(run.seen(), run.fitted)
        made, measures = compose(run.photo, run.seen(), run.fitted, finish=_finish(run.order))
        run.dressed = made
        run.report = report_of(run.seen(), run.fitted, composed=measures)

    def _encode(self, run: FittingRun) -> None:
        if run.dressed is not None:
            run.media = as_media(Picture(run.dressed), order=run.order, steps=_steps(run))

    @cached_property
    def _seer(self) -> BodySeer:
        return BodySeer()

    @cached_property
    def _segmenter(self) -> U2NetSegmenter:
        return U2NetSegmenter(locate("u2netp"))


def working_photo(rgb: np.ndarray, *, longer_side_px: int) -> np.ndarray:
    """The (H, W, 3) photo with a longer side of at most that; a smaller one stays as it is."""
    scale = longer_side_px / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def as_media(picture: Picture, *, order: FittingOrder, steps: tuple[str, ...]) -> Media:
    """The finished picture as a JPEG, not yet signed."""
    return Media(
        role="tryon",
        data=encode_jpeg(picture, quality=order.quality),
        media_type="image/jpeg",
        width_px=picture.width_px,
        height_px=picture.height_px,
        steps=steps,
    )


def _check_arms(body: Body, fitted: Sequence[Fitted]) -> None:
    """Raises Refused when so much arm would have to be made up that it looks made up."""
    area = bared_area(body, fitted)
    if area > BARED_MAX_U2:
        raise Refused(
            "clothes",
            f"the worn sleeves hide arms that the new ones would show: {area:.2f} square body "
            f"units of skin, at most {BARED_MAX_U2:g} can be made up",
        )


def _all_fitted(run: FittingRun, body: Body) -> list[Fitted]:
    fitted: list[Fitted] = []
    for _ in run.order.outfit:
        fitted.append(_next_fitted(run, body, fitted))
    return fitted


def _next_fitted(run: FittingRun, body: Body, under: Sequence[Fitted]) -> Fitted:
    at = len(under)
    # A worn top that ends nowhere: the new hem falls where the garment's own length puts it.
    worn = replace(body.worn, hem_t=0.0) if run.order.natural_hem else body.worn
    placed = replace(body, worn=worn)
    return fit(run.views[at], placed, over=under, layer=run.order.outfit[at].layer)


def _finish(order: FittingOrder) -> Finish:
    return Finish(carried_light=order.carried_light, grain=order.grain, cover_u=order.cover_u)


def _steps(run: FittingRun) -> tuple[str, ...]:
    worn = ", ".join(item.kind.value for item in run.order.outfit)
    grain = ("the photo's grain added",) if run.order.grain else ()
    return (
        f"garments worn as {worn}: their own pixels, warped onto the body",
        "what they replace removed; skin and background behind it made up",
        *grain,
    )


def _digest(recipe: Recipe, role: str) -> Digest:
    return next(item.digest for item in recipe.ingredients if item.role == role)


def _body_key(run: FittingRun) -> tuple[str, int]:
    return _digest(run.recipe, "person"), run.order.longer_side_px
