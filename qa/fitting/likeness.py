"""Is it still the same person? dlib's face features, from the face that stands in the photo."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from threading import Lock
from typing import Any

import numpy as np

from assets.errors import WeightsInvalid
from assets.weights import locate
from content_engine.errors import ScorerFailed
from content_engine.types import Severity
from qa.fitting.outside import box_of, face
from qa.fitting.worn import Worn
from qa.vision.arrays import Numbers, Pixels
from qa.vision.observed import Reading, fault

_SAME_PIXELS = 1.6
_CHIP_PX = 150


class Likeness:
    """Face features by dlib's ResNet. The network is loaded at the first face. Safe in threads.

    Source: dlib, face_recognition_model_v1: two pictures of one person are within 0.6; the same
    photo coded or lit otherwise within 0.37 (research 2026-11, embedded section 6).
    """

    def __init__(self) -> None:
        self._lock = Lock()

    def features(self, rgb: Pixels, oval: Numbers) -> Numbers:
        """(128,) float32 of the face with that outline (n, 2) px in the (h, w, 3) uint8 picture."""
        low, high = oval.min(axis=0), oval.max(axis=0)
        middle, half = (low + high) / 2, float((high - low).max()) / 2
        corners = np.rint([*(middle - half), *(middle + half)]).astype(int).tolist()
        with self._lock:
            dlib, predictor, network = self._networks
            picture = np.ascontiguousarray(rgb)
            points = predictor(picture, dlib.rectangle(*corners))
            chip = dlib.get_face_chip(picture, points, size=_CHIP_PX)
            return np.array(network.compute_face_descriptor(chip), np.float32)

    def distance(self, seen: Worn) -> Reading:
        """How far the face's features are from the photo's; 0 is the same.

        Where the pixels are the photo's, coding aside, nothing is computed: it is the same face.
        """
        person = seen.person
        if face(seen).value < _SAME_PIXELS:
            return Reading(value=0.0)
        found = self.features(seen.rgb, person.oval)
        value = float(np.linalg.norm(found - person.features))
        message = f"the face is {value:.2f} away from the photo's (another person: 0.6)"
        box = box_of(person.face)
        return Reading(
            value=value,
            evidence=fault("face", message, severity=Severity.FATAL, box=box, number=value),
        )

    @cached_property
    def _networks(self) -> tuple[Any, Any, Any]:
        dlib: Any = import_module("dlib")

        try:
            points, network = str(locate("face-points-5")), str(locate("face-identity"))
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot compare faces: {error}") from error
        return dlib, dlib.shape_predictor(points), dlib.face_recognition_model_v1(network)
