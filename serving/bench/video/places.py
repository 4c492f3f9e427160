"""When and where in a clip a fault is planted, and how that place moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from serving.bench.video.footage import Footage, Pixels

Box = tuple[float, float, float, float]
Span = tuple[int, int]

_MARGIN_S = 0.35
_LOBES = (2, 3, 4)
_SEEN_SHARE = 0.05
_REACH = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """An irregular feathered blob that moves with what it lies on.

    `centres` give (x, y) in pixels for every frame of the span, `radii_px` are (across, down);
    `lobes` are amplitude and phase of the outline's waves, `feather` the soft share of the radius.
    """

    centres: Mapping[int, tuple[float, float]]
    radii_px: tuple[float, float]
    lobes: tuple[tuple[float, float], ...]
    feather: float
    size_px: tuple[int, int]

    def window(self, index: int) -> tuple[slice, slice]:
        """(rows, columns) of the frame that hold the blob in that frame."""
        (x, y), (across, down) = self.centres[index], self.radii_px
        width, height = self.size_px
        left, right = _clipped(x - _REACH * across, x + _REACH * across, width)
        top, bottom = _clipped(y - _REACH * down, y + _REACH * down, height)
        return slice(top, bottom), slice(left, right)

    def share(self, index: int) -> np.ndarray:
        """How much of each pixel of the window is the blob, (h, w, 1) float32, 0..1."""
        rows, columns = self.window(index)
        x, y = self.centres[index]
        across = (np.arange(columns.start, columns.stop, dtype=np.float32) - x) / self.radii_px[0]
        down = (np.arange(rows.start, rows.stop, dtype=np.float32) - y) / self.radii_px[1]
        angle = np.arctan2(down[:, None], across[None])
        radius = np.hypot(across[None], down[:, None])
        outline = np.ones_like(radius)
        for waves, (amplitude, phase) in zip(_LOBES, self.lobes, strict=True):
            outline += amplitude * np.cos(waves * angle + phase)
        return np.clip((outline - radius) / self.feather, 0.0, 1.0)[..., None]

    def box(self) -> Box:
        """The box around the blob over all its frames."""
        return union(self._box(index) for index in self.centres)

    def _box(self, index: int) -> Box:
        rows, columns = self.window(index)
        seen = self.share(index)[..., 0] > _SEEN_SHARE
        if not seen.any():
            return (0.0, 0.0, 0.0, 0.0)
        left, top, across, down = cv2.boundingRect(seen.astype(np.uint8))
        width, height = self.size_px
        x, y = columns.start + left, rows.start + top
        return (x / width, y / height, (x + across) / width, (y + down) / height)


def union(boxes: Iterator[Box]) -> Box:
    """The box around all boxes that hold anything."""
    held = np.array([box for box in boxes if box[2] > box[0]] or [(0.0, 0.0, 1.0, 1.0)])
    left, top = held[:, :2].min(axis=0)
    right, bottom = held[:, 2:].max(axis=0)
    return (float(left), float(top), float(right), float(bottom))


def span(
    footage: Footage, rng: np.random.Generator, *, frames: int, moving: bool = False
) -> Span | None:
    """(first, last) of a stretch of that many frames, or None where the clip is too short.

    It stands clear of the clip's ends and of its cuts; with `moving` it is one of the stretches
    that move most.
    """
    margin = min(footage.frames_in(_MARGIN_S, least=2), max(2, footage.count // 6))
    starts = range(margin, footage.count - margin - frames + 1)
    free = [
        at for at in starts if not any(at - 1 <= cut <= at + frames + 1 for cut in footage.cuts)
    ]
    if not free:
        return None
    if moving:
        motion = [float(footage.steps[at - 1 : at + frames].mean()) for at in free]
        best = np.argsort(motion)[-max(1, len(free) // 5) :]
        free = [free[at] for at in best]
    first = int(rng.choice(free))
    return first, first + frames - 1


def ramp(index: int, stretch: Span, *, rise: int, fall: int = 0) -> float:
    """0..1: how far a fault has come at a frame of its span; it rises and falls smoothly.

    It is above 0 in the first frame of the span already, and in the last one.
    """
    first, last = stretch
    up = (index - first + 1) / (rise + 1)
    down = (last - index + 1) / (fall + 1)
    level = min(1.0, up, down)
    return level * level * (3.0 - 2.0 * level)


def spots(
    footage: Footage, rng: np.random.Generator, *, stretch: Span, radius: float, tries: int
) -> Iterator[Spot]:
    """Blobs of that radius (share of the shorter side) where there is texture or motion."""
    weights = _liveliness(footage, stretch)
    flows = Flows(footage)
    for _ in range(tries):
        at = int(rng.choice(weights.size, p=weights.ravel()))
        down, across = divmod(at, weights.shape[1])
        start = (across / weights.shape[1], down / weights.shape[0])
        yield spot_at(flows, rng, stretch=stretch, start=start, radius=radius)


def spot_at(
    flows: Flows,
    rng: np.random.Generator,
    *,
    stretch: Span,
    start: tuple[float, float],
    radius: float,
) -> Spot:
    """A blob that is at `start` (0..1) in the middle of the span, and moves with it."""
    width, height = flows.footage.size_px
    tall = float(np.exp(rng.uniform(-0.35, 0.35)))
    size = radius * min(width, height)
    radii = (size / tall, size * tall)
    return Spot(
        centres=flows.followed(start, stretch=stretch, radii_px=radii),
        radii_px=radii,
        lobes=tuple((float(rng.uniform(-0.15, 0.15)), float(rng.uniform(0, 6.28))) for _ in _LOBES),
        feather=float(rng.uniform(0.15, 0.35)),
        size_px=(width, height),
    )


class Flows:
    """Where things move from frame to frame, at the footage's small size."""

    def __init__(self, footage: Footage) -> None:
        self.footage = footage
        self._known: dict[int, np.ndarray] = {}
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, index: int) -> np.ndarray:
        """(h, w, 2) small pixels: from frame `index` to the next."""
        if index not in self._known:
            small = self.footage.small
            empty = np.zeros((*small.shape[1:], 2), np.float32)
            self._known[index] = self._flow.calc(small[index], small[index + 1], empty)
        return self._known[index]

    def followed(
        self, start: tuple[float, float], *, stretch: Span, radii_px: tuple[float, float]
    ) -> dict[int, tuple[float, float]]:
        """(x, y) in pixels for each frame of the span of what is at `start` in its middle."""
        width, height = self.footage.size_px
        scale = self.footage.small.shape[2] / width
        first, last = stretch
        middle = (first + last) // 2
        centres = {middle: (start[0] * width, start[1] * height)}
        for index in range(middle, last):
            x, y = centres[index]
            dx, dy = self._median(self.between(index), (x * scale, y * scale), radii_px, scale)
            centres[index + 1] = (x + dx / scale, y + dy / scale)
        for index in range(middle, first, -1):
            x, y = centres[index]
            dx, dy = self._median(self.between(index - 1), (x * scale, y * scale), radii_px, scale)
            centres[index - 1] = (x - dx / scale, y - dy / scale)
        return centres

    def _median(
        self, flow: np.ndarray, at: tuple[float, float], radii_px: tuple[float, float], scale: float
    ) -> tuple[float, float]:
        across, down = 0.6 * radii_px[0] * scale, 0.6 * radii_px[1] * scale
        left, right = _clipped(at[0] - across, at[0] + across, flow.shape[1])
        top, bottom = _clipped(at[1] - down, at[1] + down, flow.shape[0])
        dx, dy = np.median(flow[top:bottom, left:right].reshape(-1, 2), axis=0)
        return float(dx), float(dy)


