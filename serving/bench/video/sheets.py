"""Contact sheets of planted faults, for people: the clean clip above, the spoilt one below."""

from __future__ import annotations

import cv2
import numpy as np

from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.places import Box, Span

_TILE_PX = 300
_GREEN = (0, 190, 60)


def sheet(clean: Footage, spoilt: Footage, *, frames: Span, box: Box | None) -> Pixels:
    """One picture: before, five moments of the fault, after; the place of the fault framed."""
    first, last = frames
    inside = np.linspace(first, last, 5).astype(int).tolist()
    moments = [max(0, first - 1), *inside, min(spoilt.count - 1, last + 1)]
    rows = [np.hstack([_tile(film, at, box) for at in moments]) for film in (clean, spoilt)]
    return np.vstack(rows)


def _tile(film: Footage, at: int, box: Box | None) -> Pixels:
    picture = film.rgb(min(at, film.count - 1))
    scale = _TILE_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if box is not None:
        height, width = small.shape[:2]
        x0, y0, x1, y1 = np.rint(np.array(box) * (width, height, width, height)).astype(int)
        cv2.rectangle(small, (int(x0), int(y0)), (int(x1), int(y1)), _GREEN, 1)
    tile = np.full((_TILE_PX, _TILE_PX, 3), 40, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile[: round(_TILE_PX * min(1.0, small.shape[0] / small.shape[1]))]
