"""The timeline editor: carries out trims and replacements of clips while a person waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture, encode_jpeg
from assets.provenance import Claims, Signer
from assets.store import AssetStore
from assets.video import VideoFacts, probe_video, read_frames, rgb
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Replace, Trim
from content_engine.types import Asset, Attempt, Brief, Candidate, Digest, Recipe
from pipelines.correcting import TIMELINE, UPLOAD
from pipelines.timeline.assemble import assemble
from pipelines.timeline.claims import edited_claims, uploaded_claims
from pipelines.timeline.cues import carried
from pipelines.timeline.footage import Footage, apart, look_at, read_footage
from pipelines.timeline.join import Join, join
from pipelines.timeline.recipe import Cut, Swap, clip_of, replace_recipe, trim_recipe
from pipelines.timeline.splice import Splice
from pipelines.timeline.uploaded import published, still

POSTER_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """The assets of a candidate and what was done to it, in words."""

    assets: tuple[Asset, ...]
    steps: tuple[str, ...]


class TimelineEditor:
    """Cuts a span out of a clip and joins it, or publishes an uploaded one in its place.

    The same recipe gives the same frames; the bytes differ by the signature. Any thread may use it.
    """

    def __init__(self, *, store: AssetStore, signer: Signer) -> None:
        self._store = store
        self._signer = signer
        self._makers: Mapping[str, Callable[[Recipe], _Made]] = {
            TIMELINE: self._trimmed,
            UPLOAD: self._replaced,
        }

    def correct(self, brief: Brief, attempt: Attempt, correction: Trim | Replace) -> Recipe:
        """The recipe of the trimmed or replaced clip. Raises InvalidBrief, BackendUnavailable."""
        candidate = attempt.candidate
        if isinstance(correction, Trim):
            facts = self._facts(clip_of(candidate).digest, what="the clip")
            return trim_recipe(correction, brief=brief, candidate=candidate, facts=facts)
        facts = self._facts(correction.digest, what="the uploaded file")
        return replace_recipe(correction, brief=brief, candidate=candidate, facts=facts)

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The recipe's clip, signed and stored: one step.

        Raises GenerationFailed, BackendUnavailable.
        """
        stop()
        began = time.perf_counter()
        try:
            made = self._makers[recipe.backend](recipe)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else GenerationFailed
            raise cause(f"{error}") from error
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=made.assets, seconds=seconds, notes=made.steps)

    def _facts(self, digest: Digest, *, what: str) -> VideoFacts:
        try:
            return probe_video(self._store.get(digest))
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else InvalidBrief
            raise cause(f"{what} can't be used: {error}") from error

    def _trimmed(self, recipe: Recipe) -> _Made:
        cut = Cut.of(recipe)
        clip, *others = cut.assets
        data = self._store.get(clip.digest)
        footage = read_footage(data, probe_video(data))
        done = join(footage, cut.frames, least_frames=cut.least_frames)
        steps = (_words(cut, done, fps=footage.fps),)
        claims = edited_claims(title=cut.title, clip=data, steps=steps)
        film = assemble(footage, done.splice, mixed=done.mixed)
        made = self._clip(clip, film, claims=claims)
        beside = (self._carried(each, footage, done.splice, claims=claims) for each in others)
        return _Made((made, *beside), steps)

    def _clip(self, asset: Asset, film: bytes, *, claims: Claims) -> Asset:
        facts = probe_video(film)
        signed = self._signer.sign(film, media_type="video/mp4", claims=claims)
        return replace(
            asset,
            digest=Digest(self._store.put(signed)),
            media_type="video/mp4",
            size_bytes=len(signed),
            width_px=facts.width_px,
            height_px=facts.height_px,
            duration_s=round(facts.duration_s, 3),
            fps=float(facts.fps),
        )

    def _carried(self, asset: Asset, footage: Footage, splice: Splice, *, claims: Claims) -> Asset:
        """The other assets of the candidate, in step with the cut: captions moved, poster kept."""
        if asset.media_type == "text/vtt":
            return self._captions(asset, splice, fps=footage.fps)
        if asset.media_type.startswith("image/"):
            return self._poster_after(asset, footage, splice, claims=claims)
        return asset

    def _captions(self, asset: Asset, splice: Splice, *, fps: float) -> Asset:
        until_s = (splice.left + splice.mixed / 2) / fps
        shift_s = splice.shift / fps
        text = carried(
            self._store.get(asset.digest).decode("utf-8", errors="replace"),
            until_s=until_s,
            from_s=until_s - shift_s,
            shift_s=shift_s,
        )
        data = text.encode()
        return replace(asset, digest=Digest(self._store.put(data)), size_bytes=len(data))

    def _poster_after(
        self, asset: Asset, footage: Footage, splice: Splice, *, claims: Claims
    ) -> Asset:
        """The poster as it was, or the most alike frame that stays if its own frame was cut."""
        look = look_at(decode_picture(self._store.get(asset.digest)).rgb, footage)
        gaps = [apart(look, each) for each in footage.looks]
        if splice.shows(int(np.argmin(gaps))):
            return asset
        shown = [number for number in range(splice.frames) if splice.shows(number)]
        nearest = min(shown, key=lambda number: gaps[number])
        frames = (each.frame for each in read_frames(footage.data) if each.index == nearest)
        return self._poster(asset.role, rgb(next(frames)), claims=claims)

    def _poster(self, role: str, picture: np.ndarray, *, claims: Claims) -> Asset:
        data = encode_jpeg(Picture(picture), quality=POSTER_QUALITY)
        signed = self._signer.sign(data, media_type="image/jpeg", claims=claims)
        return Asset(
            role=role,
            digest=Digest(self._store.put(signed)),
            media_type="image/jpeg",
            size_bytes=len(signed),
            width_px=picture.shape[1],
            height_px=picture.shape[0],
        )

    def _replaced(self, recipe: Recipe) -> _Made:
        swap = Swap.of(recipe)
        data = self._store.get(recipe.ingredients[0].digest)
        steps = ("uploaded by a person", *_encoded(swap))
        claims = uploaded_claims(title=swap.title, upload=data, steps=steps)
        film = published(data, swap)
        shell = Asset(role=swap.role, digest=Digest(""), media_type="video/mp4", size_bytes=0)
        clip = self._clip(shell, film, claims=claims)
        poster = self._poster(swap.poster_role, still(film, at_s=swap.poster_s), claims=claims)
        return _Made((clip, poster), steps)


def _words(cut: Cut, done: Join, *, fps: float) -> str:
    """What was done, for the credentials and the reader."""
    first, last = cut.frames
    span = f"frames {first} to {last} ({first / fps:.2f} to {(last + 1) / fps:.2f} s)"
    more = done.splice.first - done.splice.last - 1 - (last - first + 1)
    beside = f", {more} beside them" if more > 0 else ""
    new = f", {done.splice.mixed} frames" if done.splice.mixed else ""
    return f"{span} cut out by a person{beside}; {done.splice.method.value}{new}"


def _encoded(swap: Swap) -> Sequence[str]:
    fitted = (
        f"fitted into {swap.width_px} × {swap.height_px} px at {float(Fraction(swap.fps)):g} fps"
    )
    return () if swap.as_it_is else (f"{fitted} and encoded anew",)
