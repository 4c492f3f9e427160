"""Is it the same product? EfficientNet-Lite0 features of product and source on the same ground."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np

from assets.errors import WeightsInvalid
from assets.weights import locate
from content_engine.errors import ScorerFailed
from content_engine.types import Severity, Shot
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.failures import TORCH_ERRORS, measuring
from qa.vision.observed import Observed, Reading, fault
from qa.vision.reference import Reference

_SIDE_PX = 224
_NEUTRAL = 128
_MEAN, _DEVIATION = 127.0, 128.0


class Embedder:
    """Pooled features of pictures. The network is loaded at the first picture."""

    def features(self, rgb: Pixels) -> Numbers:
        """The picture's (1280,) float32 feature vector of length 1. `rgb` (224, 224, 3) uint8.

        Source of the input scaling, (x − 127) / 128: tensorflow/tpu, efficientnet/lite.
        """
        import torch

        scaled = (rgb.astype(np.float32) - _MEAN) / _DEVIATION
        comparing = measuring("comparing products", breaks_with=TORCH_ERRORS)
        with comparing, torch.inference_mode():
            batch = torch.from_numpy(scaled.transpose(2, 0, 1)[None].copy())
            pooled = self._network.extract_features(batch).mean(dim=(2, 3))[0].numpy()
        return pooled / max(float(np.linalg.norm(pooled)), 1e-6)

    def of_reference(self, reference: Reference) -> Numbers:
        """The features of the source's product on neutral grey."""
        return self.features(squared(reference.rgb, reference.mask))

    def likeness(self, seen: Observed, *, source: Numbers) -> Reading:
        """The cosine between the product's features and the source's; 1 is the same."""
        found = self.features(squared(*_product(seen)))
        value = float(found @ source)
        message = f"the product is {value:.2f} like its source (1 is the same)"
        return Reading(
            value=value,
            evidence=fault(
                "identity", message, severity=Severity.FATAL, box=seen.product_box(), number=value
            ),
        )

    @cached_property
    def _network(self) -> Any:
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        torch.set_num_threads(1)
        try:
            path = locate("efficientnet-lite0")
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot compare products: {error}") from error
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return network.eval()


def _product(seen: Observed) -> tuple[Pixels, Mask]:
    """The picture's product and its mask: drawn pixels, or the place where it was found."""
    if seen.found().agreeing == 0 and seen.spec.shot is not Shot.SCENE:
        return seen.rgb, seen.drawn
    return seen.view, seen.reference.mask


def squared(rgb: Pixels, mask: Mask) -> Pixels:
    """The masked part, centred on a grey square of 224 px with a margin of 5 %, uint8."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    crop = np.where(mask[..., None], rgb, np.uint8(_NEUTRAL))[y : y + height, x : x + width]
    scale = 0.9 * _SIDE_PX / max(width, height, 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.full((_SIDE_PX, _SIDE_PX, 3), _NEUTRAL, np.uint8)
    if crop.size:
        left, top = (_SIDE_PX - size[0]) // 2, (_SIDE_PX - size[1]) // 2
        small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        square[top : top + size[1], left : left + size[0]] = small
    return square
