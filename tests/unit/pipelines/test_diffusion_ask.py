"""What a recipe asks of a diffusion model, and the sizes that pictures take on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.media import Picture
from content_engine.errors import GenerationFailed
from pipelines.diffusion.ask import Ask, Task
from pipelines.diffusion.ask_pictures import Canvas, covering, digest_of, flattened
from pipelines.diffusion.rows import LAUNCH_BOUND_TOKENS, packed
from tests.diffusion_kit import Order, photo

SIDES = st.integers(16, 3000)


@given(SIDES, SIDES, st.sampled_from([16, 32]))
def test_a_canvas_is_of_the_models_multiple_and_hardly_larger_than_asked(
    width_px: int, height_px: int, multiple: int
) -> None:
    canvas = Canvas.of(width_px, height_px, multiple=multiple, max_pixels=4_000_000)
    assert canvas.width_px % multiple == canvas.height_px % multiple == 0
    if width_px * height_px <= 4_000_000:
        assert 0 <= canvas.width_px - width_px < multiple
        assert 0 <= canvas.height_px - height_px < multiple
    else:
        assert canvas.width_px * canvas.height_px <= 4_000_000 * 1.05


@pytest.mark.parametrize("size", [(70, 50), (64, 64), (33, 129), (400, 300)])
def test_what_lies_under_the_canvas_comes_back_as_it_was(size: tuple[int, int]) -> None:
    canvas = Canvas.of(*size, multiple=16, max_pixels=4_000_000)
    picture = photo(*size)
    painted = canvas.painted(picture)
    assert painted.shape == (canvas.height_px, canvas.width_px, 3)
    assert np.array_equal(canvas.asked(painted), picture)


def test_a_picture_larger_than_a_model_paints_comes_back_in_its_place() -> None:
    canvas = Canvas.of(300, 200, multiple=16, max_pixels=150 * 100)
    assert (canvas.width_px, canvas.height_px) == (160, 112)
    smooth = np.dstack([np.linspace(0, 255, 300, dtype=np.uint8)[None].repeat(200, axis=0)] * 3)
    back = canvas.asked(canvas.painted(smooth))
    assert back.shape == (200, 300, 3)
    assert np.abs(back.astype(int) - smooth).max() <= 3


def test_a_picture_that_covers_the_size_is_cut_and_not_resampled() -> None:
    picture = photo(80, 60)
    assert np.array_equal(covering(picture, 75, 60), picture[:, 2:77])


@given(st.integers(8, 60), st.integers(8, 60), st.integers(8, 60), st.integers(8, 60))
def test_covering_keeps_the_aspect(width: int, height: int, to_width: int, to_height: int) -> None:
    """Two ramps keep one slope, across and down."""
    rows, columns = np.mgrid[0 : height * 8, 0 : width * 8].astype(np.float32)
    shown = covering(np.dstack([rows, columns]), to_width * 8, to_height * 8)
    assert shown.shape == (to_height * 8, to_width * 8, 2)
    middle = shown[10:-10, 10:-10].astype(float)
    down, across = np.diff(middle[..., 0], axis=0).mean(), np.diff(middle[..., 1], axis=1).mean()
    assert down == pytest.approx(across, rel=0.03)


def test_transparency_becomes_white_and_half_of_it_half_white() -> None:
    rgb = np.zeros((1, 3, 3), np.uint8)
    alpha = np.array([[0, 128, 255]], np.uint8)
    assert flattened(Picture(rgb, alpha))[0, :, 0].tolist() == [255, 127, 0]


def test_pixels_of_another_shape_are_another_picture() -> None:
    flat = np.zeros((4, 9, 3), np.uint8)
    assert digest_of(flat) != digest_of(flat.reshape(9, 4, 3))


def test_pictures_keep_the_recipes_order_and_masks_are_no_references() -> None:
    roles = ("photo", "mask", "photo.1", "last")
    order = Order(
        "wan",
        pictures={role: photo(32, 32, seed=seed) for seed, role in enumerate(roles)},
        parameters={"task": "flf", "frames": 9, "fps": 16},
    )
    ask = Ask.of(order.recipe, order.inputs)
    assert [reference.role for reference in ask.references] == ["photo", "photo.1"]
    assert ask.mask is not None
    assert ask.mask.shape == (32, 32)
    assert ask.last is not None
    assert (ask.prompt, ask.seed, ask.frames) == (order.prompt, order.seed, 9)


@pytest.mark.parametrize("private", [True, False])
def test_what_a_shopper_sent_is_not_reusable(private: bool) -> None:
    pictures = {"person": photo(32, 32), "garment.0": photo(32, 32)}
    order = Order("k", pictures=pictures, parameters={"task": "edit", "private": private})
    ask = Ask.of(order.recipe, order.inputs)
    assert {picture.reusable for picture in ask.references} == {not private}


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"task": "edit"}, "edit needs a picture"),
        ({"task": "i2v", "frames": 9, "fps": 8}, "i2v needs a picture"),
        ({"steps": 0}, "0 steps"),
        ({"width_px": 8}, "size 8 × 64 px"),
        ({"frames": 9}, "9 frames at 0 fps"),
        ({"strength": 0}, "strength 0 is not in"),
        ({"task": "upscale"}, "cannot be read: 'upscale'"),
        ({"sampler": "dpm"}, "no model knows the parameters sampler"),
    ],
)
def test_a_recipe_that_cannot_be_carried_out_says_why(parameters: dict, problem: str) -> None:
    order = Order("z-image-turbo", parameters=parameters)
    with pytest.raises(GenerationFailed, match=problem):
        Ask.of(order.recipe, order.inputs)


def test_a_picture_that_did_not_come_or_cannot_be_read_is_named() -> None:
    order = Order("k", pictures={"photo": photo(32, 32)}, parameters={"task": "edit"})
    empty = type(order.inputs)(assets={})
    with pytest.raises(GenerationFailed, match="photo did not come"):
        Ask.of(order.recipe, empty)
    with pytest.raises(GenerationFailed, match="photo cannot be read"):
        Ask.of(order.recipe, type(order.inputs)(assets={"photo": b"not a picture"}))


def test_words_alone_take_no_picture() -> None:
    order = Order("z-image-turbo", pictures={"photo": photo(32, 32)})
    with pytest.raises(GenerationFailed, match=f"{Task.T2I} takes no picture, has 1"):
        Ask.of(order.recipe, order.inputs)


@given(st.lists(st.integers(1, 5000), max_size=12))
def test_rows_share_a_forward_only_where_padding_costs_little(tokens: list[int]) -> None:
    packs = packed(tokens)
    assert sorted(place for pack in packs for place in pack) == list(range(len(tokens)))
    for pack in packs:
        padded = len(pack) * max(tokens[place] for place in pack)
        used = sum(tokens[place] for place in pack)
        assert padded <= LAUNCH_BOUND_TOKENS or padded <= used * 1.25 or len(pack) == 1


def test_small_pictures_share_one_forward_and_large_ones_of_a_size_too() -> None:
    assert packed([48, 220, 60, 330]) == [[3, 1, 2, 0]]
    assert packed([4196, 1060, 4150, 1080]) == [[0, 2], [3, 1]]
