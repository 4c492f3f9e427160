"""Small pictures in every dress: built by code, so that each test says what it is about."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def scene() -> Image.Image:
    """A 64 x 48 RGB picture: smooth, each corner of its own colour, so that turning shows."""
    y, x = np.mgrid[0:48, 0:64]
    planes = (x * 4, y * 5, 255 - x * 2 - y * 2)
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


@pytest.fixture(scope="session")
def encode() -> Encode:
    """`encode(image, format, **options)`: the bytes that Pillow writes."""

    def encoded(image: Image.Image, form: str, **options: object) -> bytes:
        out = io.BytesIO()
        image.save(out, form, **options)
        return out.getvalue()

    return encoded
