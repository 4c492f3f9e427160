"""Scenes: the product's own pixels in every setting and aspect, the same each time."""

import itertools

import numpy as np
import pytest

from content_engine.errors import InvalidBrief
from pipelines.studio.cutout import CutOut
from pipelines.studio.scene import load_settings, render_scene
from pipelines.studio.scenes.placement import place

ASPECTS = ((96, 96), (80, 100), (72, 128), (128, 72))
SETTINGS = load_settings()


def beaker(*, color: tuple[int, int, int] = (40, 90, 160), pitch_deg: float = 12.0) -> CutOut:
    """A cylinder 80 px wide and 120 px high seen from `pitch_deg` above, with soft edges."""
    half, height = 40, 120
    bend = half * np.sin(np.radians(pitch_deg))
    y, x = np.mgrid[0 : height + int(bend), 0 : 2 * half].astype(np.float64) + 0.5
    arc = bend * np.sqrt(np.clip(1 - ((x - half) / half) ** 2, 0, 1))
    alpha = np.clip(height - bend + 2 * arc - y + 0.5, 0, 1) * np.clip(y - bend + arc + 0.5, 0, 1)
    shade = 1.0 - 0.5 * x / (2 * half)
    rgb = (np.array(color) * shade[..., None]).astype(np.uint8)
    return CutOut(rgb=rgb, alpha=(alpha * 255).astype(np.uint8))


def test_there_are_at_least_eight_settings_of_each_needed_kind() -> None:
    stances = [setting.stance for setting in SETTINGS.values()]
    assert stances.count("stand") >= 8
    assert stances.count("lie") >= 3


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_renders_every_aspect_around_the_same_product(name: str) -> None:
    cutout, setting = beaker(), SETTINGS[name]
    for size in ASPECTS:
        picture = render_scene(cutout, setting=setting, size_px=size, seed=3)
        assert (picture.width_px, picture.height_px) == size
        assert picture.alpha is None
        corners = picture.rgb[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
        assert corners.max() > 25, f"{name} at {size}: its corners are black, the set ends there"
        assert len(np.unique(picture.rgb[:, :3])) > 4, f"{name} at {size}: the set is one flat tone"


def own_pixels(cutout: CutOut, name: str, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """What the picture shows where the product is opaque, and what it should show."""
    picture = render_scene(cutout, setting=SETTINGS[name], size_px=size, seed=0).rgb
    best = (np.inf, picture, picture)
    for seed in range(3):  # the side the product stands on changes with the seed
        placed = place(cutout, view=SETTINGS[name].view, size_px=size, seed=seed)
        width, height = placed.size
        region = picture[placed.top_px : placed.top_px + height]
        region = region[:, placed.left_px : placed.left_px + width]
        solid = placed.alpha == 255
        miss = np.abs(region[solid].astype(int) - placed.rgb[solid]).mean()
        best = min(best, (miss, region[solid], placed.rgb[solid]), key=lambda item: item[0])
    return best[1], best[2]


@pytest.mark.parametrize(
    ("name", "size"),
    list(itertools.product(("oak-morning", "acrylic-plinth", "flat-linen"), ASPECTS)),
)
def test_opaque_product_pixels_are_exactly_the_product(name: str, size: tuple[int, int]) -> None:
    shown, own = own_pixels(beaker(), name, size)
    assert len(own) > 200
    np.testing.assert_array_equal(shown, own)


@pytest.mark.parametrize("name", ["marble-kitchen", "flat-plaster"])
def test_same_seed_same_bytes_and_another_seed_another_picture(name: str) -> None:
    def shot(seed: int) -> bytes:
        return render_scene(
            beaker(), setting=SETTINGS[name], size_px=(96, 96), seed=seed
        ).rgb.tobytes()

    first = shot(1)
    assert first == shot(1)
    assert first != shot(2)


def test_a_light_product_on_paper_stands_out_from_its_ground() -> None:
    for color in ((250, 250, 250), (20, 20, 24), (128, 128, 128), (235, 210, 60)):
        cutout = beaker(color=color)
        picture = render_scene(
            cutout, setting=SETTINGS["paper-sweep"], size_px=(160, 160), seed=0
        ).rgb.astype(float)
        ground = picture[70:90, 4:24].mean()
        product = np.mean(color) * 0.75
        assert abs(ground - product) > 14, f"{color}: ground {ground:.0f}, product {product:.0f}"


def test_gradients_are_dithered_not_banded() -> None:
    picture = render_scene(
        beaker(), setting=SETTINGS["paper-sweep"], size_px=(256, 256), seed=0
    ).rgb
    strip = picture[20:60, 10:200, 1].astype(int)
    longest = max(
        sum(1 for _ in run) for row in strip for _, run in itertools.groupby(row.tolist())
    )
    assert longest < 12, f"a run of {longest} equal pixels in a gradient shows as a band"


@pytest.mark.parametrize("shape", [(500, 5), (6, 400), (1, 1)])
@pytest.mark.parametrize("name", ["oak-morning", "podium", "flat-oak"])
def test_the_oddest_shapes_find_their_place(shape: tuple[int, int], name: str) -> None:
    stick = CutOut(rgb=np.full((*shape, 3), 90, np.uint8), alpha=np.full(shape, 255, np.uint8))
    picture = render_scene(stick, setting=SETTINGS[name], size_px=(96, 96), seed=0)
    assert (picture.rgb == 90).all(axis=2).any(), "the product is not in the picture"


def test_an_empty_cutout_and_a_tiny_frame_are_refused() -> None:
    empty = CutOut(rgb=np.zeros((8, 8, 3), np.uint8), alpha=np.zeros((8, 8), np.uint8))
    with pytest.raises(InvalidBrief, match="empty"):
        render_scene(empty, setting=SETTINGS["oak-morning"], size_px=(96, 96), seed=0)
    with pytest.raises(InvalidBrief, match="32 px"):
        render_scene(beaker(), setting=SETTINGS["oak-morning"], size_px=(96, 8), seed=0)
