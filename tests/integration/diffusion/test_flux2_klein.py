"""FLUX.2 klein behind the seam gives what the two stock pipelines give, in company or alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.flux2_klein import Flux2Klein
from tests.diffusion_kit import CLOSE, Order, alone, photo, to_end, together

PERSON, SHIRT, SHOE = photo(64, 96), photo(100, 84, seed=1), photo(96, 64, seed=2)
MASK = np.zeros((96, 64), np.uint8)
MASK[20:70, 10:40] = 255
TALL = {"width_px": 64, "height_px": 96}

WORDS = Order("flux2-klein", parameters=TALL)
EDIT = Order(
    "flux2-klein",
    prompt="the shoe on a stone floor",
    seed=8,
    pictures={"photo": SHOE, "photo.1": SHIRT},
    parameters={**TALL, "task": "edit"},
)
INPAINT = Order(
    "flux2-klein",
    prompt="the person wears the shirt",
    seed=9,
    pictures={"person": PERSON, "garment.0": SHIRT, "mask": MASK},
    parameters={**TALL, "task": "inpaint"},
)
PARTLY = Order(**{**vars(INPAINT), "parameters": {**INPAINT.parameters, "strength": 0.6}})


def stock(klein: Flux2Klein, order: Order) -> torch.Tensor:
    """The stock pipelines' decoded picture for an order, (1, 3, H, W) in 0..1."""
    from diffusers import Flux2KleinInpaintPipeline

    parameters = order.recipe.parameters
    pictures = [Image.fromarray(pixels) for pixels in order.pictures.values()]
    common = {
        "prompt": order.prompt,
        "width": 64,
        "height": 96,
        "num_inference_steps": 4,
        "guidance_scale": float(order.parameters.get("guidance", 1.0)),
        "generator": torch.Generator().manual_seed(order.seed),
        "output_type": "pt",
    }
    if '"inpaint"' not in parameters:
        return klein.pipe(image=pictures or None, **common).images
    inpaint = Flux2KleinInpaintPipeline(**klein.pipe.components, is_distilled=True)
    inpaint.set_progress_bar_config(disable=True)
    person, shirt, mask = pictures
    strength = order.parameters.get("strength", 1.0)
    return inpaint(
        image=person, image_reference=shirt, mask_image=mask, strength=strength, **common
    ).images


def decoded(klein: Flux2Klein, run) -> torch.Tensor:
    """The run's picture before it is rounded to bytes, (1, 3, H, W) in 0..1."""
    with torch.inference_mode():
        pixels = klein._pictures.decoded(run.denoising.latents, run.denoising.canvas)
    return (pixels / 2 + 0.5).clamp(0, 1)


def assert_equals_stock(klein: Flux2Klein, run, order: Order) -> None:
    torch.testing.assert_close(decoded(klein, run), stock(klein, order), rtol=0, atol=CLOSE)


@pytest.mark.parametrize(
    "order", [WORDS, EDIT, INPAINT, PARTLY], ids=["t2i", "edit", "inpaint", "strength 0.6"]
)
def test_alone_it_equals_the_stock_pipelines(
    klein: Flux2Klein, device: DiffusionBackend, order: Order
) -> None:
    assert_equals_stock(klein, alone(device, order), order)


@pytest.mark.parametrize("order", [WORDS, EDIT, PARTLY], ids=["t2i", "edit", "inpaint"])
def test_in_bfloat16_too_it_equals_the_stock_pipelines(
    checkpoint: Callable[[str], Path], order: Order
) -> None:
    narrow = Flux2Klein.load_from(checkpoint("flux2-klein"), preset="bf16", device="cpu")
    run = alone(DiffusionBackend({"flux2-klein": narrow}), order)
    torch.testing.assert_close(decoded(narrow, run), stock(narrow, order), rtol=0, atol=0)


@pytest.mark.parametrize("order", [WORDS, EDIT, PARTLY], ids=["t2i", "edit", "inpaint"])
def test_runs_of_one_layout_that_join_one_after_the_other_equal_the_stock_pipelines(
    klein: Flux2Klein, device: DiffusionBackend, order: Order
) -> None:
    orders = [
        Order(**{**vars(order), "seed": seed, "prompt": prompt, "at": at})
        for at, (seed, prompt) in enumerate([(1, "a red shoe"), (2, "in rain"), (3, "at night")])
    ]
    for run, one in zip(together(device, orders), orders, strict=True):
        assert_equals_stock(klein, run, one)


def test_the_base_model_is_guided_away_from_the_negative_prompt(
    klein: Flux2Klein, device: DiffusionBackend
) -> None:
    guided = Order("flux2-klein", parameters={**TALL, "guidance": 3.0})
    klein.pipe.register_to_config(is_distilled=False)
    try:
        runs = together(device, [guided, WORDS])
        assert runs[0].load.tokens == 2 * runs[1].load.tokens
        assert_equals_stock(klein, runs[0], guided)
    finally:
        klein.pipe.register_to_config(is_distilled=True)


@pytest.mark.parametrize("order", [EDIT, PARTLY], ids=["edit", "inpaint"])
def test_a_run_set_aside_and_taken_up_elsewhere_ends_in_the_same_bytes(
    klein: Flux2Klein, device: DiffusionBackend, order: Order
) -> None:
    whole = alone(device, order)
    begun = device.start(order.recipe, order.inputs)
    device.step([begun])
    elsewhere = DiffusionBackend({"flux2-klein": klein})
    resumed = elsewhere.resume(order.recipe, order.inputs, device.save(begun))
    assert torch.equal(to_end(elsewhere, resumed).denoising.latents, whole.denoising.latents)


def test_a_run_cancelled_beside_others_leaves_them_right(
    klein: Flux2Klein, device: DiffusionBackend
) -> None:
    other = Order(**{**vars(EDIT), "seed": 99})
    kept, gone = (device.start(order.recipe, order.inputs) for order in (EDIT, other))
    device.step([kept, gone])
    assert_equals_stock(klein, to_end(device, kept), EDIT)


def test_four_references_keep_their_own_aspects_and_a_fifth_is_refused(
    device: DiffusionBackend,
) -> None:
    from content_engine.errors import GenerationFailed

    sizes = [(64, 128), (128, 64), (80, 80), (100, 170), (64, 64)]
    pictures = {f"photo.{place}": photo(*size) for place, size in enumerate(sizes)}
    edit = {"task": "edit"}
    four = Order("flux2-klein", pictures=dict(list(pictures.items())[:4]), parameters=edit)
    load = device.start(four.recipe, four.inputs).load
    assert load.shape.endswith("64x64+4x8+8x4+5x5+6x10"), load.shape
    five = Order("flux2-klein", pictures=pictures, parameters=edit)
    with pytest.raises(GenerationFailed, match="looks at 4 pictures, not at 5"):
        device.start(five.recipe, five.inputs)


def test_a_preview_looks_at_smaller_references(device: DiffusionBackend) -> None:
    large, edit = {"photo": photo(640, 480)}, {"task": "edit"}
    whole = Order("flux2-klein", pictures=large, parameters=edit)
    small = Order("flux2-klein", pictures=large, parameters={**edit, "reference_pixels": 256**2})
    tokens = [device.start(order.recipe, order.inputs).load.tokens for order in (whole, small)]
    words_and_picture = 512 + 16
    assert [count - words_and_picture for count in tokens] == [40 * 30, 18 * 13]
