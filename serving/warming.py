"""What replicas look at before they are ready: a first look loads networks and takes seconds."""

from __future__ import annotations

from importlib import resources

import cv2
import numpy as np

from assets.media import decode_picture

_SIDE_PX = 512
"""Longer side of the first look's photo: every step runs, and none takes long."""


def sample_person() -> np.ndarray:
    """A photo of a person, (H, W, 3) uint8 sRGB, small: one of the project's samples."""
    photo = resources.files("assets") / "samples" / "people" / "person-b.jpg"
    rgb = decode_picture(photo.read_bytes()).rgb
    scale = _SIDE_PX / max(rgb.shape[:2])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
