"""The person of the photo as the judge sees them: stance, face, and what each pixel is.

Nothing here comes from the maker: where its parse is wrong, this one is wrong elsewhere.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np

from qa.fitting.palette import Palette, guide_of, ones_inside
from qa.fitting.stance import Stance, polygon
from qa.vision.arrays import Mask, Numbers, Pixels

LONGER_SIDE_PX = 512
"""The judge looks at person and result at this size; outlines apart."""

VERSION = 1
"""Of `Person.to_bytes`; a cached analysis of another version is made anew."""


class Part(IntEnum):
    """What a pixel of the photo is."""

    BACKGROUND = 0
    SKIN = 1
    HAIR = 2
    TOP = 3
    LOWER = 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Person:
    """A photo at working size and what the judge found in it.

    `rgb` (h, w, 3) uint8 sRGB; `parts` (h, w) uint8 of `Part`; `oval` (n, 2) the face's outline,
    empty without a face; `features` (128,) of the face, empty without one; `palettes` by part;
    `photo_px` the whole photo's (width, height).
    """

    rgb: Pixels
    stance: Stance
    parts: Pixels
    oval: Numbers
    features: Numbers
    palettes: tuple[Palette, ...]
    photo_px: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the working picture."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def body(self) -> Mask:
        """Where the person is."""
        return self.parts != Part.BACKGROUND

    @property
    def face(self) -> Mask:
        """The inside of the face's outline; empty without a face."""
        if not len(self.oval):
            return np.zeros(self.shape, bool)
        return polygon(self.shape, self.oval)

    @property
    def chin(self) -> Numbers:
        """The chin's lowest point, or where it would be without a face in the picture."""
        if len(self.oval):
            return self.oval[int(self.oval[:, 1].argmax())]
        return self.stance.shoulder - self.stance.down * 0.3 * self.stance.unit_px

    def to_bytes(self) -> bytes:
        """All of it, for a cache. `Person.from_bytes` reads it."""
        held = io.BytesIO()
        shared = {"rgb": self.rgb, "parts": self.parts, "points": self.stance.points}
        shared |= {"oval": self.oval, "features": self.features}
        shared |= {"photo_px": np.array(self.photo_px), "version": np.array(VERSION)}
        for index, each in enumerate(self.palettes):
            shared |= {f"means{index}": each.means, f"precisions{index}": each.precisions}
            shared |= {f"offsets{index}": each.offsets, f"shares{index}": each.shares}
        np.savez(held, **shared)  # pyright: ignore[reportArgumentType]
        return held.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Person | None:
        """What `to_bytes` wrote, or None when another version wrote it."""
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            if int(held["version"]) != VERSION:
                return None
            palettes = tuple(
                Palette(
                    means=held[f"means{index}"],
                    precisions=held[f"precisions{index}"],
                    offsets=held[f"offsets{index}"],
                    shares=held[f"shares{index}"],
                )
                for index in range(len(Part))
            )
            width, height = (int(number) for number in held["photo_px"])
            return cls(
                rgb=held["rgb"],
                stance=Stance(points=held["points"]),
                parts=held["parts"],
                oval=held["oval"],
                features=held["features"],
                palettes=palettes,
                photo_px=(width, height),
            )


def at_work(rgb: Pixels) -> Pixels:
    """The picture with its longer side at the judge's working size."""
    factor = LONGER_SIDE_PX / max(rgb.shape[:2])
    size = (round(rgb.shape[1] * factor), round(rgb.shape[0] * factor))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def silhouette(rgb: Pixels, hint: Pixels) -> Mask:
    """Where the person is, (h, w) bool, from BlazePose's soft mask (h, w) uint8.

    GrabCut at half size: sure inside and outside come from the mask, the rim from the colours.
    Source: Rother, Kolmogorov, Blake (2004), GrabCut.
    """
    size = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(hint, size, interpolation=cv2.INTER_AREA)
    marks = np.where(soft > 127, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_PR_BGD))
    marks[cv2.erode(ones_inside(soft > 200), _disc(5)) > 0] = cv2.GC_FGD
    marks[cv2.dilate(ones_inside(soft > 25), _disc(9)) == 0] = cv2.GC_BGD
    known = np.unique(marks)
    if cv2.GC_FGD in known and cv2.GC_BGD in known:
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(small, marks, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    inside = _largest(cv2.morphologyEx(inside, cv2.MORPH_OPEN, _disc(1)))
    wide = cv2.resize(inside.astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return guide_of(rgb, radius=3, softness=1e-4).smoothed(wide) > 0.5


def _largest(inside: Pixels) -> Pixels:
    _, marks, stats, _ = cv2.connectedComponentsWithStats(inside)
    if len(stats) < 2:
        return inside
    return (marks == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)


def _disc(radius: int) -> Pixels:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
