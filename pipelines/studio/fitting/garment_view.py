"""A garment as its picture shows it: the values that `see_garment` finds and `fit` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from content_engine.types import GarmentKind


class Style(StrEnum):
    """The cut, as far as the warp treats it differently."""

    TEE = "tee"
    COLLAR = "collar"
    HOOD = "hood"
    TROUSERS = "trousers"
    SKIRT = "skirt"
    DRESS = "dress"
    CAP = "cap"
    BEANIE = "beanie"


class Sleeves(StrEnum):
    """How far the sleeves reach."""

    NONE = "none"
    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SleeveMarks:
    """One sleeve in the garment's picture; every point is (x, y) px, float64.

    `outer` runs (n, 2) from the shoulder tip along the upper edge to the cuff's outer corner,
    `inner` (n, 2) from the armpit along the lower edge to the cuff's inner corner.
    """

    outer: np.ndarray
    inner: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TorsoMarks:
    """A top's body in its picture: curves of (n, 2) px points, float64.

    `neck` is the front neckline from the left to the right neck point; `shoulder_left` and
    `shoulder_right` are the shoulder tips, `side_left` and `side_right` run from the armpit to the
    hem's corner, `hem` from the left corner to the right one. `back` is the upper edge of what is
    seen behind the neckline (inner back, collar, hood), left to right; empty when nothing is.
    `stand_left` and `stand_right` are a hood's sides from the ends of `neck` down to the shoulders;
    empty where nothing stands on these. `raised` is True for a hood that stands in the picture.
    """

    neck: np.ndarray
    shoulder_left: np.ndarray
    shoulder_right: np.ndarray
    side_left: np.ndarray
    side_right: np.ndarray
    hem: np.ndarray
    back: np.ndarray
    stand_left: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    stand_right: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    raised: bool = False

    @property
    def has_hood(self) -> bool:
        """True when a hood stands on the shoulders."""
        return len(self.stand_left) > 0

    @property
    def roots(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the neckline, or the hood that stands there, meets both shoulders."""
        if self.has_hood:
            return self.stand_left[-1], self.stand_right[-1]
        return self.neck[0], self.neck[-1]

    @property
    def chest_px(self) -> float:
        """The width between the armpits."""
        return float(np.linalg.norm(self.side_right[0] - self.side_left[0]))

    @property
    def length_px(self) -> float:
        """From the middle of the neck points, or a hood's foot, down to the middle of the hem."""
        left, right = self.roots
        top = (left + right) / 2
        return float(np.linalg.norm((self.hem[0] + self.hem[-1]) / 2 - top))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadMarks:
    """A hat in its picture, (n, 2) px: `crown` over the top and `brim` in front, left to right."""

    crown: np.ndarray
    brim: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LowerMarks:
    """Trousers, shorts or a skirt in the picture, (n, 2) px.

    `waist` runs from left to right; `outer` by side from the waist to the hem's or cuff's outer
    corner; `inner` by side from the crotch to the cuff's inner corner, empty for a skirt.
    """

    waist: np.ndarray
    outer: Mapping[str, np.ndarray]
    inner: Mapping[str, np.ndarray]

    @property
    def is_skirt(self) -> bool:
        """True when there are no legs."""
        return not self.inner


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GarmentView:
    """One garment seen from the front, upright, in the pixels of its (scaled) picture.

    `rgba` is (H, W, 4) float32 0..1 sRGB, premultiplied; `texture` (H, W, 3) uint8 sRGB is the
    same with the cloth's colours carried on beyond its edges. `outline` is the (n, 2) contour.
    `torso` is set for tops and jackets, `head` for hats, `lower` for trousers and skirts;
    `sleeves_of` holds `left` and `right` (as seen in the picture) where there are sleeves.
    `print_box` is (x0, y0, x1, y1) px around what is printed on it, `hang_tag` around a tag that
    was painted out; None where nothing was found. `measures` are numbers for the report, by name.
    """

    kind: GarmentKind
    style: Style
    sleeves: Sleeves
    rgba: np.ndarray
    texture: np.ndarray
    outline: np.ndarray
    torso: TorsoMarks | None = None
    head: HeadMarks | None = None
    lower: LowerMarks | None = None
    sleeves_of: Mapping[str, SleeveMarks] = field(default_factory=dict)
    open_front: bool = False
    worn: bool = False
    print_box: tuple[int, int, int, int] | None = None
    hang_tag: tuple[int, int, int, int] | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
