"""Memory presets: narrow storage halves the weights, resting apart changes no bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.lora import Racks
from pipelines.diffusion.lora_files import LoraFile
from pipelines.diffusion.wan import WanTi2v5b
from tests.diffusion_kit import Order, alone

NAME = "wan-ti2v-5b"
ORDER = Order(
    NAME,
    parameters={"task": "t2v", "guidance": 3.0, "frames": 5, "fps": 16, "steps": 3},
)


@pytest.fixture(scope="module")
def loaded(checkpoint: Callable[[str], Path]) -> Callable[[str], WanTi2v5b]:
    return lambda preset: WanTi2v5b.load_from(checkpoint(NAME), preset=preset, device="cpu")


@pytest.fixture(scope="module")
def plain(loaded: Callable[[str], WanTi2v5b]) -> torch.Tensor:
    return latents(loaded("bf16"))


def latents(family: WanTi2v5b) -> torch.Tensor:
    return alone(DiffusionBackend({NAME: family}), ORDER).denoising.latents


def weights(family: WanTi2v5b) -> list[torch.Tensor]:
    return [
        module.weight
        for module in family.pipe.transformer.blocks.modules()
        if isinstance(module, torch.nn.Linear)
    ]


def test_float8_storage_halves_linear_weights_and_hardly_changes_the_clip(
    loaded: Callable[[str], WanTi2v5b], plain: torch.Tensor
) -> None:
    family = loaded("fp8")
    found = latents(family)
    assert {weight.dtype for weight in weights(family)} == {torch.float8_e4m3fn}
    assert {weight.dtype for weight in weights(loaded("bf16"))} == {torch.bfloat16}
    assert 0 < (found - plain).abs().mean() < 0.05 * plain.abs().mean()


def test_resting_apart_gives_the_same_bits(
    loaded: Callable[[str], WanTi2v5b], plain: torch.Tensor
) -> None:
    assert torch.equal(latents(loaded("offload")), plain)


def test_the_vae_computes_exactly_whatever_the_preset(
    loaded: Callable[[str], WanTi2v5b],
) -> None:
    assert {loaded(preset).pipe.vae.dtype for preset in ("bf16", "fp8")} == {torch.float32}


@pytest.mark.parametrize(("preset", "allowed"), [("fp8", 0.4), ("offload", 0.0)])
def test_adapters_are_worn_on_narrow_and_resting_weights_too(
    loaded: Callable[[str], WanTi2v5b], tmp_path: Path, preset: str, allowed: float
) -> None:
    drawn = torch.Generator().manual_seed(3)
    tensors = {
        f"transformer.blocks.{n}.attn1.to_q.lora_{side}.weight": torch.randn(shape, generator=drawn)
        for n in range(2)
        for side, shape in (("A", (2, 24)), ("B", (24, 2)))
    }
    files = {}
    for name, scale in (("soft", 1.0), ("hard", 3.0)):
        path = tmp_path / f"{name}.safetensors"
        save_file({key: value * scale for key, value in tensors.items()}, path)
        files[name] = LoraFile(path=path)

    def wearing(preset: str, *worn: str) -> list[torch.Tensor]:
        family = loaded(preset)
        racks = Racks({NAME: family}, {NAME: files}, roots=[tmp_path])
        device = DiffusionBackend({NAME: family}, adapters=racks)
        orders = (Order(NAME, parameters={**ORDER.parameters, "lora": lora}) for lora in worn)
        return [alone(device, order).denoising.latents for order in orders]

    bare, soft, hard, again, off = wearing(preset, "", "soft", "hard", "soft", "")
    assert torch.equal(soft, again)
    assert torch.equal(bare, off)
    assert not torch.equal(soft, hard)
    assert not torch.equal(soft, bare)
    (whole,) = wearing("bf16", "hard")
    assert (hard - whole).abs().mean() <= allowed * (whole - bare).abs().mean()
