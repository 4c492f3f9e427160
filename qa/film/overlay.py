"""What was laid over the clip: foreign marks, and captions outside the channel's safe area."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from content_engine.types import Evidence
from qa.film.found import Span, found, reading, runs
from qa.film.lines import Rect, lines_of, standing_lines
from qa.film.maps import middle
from qa.film.reel import Reel
from qa.film.screened import Screened
from qa.vision.arrays import Mask, Numbers, Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Box, Reading

_MARK_LOOKS = 12
_MOST_READ = 3
_MOST_TRIED = 9
_SURE = 0.6
_FEWEST_LETTERS = 4
_SAME = 0.6
_STANDS = 0.7
_STANDS_LEAST = 0.5
_MOVES = 0.6
_OUTSIDE = 0.2
_CHECKS_PER_S = 10.0
_MOST_STILLS = 8
_MOST_LINES = 3
_GONE = 0.6
_ALL_THE_TIME = 0.9
_SHORTEST_S = 0.6
_FEWEST_FRAMES = 5
_TEXTURE = 4.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Line:
    """A line of letters: where it is, what it says, and the frames (n,) it stands in unchanged."""

    rect: Rect
    box: Box
    text: str
    stands: Mask
    moving: bool


def watermark(seen: Screened, *, reader: Reader) -> Reading:
    """The share of the clip over which a foreign mark stands; 0 is best.

    A mark is a line of letters that stands still in most frames, is no word of the product, and
    either says what marks say (`watermarks.toml`) or stays while the picture behind it moves.
    """
    picture = _mean(seen.reel)
    still = middle([*_samples(seen.reel).astype(np.float32)])
    standing = _standing_rects(seen.reel, picture, still)
    known = _own_words(seen)
    span = (0, seen.reel.frames - 1)
    evidence = []
    said = reader.read(picture, standing[:_MOST_READ])
    for line in _read(seen.reel, picture, standing, said=said, still=still):
        share = float(line.stands.mean())
        foreign = _is_mark(line.text) or (line.moving and share >= _STANDS)
        if foreign and not _is_own(line.text, known):
            message = f"{line.text!r} lies over the clip"
            evidence.append(found("watermark", message, frames=span, number=share, box=line.box))
    return reading(evidence)


def _standing_rects(reel: Reel, picture: Pixels, still: Numbers) -> list[Rect]:
    """Where lines may stand through most of the clip, those that stand longest first.

    Found by the steps that stand, and in the mean picture.
    """
    pictures = list(reel.stills.values())
    candidates = [*standing_lines(pictures)[:_MOST_TRIED], *lines_of(picture)[:_MOST_TRIED]]
    shares = {
        rect: float(_standing(reel, _shares(rect, picture), still).mean()) for rect in candidates
    }
    found: list[Rect] = []
    for rect in sorted(shares, key=lambda rect: -shares[rect]):
        box = _shares(rect, picture)
        again = any(_overlap(box, _shares(other, picture)) > _SAME for other in found)
        if shares[rect] >= _STANDS_LEAST and not again:
            found.append(rect)
    return found


def captions_outside(seen: Screened, *, reader: Reader) -> Reading:
    """The greatest share of a caption line that stands outside the safe area; 0 is best.

    A caption is a line of letters that stands still for a while and comes or goes, or stays while
    the picture behind it moves; one that stands all the time is a mark (see `watermark`). What the
    photos show in its place is printed on the product. Without a channel nothing is outside.
    """
    rules = seen.wanted.rules
    if rules is None:
        return Reading(value=0.0)
    facts = seen.reel.facts
    area = _nearest(rules.safe_area, facts.width_px / facts.height_px)
    return reading(_outside(seen, area, reader))


def _outside(seen: Screened, area: Box, reader: Reader) -> Iterator[Evidence]:
    told: list[Box] = []
    indices = list(seen.reel.stills)
    for index in indices[:: -(-len(indices) // _MOST_STILLS)]:
        picture = seen.reel.stills[index]
        rects = [
            rect
            for rect in seen.views.lines(index)[: 2 * _MOST_LINES]
            if _share_outside(_shares(rect, picture), area) >= _OUTSIDE
            and not any(_overlap(_shares(rect, picture), box) > 0.3 for box in told)
            and _is_caption(seen.reel, _shares(rect, picture), index)
        ]
        still = seen.reel.luma[index]
        said = [seen.views.said(index, rect, reader=reader) for rect in rects[:_MOST_READ]]
        for line in _read(seen.reel, picture, rects, said=said, still=still):
            share = _share_outside(line.box, area)
            told.append(line.box)
            if seen.views.printed(index, line.rect):
                continue
            span = _span_around(line.stands, index)
            message = f"the caption {line.text!r} stands {share:.0%} outside the safe area"
            yield found("caption_unsafe", message, frames=span, number=share, box=line.box)


def _is_caption(reel: Reel, box: Box, index: int) -> bool:
    """True for what stands around a frame and comes or goes, or stays on a moving ground."""
    stands = _standing(reel, box, reel.luma[index])
    first, last = _span_around(stands, index)
    share = float(stands.mean())
    fewest = max(_FEWEST_FRAMES, _SHORTEST_S * reel.fps)
    if last - first + 1 < fewest or share > _ALL_THE_TIME:
        return False
    return share <= _GONE or _ground_moves(reel, box)


def _read(
    reel: Reel,
    picture: Pixels,
    rects: Sequence[Rect],
    *,
    said: Sequence[tuple[str, float]],
    still: Numbers,
) -> Iterator[_Line]:
    """The rectangles that hold letters, as far as read; `still` is the picture as luma (h, w)."""
    for rect, (text, score) in zip(rects, said, strict=False):
        if score < _SURE or sum(mark.isalnum() for mark in text) < _FEWEST_LETTERS:
            continue
        box = _shares(rect, picture)
        yield _Line(
            rect=rect,
            box=box,
            text=text,
            stands=_standing(reel, box, still),
            moving=_ground_moves(reel, box),
        )


def _samples(reel: Reel) -> Pixels:
    picked = np.linspace(0, reel.frames - 1, min(_MARK_LOOKS, reel.frames)).astype(int)
    return reel.luma[picked]


def _mean(reel: Reel) -> Pixels:
    """(H, W, 3) uint8: the mean of all stills: what stands stays sharp, what moves blurs."""
    total = np.zeros(next(iter(reel.stills.values())).shape, np.uint16)
    for picture in reel.stills.values():
        total += picture
    return cv2.convertScaleAbs(total, alpha=1 / len(reel.stills))


def _standing(reel: Reel, box: Box, still: Numbers) -> Mask:
    """(n,) bool: frames whose edges inside the box are those of the still picture."""
    rows, columns = _window(reel, box, grow=0.0)
    wanted = _steps(still[None, rows, columns].astype(np.float32))
    step = max(1, round(reel.fps / _CHECKS_PER_S))
    looks = _steps(reel.luma[::step, rows, columns].astype(np.float32))
    sizes = np.linalg.norm(looks, axis=1) * np.linalg.norm(wanted)
    stands = looks @ wanted[0] / np.maximum(sizes, 1e-3) > _SAME
    return np.repeat(stands, step)[: reel.frames]


def _steps(pictures: Numbers) -> Numbers:
    """(n, h, w) pictures' steps across and down, (n, …), as `_edges` has them of one."""
    count = len(pictures)
    across = pictures[:, :, 2:] - pictures[:, :, :-2]
    down = pictures[:, 2:] - pictures[:, :-2]
    return np.concatenate([across.reshape(count, -1), down.reshape(count, -1)], axis=1)


