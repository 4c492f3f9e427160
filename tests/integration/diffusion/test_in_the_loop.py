"""Editing and video families in the real step loop: pre-empted, drained, taken up by another."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from content_engine.errors import BackendUnavailable
from content_engine.types import Lane
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.lora import Racks
from pipelines.diffusion.lora_files import LoraFile
from pipelines.diffusion.qwen_edit import QwenEdit
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.wan import WanI2vA14b
from pipelines.steploop import StepLoop
from pipelines.stepping.checkpoints import Checkpoints
from pipelines.stepping.limits import LoopLimits
from pipelines.stepping.table import BatchTable
from tests.diffusion_kit import Order, alone, photo
from tests.integration.diffusion.edit_and_video import SEEN_PX, SMALL

CLIP = Order(
    "wan-i2v-a14b",
    pictures={"first": photo(64, 64), "last": photo(64, 64, seed=1)},
    parameters={"task": "flf", "guidance": 3.5, "frames": 9, "fps": 16, "steps": 8},
)


def edit(lora: str, seed: int) -> Order:
    own = {"task": "edit", "guidance": 1.0, "steps": 3, "reference_pixels": SEEN_PX}
    own |= {"lora": lora, "strict": True}
    return Order("qwen-image-edit", seed=seed, pictures={"photo": photo(80, 48)}, parameters=own)


EDITS = (edit("warm", 1), edit("", 2), edit("warm", 3))


@pytest.fixture(scope="module")
def new_device(
    checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], DiffusionBackend]:
    """A device as a replica that starts anew builds it."""
    path = tmp_path_factory.mktemp("loras") / "warm.safetensors"
    drawn = torch.Generator().manual_seed(1)
    save_file(
        {
            f"transformer.transformer_blocks.0.attn.to_q.lora_{side}.weight": torch.randn(
                shape, generator=drawn
            )
            for side, shape in (("A", (2, 32)), ("B", (32, 2)))
        },
        path,
    )
    file = LoraFile(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())

    def built() -> DiffusionBackend:
        pipe = QwenEdit.load_from(checkpoint("qwen-image-edit"), preset="exact", device="cpu").pipe
        qwen = QwenEdit(pipe, device="cpu", reuse=Reuse(), areas=SMALL, schedules={})
        wan = WanI2vA14b.load_from(checkpoint("wan-i2v-a14b"), preset="exact", device="cpu")
        families = {"qwen-image-edit": qwen, "wan-i2v-a14b": wan}
        files = {"qwen-image-edit": {"warm": file}}
        return DiffusionBackend(families, adapters=Racks(families, files, roots=[path.parent]))

    return built


def loop_of(device: DiffusionBackend, folder: Path) -> StepLoop:
    return StepLoop(
        device,
        table=BatchTable(),
        checkpoints=Checkpoints(folder),
        limits=LoopLimits(checkpoint_every_steps=1),
    )


def run_out(loop: StepLoop) -> None:
    while loop.turn():
        pass
    loop.close()


def test_a_clip_pre_empted_by_edits_and_drained_ends_elsewhere_in_the_same_bytes(
    new_device: Callable[[], DiffusionBackend], tmp_path: Path
) -> None:
    device = new_device()
    wanted = {order.seed: device.finish(alone(device, order))[0].data for order in (CLIP, *EDITS)}
    loop = loop_of(device, tmp_path)
    cut = loop.submit(CLIP.recipe, CLIP.inputs, lane=Lane.BULK)
    for _ in range(2):
        loop.turn()
    edits = [
        loop.submit(order.recipe, order.inputs, lane=Lane.INTERACTIVE, due_in_s=5)
        for order in EDITS
    ]
    while not all(future.done() for future in edits):
        loop.turn()
    assert not cut.done()
    loop.close()
    for future, order in zip(edits, EDITS, strict=True):
        assert future.result()[0].data == wanted[order.seed]
    with pytest.raises(BackendUnavailable):
        cut.result()

    other = loop_of(new_device(), tmp_path)
    taken_up = other.submit(CLIP.recipe, CLIP.inputs, lane=Lane.BULK)
    run_out(other)
    assert taken_up.result()[0].data == wanted[CLIP.seed]
    assert other.facts().resumed == 1
    assert other.facts().steps < 8
