"""The video judge: every clip of a candidate, beside the photos and the facts it was made from.

It sees only bytes: never the maker's design, masks or parameters. Of the recipe it knows the
backend's name alone, because a clip drawn by rule is not ranked among generated ones; of the notes,
which words were left in the merchant's language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial

from assets.errors import AssetError
from assets.media import decode_picture
from assets.sound import read_sound
from assets.store import AssetStore
from content_engine.channels import channel
from content_engine.errors import ScorerFailed
from content_engine.types import Asset, Brief, Candidate, Score, VideoSpec
from qa.film import container
from qa.film.decency import nudity
from qa.film.frames import breaks, light, pacing, softness
from qa.film.letters.lost import letters_lost
from qa.film.letters.writing import letters_bent
from qa.film.overlays import bars, marks
from qa.film.overlays.captions import captions_outside
from qa.film.overlays.wording import ungrounded
from qa.film.poster import POSTER, POSTER_READINGS
from qa.film.product import likeness
from qa.film.product.outline import outline
from qa.film.pulse import Pulse, read_pulse
from qa.film.reel import Reel, read_reel, stills_of
from qa.film.risk.drawn import drawn_by_rule
from qa.film.risk.glitch import glitch
from qa.film.scored import OVERALL, Instrument, measured, overall, placed
from qa.film.screened import Screened, Wanted
from qa.film.sight import Source, Views
from qa.film.sudden.spikes import spikes
from qa.gate import load_policy
from qa.looks.seam import Pair, Scorer, Sight, looked
from qa.text.judge import INSTRUMENT, TextJudge
from qa.vision.decency import Decency
from qa.vision.failures import OPENCV_ERRORS, measuring
from qa.vision.identity import Embedder
from qa.vision.lettering import Reader
from qa.vision.observed import Reading
from qa.vision.reference import read_reference
from qa.vision.segment import Segmenter

_PHOTOS_KEPT = 32
_MOST_PHOTOS = 6
_NARROWEST_PX = 160
"""Of a line read, at 48 px of height. Source: 201 likely lines of 19 clips (2026-11-22): the same
29 surely read as at 320, one letter of one read otherwise, 0.71 of the time."""

_RISK = "video.glitch_risk"
_CLAIMS = "video.caption_claims"
_USUAL_FPS = 30.0


class VideoJudge:
    """Scores clips against their order, their channel's rules and their source photos.

    Safe in threads. The networks are loaded when first needed, each on one thread. `looks` are
    instruments that need weights of their own: what they say comes on top, see `qa.looks`.
    """

    def __init__(self, *, store: AssetStore, looks: Sequence[Scorer] = ()) -> None:
        self._store = store
        self._looks = tuple(looks)
        self._policy = load_policy()
        self._segmenter, self._embedder = Segmenter(), Embedder()
        self._reader, self._decency = Reader(narrowest_px=_NARROWEST_PX), Decency()
        self._source = lru_cache(maxsize=_PHOTOS_KEPT)(self._read_source)
        self._always = self._instruments()
        self._rank = Instrument(_RISK, "tracks@1", lambda seen: glitch(seen.reel))
        self._beside_photos = (
            Instrument("video.product", "local-correlation@1", likeness.drawing),
            Instrument("video.outline", "edge@1", outline),
            Instrument("video.product_colour", "cielab@1", likeness.colours),
            Instrument("video.proportions", "affine@1", likeness.proportions),
            Instrument("video.identity", "efficientnet-lite0@0.1.0", self._identity),
        )

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """Every metric of the policy's `video` tables for every clip of the candidate.

        A clip that cannot be read leaves all of them unscored.
        """
        clips = [asset for asset in candidate.assets if asset.media_type.startswith("video/")]
        if not clips:
            return self._unscored("", "the candidate holds no clip")
        generated = candidate.recipe.backend not in drawn_by_rule()
        scores = [
            score
            for asset in clips
            for score in self._scores(
                brief, asset, posters=_posters(candidate, asset), generated=generated
            )
        ]
        return [*scores, *self._claims(brief, candidate, clip=clips[0])]

    def examine(
        self, data: bytes, *, wanted: Wanted, photos: Sequence[bytes] = ()
    ) -> Sequence[Score]:
        """The scores of a clip's bytes; without photos, nothing is said of the product.

        Raises what `assets.video.read_frames` raises, and ScorerFailed for a photo without product.
        """
        sources = [self._seen(photo) for photo in photos]
        return self._examined(data, screened(data, wanted=wanted, sources=sources))

    def _examined(self, data: bytes, seen: Screened) -> Sequence[Score]:
        ranked = (self._rank,) if seen.wanted.generated else ()
        beside = self._beside_photos if seen.views.sources else ()
        instruments = (*self._always, *ranked, *beside)
        scores = [measured(instrument, seen, self._policy) for instrument in instruments]
        scores.append(overall(scores, self._policy))
        if not self._looks:
            return scores
        return [*scores, *looked(self._looks, _sight(data, seen, scores), policy=self._policy)]

    def metrics(self, *, photos: bool) -> tuple[str, ...]:
        """The metrics that a clip is scored by, with or without source photos."""
        held = (*self._always, self._rank, *(self._beside_photos if photos else ()))
        return (*(instrument.metric for instrument in held), OVERALL)

    def _claims(self, brief: Brief, candidate: Candidate, *, clip: Asset) -> list[Score]:
        files = [asset for asset in candidate.assets if asset.media_type == "text/vtt"]
        return [self._claimed(brief, asset, candidate.notes, clip=clip) for asset in files]

    def _claimed(self, brief: Brief, asset: Asset, notes: tuple[str, ...], *, clip: Asset) -> Score:
        score = Score(metric=_CLAIMS, value=None, instrument=INSTRUMENT, asset=asset.role)
        try:
            data = self._store.get(asset.digest)
            fps = clip.fps or _USUAL_FPS
            read = ungrounded(data, brief=brief, notes=notes, fps=fps, judge=self._wording)
        except (ScorerFailed, AssetError) as error:
            return replace(score, note=str(error))
        held = placed(replace(score, value=read.value, evidence=read.evidence), clip.role)
        return replace(held, asset=asset.role)

    @cached_property
    def _wording(self) -> TextJudge:
        return TextJudge(store=self._store)

    def _scores(
        self, brief: Brief, asset: Asset, *, posters: Sequence[Asset], generated: bool
    ) -> list[Score]:
        spec = brief.spec
        if not isinstance(spec, VideoSpec):
            raise ScorerFailed(f"the video judge was given a brief for {brief.kind}")
        picked = spec.photos or range(len(brief.product.photos))
        digests = [brief.product.photos[index].digest for index in picked][:_MOST_PHOTOS]
        try:
            data = self._store.get(asset.digest)
            photos = [self._store.get(digest) for digest in digests]
            wanted = replace(wanted_by(brief, spec), generated=generated)
            sources = [self._seen(photo) for photo in photos]
            seen = screened(data, wanted=wanted, sources=sources)
            scores = self._examined(data, seen)
        except (ScorerFailed, AssetError) as error:
            return self._unscored(asset.role, str(error))
        own = [placed(score, asset.role) for score in scores]
        return [*own, *(score for each in posters for score in self._still(each, seen, of=asset))]

    def _still(self, asset: Asset, seen: Screened, *, of: Asset) -> list[Score]:
        """The scores of a clip's poster; their evidence lies on the clip's frames."""
        try:
            picture = decode_picture(self._store.get(asset.digest))
        except AssetError as error:
            blank = Score(metric="", value=None, instrument=POSTER, asset=asset.role)
            return [replace(blank, metric=metric, note=str(error)) for metric in POSTER_READINGS]
        held = (
            Instrument(metric, POSTER, partial(read, picture))
            for metric, read in POSTER_READINGS.items()
        )
        scores = (placed(measured(each, seen, self._policy), of.role) for each in held)
        return [replace(score, asset=asset.role) for score in scores]

    def _unscored(self, role: str, note: str) -> list[Score]:
        return [
            Score(metric=metric, value=None, instrument="video-judge@1", asset=role, note=note)
            for metric in self.metrics(photos=True)
        ]

    def _seen(self, photo: bytes) -> Source:
        with measuring("finding the product in its photo", breaks_with=OPENCV_ERRORS):
            return self._source(photo)

    def _read_source(self, photo: bytes) -> Source:
        reference = read_reference(decode_picture(photo), segmenter=self._segmenter)
        return Source(
            reference=reference,
            features=self._embedder.of_reference(reference),
            lines=self._reader.lines(reference),
        )

    def _instruments(self) -> tuple[Instrument, ...]:
        watched = (
            _timed("video.freeze", "pacing@1", pacing.freeze),
            _timed("video.duplicate", "pacing@1", pacing.duplicate),
            _timed("video.dropped", "pacing@1", pacing.dropped),
            _timed("video.empty", "breaks@1", breaks.empty),
            _timed("video.hard_cut", "breaks@1", breaks.hard_cut),
            _timed("video.flicker", "light@1", light.flicker),
            _timed("video.exposure_jump", "light@1", light.exposure_jump),
            _timed("video.colour_jump", "light@1", light.colour_jump),
            _timed("video.ghosting", "softness@1", softness.ghosting),
            _timed("video.blur", "softness@1", softness.blur),
            _timed("video.border", "bars@1", bars.border),
        )
        return (
            *watched,
            Instrument("video.watermark", "pp-ocrv6@3.10.0", self._watermark),
            Instrument("video.captions", "pp-ocrv6@3.10.0", self._captions),
            Instrument("video.lettering", "pp-ocrv6@3.10.0", self._letters),
            Instrument("video.writing", "self-correlation@1", self._writing),
            Instrument("video.glitch", "surprise@1", lambda seen: spikes(seen.reel)),
            Instrument("video.duration", "container@1", container.duration),
            Instrument("video.sound", "container@1", container.sound),
            Instrument("video.size", "container@1", container.size),
            Instrument("video.rate", "container@1", container.rate),
            Instrument("video.file", "container@1", container.file_format),
            Instrument("video.nsfw", "open-nsfw@1.0.0", self._nudity),
        )

    def _watermark(self, seen: Screened) -> Reading:
        return marks.watermark(seen, reader=self._reader)

    def _captions(self, seen: Screened) -> Reading:
        return captions_outside(seen, reader=self._reader)

    def _letters(self, seen: Screened) -> Reading:
        return letters_lost(seen, reader=self._reader)

    def _writing(self, seen: Screened) -> Reading:
        return letters_bent(seen, reader=self._reader)

    def _identity(self, seen: Screened) -> Reading:
        return likeness.identity(seen, embedder=self._embedder)

    def _nudity(self, seen: Screened) -> Reading:
        return nudity(seen, network=self._decency)


def _posters(candidate: Candidate, clip: Asset) -> list[Asset]:
    """The stills of that clip: their roles end as the clip's does (`clip-1x1`, `poster-1x1`)."""
    stills = (each for each in candidate.assets if each.media_type.startswith("image/"))
    return [each for each in stills if each.role.partition("-")[2] == clip.role.partition("-")[2]]


