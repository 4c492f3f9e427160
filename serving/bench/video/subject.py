"""Where a clip's main thing is, frame by frame: found now and then, carried by the flow between."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from content_engine.errors import ScorerFailed
from qa.vision.segment import Segmenter
from serving.bench.video.footage import Footage
from serving.bench.video.places import Box, Flows, Span

_SEEN_SIDE_PX = 480
_EVERY_S = 0.8
_SHARES = (0.02, 0.7)


@cache
def _segmenter() -> Segmenter:
    return Segmenter()


class Subject:
    """Soft masks of the main thing over a stretch, at the footage's small size."""

    def __init__(self, footage: Footage, stretch: Span) -> None:
        self._footage, self._stretch, self._flows = footage, stretch, Flows(footage)
        self._known: dict[int, np.ndarray | None] = {}
        self._every = footage.frames_in(_EVERY_S)

    def mask(self, index: int) -> np.ndarray | None:
        """(h, w) float32, 0..1, at the small size; None where nothing stands out.

        Frames are asked for in order: from a mask that was found, the flow carries it on.
        """
        if index not in self._known:
            self._known[index] = self._new(index)
        return self._known[index]

    def _new(self, index: int) -> np.ndarray | None:
        before = self._known.get(index - 1)
        if (index - self._stretch[0]) % self._every == 0 or before is None:
            found = self._found(index)
            return before if found is None else found
        return self._carried(before, index - 1)

    def whole_mask(self, index: int) -> np.ndarray | None:
        """(H, W, 1) float32, 0..1, at the footage's size."""
        mask = self.mask(index)
        if mask is None:
            return None
        return cv2.resize(mask, self._footage.size_px, interpolation=cv2.INTER_LINEAR)[..., None]

    def box(self, indices: range) -> Box | None:
        """The box around the thing over those frames, None where nothing stands out."""
        seen = np.zeros(self._footage.small.shape[1:], bool)
        for index in indices:
            mask = self.mask(index)
            if mask is not None:
                seen |= mask > 0.5
        if not seen.any():
            return None
        left, top, across, down = cv2.boundingRect(seen.astype(np.uint8))
        height, width = self._footage.small.shape[1], self._footage.small.shape[2]
        return (left / width, top / height, (left + across) / width, (top + down) / height)

    def _found(self, index: int) -> np.ndarray | None:
        picture = self._footage.rgb(index)
        scale = min(1.0, _SEEN_SIDE_PX / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        try:
            mask = (_segmenter().salience(small) > 0.5).astype(np.float32)
        except ScorerFailed:
            return None
        if not _SHARES[0] <= float(mask.mean()) <= _SHARES[1]:
            return None
        _, height, width = self._footage.small.shape
        resized = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(resized, (0, 0), 1.2)

    def _carried(self, mask: np.ndarray, start: int) -> np.ndarray:
        """The mask moved with the flow to the next frame."""
        height, width = mask.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        flow = self._flows.between(start)
        return cv2.remap(mask, x - flow[..., 0], y - flow[..., 1], cv2.INTER_LINEAR)
