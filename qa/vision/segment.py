"""Where the product is in a source photo: its own alpha, or u2netp's opinion in two looks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np

from assets.errors import WeightsInvalid
from assets.media import Picture
from assets.weights import locate
from content_engine.errors import ScorerFailed
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.failures import measuring, onnx_errors

_SIDE_PX = 320
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_OPAQUE = 128
_LOOK_MARGIN = 0.12
_PART_SHARE = 0.02


class Segmenter:
    """Product masks of source photos. The network is loaded at the first photo without alpha.

    Source of the input scaling: U-2-Net's reference test code, github.com/xuebinqin/U-2-Net.
    """

    def mask(self, photo: Picture) -> Mask:
        """True where the product is, (H, W) bool. Raises ScorerFailed when nothing stands out."""
        if photo.alpha is not None and bool((photo.alpha < _OPAQUE).any()):
            return _main_parts(photo.alpha >= _OPAQUE)
        first = _main_parts(self.salience(photo.rgb) > 0.5)
        return _main_parts(self._closer_look(photo.rgb, first))

    def salience(self, rgb: Pixels) -> Numbers:
        """How much each pixel belongs to the main object, (H, W) float32, 0..1."""
        small = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
        scaled = small.astype(np.float32) / max(float(small.max()), 1.0)
        batch = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        with measuring("finding the product in its photo", breaks_with=onnx_errors()):
            session = self._session
            found = session.run(None, {session.get_inputs()[0].name: batch})[0][0, 0]
        spread = max(float(found.max() - found.min()), 1e-6)
        size = (rgb.shape[1], rgb.shape[0])
        return cv2.resize((found - found.min()) / spread, size, interpolation=cv2.INTER_LINEAR)

    def _closer_look(self, rgb: Pixels, first: Mask) -> Mask:
        """The mask from a second look at the object's box: edges twice as fine."""
        x, y, width, height = cv2.boundingRect(first.astype(np.uint8))
        margin = int(_LOOK_MARGIN * max(width, height))
        rows = slice(max(0, y - margin), y + height + margin)
        columns = slice(max(0, x - margin), x + width + margin)
        mask = np.zeros(first.shape, bool)
        mask[rows, columns] = self.salience(rgb[rows, columns]) > 0.5
        return mask

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            path = str(locate("u2netp"))
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot find the product in the photo: {error}") from error
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _main_parts(mask: Mask) -> Mask:
    """The mask without crumbs: parts of 2 % of the largest or more.

    Raises ScorerFailed when it is empty.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        raise ScorerFailed("no product stands out in the source photo; look at the photo")
    areas = stats[:, cv2.CC_STAT_AREA]
    large = areas >= _PART_SHARE * areas[1:].max()
    large[0] = False
    return large[labels]
