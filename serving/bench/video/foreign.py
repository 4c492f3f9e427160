"""Pictures that do not belong in a clip: the project's own sample photos, panned over."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from assets.media import decode_picture
from serving.bench.video.footage import Pixels

SAMPLES = Path(__file__).resolve().parents[3] / "assets" / "samples"
_DECODED_SIDE_PX = 1200


def sample_photos() -> tuple[Path, ...]:
    """The project's own sample photos, in order of their names."""
    return tuple(sorted(SAMPLES.glob("*.jpg")))


@cache
def photo(path: Path) -> Pixels:
    """The photo in colours, its longer side 1200 px at most; alpha laid on light grey."""
    picture = decode_picture(path.read_bytes())
    pixels = picture.rgb
    if picture.alpha is not None:
        share = picture.alpha[..., None].astype(np.float32) / 255.0
        pixels = np.rint(pixels * share + 236.0 * (1.0 - share)).astype(np.uint8)
    scale = min(1.0, _DECODED_SIDE_PX / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def foreign_frames(
    size_px: tuple[int, int], rng: np.random.Generator, *, count: int
) -> list[Pixels]:
    """That many frames of (width, height) of a slow pan over a sample photo."""
    paths = sample_photos()
    picture = photo(paths[int(rng.integers(len(paths)))])
    start, way = rng.uniform(0.2, 0.8, 2), rng.uniform(-0.01, 0.01, 2)
    return [framed(picture, size_px, at=start + way * index, zoom=1.3) for index in range(count)]


def framed(
    picture: Pixels, size_px: tuple[int, int], *, at: np.ndarray, zoom: float, turn_deg: float = 0.0
) -> Pixels:
    """The part of a picture that fills (width, height): `at` 0..1 is where, `zoom` ≥ 1 how near."""
    width, height = size_px
    scale = zoom * max(width / picture.shape[1], height / picture.shape[0])
    room = np.array([picture.shape[1] - width / scale, picture.shape[0] - height / scale])
    centre = np.clip(at, 0.0, 1.0) * room + np.array([width, height]) / (2 * scale)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), turn_deg, scale)
    matrix[:, 2] += np.array([width / 2, height / 2]) - centre
    return cv2.warpAffine(
        picture, matrix, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
