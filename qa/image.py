"""The image judge: every picture of a candidate beside the photo it was made from.

It sees only bytes: never the maker's mask, recipe or notes. What it needs to know of the source
(mask, features, letters) it finds itself, once per photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from assets.errors import AssetError
from assets.media import decode_picture
from content_engine.channels import channel
from content_engine.errors import ScorerFailed
from content_engine.types import Asset, Brief, Candidate, ImageSpec, Score, Shot
from qa.gate import Bound, load_policy
from qa.looks.seam import Pair, Scorer, Sight, looked
from qa.vision import background, file, likeness, outline
from qa.vision.arrays import Numbers
from qa.vision.decency import Decency
from qa.vision.failures import OPENCV_ERRORS, measuring
from qa.vision.identity import Embedder
from qa.vision.lettering import Line, Reader
from qa.vision.observed import Observed, Reading, observe
from qa.vision.reference import Reference, read_reference
from qa.vision.segment import Segmenter

_PHOTOS_KEPT = 32


class Bytes(Protocol):
    """Where the judge gets pictures from: the asset store."""

    def get(self, digest: str) -> bytes:
        """The bytes of that digest. Raises AssetMissing."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """All the judge knows of a source photo."""

    reference: Reference
    features: Numbers
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric, the `name@version` of what measures it, and the measuring itself."""

    metric: str
    name: str
    read: Callable[[Observed, Source], Reading]


class ImageJudge:
    """Scores pictures against their source photo and their channel's rules. Safe in threads.

    The networks are loaded when first needed, each on one thread. `looks` are instruments that
    need weights of their own: what they say comes on top, see `qa.looks`.
    """

    def __init__(self, *, store: Bytes, looks: Sequence[Scorer] = ()) -> None:
        self._store = store
        self._looks = tuple(looks)
        self._policy = load_policy()
        self._segmenter, self._embedder = Segmenter(), Embedder()
        self._reader, self._decency = Reader(), Decency()
        self._source = lru_cache(maxsize=_PHOTOS_KEPT)(self._read_source)
        self._instruments = self._by_shot()

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """Every metric that applies to the brief's shot, for every picture of the candidate."""
        return [score for asset in candidate.assets for score in self._scores(brief, asset)]

    def metrics(self, shot: Shot) -> tuple[str, ...]:
        """The metrics that a picture of that shot is scored by."""
        return tuple(instrument.metric for instrument in self._instruments[shot])

    def photos_known(self) -> int:
        """How many source photos are analysed and kept."""
        return self._source.cache_info().currsize

    def _scores(self, brief: Brief, asset: Asset) -> Iterator[Score]:
        spec = brief.spec
        if not isinstance(spec, ImageSpec):
            raise ScorerFailed(f"the image judge was given a brief for {brief.kind}")
        try:
            source, seen = self._looked_at(brief, spec, asset)
        except (ScorerFailed, AssetError) as error:
            yield from self._unscored(spec.shot, asset, str(error))
            return
        scores = []
        for instrument in self._instruments[spec.shot]:
            score = _measured(instrument, seen, source)
            scores.append(_with_limit(score, self._policy.bound(instrument.metric, brief.channel)))
        yield from scores
        sight = _sight(seen, channel=brief.channel, found=scores)
        yield from looked(self._looks, sight, policy=self._policy)

    def _looked_at(self, brief: Brief, spec: ImageSpec, asset: Asset) -> tuple[Source, Observed]:
        rules = channel(brief.channel).image
        with measuring("finding the product in the picture", breaks_with=OPENCV_ERRORS):
            source = self._source(brief.product.photos[spec.photo].digest)
            picture = decode_picture(self._store.get(asset.digest))
            return source, observe(
                picture, asset=asset, spec=spec, rules=rules, reference=source.reference
            )

    def _unscored(self, shot: Shot, asset: Asset, note: str) -> Iterator[Score]:
        for instrument in self._instruments[shot]:
            yield Score(
                metric=instrument.metric,
                value=None,
                instrument=instrument.name,
                asset=asset.role,
                note=note,
            )

    def _read_source(self, digest: str) -> Source:
        photo = decode_picture(self._store.get(digest))
        reference = read_reference(photo, segmenter=self._segmenter)
        return Source(
            reference=reference,
            features=self._embedder.of_reference(reference),
            lines=self._reader.lines(reference),
        )

    def _by_shot(self) -> dict[Shot, tuple[Instrument, ...]]:
        always = (
            _plain("image.resolution", "ruler@1", file.resolution),
            _plain("image.file", "ruler@1", file.broken_rules),
            _plain("image.clipped", "outline@1", outline.clipped),
            _plain("image.colour", "ciede2000@1", likeness.colour_median),
            _plain("image.colour_p95", "ciede2000@1", likeness.colour_p95),
            _plain("image.structure", "local-correlation@1", likeness.structure),
            _plain("image.exposure", "levels@1", likeness.exposure),
            _plain("image.nsfw", "open-nsfw@1.0.0", self._decency.nudity),
            Instrument("image.identity", "efficientnet-lite0@0.1.0", self._identity),
            Instrument("image.lettering", "pp-ocrv6@3.10.0", self._lettering),
        )
        halo = _plain("image.halo", "outline@1", outline.halo)
        sharp = _plain("image.sharpness", "sobel@1", likeness.sharpness)
        stray = _plain("image.stray", "components@1", background.stray_share)
        packshot = (
            _plain("image.white_share", "white@1", background.white_share),
            _plain("image.fill_shortfall", "ruler@1", background.fill_shortfall),
        )
        return {
            Shot.PACKSHOT: (*always, halo, sharp, stray, *packshot),
            Shot.CUTOUT: (*always, halo, sharp, stray),
            Shot.SCENE: (
                *always,
                replace(halo, metric="image.scene_halo"),
                replace(sharp, metric="image.scene_sharpness"),
            ),
        }

    def _identity(self, seen: Observed, source: Source) -> Reading:
        return self._embedder.likeness(seen, source=source.features)

    def _lettering(self, seen: Observed, source: Source) -> Reading:
        return self._reader.loss(seen, lines=source.lines)


