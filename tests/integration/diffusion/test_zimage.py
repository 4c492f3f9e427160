"""Z-Image behind the seam gives what the stock pipeline gives, whatever else the device does."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.zimage import ZImage
from tests.diffusion_kit import CLOSE, Order, alone, to_end, together

GUIDED = {"guidance": 2.5, "negative": "text, watermark"}
ORDERS = (
    Order("z-image-turbo"),
    Order(
        "z-image-turbo",
        prompt="a blue dress on a wooden hanger before a white wall, soft daylight",
        seed=8,
        parameters={"width_px": 96, "height_px": 128, "steps": 6},
    ),
    Order("z-image-turbo", prompt="hat", seed=9, parameters=GUIDED),
)


def stock(zimage: ZImage, order: Order) -> torch.Tensor:
    """The stock pipeline's last latents for an order."""
    run = DiffusionBackend({order.backend: zimage}).start(order.recipe, order.inputs)
    ask = run.denoising.ask
    return zimage.pipe(
        ask.prompt,
        negative_prompt=ask.negative,
        width=ask.width_px,
        height=ask.height_px,
        num_inference_steps=ask.steps,
        guidance_scale=ask.guidance,
        generator=torch.Generator().manual_seed(ask.seed),
        output_type="latent",
    ).images


def assert_close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("order", ORDERS, ids=["square", "portrait", "guided"])
def test_alone_it_equals_the_stock_pipeline(
    zimage: ZImage, device: DiffusionBackend, order: Order
) -> None:
    assert_close(alone(device, order).denoising.latents, stock(zimage, order))


@pytest.mark.parametrize("order", ORDERS, ids=["square", "portrait", "guided"])
def test_in_bfloat16_too_it_equals_the_stock_pipeline(
    checkpoint: Callable[[str], Path], order: Order
) -> None:
    narrow = ZImage.load_from(checkpoint("z-image-turbo"), preset="bf16", device="cpu")
    run = alone(DiffusionBackend({"z-image-turbo": narrow}), order)
    assert torch.equal(run.denoising.latents, stock(narrow, order))


def test_runs_of_unlike_sizes_and_prompts_share_each_step_and_equal_the_stock_pipeline(
    zimage: ZImage, device: DiffusionBackend
) -> None:
    runs = together(device, ORDERS)
    assert len({run.load.group for run in runs}) == 1
    for run, order in zip(runs, ORDERS, strict=True):
        assert_close(run.denoising.latents, stock(zimage, order))


def test_runs_that_join_later_equal_the_stock_pipeline(
    zimage: ZImage, device: DiffusionBackend
) -> None:
    first, second, third = ORDERS
    staggered = [first, Order(**{**vars(second), "at": 2}), Order(**{**vars(third), "at": 3})]
    for run, order in zip(together(device, staggered), ORDERS, strict=True):
        assert_close(run.denoising.latents, stock(zimage, order))


def test_a_run_set_aside_and_taken_up_elsewhere_ends_in_the_same_bytes(
    zimage: ZImage, device: DiffusionBackend
) -> None:
    order = ORDERS[1]
    whole = alone(device, order)
    begun = device.start(order.recipe, order.inputs)
    for _ in range(2):
        device.step([begun])
    elsewhere = DiffusionBackend({"z-image-turbo": zimage})
    resumed = elsewhere.resume(order.recipe, order.inputs, device.save(begun))
    assert resumed.steps_left == 4
    assert torch.equal(to_end(elsewhere, resumed).denoising.latents, whole.denoising.latents)
    assert elsewhere.finish(resumed)[0].data == device.finish(whole)[0].data


def test_a_run_cancelled_beside_others_leaves_them_right(
    zimage: ZImage, device: DiffusionBackend
) -> None:
    kept, gone = (device.start(order.recipe, order.inputs) for order in ORDERS[:2])
    for _ in range(2):
        device.step([kept, gone])
    assert_close(to_end(device, kept).denoising.latents, stock(zimage, ORDERS[0]))


def test_a_seed_decides_the_picture(device: DiffusionBackend) -> None:
    first, again, other = (
        device.finish(alone(device, Order("z-image-turbo", seed=seed)))[0].data
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
