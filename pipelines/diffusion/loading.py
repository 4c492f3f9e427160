"""Pipelines loaded from a local folder: safe files only, the expected classes only, no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.errors import WeightsInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """How a model lies in memory. `dtype` names a torch type (`bfloat16`, `float32`).

    `storage` is the type that linear weights are kept in between uses, `offload` what rests in the
    computer's memory; both empty: everything lies on the device as it is computed with.
    """

    name: str
    dtype: str
    storage: str = ""
    offload: str = ""


PRESETS = {
    preset.name: preset
    for preset in (Preset(name="exact", dtype="float32"), Preset(name="bf16", dtype="bfloat16"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a folder has to say of itself: its pipeline and the class of each component."""

    pipeline: str
    components: Mapping[str, tuple[str, ...]]


def loaded(folder: Path, expected: Expected, *, preset: str, device: str) -> Any:
    """The stock pipeline of a local folder, in the preset's type, on the device.

    Nothing is fetched and nothing in the folder is run: components are of the expected classes of
    diffusers and transformers, weights are safetensors. Raises WeightsInvalid otherwise.
    """
    import diffusers
    import torch

    check(folder, expected)
    try:
        pipe = getattr(diffusers, expected.pipeline).from_pretrained(
            folder,
            torch_dtype=getattr(torch, PRESETS[preset].dtype),
            local_files_only=True,
            use_safetensors=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise WeightsInvalid(f"{folder.name} cannot be loaded: {error}") from error
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def check(folder: Path, expected: Expected) -> None:
    """Returns when the folder holds the expected pipeline in safe files, else says what is wrong.

    Raises WeightsInvalid.
    """
    index = _index(folder)
    if index.get("_class_name") != expected.pipeline:
        raise WeightsInvalid(
            f"{folder.name} holds a {index.get('_class_name')}, not a {expected.pipeline}"
        )
    for component, classes in expected.components.items():
        found = index.get(component)
        if not isinstance(found, list) or len(found) != 2 or found[1] not in classes:
            raise WeightsInvalid(
                f"{folder.name}/{component} is {found}, not {' or '.join(classes)}"
            )
        if found[0] not in ("diffusers", "transformers"):
            raise WeightsInvalid(f"{folder.name}/{component} would run code of {found[0]!r}")
    strangers = {
        name for name, value in index.items() if isinstance(value, list) and any(value)
    } - set(expected.components)
    if strangers:
        raise WeightsInvalid(f"{folder.name} names unknown components: {', '.join(strangers)}")


def _index(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsInvalid(f"{folder.name} has no readable model_index.json: {error}") from error
