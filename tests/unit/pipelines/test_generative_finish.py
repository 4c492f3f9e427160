"""What is done to a model's frames afterwards: another rate, captions, the product's own pixels."""

import numpy as np
import pytest
from studio_kit import block

from pipelines.generative.captioned import Captions
from pipelines.generative.kept import Put, canvas_and_mask, standing, with_product
from pipelines.generative.retimed import retimed
from pipelines.studio.motion.order import Cue
from pipelines.studio.upscale import Enlarger

CUE = Cue(text="Stoneware", start_s=0.5, stop_s=2.0)
SAFE = (0.06, 0.06, 0.94, 0.9)


class Unasked:
    """An enlarger that nobody should need: the products of these tests are scaled down."""

    def enlarge(self, rgb: np.ndarray, *, factor: int) -> np.ndarray:
        raise AssertionError(f"×{factor} asked for {rgb.shape}")


NOBODY: Enlarger = Unasked()


def moving(count: int) -> list[np.ndarray]:
    """A bright block that goes four pixels a frame over a textured ground."""
    ground = np.random.default_rng(0).integers(60, 90, (64, 96, 3), np.uint8)
    frames = []
    for at in range(count):
        frame = ground.copy()
        frame[20:44, 8 + 4 * at : 32 + 4 * at] = (220, 200, 180)
        frames.append(frame)
    return frames


@pytest.mark.parametrize(("fps", "out_fps", "count"), [(16, 16, 9), (16, 32, 18), (16, 24, 13)])
def test_the_models_own_frames_are_shown_at_their_own_times(
    fps: int, out_fps: int, count: int
) -> None:
    frames = moving(9)
    shown = list(retimed(iter(frames), fps=fps, out_fps=out_fps, count=count))
    assert len(shown) == count
    for at, frame in enumerate(shown):
        if at * fps % out_fps == 0:
            assert np.array_equal(frame, frames[min(at * fps // out_fps, 8)])


def test_a_frame_between_lies_between() -> None:
    one, other = moving(2)
    between = list(retimed(iter([one, other]), fps=16, out_fps=32, count=2))[1].astype(int)
    steps = [np.abs(between - each).mean() for each in (one, other)]
    whole = np.abs(one.astype(int) - other).mean()
    assert max(steps) < whole


@pytest.mark.parametrize(("level", "dark"), [(245, True), (20, False)])
def test_captions_are_dark_on_light_and_light_on_dark(level: int, dark: bool) -> None:
    ground = np.full((720, 720, 3), level, np.uint8)
    captions = Captions.of([CUE], locale="en", ground=ground, safe_area=SAFE)
    shown = captions.over(ground, 1.2)
    ink = shown[shown.astype(int).sum(axis=2).argmin() // 720, :, 0].min() if dark else shown.max()
    assert (ink < 60) if dark else (ink > 240)
    rows = np.flatnonzero((shown != ground).any(axis=(1, 2)))
    assert rows.min() > 0.5 * 720
    assert np.array_equal(captions.over(ground, 0.1), ground), "nothing stands there yet"


def test_what_is_painted_around_is_all_but_the_product() -> None:
    cutout = block(200, 150)
    put = Put(fill=0.6, aside=0.2)
    canvas, mask = canvas_and_mask(cutout, canvas_px=(256, 144), put=put, enlarger=NOBODY)
    assert canvas != mask
    place = standing(cutout, frame_px=(256, 144), put=put)
    middle = place.left_px + place.width_px / 2
    assert middle / 256 == pytest.approx(0.7, abs=0.02), "room for a headline on the left"
    assert place.top_px + place.height_px <= 144


def test_the_products_pixels_are_never_the_models() -> None:
    cutout = block(120, 120)
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    put = Put(fill=0.6)
    one = with_product(noise, cutout, put=put, shadow=True, enlarger=NOBODY)
    other = with_product(255 - noise, cutout, put=put, shadow=True, enlarger=NOBODY)
    place = standing(cutout, frame_px=(200, 200), put=put)
    box = (
        slice(place.top_px, place.top_px + place.height_px),
        slice(place.left_px, place.left_px + place.width_px),
    )
    assert np.array_equal(one[box], other[box])
    assert not np.array_equal(one, other)
