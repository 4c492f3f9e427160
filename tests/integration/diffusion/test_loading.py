"""Only the expected model in safe files is loaded; whatever else lies in a folder is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from assets.errors import WeightsInvalid
from pipelines.diffusion.zimage import ZImage


@pytest.fixture
def folder(checkpoint: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the tiny Z-Image that a test may spoil."""
    return Path(shutil.copytree(checkpoint("z-image-turbo"), tmp_path / "z-image-turbo"))


def spoil_index(folder: Path, **entries: Any) -> None:
    path = folder / "model_index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def load(folder: Path) -> ZImage:
    return ZImage.load_from(folder, preset="exact", device="cpu")


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"_class_name": "WanPipeline"}, "holds a WanPipeline, not a ZImagePipeline"),
        ({"vae": ["builtins", "AutoencoderKL"]}, "would run code of 'builtins'"),
        ({"vae": ["diffusers", "AutoencoderTiny"]}, "not AutoencoderKL"),
        ({"vae": None}, "z-image-turbo/vae is None"),
        ({"feature_extractor": ["os", "system"]}, "unknown components: feature_extractor"),
    ],
)
def test_a_folder_that_names_other_classes_is_refused(
    folder: Path, entries: dict[str, Any], problem: str
) -> None:
    spoil_index(folder, **entries)
    with pytest.raises(WeightsInvalid, match=problem):
        load(folder)


@pytest.mark.parametrize("component", ["vae", "transformer", "text_encoder"])
def test_pickled_weights_are_refused(folder: Path, component: str) -> None:
    (weights,) = (folder / component).glob("*.safetensors")
    name = "pytorch_model.bin" if component == "text_encoder" else "diffusion_pytorch_model.bin"
    torch.save(load_file(weights), weights.with_name(name))
    weights.unlink()
    with pytest.raises(WeightsInvalid, match=component):
        load(folder)


@pytest.mark.parametrize("component", ["vae", "text_encoder"])
def test_damaged_weights_are_refused(folder: Path, component: str) -> None:
    (weights,) = (folder / component).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(WeightsInvalid, match="z-image-turbo cannot be loaded"):
        load(folder)


@pytest.mark.parametrize("component", ["vae", "transformer", "text_encoder"])
@pytest.mark.filterwarnings("ignore:.*not initialized")
def test_missing_weights_are_refused_and_never_filled_with_noise(
    folder: Path, component: str
) -> None:
    (file,) = (folder / component).glob("*.safetensors")
    weights = load_file(file)
    name = next(name for name in weights if name.endswith("weight"))
    save_file({key: value for key, value in weights.items() if key != name}, file, {"format": "pt"})
    with pytest.raises(WeightsInvalid, match=f"{component} lacks the weights"):
        load(folder)


def test_code_beside_the_weights_never_runs(folder: Path) -> None:
    config = folder / "text_encoder" / "config.json"
    remote = {"auto_map": {"AutoModel": "modeling.Evil"}}
    config.write_text(json.dumps({**json.loads(config.read_text()), **remote}))
    for place in (folder, folder / "text_encoder"):
        (place / "modeling.py").write_text("raise SystemExit('this code must not run')")
        (place / "pipeline.py").write_text("raise SystemExit('this code must not run')")
    assert load(folder).title == "Z-Image"


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsInvalid, match=r"no readable model_index\.json"):
        load(tmp_path)
