"""The try-on judge: the result beside the person's photo and the garments' pictures.

It sees only bytes: never the maker's masks, landmarks or report. A maker's parse that misses a hood
misses it in every measure taken inside that parse; this one is wrong elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial

import numpy as np

from assets.errors import AssetError
from assets.media import Picture, decode_picture
from assets.vault import Vault, same_upload
from content_engine.errors import ScorerFailed
from content_engine.types import Asset, Brief, Candidate, Digest, GarmentKind, Score, TryonSpec
from qa.fitting import (
    collar,
    edges,
    fringe,
    holes,
    kept_pose,
    lengths,
    letters,
    outside,
    patches,
    prints,
    residue,
    slips,
    waves,
    wobble,
)
from qa.fitting.eyes import Eyes
from qa.fitting.person import VERSION, Person
from qa.fitting.register import Laid
from qa.fitting.scored import Instrument, measured
from qa.fitting.sight import Known, Sight
from qa.fitting.worn import Piece, Worn, worn
from qa.gate import load_policy
from qa.image import Bytes
from qa.vision.arrays import Pixels
from qa.vision.failures import OPENCV_ERRORS, measuring
from qa.vision.lettering import Reader
from qa.vision.observed import Reading

_PEOPLE_KEPT, _GARMENTS_KEPT = 8, 32
_LABEL = f"judged-person:{VERSION}"


class TryonJudge:
    """Scores try-ons against the photo and the garments. Safe in threads.

    What it finds in a private photo is kept in the vault alone, under a label of its own, and is
    gone with the photo. The networks are loaded when first needed, each on one thread.
    """

    def __init__(self, *, store: Bytes, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._policy = load_policy()
        self._eyes, self._reader = Eyes(), Reader()
        self._stored_person = lru_cache(maxsize=_PEOPLE_KEPT)(self._read_person)
        self._stored_garment = lru_cache(maxsize=_GARMENTS_KEPT)(self._read_garment)
        self._instruments = (*_kept(), *_edges(), *self._on_the_trunk())

    def score(self, brief: Brief, candidate: Candidate) -> Sequence[Score]:
        """Every metric that applies, for every picture of the candidate."""
        pictures = [item for item in candidate.assets if item.media_type.startswith("image/")]
        if not pictures:
            return self._unscored("", "the candidate holds no picture")
        return [score for asset in pictures for score in self._scores(brief, asset)]

    def warm(self, photo: Pixels) -> None:
        """Looks at the person of an (H, W, 3) uint8 photo and at a dark cloth on a light ground.

        Networks and libraries take seconds at their first use. Nothing is kept of the photo.
        """
        cloth = np.full((384, 384, 3), 230, np.uint8)
        cloth[96:288, 112:272] = 60
        with suppress(ScorerFailed):
            self._eyes.person(photo)
            truth = self._eyes.garment(Picture(cloth), kind=GarmentKind.UPPER)
            letters.words_of(truth, self._reader)

    def metrics(self) -> tuple[str, ...]:
        """The metrics that a try-on can be scored by."""
        return tuple(instrument.metric for instrument in self._instruments)

    def _scores(self, brief: Brief, asset: Asset) -> Iterator[Score]:
        spec = brief.spec
        if not isinstance(spec, TryonSpec):
            raise ScorerFailed(f"the try-on judge was given a brief for {brief.kind}")
        try:
            with measuring("looking at the try-on", breaks_with=OPENCV_ERRORS):
                sight = self._sight(spec, asset)
        except (ScorerFailed, AssetError) as error:
            yield from self._unscored(asset.role, str(error))
            return
        for instrument in self._instruments:
            if instrument.applies(sight):
                bound = self._policy.bound(instrument.metric, brief.channel)
                yield measured(instrument, sight, bound=bound, role=asset.role)

    def _sight(self, spec: TryonSpec, asset: Asset) -> Sight:
        person = self._person(spec)
        known = tuple(
            self._garment(spec, garment.picture, garment.kind) for garment in spec.garments
        )
        pieces = [
            Piece(kind=garment.kind, truth=item.truth)
            for garment, item in zip(spec.garments, known, strict=True)
        ]
        result = decode_picture(self._bytes(spec, asset.digest)).rgb
        seen = worn(result, person=person, pieces=pieces)
        return Sight(seen, known=known, wanted_px=spec.longer_side_px, eyes=self._eyes)

    def _person(self, spec: TryonSpec) -> Person:
        """The person of the photo: from the cache that its privacy allows, or looked at anew."""
        if not spec.private:
            return self._stored_person(spec.person)
        place = self._vault.named(spec.person, _LABEL)
        if self._vault.has(place):
            kept = Person.from_bytes(self._vault.get(place))
            if kept is not None:
                return kept
        found = self._eyes.person(decode_picture(self._vault.get(spec.person)).rgb)
        self._vault.put(spec.person, _LABEL, found.to_bytes())
        return found

    def _read_person(self, digest: Digest) -> Person:
        return self._eyes.person(decode_picture(self._store.get(digest)).rgb)

    def _garment(self, spec: TryonSpec, digest: Digest, kind: GarmentKind) -> Known:
        """What a garment's picture says; a shopper's own picture is looked at each time."""
        if same_upload(spec.person, digest):
            return self._seen_garment(self._vault.get(digest), kind)
        return self._stored_garment(digest, kind)

    def _read_garment(self, digest: Digest, kind: GarmentKind) -> Known:
        return self._seen_garment(self._store.get(digest), kind)

    def _seen_garment(self, data: bytes, kind: GarmentKind) -> Known:
        truth = self._eyes.garment(decode_picture(data), kind=kind)
        return Known(truth=truth, words=letters.words_of(truth, self._reader))

    def _bytes(self, spec: TryonSpec, digest: Digest) -> bytes:
        mine = same_upload(spec.person, digest)
        return self._vault.get(digest) if mine else self._store.get(digest)

    def _unscored(self, role: str, note: str) -> list[Score]:
        return [
            Score(metric=each.metric, value=None, instrument=each.name, asset=role, note=note)
            for each in self._instruments
        ]

    def _on_the_trunk(self) -> tuple[Instrument, ...]:
        """What is measured of the garment on the trunk, beside its picture."""
        beside: dict[str, Callable[[Worn, Laid], Reading]] = {
            "colour": prints.colour,
            "print": prints.drawing,
            "print_sharpness": prints.sharpness,
            "print_bend": prints.bend,
            "print_waves": waves.waves,
            "stretch": prints.stretch,
            "seams": prints.seams,
            "surface": prints.surface,
            "patch": patches.patch,
            "slip": slips.slip,
        }
        laid = [
            Instrument(f"tryon.{name}", "inverse-search@1", partial(_of_laid, read), _on_trunk)
            for name, read in beside.items()
        ]
        written = Instrument("tryon.letters", "pp-ocrv6@3.10.0", self._letters, _on_trunk)
        hems = {"hem": lengths.hem, "hem_line": lengths.hem_line}
        ends = [
            Instrument(f"tryon.{name}", "parts@1", partial(_of_hem, read), _on_trunk)
            for name, read in hems.items()
        ]
        sleeves = _of_seen("parts@1", {"sleeves": lengths.sleeves}, applies=_on_trunk)
        return (*laid, written, *ends, *sleeves)

    def _letters(self, sight: Sight) -> Reading:
        if not sight.words:
            return Reading(value=0.0)
        return letters.lost(sight.seen, sight.laid, words=sight.words, reader=self._reader)


def _kept() -> tuple[Instrument, ...]:
    """What must be as in the photo."""
    faces = {"face": outside.face}
    colours = {"background": outside.background, "body": outside.body}
    parts = {
        "hair": outside.hair,
        "hands": outside.hands,
        "residue": residue.residue,
        "collar": collar.collar_left,
        "hole": holes.holes,
    }
    return (
        Instrument("tryon.frame", "ruler@1", Sight.frame, _always),
        Instrument("tryon.identity", "dlib-resnet@1", lambda sight: sight.likeness, _has_face),
        *_of_seen("cielab@1", faces, applies=_has_face),
        *_of_seen("cielab@1", colours, applies=_always),
        *_of_seen("parts@1", parts, applies=_always),
        Instrument("tryon.pose", "blazepose@1", _pose, _always),
    )


def _edges() -> tuple[Instrument, ...]:
    """What the new outline is like."""
    reads = {"outline": edges.nick, "jagged": wobble.jagged, "halo": fringe.halo}
    return tuple(
        Instrument(f"tryon.{name}", "outline@1", partial(_of_outline, read), _always)
        for name, read in reads.items()
    )


def _of_seen(
    name: str,
    reads: dict[str, Callable[[Worn], Reading]],
    *,
    applies: Callable[[Sight], bool],
) -> list[Instrument]:
    return [
        Instrument(f"tryon.{metric}", name, partial(_of_worn, read), applies)
        for metric, read in reads.items()
    ]


def _pose(sight: Sight) -> Reading:
    """Where limbs and face are the photo's pixels they are in its pose: a network costs 60 ms."""
    if kept_pose.untouched(sight.seen):
        return Reading(value=0.0)
    return kept_pose.moved(sight.seen, sight.points)


def _of_worn(read: Callable[[Worn], Reading], sight: Sight) -> Reading:
    return read(sight.seen)


def _of_laid(read: Callable[[Worn, Laid], Reading], sight: Sight) -> Reading:
    return read(sight.seen, sight.laid)


def _of_outline(read: Callable[[edges.Outline], Reading], sight: Sight) -> Reading:
    return read(sight.outline)


def _of_hem(read: Callable[[Worn, lengths.Hem | None], Reading], sight: Sight) -> Reading:
    return read(sight.seen, sight.hem)


def _always(_: Sight) -> bool:
    return True


def _has_face(sight: Sight) -> bool:
    return len(sight.seen.person.oval) > 0


def _on_trunk(sight: Sight) -> bool:
    return sight.body_index is not None