def _sight(seen: Observed, *, channel: str, found: Sequence[Score]) -> Sight:
    """The picture as optional instruments see it; the product beside its photo, cut out alike."""
    x0, y0, x1, y1 = seen.reference.box
    here = (slice(y0, y1), slice(x0, x1))
    pair = Pair(seen=seen.view[here], photo=seen.reference.rgb[here])
    return Sight(
        kind="image",
        channel=channel,
        role=seen.asset.role,
        frames=lambda wanted: dict.fromkeys(wanted, seen.rgb),
        pairs=() if seen.alignment is None else (pair,),
        found=tuple(found),
    )


def _plain(metric: str, name: str, read: Callable[[Observed], Reading]) -> Instrument:
    """An instrument that needs nothing but the picture beside its reference."""
    return Instrument(metric, name, lambda seen, _: read(seen))


def _measured(instrument: Instrument, seen: Observed, source: Source) -> Score:
    role = seen.asset.role
    try:
        with measuring(instrument.name, breaks_with=OPENCV_ERRORS):
            reading = instrument.read(seen, source)
    except ScorerFailed as error:
        return Score(
            metric=instrument.metric,
            value=None,
            instrument=instrument.name,
            asset=role,
            note=str(error),
        )
    return Score(
        metric=instrument.metric,
        value=reading.value,
        instrument=instrument.name,
        asset=role,
        evidence=tuple(replace(item, asset=role) for item in reading.evidence),
    )


def _with_limit(score: Score, bound: Bound) -> Score:
    """The score with the limit in its evidence; without evidence when the limit is met."""
    if score.value is None:
        return score
    if bound.meets(score.value, bound.accept):
        return replace(score, evidence=())
    evidence = tuple(replace(item, threshold=bound.accept) for item in score.evidence)
    return replace(score, evidence=evidence)
