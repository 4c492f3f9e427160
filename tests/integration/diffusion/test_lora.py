"""Adapters are changed between steps: each run has its own, whoever it shares the device with."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from content_engine.errors import GenerationFailed
from pipelines.diffusion.backend import DiffusionBackend
from pipelines.diffusion.lora import Racks
from pipelines.diffusion.lora_files import LoraFile, found_in
from pipelines.diffusion.qwen_edit import QwenEdit
from pipelines.diffusion.reuse import Reuse
from pipelines.diffusion.wan import WanI2vA14b
from tests.diffusion_kit import CLOSE, Order, alone, photo, together
from tests.integration.diffusion.edit_and_video import SEEN_PX, SMALL, Case, stock_edit, stock_i2v

EDIT = Order(
    "qwen-image-edit",
    pictures={"photo": photo(80, 48)},
    parameters={"task": "edit", "guidance": 1.0, "steps": 4, "reference_pixels": SEEN_PX},
)
CLIP = Order(
    "wan-i2v-a14b",
    pictures={"first": photo(64, 64)},
    parameters={"task": "i2v", "guidance": 1.0, "frames": 5, "fps": 16, "steps": 5},
)


def written(path: Path, layers: tuple[str, ...], *, width: int, rank: int, seed: int) -> LoraFile:
    """An adapter of random matrices, strong enough to be seen."""
    drawn = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer in layers:
        tensors[f"transformer.{layer}.lora_A.weight"] = torch.randn(rank, width, generator=drawn)
        tensors[f"transformer.{layer}.lora_B.weight"] = torch.randn(width, rank, generator=drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return LoraFile(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def edit_layers(*names: str) -> tuple[str, ...]:
    return tuple(f"transformer_blocks.{n}.attn.{name}" for n in range(2) for name in names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loras")


@pytest.fixture(scope="module")
def styles(folder: Path) -> dict[str, LoraFile]:
    """Four adapters of unlike rank, the last on other layers than the others."""
    return {
        "soft": written(folder / "soft.safetensors", edit_layers("to_q"), width=32, rank=1, seed=4),
        "warm": written(folder / "warm.safetensors", edit_layers("to_q"), width=32, rank=4, seed=1),
        "cool": written(folder / "cool.safetensors", edit_layers("to_q"), width=32, rank=2, seed=2),
        "wide": written(
            folder / "wide.safetensors", edit_layers("to_v", "add_k_proj"), width=32, rank=3, seed=3
        ),
    }


@pytest.fixture(scope="module")
def family(checkpoint: Callable[[str], Path]) -> QwenEdit:
    """A model of this module's own: slots for adapters stay on it."""
    pipe = QwenEdit.load_from(checkpoint("qwen-image-edit"), preset="exact", device="cpu").pipe
    return QwenEdit(pipe, device="cpu", reuse=Reuse(), areas=SMALL, schedules={})


@pytest.fixture(scope="module")
def racks(family: QwenEdit, styles: dict[str, LoraFile], folder: Path) -> Racks:
    return Racks({"qwen-image-edit": family}, {"qwen-image-edit": styles}, roots=[folder])


@pytest.fixture(scope="module")
def device(family: QwenEdit, racks: Racks) -> DiffusionBackend:
    return DiffusionBackend({"qwen-image-edit": family}, adapters=racks)


@pytest.fixture(scope="module")
def stock(checkpoint: Callable[[str], Path], styles: dict[str, LoraFile]) -> Callable[[str], Any]:
    """The stock pipeline's latents with an adapter loaded the stock way, or without."""
    pipe = QwenEdit.load_from(checkpoint("qwen-image-edit"), preset="exact", device="cpu").pipe
    plain = QwenEdit(pipe, device="cpu", reuse=Reuse(), areas=SMALL, schedules={})
    case = Case("qwen-image-edit", plain, (EDIT,), stock_edit)

    def latents(style: str) -> torch.Tensor:
        if style:
            pipe.load_lora_weights(str(styles[style].path), adapter_name=style)
        try:
            return case.stock(EDIT)
        finally:
            if style:
                pipe.unload_lora_weights()

    return latents


