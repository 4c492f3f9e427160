"""A network's guess of where people are, for the silhouette to start from."""

from __future__ import annotations

import cv2
import numpy as np

from assets.people.network import Network

SIDE_PX = 256


class SelfieMasker:
    """MediaPipe's selfie segmentation on one CPU thread: 8 ms a picture. Deterministic."""

    def __init__(self) -> None:
        self._network = Network("selfie-mask")

    def mask(self, rgb: np.ndarray) -> np.ndarray:
        """How surely each pixel of the (H, W, 3) uint8 sRGB picture is a person's: (H, W) uint8."""
        small = cv2.resize(rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        found = self._network.run(small[None].astype(np.float32) / 255)[0][0, :, :, 0]
        soft = np.clip(found * 255, 0, 255).astype(np.uint8)
        return cv2.resize(soft, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
