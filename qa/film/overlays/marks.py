"""Foreign marks that lie over the whole clip."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from qa.film.found import found, reading
from qa.film.lines import Rect, grown
from qa.film.overlays.captions import ground_moves, is_read, shares
from qa.film.overlays.standing import keeps, standing_lines, standing_steps
from qa.film.reel import Reel
from qa.film.screened import Screened
from qa.vision.arrays import Pixels
from qa.vision.lettering import Reader
from qa.vision.observed import Reading

# Source: 12 ms a reading; a clip's own captions took three places, a mark was fourth.
_MOST_VAIN = 3
_MOST_READ = 6
_STANDS = 0.7
_CHECKS_PER_S = 10.0
_SIDEWAYS = 1.5
_STILLS = 3
_SAID_AGAIN = 0.6


def watermark(seen: Screened, *, reader: Reader) -> Reading:
    """The share of the clip over which a foreign mark stands; 0 is best.

    A mark is a line of letters that stands still in most frames, is no word of the product, and
    either says what marks say (`watermarks.toml`) or stays while the picture behind it moves. It
    is read in the mean picture, and says the same in single stills: captions that follow one
    another in one place do not.
    """
    reel, picture = seen.reel, _mean(seen.reel)
    span = (0, reel.frames - 1)
    steady = standing_steps(reel, span=span)
    scale = picture.shape[1] / reel.luma.shape[2]
    step = max(1, round(reel.fps / _CHECKS_PER_S))
    evidence = []
    for rect, place, said in _legible(standing_lines(steady), picture, scale, reader):
        text = _foreign(seen, picture, place, said, reader)
        share = float(keeps(reel, rect, steady=steady, step=step).mean()) if text else 0.0
        if text and (share >= _STANDS or _is_mark(text)):
            box, message = shares(place, picture), f"{text!r} lies over the clip"
            evidence.append(found("watermark", message, frames=span, number=share, box=box))
    return reading(evidence)


def _legible(
    lines: Sequence[Rect], picture: Pixels, scale: float, reader: Reader
) -> Iterator[tuple[Rect, Rect, str]]:
    """Lines of the luma that are surely read in the mean picture: each, its place there, its text.

    What is read in vain ends it soon; a clip's own captions do not hide the mark beside them.
    """
    vain = 0
    for rect in lines[:_MOST_READ]:
        place = grown(rect, scale=scale, within=picture)
        text, score = reader.read(picture, [place])[0]
        if is_read(text, score):
            yield rect, place, text
        else:
            vain += 1
        if vain == _MOST_VAIN:
            return


def _foreign(seen: Screened, picture: Pixels, place: Rect, text: str, reader: Reader) -> str:
    """The text that stands there in the mean picture if it may be a mark, or nothing."""
    known = _own_words(seen)
    if _is_own(text, known):
        return ""
    if not _is_mark(text) and not ground_moves(seen.reel, shares(place, picture)):
        # A faint first or last letter may be cut off.
        text, _ = reader.read(picture, [_wider(place, picture)])[0]
        if not _is_mark(text):
            return ""
    stills = list(seen.reel.stills.values())
    picked = [stills[at * (len(stills) - 1) // (_STILLS - 1)] for at in range(_STILLS)]
    said = [reader.read(still, [place])[0][0] for still in picked]
    if any(_is_own(other, known) for other in said):
        return ""
    return text if np.mean([_kept(text, other) for other in said]) >= _SAID_AGAIN else ""


def _kept(text: str, other: str) -> float:
    """The share of the text's letters that the other has in their order."""
    one, two = _plain(text), _plain(other)
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(1, len(one))


def _wider(rect: Rect, picture: Pixels) -> Rect:
    """With room on both sides for what a faint first or last letter was cut off."""
    room = round(_SIDEWAYS * (rect[3] - rect[1]))
    return max(0, rect[0] - room), rect[1], min(picture.shape[1], rect[2] + room), rect[3]


def _mean(reel: Reel) -> Pixels:
    """(H, W, 3) uint8: the mean of all stills: what stands stays sharp, what moves blurs."""
    total = np.zeros(next(iter(reel.stills.values())).shape, np.uint16)
    for picture in reel.stills.values():
        total += picture
    return cv2.convertScaleAbs(total, alpha=1 / len(reel.stills))


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