def wearing(order: Order, lora: str, *, at: int = 0) -> Order:
    return replace(order, at=at, parameters={**order.parameters, "lora": lora})


def assert_close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=CLOSE)


def test_runs_with_and_without_adapters_side_by_side_equal_the_stock_pipeline(
    device: DiffusionBackend, stock: Callable[[str], Any]
) -> None:
    worn = ("warm", "", "cool", "warm", "wide", "soft", "warm")
    orders = [wearing(EDIT, lora, at=place // 2) for place, lora in enumerate(worn)]
    plain = stock("")
    for run, lora in zip(together(device, orders), worn, strict=True):
        assert_close(run.denoising.latents, stock(lora))
        assert bool(lora) == bool((run.denoising.latents - plain).abs().max() > 0.01)


def test_a_model_that_took_its_adapter_off_gives_the_bits_of_one_that_never_wore_any(
    device: DiffusionBackend, stock: Callable[[str], Any]
) -> None:
    alone(device, wearing(EDIT, "warm"))
    assert torch.equal(alone(device, EDIT).denoising.latents, stock(""))


def test_an_adapter_put_on_again_gives_the_same_bits(device: DiffusionBackend) -> None:
    first, _, again = (
        alone(device, wearing(EDIT, lora)).denoising.latents for lora in ("warm", "cool", "warm")
    )
    assert torch.equal(first, again)


def test_runs_with_unlike_adapters_never_share_a_step(device: DiffusionBackend) -> None:
    runs = [
        device.start(order.recipe, order.inputs)
        for order in (wearing(EDIT, "warm"), wearing(EDIT, "cool"))
    ]
    with pytest.raises(ValueError, match="unlike groups"):
        device.step(runs)


def test_a_swap_in_place_keeps_the_slot_and_tells_its_time(
    device: DiffusionBackend, racks: Racks, family: QwenEdit
) -> None:
    """Two slots: `warm` and `cool` stand in them, and `soft` takes the place of the older one."""
    for lora in ("warm", "cool"):
        alone(device, wearing(EDIT, lora))
    layer = family.pipe.transformer.transformer_blocks[0].attn.to_q
    slots = {name: part.weight for name, part in layer.lora_A.items()}
    rack = racks.rack("qwen-image-edit")
    swaps, swap_s = rack.swaps, rack.swap_s
    rack.wear("soft")
    assert {name: part.weight.data_ptr() for name, part in layer.lora_A.items()} == {
        name: weight.data_ptr() for name, weight in slots.items()
    }
    assert {weight.shape[0] for weight in slots.values()} == {4}
    assert rack.swaps == swaps + 1
    assert 0 < rack.swap_s - swap_s < 1


def test_both_experts_wear_their_own_file(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    layers = tuple(f"blocks.{n}.attn1.to_q" for n in range(2))
    high, low = (
        written(tmp_path / f"{name}.safetensors", layers, width=24, rank=2, seed=seed)
        for seed, name in enumerate(("high", "low"))
    )
    family, plain = (
        WanI2vA14b.load_from(checkpoint("wan-i2v-a14b"), preset="exact", device="cpu")
        for _ in range(2)
    )
    pair = LoraFile(path=high.path, sha256=high.sha256, low_noise=low)
    racks = Racks({CLIP.backend: family}, {CLIP.backend: {"spin": pair}}, roots=[tmp_path])
    device = DiffusionBackend({CLIP.backend: family}, adapters=racks)
    worn, bare = together(device, [wearing(CLIP, "spin"), CLIP])
    stock = Case(CLIP.backend, plain, (CLIP,), stock_i2v)
    assert_close(bare.denoising.latents, stock.stock(CLIP))
    plain.pipe.load_lora_weights(str(high.path), adapter_name="high")
    plain.pipe.load_lora_weights(str(low.path), adapter_name="low", load_into_transformer_2=True)
    assert_close(worn.denoising.latents, stock.stock(CLIP))


def _pickled(folder: Path) -> LoraFile:
    path = folder / "old.bin"
    path.write_bytes(pickle.dumps({"transformer.x.lora_A.weight": 1}))
    return LoraFile(path=path)


def _disguised(folder: Path) -> LoraFile:
    path = folder / "old.safetensors"
    path.write_bytes(pickle.dumps({"transformer.x.lora_A.weight": 1}))
    return LoraFile(path=path)


def _elsewhere(folder: Path) -> LoraFile:
    outside = folder.parent / f"{folder.name}-outside" / "x.safetensors"
    return written(outside, edit_layers("to_q"), width=32, rank=2, seed=4)


def _by_detour(folder: Path) -> LoraFile:
    outside = _elsewhere(folder).path
    return LoraFile(path=folder / ".." / outside.parent.name / outside.name)


def _other_bytes(folder: Path) -> LoraFile:
    file = written(folder / "y.safetensors", edit_layers("to_q"), width=32, rank=2, seed=5)
    return replace(file, sha256="0" * 64)


def _other_model(folder: Path) -> LoraFile:
    path = folder / "z.safetensors"
    save_file({"unet.down.lora_A.weight": torch.zeros(2, 2)}, path)
    return LoraFile(path=path)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_pickled, r"no \.safetensors file"),
        (_disguised, "cannot be read"),
        (_elsewhere, "outside the models' folders"),
        (_by_detour, "outside the models' folders"),
        (_other_bytes, "promised is 0000"),
        (_other_model, "holds nothing for this model"),
        (lambda folder: LoraFile(path=folder / "gone.safetensors"), "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_before_the_first_step(
    family: QwenEdit, tmp_path: Path, make: Callable[[Path], LoraFile], problem: str
) -> None:
    files = {"qwen-image-edit": {"bad": make(tmp_path)}}
    racks = Racks({"qwen-image-edit": family}, files, roots=[tmp_path])
    device = DiffusionBackend({"qwen-image-edit": family}, adapters=racks)
    order = wearing(EDIT, "bad")
    with pytest.raises(GenerationFailed, match=problem):
        device.start(order.recipe, order.inputs)


def test_a_file_that_changes_while_we_run_is_refused(family: QwenEdit, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    own = replace(written(path, edit_layers("to_q"), width=32, rank=2, seed=6), sha256="")
    others = {
        str(n): written(
            tmp_path / f"{n}.safetensors", edit_layers("to_q"), width=32, rank=2, seed=n
        )
        for n in range(4)
    }
    files = {"qwen-image-edit": {"own": own, **others}}
    racks = Racks({"qwen-image-edit": family}, files, roots=[tmp_path])
    for name in ("own", *others):  # the shelf holds four: the first is dropped
        racks.check("qwen-image-edit", name)
    written(path, edit_layers("to_q"), width=32, rank=2, seed=7)
    with pytest.raises(GenerationFailed, match="sha256"):
        racks.check("qwen-image-edit", "own")


def test_an_unknown_adapter_is_refused_by_name(device: DiffusionBackend) -> None:
    order = wearing(EDIT, "warmer")
    with pytest.raises(
        GenerationFailed, match="no adapter 'warmer'; there are: soft, warm, cool, wide"
    ):
        device.start(order.recipe, order.inputs)


def test_a_folder_of_adapters_is_read_by_name_and_experts_files_in_pairs(tmp_path: Path) -> None:
    for name in ("plain", "spin.high", "spin.low", "lone.low", "v1.2"):
        (tmp_path / f"{name}.safetensors").touch()
    (tmp_path / "notes.txt").touch()
    found = found_in(tmp_path)
    assert set(found) == {"plain", "spin", "lone.low", "v1.2"}
    pair = found["spin"]
    assert pair.low_noise is not None
    assert (pair.path.name, pair.low_noise.path.name) == (
        "spin.high.safetensors",
        "spin.low.safetensors",
    )
    assert found_in(tmp_path / "nowhere") == {}


def test_a_file_that_the_hubs_cache_links_to_a_blob_is_read(
    family: QwenEdit, tmp_path: Path
) -> None:
    blob = written(tmp_path / "blobs" / "abc", edit_layers("to_q"), width=32, rank=2, seed=8)
    linked = tmp_path / "snapshots" / "main" / "style.safetensors"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(blob.path)
    files = {"qwen-image-edit": {"style": replace(blob, path=linked)}}
    Racks({"qwen-image-edit": family}, files, roots=[linked.parent]).check(
        "qwen-image-edit", "style"
    )
