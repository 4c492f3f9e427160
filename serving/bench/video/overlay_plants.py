"""Faults of what stands on the picture: garbled letters, foreign marks, bars, captions outside."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from content_engine.channels import channel
from qa.vision.lettering import Reader
from serving.bench.video.footage import Footage, Pixels
from serving.bench.video.places import Box, Flows, Span, ramp, span, union
from serving.bench.video.spoilt import Order, Spoilt, changed

_MARKS = ("© fotolager", "SAMPLE", "stockvid.io", "PREVIEW ONLY")
_CAPTIONS = ("Made to last", "Dishwasher safe", "100 % cotton", "Two-year warranty")
_SWAP_FROM = 0.4
_LINE_MIN_PX = 10


@cache
def _reader() -> Reader:
    return Reader()


def text_garble(footage: Footage, order: Order) -> Spoilt | None:
    """The letters of a line bend and wander more and more, and come back quickly."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=8))
    if stretch is None:
        return None
    middle = (stretch[0] + stretch[1]) // 2
    line = _line(footage, middle)
    if line is None:
        return None
    places = _followed(footage, line, stretch)
    letters = max(3, round((line[2] - line[0]) / (0.6 * (line[3] - line[1]))))
    phases = order.rng.uniform(0, 2 * np.pi, (letters, 2))
    swap = order.amount >= _SWAP_FROM
    width, height = footage.size_px
    length = stretch[1] - stretch[0] + 1

    def garbled(at: int) -> Pixels:
        level = ramp(at, stretch, rise=length // 3, fall=max(1, length // 10))
        time = 2 * np.pi * (at - stretch[0]) / max(6.0, footage.fps)
        moved = order.amount * level * (0.6 * np.sin(phases + time) + 0.4 * np.sin(3 * phases))
        return _garbled(footage.rgb(at), places[at], moved, swap=swap and level > 0.5)

    boxes = (
        (x0 / width, y0 / height, x1 / width, y1 / height) for x0, y0, x1, y1 in places.values()
    )
    return changed(footage, stretch, garbled, box=union(boxes))


def watermark(footage: Footage, order: Order) -> Spoilt | None:
    """A foreign mark lies over the whole clip."""
    width, height = footage.size_px
    text = _MARKS[int(order.rng.integers(len(_MARKS)))]
    mark = lettering(text, height_px=max(14, round(0.06 * min(width, height))))
    room = (width - mark.shape[1], height - mark.shape[0])
    at = [(0.5, 0.5), (0.05, 0.06), (0.95, 0.94), (0.95, 0.06)][int(order.rng.integers(4))]
    left, top = max(0, round(at[0] * room[0])), max(0, round(at[1] * room[1]))
    share = mark[: height - top, : width - left, None] * order.amount
    window = (slice(top, top + share.shape[0]), slice(left, left + share.shape[1]))

    bright = float(footage.rgb(footage.count // 2)[window].mean()) > 150
    ink = (30, 30, 30) if bright else (255, 255, 255)

    def marked(index: int) -> Pixels:
        return _over(footage.rgb(index), window, share, ink)

    box = (left / width, top / height, window[1].stop / width, window[0].stop / height)
    return changed(footage, (0, footage.count - 1), marked, box=box)


def border(footage: Footage, order: Order) -> Spoilt | None:
    """Bars stand at two opposite edges, or at one, over the whole clip."""
    width, height = footage.size_px
    upright = bool(order.rng.random() < 0.5)
    side = width if upright else height
    bar = max(2, round(order.amount * side))
    dark = float(footage.rgb(footage.count // 2).mean()) < 70
    colour = (255, 255, 255) if dark else (0, 0, 0)
    ends = [(True, True), (True, True), (True, False), (False, True)][int(order.rng.integers(4))]

    def barred(index: int) -> Pixels:
        picture = footage.rgb(index).copy()
        turned = picture.transpose(1, 0, 2) if upright else picture
        if ends[0]:
            turned[:bar] = colour
        if ends[1]:
            turned[-bar:] = colour
        return picture

    low, high = (0.0 if ends[0] else 1.0 - bar / side), (1.0 if ends[1] else bar / side)
    box = (low, 0.0, high, 1.0) if upright else (0.0, low, 1.0, high)
    whole = None if ends == (True, True) else box
    return changed(footage, (0, footage.count - 1), barred, box=whole)


def caption_unsafe(footage: Footage, order: Order) -> Spoilt | None:
    """A line of caption stands partly or wholly where the channel's own controls lie."""
    stretch = span(footage, order.rng, frames=footage.frames_in(order.seconds, least=8))
    if stretch is None:
        return None
    width, height = footage.size_px
    text = _CAPTIONS[int(order.rng.integers(len(_CAPTIONS)))]
    letters = lettering(text, height_px=max(16, round(0.055 * min(width, height))))
    safe = safe_area(width / height)
    tall, wide = letters.shape
    edge = round(safe[3] * height)
    top = min(height - tall - 1, edge - round((1.0 - order.amount) * tall))
    left = max(0, (width - wide) // 2)
    if top + tall <= edge + 2:
        return None
    share = letters[:, : width - left, None]
    window = (slice(top, top + tall), slice(left, left + share.shape[1]))
    shade = cv2.GaussianBlur(np.pad(letters, 4), (0, 0), 3)[4:-4, 4:-4][:, : width - left, None]

    def captioned(at: int) -> Pixels:
        level = ramp(at, stretch, rise=2, fall=2)
        dark = _over(footage.rgb(at), window, 0.7 * level * shade, (0, 0, 0))
        return _over(dark, window, level * share, (255, 255, 255))

    box = (left / width, top / height, window[1].stop / width, window[0].stop / height)
    return changed(footage, stretch, captioned, box=box)


def lettering(text: str, *, height_px: int) -> np.ndarray:
    """(h, w) float32 share of white of a line of text of about that height."""
    font = ImageFont.load_default(size=height_px)
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    margin = max(2, height_px // 8)
    size = (right - left + 2 * margin, bottom - top + 2 * margin)
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=255, font=font)
    return np.asarray(image, np.float32) / 255.0


def safe_area(aspect: float) -> Box:
    """Where captions may stand on the web, in the frame of the aspect nearest to this."""
    areas = channel("web").video.safe_area
    name = min(areas, key=lambda name: abs(_ratio(name) - aspect))
    return areas[name]


def _ratio(name: str) -> float:
    across, down = name.split(":")
    return float(across) / float(down)


def _line(footage: Footage, index: int) -> tuple[int, int, int, int] | None:
    """(x0, y0, x1, y1) of the largest line of letters that is surely read in that frame."""
    width, height = footage.size_px
    found = _reader().boxes(footage.rgb(index), within=np.ones((height, width), bool))
    found = tuple(line for line in found if line[3] - line[1] >= _LINE_MIN_PX)
    return max(found, key=lambda line: (line[2] - line[0]) * (line[3] - line[1]), default=None)


def _followed(
    footage: Footage, line: tuple[int, int, int, int], stretch: Span
) -> dict[int, tuple[int, int, int, int]]:
    """The line's box in every frame of the stretch."""
    width, height = footage.size_px
    x0, y0, x1, y1 = line
    middle = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height)
    radii = ((x1 - x0) / 1.2, (y1 - y0) / 1.2)
    centres = Flows(footage).followed(middle, stretch=stretch, radii_px=radii)
    margin = round(0.35 * (y1 - y0))
    half = ((x1 - x0) // 2 + margin, (y1 - y0) // 2 + margin)
    return {
        at: (
            int(np.clip(x - half[0], 0, width - 8)),
            int(np.clip(y - half[1], 0, height - 8)),
            int(np.clip(x + half[0], 8, width)),
            int(np.clip(y + half[1], 8, height)),
        )
        for at, (x, y) in centres.items()
    }


def _garbled(
    picture: Pixels, line: tuple[int, int, int, int], moved: np.ndarray, *, swap: bool
) -> Pixels:
    """The picture with the line's letters moved by `moved` (letters, 2), shares of its height."""
    x0, y0, x1, y1 = line
    window = picture[y0:y1, x0:x1]
    tall, wide = window.shape[:2]
    order = np.arange(len(moved), dtype=np.float32)
    if swap:
        order[0 : len(order) // 2 * 2] = (
            order[0 : len(order) // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()
        )
    steps = (order - np.arange(len(moved))) * wide / len(moved)
    shift = np.stack([steps + moved[:, 0] * tall, moved[:, 1] * tall], axis=1).astype(np.float32)
    field = cv2.resize(shift[None], (wide, 1), interpolation=cv2.INTER_LINEAR)
    rim = np.minimum(np.arange(tall), np.arange(tall)[::-1]) / (0.2 * tall)
    edge = np.clip(rim, 0.0, 1.0)[:, None].astype(np.float32)
    sides = np.minimum(np.arange(wide), np.arange(wide)[::-1]) / (0.2 * tall)
    edge = edge * np.clip(sides, 0.0, 1.0)[None].astype(np.float32)
    x = np.arange(wide, dtype=np.float32)[None] + field[..., 0] * edge
    y = np.arange(tall, dtype=np.float32)[:, None] + field[..., 1] * edge
    out = picture.copy()
    out[y0:y1, x0:x1] = cv2.remap(window, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return out


def _over(
    picture: Pixels, window: tuple[slice, slice], share: np.ndarray, colour: tuple[int, int, int]
) -> Pixels:
    """The picture with a colour laid on it by a share (h, w, 1)."""
    out = picture.copy()
    mixed = picture[window] * (1.0 - share) + np.array(colour, np.float32) * share
    out[window] = np.rint(mixed).astype(np.uint8)
    return out
