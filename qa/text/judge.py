"""The text judge: every claim in a copy set must stand on a fact. Scores count faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from assets.errors import AssetError
from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.errors import ScorerFailed
from content_engine.lexicon import Concepts
from content_engine.types import Asset, Brief, Candidate, Evidence, Score, Severity
from qa.text.brand import brand
from qa.text.claims import certificates, claims
from qa.text.concepts import concepts
from qa.text.copy import read_copy, slots
from qa.text.form import duplicates, length, markup, structure
from qa.text.ground import ground
from qa.text.language import LATIN_LANGUAGES, LanguageReader, language, residue
from qa.text.numbers import numbers
from qa.text.privacy import privacy
from qa.text.reading import Read, Reading
from qa.text.sizes import sizes
from qa.text.tongue import Tongue, english_terms, load_rules, load_tongue, load_vocabularies

INSTRUMENT = "text-judge@1"

METRICS = {
    "text.numbers": ("number", "unit"),
    "text.percentages": ("percentage",),
    "text.materials": ("material",),
    "text.colors": ("color",),
    "text.attributes": ("attribute",),
    "text.sizes": ("size",),
    "text.certifications": ("certification",),
    "text.warranties": ("warranty",),
    "text.superlatives": ("superlative",),
    "text.green_claims": ("green",),
    "text.medical_claims": ("medical",),
    "text.unproven_claims": ("unproven",),
    "text.brands": ("brand",),
    "text.language": ("language",),
    "text.residue": ("residue",),
    "text.duplicates": ("duplicate",),
    "text.length": ("length",),
    "text.structure": ("structure",),
    "text.markup": ("markup",),
    "text.privacy": ("privacy",),
}
"""Each metric counts the faults of these kinds of evidence."""

_INSTRUMENTS: tuple[Callable[[Reading], Iterable[Evidence]], ...] = (
    *(structure, length, markup, numbers, sizes, concepts, certificates, claims),
    *(brand, residue, duplicates, privacy),
)


class TextJudge:
    """Scores copy sets. Loads word lists at the first copy of a locale, then keeps them."""

    def __init__(self, *, store: AssetStore) -> None:
        self._store = store
        self._rules = load_rules()
        self._concepts = Concepts.load()
        self._english = english_terms(self._concepts)
        vocabularies = load_vocabularies(LATIN_LANGUAGES, concepts=self._concepts)
        self._reader = LanguageReader(vocabularies)
        self._tongues: dict[str, Tongue] = {}

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """One score a metric of METRICS: the number of faults, their evidence with field and span.

        All are unscored when the copy can't be read. Raises InvalidBrief for a locale without
        claim words or lexicon, and for an unknown channel.
        """
        try:
            asset = _copy_asset(candidate)
            data = self._store.get(asset.digest)
        except (AssetError, ScorerFailed) as error:
            return _unscored(str(error))
        return self.score_copy(brief, data, notes=candidate.notes)

    def score_copy(
        self, brief: Brief, data: bytes, *, notes: Sequence[str] = ()
    ) -> Sequence[Score]:
        """The scores of a copy asset's bytes; `notes` are the candidate's. See `score`."""
        try:
            reading = self._open(brief, data, notes=notes)
        except ScorerFailed as error:
            return _unscored(str(error))
        found = [*language(reading, self._reader)]
        for instrument in _INSTRUMENTS:
            found += instrument(reading)
        return [_score(metric, found) for metric in METRICS]

    def _open(self, brief: Brief, data: bytes, *, notes: Sequence[str]) -> Reading:
        copy, limits = read_copy(data), channel(brief.channel).text
        tongue = self._tongue(brief.locale)
        known = ground(
            brief.product,
            notes=notes,
            english=self._english,
            native=self._tongue(brief.product.language),
            rules=self._rules,
        )
        reads = (
            Read(slot, language=tongue.language, names=known.names, left=known.left)
            for slot in slots(copy, limits=limits)
        )
        return Reading(
            brief=brief,
            copy=copy,
            limits=limits,
            tongue=tongue,
            ground=known,
            rules=self._rules,
            slots=tuple(reads),
        )

    def _tongue(self, locale: str) -> Tongue:
        if locale not in self._tongues:
            self._tongues[locale] = load_tongue(locale, concepts=self._concepts)
        return self._tongues[locale]


def _copy_asset(candidate: Candidate) -> Asset:
    for asset in candidate.assets:
        if asset.role == "copy":
            return asset
    roles = ", ".join(asset.role for asset in candidate.assets) or "none"
    raise ScorerFailed(f"the candidate has no asset of role 'copy' (has: {roles})")


def _score(metric: str, found: Sequence[Evidence]) -> Score:
    own = tuple(item for item in found if item.kind in METRICS[metric])
    faults = sum(item.severity > Severity.NOTE for item in own)
    return Score(
        metric=metric, value=float(faults), instrument=INSTRUMENT, asset="copy", evidence=own
    )


def _unscored(note: str) -> list[Score]:
    return [
        Score(metric=metric, value=None, instrument=INSTRUMENT, asset="copy", note=note)
        for metric in METRICS
    ]