def first_seen(
    places: Iterator[Spot],
    footage: Footage,
    change: Callable[[Spot, int], Pixels],
    *,
    levels: float,
) -> Spot | None:
    """The first place where the change can be seen, or None.

    Seen: in the middle of the span the picture differs inside the blob by `levels` in the mean.
    """
    for spot in places:
        index = sorted(spot.centres)[len(spot.centres) // 2]
        rows, columns = spot.window(index)
        before = footage.rgb(index)[rows, columns].astype(np.int16)
        after = change(spot, index)[rows, columns].astype(np.int16)
        share = spot.share(index)
        difference = np.abs(after - before).mean(axis=2, keepdims=True)
        if float((difference * share).sum() / max(float(share.sum()), 1.0)) >= levels:
            return spot
    return None


def _liveliness(footage: Footage, stretch: Span) -> np.ndarray:
    """(h, w) chances, their sum 1: where there is texture or motion, away from the edges."""
    middle = (stretch[0] + stretch[1]) // 2
    small = footage.small
    grey = small[middle].astype(np.float32)
    other = small[min(len(small) - 1, middle + footage.frames_in(0.2))].astype(np.float32)
    texture = cv2.GaussianBlur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (0, 0), 6)
    motion = cv2.GaussianBlur(np.abs(other - grey), (0, 0), 6)
    live = (texture / (texture.mean() + 1e-3) + motion / (motion.mean() + 1e-3)) ** 2
    edge_y, edge_x = (round(0.15 * side) for side in live.shape)
    inner = np.zeros_like(live)
    inner[edge_y:-edge_y, edge_x:-edge_x] = live[edge_y:-edge_y, edge_x:-edge_x] + 1e-6
    return inner / inner.sum()


def _clipped(low: float, high: float, side: int) -> tuple[int, int]:
    """(from, to) of a range inside 0..side that holds two pixels at least."""
    start = int(np.clip(np.floor(low), 0, side - 2))
    return start, int(np.clip(np.ceil(high), start + 2, side))
