"""Memory presets: how a model lies on its device, chosen by the device's memory."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content_engine.errors import InvalidSettings

if TYPE_CHECKING:
    import torch

_GIB = 1 << 30
_LIGHT = ("vae",)
"""Components that stay on the device whole: a few hundred MB, wanted at each start and end."""

_LOOKED_AT = (r"\bwo$",)
"""Weights whose type T5 asks for and brings its values to: in float8 it would stop. Source:
`UMT5DenseGatedActDense.forward` of transformers."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Presets:
    """The presets of `presets.toml`, in the order in which they are tried."""

    all: tuple[Preset, ...]
    share: float
    on_the_processor: str

    @classmethod
    @cache
    def load(cls) -> Presets:
        """The table as it is shipped."""
        data = tomllib.loads(Path(__file__).with_name("presets.toml").read_text("utf-8"))
        return cls(
            all=tuple(Preset(**entry) for entry in data["preset"]),
            share=data["share"],
            on_the_processor=data["on_the_processor"],
        )

    def named(self, name: str) -> Preset:
        """The preset of that name. Raises InvalidSettings when there is none."""
        for preset in self.all:
            if preset.name == name:
                return preset
        known = ", ".join(preset.name for preset in self.all)
        raise InvalidSettings(f"there is no memory preset {name!r}: choose one of {known}")


def device_memory_gib(device: str) -> float | None:
    """The memory of an accelerator in GiB; None for a processor, which has no memory of its own."""
    import torch

    if torch.device(device).type != "cuda":
        return None
    return torch.cuda.get_device_properties(device).total_memory / _GIB


def settled(pipe: Any, *, preset: Preset, device: str) -> Any:
    """The stock pipeline as the preset wants it to lie: stored narrow, resting apart, or plain.

    Group offloading gives the same bits as plain; float8 storage gives slightly others.
    """
    import torch

    if preset.storage:
        for module in _heavy(pipe).values():
            _narrow(module, storage=getattr(torch, preset.storage), dtype=preset.dtype)
    if preset.offload:
        _rest_apart(pipe, device=torch.device(device))
        return pipe
    return pipe.to(device)


def _heavy(pipe: Any) -> dict[str, torch.nn.Module]:
    """The components that decide how much memory a model needs, by name."""
    import torch

    return {
        name: part
        for name, part in pipe.components.items()
        if isinstance(part, torch.nn.Module) and name not in _LIGHT
    }


def _narrow(module: torch.nn.Module, *, storage: torch.dtype, dtype: str) -> None:
    """Keeps a module's linear weights in a narrow type between uses.

    Norms and embeddings stay as they are, and what a model's own class lists as delicate.
    """
    import torch
    from diffusers.hooks.layerwise_casting import apply_layerwise_casting

    wide = getattr(torch, dtype)
    own = getattr(module, "enable_layerwise_casting", None)
    if own is not None:
        own(storage_dtype=storage, compute_dtype=wide)
        return
    apply_layerwise_casting(
        module,
        storage_dtype=storage,
        compute_dtype=wide,
        skip_modules_pattern=("norm", "visual", "lm_head", *_LOOKED_AT),
        skip_modules_classes=(torch.nn.Embedding,),
    )


def _rest_apart(pipe: Any, *, device: torch.device) -> None:
    """Lets heavy components rest in the computer's memory; a stream copies ahead on CUDA."""
    import torch
    from diffusers.hooks.group_offloading import apply_group_offloading

    streams = device.type == "cuda"
    for module in _heavy(pipe).values():
        apply_group_offloading(
            module=module,
            onload_device=device,
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=streams,
            low_cpu_mem_usage=streams,
        )
    for name in _LIGHT:
        getattr(pipe, name).to(device)
