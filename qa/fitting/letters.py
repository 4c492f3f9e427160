"""Do the garment's words survive? The same lines read in its picture and on the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np

from content_engine.types import Severity
from qa.fitting.garment import GarmentTruth
from qa.fitting.register import Laid
from qa.fitting.worn import Worn
from qa.vision.arrays import Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Reading, fault, share_box

Rect = tuple[int, int, int, int]

_SURE = 0.9
_FEWEST = 4
_MOST_LINES = 4
_LEGIBLE_PX = 9.0
_READ_PX = 40
_COARSER, _MISREAD = 0.7, 0.06
_CLEAR, _AS_DRAWN = 0.9, 0.93


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A line on a garment: what it says, and its box (x0, y0, x1, y1) in the garment's picture."""

    letters: str
    rect: Rect


def words_of(truth: GarmentTruth, reader: Reader) -> tuple[Words, ...]:
    """The lines that are surely read on a garment with a print, the widest first, four at most.

    What is not read alike at 0.7 of the size proves nothing about the result.
    """
    if not truth.print_mask.any():
        return ()
    rects = list(reader.boxes(truth.rgb, within=truth.mask))[: 2 * _MOST_LINES]
    height, width = truth.rgb.shape[:2]
    small = (round(_COARSER * width), round(_COARSER * height))
    first = reader.read(truth.rgb, rects)
    again = reader.read(
        cv2.resize(truth.rgb, small, interpolation=cv2.INTER_AREA),
        [_shrunk(rect) for rect in rects],
    )
    sure = [
        Words(letters=_letters(text), rect=rect)
        for rect, (text, score), (other, _) in zip(rects, first, again, strict=True)
        if score >= _SURE
        and len(_letters(text)) >= _FEWEST
        and _missing(_letters(text), _letters(other)) <= _MISREAD
        and _printed(truth, rect)
    ]
    return tuple(sorted(sure, key=lambda line: line.rect[0] - line.rect[2])[:_MOST_LINES])


def _shrunk(rect: Rect) -> Rect:
    x0, y0, x1, y1 = (round(_COARSER * edge) for edge in rect)
    return x0, y0, x1, y1


def _printed(truth: GarmentTruth, rect: Rect) -> bool:
    """Whether a line is of the print: a label in the neck is not."""
    x0, y0, x1, y1 = rect
    return bool(truth.print_mask[y0:y1, x0:x1].any())


def lost(seen: Worn, laid: Laid, *, words: Sequence[Words], reader: Reader) -> Reading:
    """The most letters of one line that the result lacks, of its letters; 0 is best.

    Lines less than 9 px high in the result, or that something lies in front of, are left out.
    """
    crops, known = [], []
    for line in words:
        crop = _crop(seen, laid, line.rect)
        if crop is not None:
            crops.append(crop)
            known.append(line)
    worst, said, which = 0.0, "", None
    for line, text in zip(known, _read(crops, reader), strict=True):
        share = _missing(line.letters, _letters(text))
        if share > worst:
            worst, said, which = share, text, line
    if which is None:
        return Reading(value=0.0)
    message = f"the garment says {which.letters!r}, the result {said!r}"
    place = laid.framed(which.rect)
    height, width = seen.person.shape
    spots = laid.to_result[place[1] : place[3], place[0] : place[2]].reshape(-1, 2)
    low, high = spots.min(axis=0), spots.max(axis=0)
    box = share_box((*low.tolist(), *(high - low).tolist()), (width, height))
    return Reading(
        value=worst,
        evidence=fault("letters", message, severity=Severity.MAJOR, box=box, number=worst),
    )


def _crop(seen: Worn, laid: Laid, rect: Rect) -> Pixels | None:
    """The line as the result has it, straightened, 40 px high.

    None where it can't be read, and where it is drawn so alike that reading would cost 30 ms in
    vain.
    """
    x0, y0, x1, y1 = laid.framed(rect)
    inside = laid.inside[y0:y1, x0:x1]
    if inside.size == 0 or inside.mean() < _CLEAR:
        return None
    if float(laid.agrees[y0:y1, x0:x1].mean()) > _AS_DRAWN:
        return None
    where = laid.to_result[y0:y1, x0:x1]
    scale = seen.full.shape[0] / seen.rgb.shape[0]
    tall = float(np.linalg.norm(where[-1, 0] - where[0, 0])) * scale
    if tall < _LEGIBLE_PX:
        return None
    factor = _READ_PX / (y1 - y0)
    size = (max(8, round((x1 - x0) * factor)), _READ_PX)
    spots = (cv2.resize(where, size, interpolation=cv2.INTER_LINEAR) + 0.5) * scale - 0.5
    return cv2.remap(seen.full, spots[..., 0], spots[..., 1], cv2.INTER_CUBIC)


def _read(crops: Sequence[Pixels], reader: Reader) -> list[str]:
    """What each crop says, all read at once."""
    if not crops:
        return []
    width = max(crop.shape[1] for crop in crops)
    sheet = np.zeros((_READ_PX * len(crops), width, 3), np.uint8)
    rects = []
    for at, crop in enumerate(crops):
        top = at * _READ_PX
        sheet[top : top + _READ_PX, : crop.shape[1]] = crop
        rects.append((0, top, crop.shape[1], top + _READ_PX))
    return [text for text, _ in reader.read(sheet, rects)]


def _letters(text: str) -> str:
    return "".join(mark for mark in text.casefold() if mark.isalnum())


def _missing(one: str, two: str) -> float:
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return 1.0 - sum(block.size for block in blocks) / max(len(one), len(two), 1)