def _ground_moves(reel: Reel, box: Box) -> bool:
    """True when what lies around the box has texture and does not stay as it is."""
    rows, columns = _window(reel, box, grow=1.0)
    inner_rows, inner_columns = _window(reel, box, grow=0.15)
    around = np.ones((rows.stop - rows.start, columns.stop - columns.start), bool)
    top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
    across, down = inner_columns.stop - inner_columns.start, inner_rows.stop - inner_rows.start
    around[top : top + down, left : left + across] = False
    if not around.any():
        return False
    rings = [_edges(frame[rows, columns].astype(np.float32))[:, around] for frame in _samples(reel)]
    pairs = [_likeness(one, two) for one, two in zip(rings, rings[len(rings) // 2 :], strict=False)]
    textured = float(np.median([np.abs(ring).mean() for ring in rings])) > _TEXTURE
    return bool(textured and np.median(pairs) < _MOVES)


def _window(reel: Reel, box: Box, *, grow: float) -> tuple[slice, slice]:
    _, height, width = reel.luma.shape
    margin = grow * (box[3] - box[1])
    top, bottom = (round(v * height) for v in (box[1] - margin, box[3] + margin))
    left, right = (round(v * width) for v in (box[0] - margin, box[2] + margin))
    rows = slice(max(0, top), min(height, max(bottom, top + 2)))
    return rows, slice(max(0, left), min(width, max(right, left + 2)))


def _edges(gray: Numbers) -> Numbers:
    """(2, h, w): steps across and down."""
    return np.stack(
        [cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=1), cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=1)]
    )


def _likeness(one: Numbers, two: Numbers) -> float:
    """The cosine of two fields of edges."""
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float((one * two).sum()) / max(size, 1e-3)


def _span_around(stands: Mask, index: int) -> Span:
    spans = (span for span in runs(stands, bridge=2) if span[0] <= index <= span[1])
    return next(spans, (index, index))


def _shares(rect: Rect, picture: Pixels) -> Box:
    height, width = picture.shape[:2]
    return rect[0] / width, rect[1] / height, rect[2] / width, rect[3] / height


def _share_outside(box: Box, area: Box) -> float:
    """How much of the box lies outside the area, 0..1."""
    across = max(0.0, min(box[2], area[2]) - max(box[0], area[0]))
    down = max(0.0, min(box[3], area[3]) - max(box[1], area[1]))
    return 1.0 - across * down / max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)


def _overlap(one: Box, two: Box) -> float:
    across = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    down = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    return across * down / max((one[2] - one[0]) * (one[3] - one[1]), 1e-9)


def _nearest(areas: dict[str, Box], aspect: float) -> Box:
    def ratio(name: str) -> float:
        wide, high = name.split(":")
        return float(wide) / float(high)

    return areas[min(areas, key=lambda name: abs(ratio(name) - aspect))]


def _own_words(seen: Screened) -> frozenset[str]:
    """Letters of all that stands on the product or in its texts."""
    lines = {line.letters for source in seen.views.sources for line in source.lines}
    return frozenset({_plain(word) for word in seen.wanted.words | lines} - {""})


def _is_own(text: str, known: frozenset[str]) -> bool:
    words = [_plain(word) for word in text.split()]
    held = sum(
        word in known or any(word in own for own in known if len(word) > 3) for word in words
    )
    return held >= max(1, (len(words) + 1) // 2)


def _plain(text: str) -> str:
    return "".join(mark for mark in text.casefold() if mark.isalnum())


def _is_mark(text: str) -> bool:
    return any(pattern.search(text.casefold()) for pattern in _patterns())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    table = tomllib.loads(Path(__file__).with_name("watermarks.toml").read_text(encoding="utf-8"))
    return tuple(re.compile(pattern) for pattern in table["patterns"])