def _sight(data: bytes, seen: Screened, found: Sequence[Score]) -> Sight:
    """The clip as optional instruments see it: frames are decoded anew when one asks for them."""
    pairs = (Pair(seen=sight.view, photo=sight.photo) for sight in seen.views.sights)
    return Sight(
        kind="video",
        channel="*",
        role="",
        frames=lambda wanted: stills_of(data, frozenset(wanted)),
        pairs=tuple(pairs),
        found=tuple(found),
    )


def screened(data: bytes, *, wanted: Wanted, sources: Sequence[Source]) -> Screened:
    """A clip's bytes as the instruments see them. Raises what `assets.video.read_frames` raises."""
    reel = read_reel(data)
    return Screened(
        reel=reel,
        pulse=read_pulse(reel),
        sound=read_sound(data) if reel.facts.audio else None,
        wanted=wanted,
        views=Views(reel.stills, sources=sources),
    )


def wanted_by(brief: Brief, spec: VideoSpec) -> Wanted:
    """What a brief asks of its clip. Raises InvalidBrief for an unknown channel."""
    product = brief.product
    texts = (product.title, product.brand, *product.category, *(f.text for f in product.facts))
    return Wanted(
        aspect=spec.aspect,
        shorter_side_px=spec.shorter_side_px,
        duration_s=spec.duration_s,
        sound=spec.sound,
        rules=channel(brief.channel).video,
        words=frozenset(word.casefold() for text in texts for word in text.split()),
    )


def _timed(metric: str, name: str, read: Callable[[Reel, Pulse], Reading]) -> Instrument:
    """An instrument that needs nothing but the clip."""
    return Instrument(metric, name, lambda seen: read(seen.reel, seen.pulse))
