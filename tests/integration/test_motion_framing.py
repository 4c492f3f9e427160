"""Where a clip's product and tags are at any time: in the frame, and in the channel's safe area."""

import numpy as np
import pytest

from assets.media import Picture
from pipelines.studio.cutout import CutOut
from pipelines.studio.motion.backend import COMPOSE
from pipelines.studio.motion.catalog import design_named
from pipelines.studio.motion.composition import Composition, Piece, Troupe
from pipelines.studio.motion.material import Material
from pipelines.studio.motion.order import Cue, Measure, MotionOrder

SAFE = (0.14, 0.1, 0.86, 0.72)
SIZES = {"1:1": (360, 360), "9:16": (360, 640), "16:9": (640, 360)}
WORDS = (Cue(text="Slab", start_s=0.5, stop_s=3.0), Cue(text="Flat", start_s=3.1, stop_s=6.0))
TAGS = tuple(Measure(axis=axis, text="45,5 cm", length_mm=455.0) for axis in ("height", "width"))


def slab() -> CutOut:
    """As wide as it is high: in any layout it fills its box in width or height."""
    side = 400
    grey, full = np.full((side, side, 3), 120, np.uint8), np.full((side, side), 255, np.uint8)
    return CutOut(rgb=grey, alpha=full)


def composed(design: str, aspect: str, setting: str, *measures: Measure) -> Composition:
    width, height = SIZES[aspect]
    order = MotionOrder(
        design=design, aspect=aspect, width_px=width, height_px=height, duration_s=6.0,
        title="Slab", locale="de", cues=WORDS, safe_area=SAFE, measures=measures,
        setting=setting, setting_above="", above_ratio=0.0,
    )  # fmt: skip
    blank = Picture(np.zeros((8, 8, 3), np.uint8))

    def none() -> None:
        raise AssertionError("the slab is large enough")

    given = Material(
        order=order, seed=1, photos=(blank, blank), cutouts=lambda _: slab(),
        plain=lambda _: True, shapes=lambda _: np.full((8, 8), 255, np.uint8), worn=lambda _: np.full((8, 8), 255, np.uint8), enlarger=none,
    )  # fmt: skip
    return COMPOSE[design](given)


def extent(piece: Piece, at_s: float) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of the piece in frame pixels."""
    width, height = piece.picture.size
    corners = piece.pose(at_s) @ np.array([[0, width, 0, width], [0, 0, height, height], [1] * 4])
    x, y = corners[:2] / corners[2]
    return x.min(), y.min(), x.max(), y.max()


def on_the_mark(scene: Composition, at_s: float) -> Piece:
    """The piece that shows the product: of several views the one nearest the frame's middle."""
    found = []
    for layer in scene.front:
        members = layer.members if isinstance(layer, Troupe) else ((layer,),)
        found += [member[-1] for member in members]
    return min(found, key=lambda each: abs(sum(extent(each, at_s)[::2]) / 2 - scene.width_px / 2))


@pytest.mark.parametrize(
    ("design", "aspect", "setting"),
    [
        ("orbit", "16:9", "flat-linen"),
        ("turn", "16:9", "flat-linen"),
        ("turn", "9:16", "flat-linen"),
        ("turn", "16:9", "paper-sweep"),
        ("beats", "9:16", "flat-linen"),
    ],
)
def test_the_product_stays_in_the_frame(design: str, aspect: str, setting: str) -> None:
    scene = composed(design, aspect, setting)
    kept = (0.0, 2.5, 3.5, 6.0)  # a turn changes views at 3 s
    for at_s in kept:
        left, _, right, _ = extent(on_the_mark(scene, at_s), at_s)
        assert left >= -0.5, f"it leaves the frame on the left at {at_s} s"
        assert right <= scene.width_px + 0.5, f"it leaves the frame on the right at {at_s} s"


@pytest.mark.parametrize("setting", ["flat-linen", "paper-sweep"])
def test_views_never_pass_behind_words_that_stand_beside_them(setting: str) -> None:
    scene = composed("turn", "16:9", setting)
    (troupe,) = (layer for layer in scene.front if isinstance(layer, Troupe))
    views = [member[-1] for member in troupe.members]
    words = design_named("turn").layouts["16:9"].words
    times = np.arange(scene.frames) / scene.fps
    leftmost = min(extent(view, float(at_s))[0] for view in views for at_s in times)
    assert leftmost >= words.x1 * scene.width_px, "a view passes behind the caption"
    shown = [sum(extent(view, float(at_s))[0] < scene.width_px for view in views) for at_s in times]
    assert max(shown) == 1, "one comes in before the other is out"
    assert shown.count(0) <= 0.2 * scene.fps, "the scene stays empty between two views"


@pytest.mark.parametrize("aspect", SIZES)
def test_tags_of_measures_stand_in_the_safe_area(aspect: str) -> None:
    scene = composed("measure", aspect, "paper-sweep", *TAGS)
    product, *rest = scene.front
    tags = [layer for layer in rest if layer.picture.size != (32, 32)]  # the others are bars
    assert len(tags) == 4, "two tags, their letters on them"
    x0, _, x1, y1 = (share * side for share, side in zip(SAFE, SIZES[aspect] * 2, strict=True))
    for tag in tags:
        box = extent(tag, 6.0)
        assert box[0] >= x0 - 1, "it lies under the channel's own signs on the left"
        assert box[2] <= x1 + 1, "it lies under the channel's own signs on the right"
        assert box[3] <= y1 + 1, "it lies under the channel's own signs below"
    upright, level = extent(tags[0], 6.0), extent(tags[2], 6.0)
    thing = extent(product, 6.0)
    assert upright[0] >= thing[2], "the height's tag covers the product"
    assert level[1] >= thing[3], "the width's tag covers the product"
