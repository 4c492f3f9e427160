"""Pipelines loaded from a local folder: safe files only, the expected classes only, no code."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from assets.errors import WeightsInvalid
from pipelines.diffusion.presets import Preset, Presets, settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a folder has to say of itself: its pipeline and the class of each component.

    `exact` are the components that compute in float32 whatever the preset says.
    """

    pipeline: str
    components: Mapping[str, tuple[str, ...]]
    exact: tuple[str, ...] = ()


def loaded(
    folder: Path,
    expected: Expected,
    *,
    preset: str,
    device: str,
    parts: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """The stock pipeline of a local folder, as the preset wants it to lie, on the device.

    Nothing is fetched and nothing in the folder is run: components are of the expected classes of
    diffusers and transformers, weights are safetensors. `parts` are components that the caller
    made himself. Raises WeightsInvalid otherwise, InvalidSettings for an unknown preset.
    """
    import diffusers
    from safetensors import SafetensorError

    wanted = Presets.load().named(preset)
    check(folder, expected)
    _silence()
    try:
        models = {
            name: _model(folder / name, owner, dtype=_dtype(name, expected, wanted))
            for name, owner in _models(folder, expected).items()
            if name not in parts
        }
        pipe = getattr(diffusers, expected.pipeline).from_pretrained(
            folder, local_files_only=True, **models, **parts
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsInvalid(f"{folder.name} cannot be loaded: {error}") from error
    pipe.set_progress_bar_config(disable=True)
    return settled(pipe, preset=wanted, device=device)


def _silence() -> None:
    """Stops both libraries from drawing progress bars into a service's log."""
    import diffusers
    import transformers

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def _models(folder: Path, expected: Expected) -> dict[str, tuple[str, str]]:
    """Library and class of each component that has weights; the rest is words and numbers."""
    return {
        name: tuple(_index(folder)[name])
        for name in expected.components
        if (folder / name / "config.json").is_file()
    }


def _dtype(name: str, expected: Expected, preset: Preset) -> str:
    return "float32" if name in expected.exact else preset.dtype


def _model(folder: Path, owner: tuple[str, str], *, dtype: str) -> Any:
    """One model with all its weights; the libraries would fill missing ones with noise."""
    import torch

    library, name = owner
    model, report = getattr(importlib.import_module(library), name).from_pretrained(
        folder,
        dtype=getattr(torch, dtype),
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
    )
    if missing := sorted(report["missing_keys"]):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ValueError(f"{folder.name} lacks the weights {missing[0]}{more}")
    return model


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
