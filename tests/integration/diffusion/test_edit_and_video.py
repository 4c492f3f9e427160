"""Editing and video families behind the seam give what the stock pipelines give, in any company."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from content_engine.errors import GenerationFailed
from pipelines.diffusion.ask import Ask
from pipelines.diffusion.qwen_edit import QwenEdit
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.wan import WanI2vA14b, WanTi2v5b
from pipelines.models import ModelCatalog
from tests.diffusion_kit import CLOSE, Order, alone, photo, to_end, together
from tests.integration.diffusion.edit_and_video import (
    SEEN_PX,
    SMALL,
    Case,
    stock_edit,
    stock_i2v,
    stock_ti2v,
)

DISTILLED = ModelCatalog.load().entry("qwen-image-edit").loras["lightning-4"].schedule


def edit(**changes: Any) -> Order:
    """A guided edit of two photos."""
    own = {"task": "edit", "guidance": 4.0, "steps": 4, "reference_pixels": SEEN_PX}
    parameters = {**own, **changes.pop("parameters", {})}
    pictures = {"photo": photo(80, 48), "photo.1": photo(64, 64, seed=1)}
    return Order("qwen-image-edit", parameters=parameters, **{"pictures": pictures, **changes})


def clip(name: str, task: str, **changes: Any) -> Order:
    """A guided clip of nine frames."""
    own = {"task": task, "guidance": 3.5, "negative": "blur", "frames": 9, "fps": 16, "steps": 5}
    frames = {"t2v": (), "i2v": ("first",), "flf": ("first", "last")}[task]
    pictures = {role: photo(64, 64, seed=place) for place, role in enumerate(frames)}
    parameters = {**own, **changes.pop("parameters", {})}
    return Order(name, pictures=pictures, parameters=parameters, **changes)


def qwen(folder: Path, *, preset: str) -> Case:
    loaded = QwenEdit.load_from(folder, preset=preset, device="cpu")
    family = QwenEdit(
        loaded.pipe, device="cpu", reuse=Reuse(), areas=SMALL, schedules={"fast": DISTILLED}
    )
    orders = (
        edit(),
        edit(prompt="the shoe stands on wet stones at dusk", seed=8, parameters={"steps": 6}),
        edit(prompt="hat", seed=9, parameters={"guidance": 1.0}),
    )
    return Case("qwen-image-edit", family, orders, stock_edit)


def ti2v(folder: Path, *, preset: str) -> Case:
    family = WanTi2v5b.load_from(folder, preset=preset, device="cpu")
    orders = (
        clip("wan-ti2v-5b", "i2v"),
        clip("wan-ti2v-5b", "t2v", seed=8, parameters={"steps": 7}),
        clip("wan-ti2v-5b", "i2v", prompt="it turns", seed=9, parameters={"guidance": 1.0}),
    )
    return Case("wan-ti2v-5b", family, orders, stock_ti2v)


def a14b(folder: Path, *, preset: str) -> Case:
    family = WanI2vA14b.load_from(folder, preset=preset, device="cpu")
    orders = (
        clip("wan-i2v-a14b", "i2v"),
        clip("wan-i2v-a14b", "flf", seed=8, parameters={"steps": 7}),
        clip("wan-i2v-a14b", "flf", prompt="it turns", seed=9, parameters={"guidance": 1.0}),
    )
    return Case("wan-i2v-a14b", family, orders, stock_i2v)


@pytest.fixture(scope="session")
def qwen_case(checkpoint: Callable[[str], Path]) -> Case:
    return qwen(checkpoint("qwen-image-edit"), preset="exact")


@pytest.fixture(scope="session")
def ti2v_case(checkpoint: Callable[[str], Path]) -> Case:
    return ti2v(checkpoint("wan-ti2v-5b"), preset="exact")


@pytest.fixture(scope="session")
def a14b_case(checkpoint: Callable[[str], Path]) -> Case:
    return a14b(checkpoint("wan-i2v-a14b"), preset="exact")


@pytest.fixture(params=["qwen_case", "ti2v_case", "a14b_case"])
def case(request: pytest.FixtureRequest) -> Case:
    return request.getfixturevalue(request.param)


def assert_close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=CLOSE)


def finished(case: Case, run: Any) -> torch.Tensor:
    """The latents that are decoded: Wan puts the given frame back once more."""
    keep = getattr(case.family, "_finished", lambda done: done.latents)
    return keep(run.denoising)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_alone_it_equals_the_stock_pipeline(case: Case, place: int) -> None:
    order = case.orders[place]
    assert_close(finished(case, alone(case.device, order)), case.stock(order))


def test_runs_of_unlike_prompts_steps_and_guidance_share_steps_and_equal_the_stock_pipeline(
    case: Case,
) -> None:
    for run, order in zip(together(case.device, case.orders), case.orders, strict=True):
        assert_close(finished(case, run), case.stock(order))


def test_runs_that_join_later_equal_the_stock_pipeline(case: Case) -> None:
    staggered = [replace(order, at=at) for at, order in zip((0, 2, 3), case.orders, strict=True)]
    for run, order in zip(together(case.device, staggered), case.orders, strict=True):
        assert_close(finished(case, run), case.stock(order))


@pytest.mark.parametrize("before", [1, 3])
def test_a_run_set_aside_and_taken_up_elsewhere_ends_in_the_same_bytes(
    case: Case, before: int
) -> None:
    order, device = case.orders[1], case.device
    whole = alone(device, order)
    begun = device.start(order.recipe, order.inputs)
    for _ in range(before):
        device.step([begun])
    elsewhere = case.device
    resumed = elsewhere.resume(order.recipe, order.inputs, device.save(begun))
    assert resumed.steps_left == whole.denoising.ask.steps - before
    assert torch.equal(to_end(elsewhere, resumed).denoising.latents, whole.denoising.latents)
    assert elsewhere.finish(resumed)[0].data == device.finish(whole)[0].data


def test_a_run_cancelled_beside_others_leaves_them_right(case: Case) -> None:
    device = case.device
    kept, gone = (device.start(case.orders[n].recipe, case.orders[n].inputs) for n in (0, 2))
    for _ in range(2):
        device.step([kept, gone])
    assert_close(finished(case, to_end(device, kept)), case.stock(case.orders[0]))


def test_the_pixels_are_the_stock_pipelines(case: Case) -> None:
    order = case.orders[0]
    device = case.device
    run = alone(device, order)
    with torch.inference_mode():
        frames = case.family.decode(run.denoising)
    wanted = np.asarray(case.stock(order, output_type="np")).reshape(frames.shape)
    assert np.abs(frames / 255 - wanted).max() <= 0.5 / 255 + CLOSE


def test_a_seed_decides_the_result(case: Case) -> None:
    first, again, other = (
        alone(case.device, replace(case.orders[0], seed=seed)).denoising.latents
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_references_and_texts_are_encoded_once(case: Case) -> None:
    device, order = case.device, case.orders[0]
    device.start(order.recipe, order.inputs)
    misses, hits = case.family.reuse.misses, case.family.reuse.hits
    again = replace(order, seed=order.seed + 1)
    device.start(again.recipe, again.inputs)
    assert case.family.reuse.misses == misses
    assert case.family.reuse.hits >= hits + 3


def test_the_low_noise_expert_takes_over_in_the_middle_of_a_run(a14b_case: Case) -> None:
    device, order = a14b_case.device, a14b_case.orders[0]
    run = device.start(order.recipe, order.inputs)
    experts = [run.load.group.rpartition("/")[2]]
    while not run.done:
        device.step([run])
        experts.append(run.load.group.rpartition("/")[2])
    assert experts == ["transformer"] * 2 + ["transformer_2"] * 4


def test_runs_on_either_side_of_the_boundary_never_share_a_step(a14b_case: Case) -> None:
    device = a14b_case.device
    ahead, behind = (device.start(order.recipe, order.inputs) for order in a14b_case.orders[:2])
    for _ in range(2):
        device.step([ahead])
    with pytest.raises(ValueError, match="unlike groups"):
        device.step([ahead, behind])


def test_a_last_frame_that_would_be_cut_off_is_refused(a14b_case: Case) -> None:
    order = clip("wan-i2v-a14b", "flf", parameters={"frames": 10})
    with pytest.raises(GenerationFailed, match="13 would do"):
        a14b_case.device.start(order.recipe, order.inputs)


def test_a_clip_of_any_other_length_is_cut_to_it(ti2v_case: Case) -> None:
    order = clip("wan-ti2v-5b", "t2v", parameters={"frames": 10, "steps": 1})
    run = alone(ti2v_case.device, order)
    with torch.inference_mode():
        assert ti2v_case.family.decode(run.denoising).shape == (10, 64, 64, 3)


@pytest.mark.parametrize(
    ("name", "load"), [("qwen-image-edit", qwen), ("wan-ti2v-5b", ti2v), ("wan-i2v-a14b", a14b)]
)
def test_in_bfloat16_it_equals_the_stock_pipeline_too(
    checkpoint: Callable[[str], Path], name: str, load: Callable[..., Case]
) -> None:
    """Unguided: two guided texts of unlike length share a masked forward, one bit of 8 away."""
    case = load(checkpoint(name), preset="bf16")
    order = case.orders[2]
    assert_close(finished(case, alone(case.device, order)), case.stock(order))


def test_a_distilled_adapter_walks_the_schedule_that_it_was_trained_on(qwen_case: Case) -> None:
    """The stock way: the pipeline's scheduler is exchanged, as the adapter's own example does."""
    family = qwen_case.family
    plain = qwen_case.orders[2]
    fast = replace(plain, parameters={**plain.parameters, "lora": "fast"})
    run = family.prepare(Ask.of(fast.recipe, fast.inputs))
    exchanged = type(family.pipe.scheduler).from_config(
        {
            **family.pipe.scheduler.config,
            "base_image_seq_len": 256,
            "base_shift": math.log(3),
            "max_image_seq_len": 8192,
            "max_shift": math.log(3),
            "shift_terminal": None,
        }
    )
    sigmas = np.linspace(1.0, 1 / 4, 4)
    exchanged.set_timesteps(sigmas=sigmas, mu=math.log(3))
    torch.testing.assert_close(run.scheduler.sigmas, exchanged.sigmas, rtol=0, atol=1e-7)
    own = family.prepare(Ask.of(plain.recipe, plain.inputs)).scheduler.sigmas
    assert (own - exchanged.sigmas).abs().max() > 0.05
