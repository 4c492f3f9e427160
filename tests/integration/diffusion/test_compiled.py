"""Compiled blocks are used where they were measured to win, and nowhere else."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pipelines.diffusion.ask import Ask
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.compiled import Compiled, CompiledBlocks, Timing, worth_compiling
from pipelines.diffusion.wan import WanTi2v5b
from tests.diffusion_kit import Order, alone

ORDER = Order(
    "wan-ti2v-5b",
    parameters={"task": "t2v", "guidance": 1.0, "frames": 5, "fps": 16, "steps": 2},
)


@pytest.fixture
def family(checkpoint: Callable[[str], Path]) -> WanTi2v5b:
    return WanTi2v5b.load_from(checkpoint("wan-ti2v-5b"), preset="exact", device="cpu")


def compiled_blocks(family: WanTi2v5b) -> int:
    return sum(block._compiled_call_impl is not None for block in family.pipe.transformer.blocks)


@pytest.mark.parametrize(
    ("compiled_ms", "off", "wins"),
    [(80.0, 1e-3, True), (98.0, 0.0, False), (140.0, 0.0, False), (50.0, 0.5, False)],
    ids=["faster", "hardly faster", "slower", "fast but wrong"],
)
def test_only_what_is_clearly_faster_and_right_wins(
    compiled_ms: float, off: float, wins: bool
) -> None:
    timing = Timing(shape="s", plain_ms=100, compiled_ms=compiled_ms, start_s=9, off=off)
    assert timing.wins is wins


def test_a_compiler_that_wins_nothing_leaves_the_family_plain(family: WanTi2v5b) -> None:
    def slow(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., object]:
        def run(*given: torch.Tensor) -> object:
            time.sleep(0.02)
            return graph.forward(*given)

        return run

    torch._dynamo.reset()
    ask = Ask.of(ORDER.recipe, ORDER.inputs)
    assert worth_compiling(family, [ask], budget_s=60, compiler=slow) is family
    assert compiled_blocks(family) == 0


def test_a_compiler_that_fails_leaves_the_family_plain(
    family: WanTi2v5b, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no code for this device")

    torch._dynamo.reset()
    ask = Ask.of(ORDER.recipe, ORDER.inputs)
    assert worth_compiling(family, [ask], budget_s=60, compiler=broken) is family
    assert compiled_blocks(family) == 0
    assert "no code for this device" in caplog.text


def test_shapes_that_win_run_compiled_and_others_plain(family: WanTi2v5b) -> None:
    looked_at: list[int] = []

    def looking(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., object]:
        looked_at.append(len(inputs))
        return graph.forward

    plain = alone(DiffusionBackend({ORDER.backend: family}), ORDER).denoising.latents
    torch._dynamo.reset()
    blocks = CompiledBlocks(family.pipe, compiler=looking)
    wins, loses = (
        Timing(shape=shape, plain_ms=2, compiled_ms=1, start_s=0, off=0)
        for shape in ("64x64x5", "96x96x5")
    )
    other = alone(
        DiffusionBackend({ORDER.backend: Compiled(family, [loses], blocks=blocks)}), ORDER
    )
    assert not looked_at
    run = alone(DiffusionBackend({ORDER.backend: Compiled(family, [wins], blocks=blocks)}), ORDER)
    assert looked_at
    assert torch.equal(other.denoising.latents, plain)
    torch.testing.assert_close(run.denoising.latents, plain, rtol=0, atol=1e-5)
