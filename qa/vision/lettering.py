"""Do the letters on the product survive? The same lines read in the source and in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from threading import Lock
from typing import Any

import cv2
import numpy as np

from assets.errors import WeightsInvalid
from assets.weights import locate
from content_engine.errors import ScorerFailed
from content_engine.types import Severity
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.failures import measuring, reader_errors
from qa.vision.observed import Observed, Reading, fault
from qa.vision.reference import Reference

_MOST_LINES = 10
_FEWEST_LETTERS = 3
_SURE = 0.85
_COARSER = 0.7
_LEGIBLE_PX = 12.0
_TRAINED_PX = 320
"""Source: PP-OCR's recogniser, 3 × 48 × 320 (rapidocr 3, config.yaml)."""

_LINE_PX = 48


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Line:
    """A line of letters on the product: what it says, its corners (4, 2) in reference pixels."""

    letters: str
    corners: Numbers

    @property
    def height_px(self) -> float:
        """How high the line is, in reference pixels."""
        down = float(np.linalg.norm(self.corners[3] - self.corners[0]))
        return min(down, float(np.linalg.norm(self.corners[1] - self.corners[0])))


class Reader:
    """Reads letters with PP-OCRv6. The networks are loaded at the first photo. Safe in threads.

    Lines narrower than `narrowest_px` at 48 px of height are padded to it, which costs as much as
    reading so much.
    """

    def __init__(self, *, narrowest_px: int = _TRAINED_PX) -> None:
        self._lock = Lock()
        self._narrowest_px = narrowest_px

    def lines(self, reference: Reference) -> tuple[Line, ...]:
        """The lines on the source's product that are surely read, the highest first, ten at most.

        Sure: score ≥ 0.85, three letters or more, and the same reading at 0.7 of the size: what is
        not read alike twice in the source proves nothing about the picture.
        """
        with self._reading():
            found = self._engine(_bgr(reference.rgb), use_det=True, use_cls=False, use_rec=False)
        corners = [] if found.boxes is None else [box.astype(np.float32) for box in found.boxes]
        corners = [box for box in corners if _on_product(box, reference.mask)]
        corners.sort(key=lambda box: -float(cv2.contourArea(box)))
        corners = corners[:_MOST_LINES]
        first = self._read(reference.rgb, corners)
        again = self._read(_coarser(reference.rgb), corners)
        return tuple(
            Line(letters=text, corners=box)
            for box, (text, score), (other, _) in zip(corners, first, again, strict=True)
            if score >= _SURE and len(text) >= _FEWEST_LETTERS and text == other
        )

    def boxes(self, rgb: Pixels, *, within: Mask) -> tuple[tuple[int, int, int, int], ...]:
        """Boxes (x0, y0, x1, y1) in pixels of the lines that are surely read inside a mask."""
        with self._reading():
            found = self._engine(_bgr(rgb), use_det=True, use_cls=False, use_rec=True)
        if found.boxes is None:
            return ()
        height, width = within.shape
        lines = zip(found.boxes, found.txts, found.scores, strict=True)
        corners = [
            np.clip(np.rint(box), 0, (width, height)).astype(int)
            for box, text, score in lines
            if score >= _SURE
            and len(_letters(str(text))) >= _FEWEST_LETTERS
            and _on_product(box, within)
        ]
        return tuple((*box.min(axis=0).tolist(), *box.max(axis=0).tolist()) for box in corners)

    def read(
        self, rgb: Pixels, rects: Sequence[tuple[int, int, int, int]]
    ) -> list[tuple[str, float]]:
        """(text as read, score 0..1) of each rectangle (x0, y0, x1, y1) of a picture."""
        if not rects:
            return []
        crops = [_bgr(rgb[y0:y1, x0:x1]) for x0, y0, x1, y1 in rects]
        with self._reading():
            found = self._engine.recognize_txt(crops)
        pairs = zip(found.txts, found.scores, strict=True)
        return [(str(text).strip(), float(score)) for text, score in pairs]

    def loss(self, seen: Observed, *, lines: Sequence[Line]) -> Reading:
        """The most letters of one line that no longer stand on the product as in the source.

        Lines that the picture shows less than 12 px high are left out: nobody reads them.
        """
        scale = seen.found().scale
        legible = [line for line in lines if line.height_px * min(scale, 1.0) >= _LEGIBLE_PX]
        if not legible:
            return Reading(value=0.0)
        found = self._read(seen.view, [line.corners for line in legible])
        lost = [_lost(line.letters, text) for line, (text, _) in zip(legible, found, strict=True)]
        worst = int(np.argmax(lost))
        value = float(lost[worst])
        if value == 0.0:
            return Reading(value=0.0)
        line, text = legible[worst], found[worst][0]
        message = f"the source says {line.letters!r}, the picture {text!r}"
        box = seen.placed(cv2.boundingRect(line.corners))
        return Reading(
            value=value,
            evidence=fault("lettering", message, severity=Severity.MAJOR, box=box, number=value),
        )

    def _read(self, rgb: Pixels, corners: Sequence[Numbers]) -> list[tuple[str, float]]:
        """(letters and digits in lower case, score) of each line."""
        from rapidocr.utils.process_img import get_rotate_crop_image

        if not corners:
            return []
        crops = [get_rotate_crop_image(_bgr(rgb), box.copy()) for box in corners]
        with self._reading():
            found = self._engine.recognize_txt(crops)
        pairs = zip(found.txts, found.scores, strict=True)
        return [(_letters(str(text)), float(score)) for text, score in pairs]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One thread at a time; what breaks is ScorerFailed."""
        with self._lock, measuring("reading the letters", breaks_with=reader_errors()):
            yield

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        try:
            paths = {"Det": str(locate("ppocr-det")), "Rec": str(locate("ppocr-rec"))}
        except WeightsInvalid as error:
            raise ScorerFailed(f"cannot read letters: {error}") from error
        settings: dict[str, Any] = {f"{part}.model_path": path for part, path in paths.items()}
        settings |= {
            "Global.log_level": "error",
            "Rec.rec_img_shape": [3, _LINE_PX, self._narrowest_px],
            "Det.limit_side_len": 960,
            "Det.limit_type": "max",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        return RapidOCR(params=settings)


def _bgr(rgb: Pixels) -> Pixels:
    return np.ascontiguousarray(rgb[..., ::-1])


def _coarser(rgb: Pixels) -> Pixels:
    """The picture as if it had 0.7 of its size, at its size."""
    size = (rgb.shape[1], rgb.shape[0])
    small = cv2.resize(rgb, None, fx=_COARSER, fy=_COARSER, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)


def _on_product(corners: Numbers, mask: Mask) -> bool:
    x, y = np.rint(corners.mean(axis=0)).astype(int)
    height, width = mask.shape
    return bool(0 <= x < width and 0 <= y < height and mask[y, x])


def _letters(text: str) -> str:
    return "".join(mark for mark in text.casefold() if mark.isalnum())


def _lost(one: str, two: str) -> int:
    """How many letters of the longer text have no partner in the other, in order."""
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return max(len(one), len(two)) - sum(block.size for block in blocks)
