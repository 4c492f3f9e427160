"""LoRA adapters, changed between two steps: the model stays, a few small matrices are swapped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content_engine.errors import GenerationFailed
from pipelines.diffusion.family import Family
from pipelines.diffusion.lora_files import Adapter, LoraFile, LoraShelf

if TYPE_CHECKING:
    import torch

_SLOT = "worn"
_EXPERTS = ("transformer", "transformer_2")


class Racks:
    """Implements `backend.Adapters` for the families of one device.

    `files` are the adapters of each family by name; only these can be asked for, and only under
    `roots`.
    """

    def __init__(
        self,
        families: Mapping[str, Family[Any]],
        files: Mapping[str, Mapping[str, LoraFile]],
        *,
        roots: Sequence[Path],
    ) -> None:
        shelf = LoraShelf(roots=roots)
        self._racks = {
            name: Rack(name, family.pipe, files.get(name, {}), shelf=shelf)
            for name, family in families.items()
        }
        self._names = {id(family): name for name, family in families.items()}

    def check(self, family: str, lora: str) -> None:
        """Returns when the adapter is there and sound, and has it in memory for the first step.

        Raises GenerationFailed otherwise.
        """
        self._racks[family].check(lora)

    def wear(self, family: Family[Any], lora: str) -> None:
        """The model wears this adapter and no other from now on; empty: none."""
        self._racks[self._names[id(family)]].wear(lora)

    def rack(self, family: str) -> Rack:
        """The family's rack, with what its swaps took."""
        return self._racks[family]


class Rack:
    """The adapters of one model. One at a time is worn, in a slot that is never torn out.

    All experts of a model change together. `swaps` and `swap_s` count what changing cost.
    """

    def __init__(
        self, name: str, pipe: Any, files: Mapping[str, LoraFile], *, shelf: LoraShelf
    ) -> None:
        self._name = name
        self._pipe = pipe
        self._files = files
        self._shelf = shelf
        self._in_slot = ""
        self._slots = [
            _Slot(pipe, getattr(pipe, expert))
            for expert in _EXPERTS
            if getattr(pipe, expert, None) is not None
        ]
        self.swaps = 0
        self.swap_s = 0.0

    def check(self, lora: str) -> None:
        """Returns when the adapter is there and sound. Raises GenerationFailed otherwise."""
        self._adapters(lora)

    def wear(self, lora: str) -> None:
        """The model wears this adapter from now on; empty: it is as if it never wore one."""
        begun = time.perf_counter()
        if lora and lora != self._in_slot:
            adapters = self._adapters(lora)
            rank = self._highest_rank()
            self._in_slot = ""
            for slot, adapter in zip(self._slots, adapters, strict=True):
                slot.take(adapter, rank=rank)
            self._in_slot = lora
        for slot in self._slots:
            slot.show(worn=bool(lora))
        self.swaps += 1
        self.swap_s += time.perf_counter() - begun

    def _adapters(self, lora: str) -> list[Adapter]:
        """What each expert wears, in the experts' order."""
        file = self._files.get(lora)
        if file is None:
            known = ", ".join(self._files) or "none"
            raise GenerationFailed(f"{self._name} has no adapter {lora!r}; there are: {known}")
        files = [file, file.low_noise or file][: len(self._slots)]
        return [self._shelf.adapter(each, self._pipe) for each in files]

    def _highest_rank(self) -> int:
        """What the slots must hold, so that compiled blocks never see another shape."""
        pairs = ((file, file.low_noise) for file in self._files.values())
        return max(rank_of(each.path) for pair in pairs for each in pair if each is not None)


class _Slot:
    """The one place for an adapter on one transformer."""

    def __init__(self, pipe: Any, model: Any) -> None:
        self._pipe = pipe
        self._model = model
        self._layers: frozenset[str] = frozenset()

    def take(self, adapter: Adapter, *, rank: int) -> None:
        """Puts the adapter in: swapped in place when the slot has all its layers, else anew."""
        layers = frozenset(adapter.tensors)
        in_place = bool(self._layers) and layers <= self._layers
        if self._layers and not in_place:
            self._model.delete_adapters(_SLOT)
        if not in_place:
            self._layers = frozenset()
            self._model.enable_lora_hotswap(target_rank=rank)
        self._load(adapter.tensors, adapter.settings, in_place=in_place)
        if not in_place:
            self._layers = layers
            if self._widened():
                self._load(adapter.tensors, adapter.settings, in_place=True)

    def show(self, *, worn: bool) -> None:
        """Lets the adapter work, or leaves the model's own layers alone with their inputs."""
        if not self._layers:
            return
        self._model.enable_lora() if worn else self._model.disable_lora()

    def _widened(self) -> bool:
        """True when the slot took on the narrow type of the weights beside it, and lost it here.

        Adapters are computed with as they lie; what was cut off to float8 has to be put in again.
        """
        slots = [
            parameter
            for name, parameter in self._model.named_parameters()
            if f".{_SLOT}." in name and parameter.dtype.itemsize == 1
        ]
        for parameter in slots:
            parameter.data = parameter.data.to(self._model.dtype)
        return bool(slots)

    def _load(
        self,
        tensors: Mapping[str, torch.Tensor],
        settings: Mapping[str, Any] | None,
        *,
        in_place: bool,
    ) -> None:
        # A new slot is made of the tensors it is given, and a later swap writes into the slot:
        # the shelf's own would be overwritten.
        given = dict(tensors) if in_place else {name: one.clone() for name, one in tensors.items()}
        self._pipe.load_lora_into_transformer(
            given,
            transformer=self._model,
            adapter_name=_SLOT,
            metadata=None if settings is None else dict(settings),
            _pipeline=self._pipe,
            low_cpu_mem_usage=not in_place,
            hotswap=in_place,
        )


def rank_of(path: Path) -> int:
    """The rank of an adapter's matrices, read from the file's header; 1 when it has none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    except (OSError, SafetensorError):
        return 1  # whoever asks for this one is told what is wrong with it
    return max((min(shape) for shape in shapes if len(shape) == 2), default=1)
