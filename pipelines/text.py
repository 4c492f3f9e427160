"""The text pipeline: one candidate is the whole copy set of one product in one locale."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

from assets.errors import AssetError
from assets.store import AssetStore
from content_engine.channels import TextLimits, channel
from content_engine.codec import from_plain, to_plain
from content_engine.errors import BackendUnavailable, GenerationFailed, InvalidBrief
from content_engine.flow import Stop, never
from content_engine.review import Correction, Edit, Regenerate, Replace
from content_engine.types import (
    Asset,
    Attempt,
    Brief,
    Candidate,
    Digest,
    Ingredient,
    Kind,
    Product,
    Recipe,
    TextSpec,
    canonical_json,
)
from pipelines.copy_set import AdText, CopyDocument
from pipelines.correcting import EDITOR, PERSON, UPLOAD, changes, refused
from pipelines.language.compose import CopySet
from pipelines.language.realiser import Realiser

BACKEND = "realiser"
MODEL = "grounded-realiser@1"

_SPARE = 2
"""How many wordings are planned beyond those wanted: each may be rejected once."""

_RUNG = 1000
_RUNGS = 2
"""Each repair is another wording: the seed moves on by one rung, at most so many times."""


class TextPipeline:
    """Plans and writes copy sets. Implements `flow.Pipeline`."""

    def __init__(self, *, store: AssetStore) -> None:
        self._store = store
        self._realiser = Realiser.load()
        self._makers: dict[str, Callable[[Recipe], tuple[bytes, tuple[str, ...]]]] = {
            BACKEND: self._written,
            EDITOR: _edited,
            UPLOAD: self._uploaded,
        }

    def plan(self, brief: Brief) -> Iterable[Recipe]:
        """One recipe a wording, `count` and a few to spare. Raises InvalidBrief."""
        if not isinstance(brief.spec, TextSpec):
            raise InvalidBrief(f"a text brief needs a TextSpec, not {type(brief.spec).__name__}")
        parameters = self._parameters(brief, voice=brief.spec.voice)
        first = brief.seed * _RUNG * (_RUNGS + 1)
        return (_recipe(parameters, first + index) for index in range(brief.count + _SPARE))

    def repair(self, brief: Brief, attempt: Attempt) -> Recipe | None:
        """The same copy in another wording, twice at most; what a person wrote is left alone."""
        recipe = attempt.candidate.recipe
        seed = recipe.seed + _RUNG
        same_block = _RUNG * (_RUNGS + 1)
        again = recipe.backend == BACKEND and seed // same_block == brief.seed
        return replace(recipe, seed=seed) if again else None

    def correct(self, brief: Brief, attempt: Attempt, correction: Correction) -> Recipe:
        """The recipe of the edited, rewritten or uploaded copy. Raises InvalidBrief."""
        match correction:
            case Edit():
                return self._edit(brief, attempt.candidate, correction)
            case Regenerate():
                return self._regenerate(brief, correction)
            case Replace():
                return self._replace(brief, attempt.candidate, correction)
            case _:
                raise refused(correction, noun="copy", allowed=("edit", "regenerate", "replace"))

    def generate(self, recipe: Recipe, *, stop: Stop = never) -> Candidate:
        """The copy set as canonical JSON in the store: one step.

        Raises GenerationFailed, InvalidBrief.
        """
        stop()
        began = time.perf_counter()
        data, notes = self._makers[recipe.backend](recipe)
        asset = Asset(
            role="copy",
            digest=Digest(self._store.put(data)),
            media_type="application/json",
            size_bytes=len(data),
        )
        seconds = time.perf_counter() - began
        return Candidate(recipe=recipe, assets=(asset,), seconds=seconds, notes=notes)

    def _parameters(self, brief: Brief, *, voice: str) -> str:
        self._realiser.check(locale=brief.locale, voice=voice)
        return canonical_json(
            {
                "product": to_plain(brief.product),
                "locale": brief.locale,
                "channel": brief.channel,
                "voice": voice,
                "limits": asdict(channel(brief.channel).text),
            }
        )

    def _edit(self, brief: Brief, candidate: Candidate, correction: Edit) -> Recipe:
        """The whole edited copy stands in the recipe: it needs nothing else to be made again."""
        asset = next(asset for asset in candidate.assets if asset.role == "copy")
        copy = CopyDocument.read(self._bytes(asset.digest), locale=brief.locale)
        edited = copy.edited(correction.slots)
        parameters = {
            "copy": to_plain(edited),
            "edited": sorted(name for name, _ in correction.slots),
            "notes": list(candidate.notes),
        }
        return Recipe(
            kind=Kind.TEXT,
            backend=EDITOR,
            model=PERSON,
            prompt="",
            seed=0,
            parameters=canonical_json(parameters),
            ingredients=(Ingredient(role="copy", digest=asset.digest),),
        )

    def _regenerate(self, brief: Brief, correction: Regenerate) -> Recipe:
        """From the brief, whatever was there before: with that seed, in another voice if asked."""
        spec = brief.spec
        usual = spec.voice if isinstance(spec, TextSpec) else TextSpec().voice
        voice = changes(correction, known={"voice": str}).get("voice", usual)
        return _recipe(self._parameters(brief, voice=voice), correction.seed)

    def _replace(self, brief: Brief, candidate: Candidate, correction: Replace) -> Recipe:
        if correction.media_type != "application/json":
            raise InvalidBrief(f"copy is replaced by a JSON file, not by {correction.media_type}")
        CopyDocument.read(self._bytes(correction.digest), locale=brief.locale)
        return Recipe(
            kind=Kind.TEXT,
            backend=UPLOAD,
            model=PERSON,
            prompt="",
            seed=0,
            parameters=canonical_json({"locale": brief.locale, "notes": list(candidate.notes)}),
            ingredients=(Ingredient(role="upload", digest=correction.digest),),
        )

    def _bytes(self, digest: Digest) -> bytes:
        try:
            return self._store.get(digest)
        except AssetError as error:
            cause = BackendUnavailable if error.retryable else InvalidBrief
            raise cause(f"{error}") from error

    def _written(self, recipe: Recipe) -> tuple[bytes, tuple[str, ...]]:
        wanted = json.loads(recipe.parameters)
        copy = self._realiser.write(
            from_plain(Product, wanted["product"]),
            locale=wanted["locale"],
            voice=wanted["voice"],
            limits=from_plain(TextLimits, wanted["limits"]),
            seed=recipe.seed,
        )
        return _document(copy, locale=wanted["locale"]).data, copy.notes

    def _uploaded(self, recipe: Recipe) -> tuple[bytes, tuple[str, ...]]:
        wanted = json.loads(recipe.parameters)
        try:
            data = self._bytes(recipe.ingredients[0].digest)
            copy = CopyDocument.read(data, locale=wanted["locale"])
        except InvalidBrief as error:
            raise GenerationFailed(f"the uploaded copy can't be used: {error}") from error
        return copy.data, (*wanted["notes"], "uploaded by a person")


def _edited(recipe: Recipe) -> tuple[bytes, tuple[str, ...]]:
    wanted = json.loads(recipe.parameters)
    copy = from_plain(CopyDocument, wanted["copy"])
    return copy.data, (*wanted["notes"], f"edited by a person: {', '.join(wanted['edited'])}")


def _recipe(parameters: str, seed: int) -> Recipe:
    return Recipe(
        kind=Kind.TEXT, backend=BACKEND, model=MODEL, prompt="", seed=seed, parameters=parameters
    )


def _document(copy: CopySet, *, locale: str) -> CopyDocument:
    """The realiser's copy as a document; its slots are those that `Evidence.field` names."""
    return CopyDocument(
        locale=locale,
        title=copy.title,
        description=copy.description,
        bullets=tuple(copy.bullets),
        seo_title=copy.seo_title,
        meta_description=copy.meta_description,
        alt_texts=tuple(copy.alt_texts),
        ads=tuple(AdText(voice=voice, text=text) for voice, text in copy.ads),
    )
