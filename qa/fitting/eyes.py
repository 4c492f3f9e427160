"""The judge's own eyes: networks that find bodies, faces and things, and what they see."""

from __future__ import annotations

from threading import Lock

import numpy as np

from assets.errors import WeightsInvalid
from assets.media import Picture
from assets.people.bodies import BodyFinder, Pose
from assets.people.faces import Face, FaceFinder
from content_engine.errors import ScorerFailed
from content_engine.types import GarmentKind
from qa.fitting.garment import GarmentTruth, garment_truth
from qa.fitting.likeness import Likeness
from qa.fitting.parse import parse
from qa.fitting.person import Part, Person, at_work, silhouette
from qa.fitting.stance import Stance
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.segment import Segmenter

_NO_OVAL = np.zeros((0, 2), np.float32)
_LOWER = (GarmentKind.LOWER,)


class Eyes:
    """Finds people and garments in pictures. Networks load at first use. Safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bodies, self._faces = BodyFinder(), FaceFinder()
        self._segmenter, self.likeness = Segmenter(), Likeness()

    def person(self, photo: Pixels) -> Person:
        """The person of an (H, W, 3) uint8 photo. Raises ScorerFailed when there is none."""
        rgb = at_work(photo)
        pose, oval = self._found(rgb)
        if pose is None:
            raise ScorerFailed("the judge finds no body in the photo; look at it")
        stance = Stance(points=pose.points)
        body = silhouette(rgb, pose.mask)
        parts, palettes = parse(rgb, body=body, stance=stance, oval=oval)
        features = self.likeness.features(rgb, oval) if len(oval) else np.zeros(0, np.float32)
        return Person(
            rgb=rgb,
            stance=stance,
            parts=parts,
            oval=oval,
            features=features,
            palettes=palettes,
            photo_px=(photo.shape[1], photo.shape[0]),
        )

    def points(self, rgb: Pixels) -> Numbers:
        """(33, 4) float32 BlazePose points of the surest body; (0, 4) when none is found."""
        with self._seeing():
            found = self._bodies.find(rgb)
        return found[0].points if found else np.zeros((0, 4), np.float32)

    def garment(self, picture: Picture, *, kind: GarmentKind) -> GarmentTruth:
        """What a garment's picture says: cut out of its ground, or off the person wearing it.

        Raises ScorerFailed when no garment stands out.
        """
        mask = self._worn_in(picture, kind) if picture.alpha is None else None
        if mask is None:
            mask = self._segmenter.mask(picture)
        return garment_truth(picture.rgb, mask)

    def _worn_in(self, picture: Picture, kind: GarmentKind) -> Mask | None:
        """Where a person in the picture wears it, or None when nobody does."""
        rgb = at_work(picture.rgb)
        pose, oval = self._found(rgb)
        if pose is None:
            return None
        body = silhouette(rgb, pose.mask)
        parts, _ = parse(rgb, body=body, stance=Stance(points=pose.points), oval=oval)
        small = parts == (Part.LOWER if kind in _LOWER else Part.TOP)
        rows = np.linspace(0, small.shape[0] - 1, picture.height_px).round().astype(int)
        columns = np.linspace(0, small.shape[1] - 1, picture.width_px).round().astype(int)
        return small[rows[:, None], columns[None]]

    def _found(self, rgb: Pixels) -> tuple[Pose | None, Numbers]:
        """The surest body, and its face's outline; (0, 2) without a face."""
        with self._seeing():
            bodies, faces = self._bodies.find(rgb), self._faces.find(rgb)
        if not bodies:
            return None, _NO_OVAL
        return bodies[0], _own(faces, bodies[0])

    def _seeing(self) -> _Seeing:
        return _Seeing(self._lock)


class _Seeing:
    """One thread at a time; weights that are not there are ScorerFailed."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._lock.release()
        if isinstance(error, WeightsInvalid):
            raise ScorerFailed(f"cannot see people: {error}") from error


def _own(faces: tuple[Face, ...], pose: Pose) -> Numbers:
    """The outline of the face that lies where the body's nose is."""
    nose = pose.points[0, :2]
    for face in faces:
        low, high = face.oval.min(axis=0), face.oval.max(axis=0)
        reach = 0.5 * (high - low)
        if ((nose > low - reach) & (nose < high + reach)).all():
            return face.oval.astype(np.float32)
    return _NO_OVAL
