"""LoRA adapters, changed between two steps: the model stays, a few small matrices are swapped."""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from content_engine.errors import GenerationFailed
from pipelines.diffusion.family import Family
from pipelines.diffusion.lora_files import Adapter, LoraFile, LoraShelf

_SLOTS = ("worn-a", "worn-b")
"""One for interactive runs, one for bulk: they take turns between steps. Source: measured
2026-11-22 with 96 layers of rank 64 (38 MB), one core: swapping 50 to 90 ms, turning from one slot
to the other 12 ms, taking off 5 ms."""
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
    """The adapters of one model. Each of its experts has as many slots as are worth their memory.

    `swaps` and `swap_s` count what changing cost: between adapters that are in slots nothing is
    copied.
    """

    def __init__(
        self, name: str, pipe: Any, files: Mapping[str, LoraFile], *, shelf: LoraShelf
    ) -> None:
        self._name = name
        self._pipe = pipe
        self._files = files
        self._shelf = shelf
        models = (getattr(pipe, expert, None) for expert in _EXPERTS)
        self._slots = [_Slots(pipe, model) for model in models if model is not None]
        self.swaps = 0
        self.swap_s = 0.0

    def check(self, lora: str) -> None:
        """Returns when the adapter is there and sound. Raises GenerationFailed otherwise."""
        self._adapters(lora)

    def wear(self, lora: str) -> None:
        """The model wears this adapter from now on; empty: it is as if it never wore one."""
        begun = time.perf_counter()
        if lora:
            rank = self._highest_rank
            for slots, adapter in zip(self._slots, self._adapters(lora), strict=True):
                slots.show(lora, adapter, rank=rank)
        else:
            for slots in self._slots:
                slots.hide()
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

    @cached_property
    def _highest_rank(self) -> int:
        """What the slots must hold, so that compiled blocks never see another shape."""
        pairs = ((file, file.low_noise) for file in self._files.values())
        return max(rank_of(each.path) for pair in pairs for each in pair if each is not None)


class _Slots:
    """The places for adapters on one transformer; one is at work at a time, or none."""

    def __init__(self, pipe: Any, model: Any) -> None:
        self._pipe = pipe
        self._model = model
        self._held: OrderedDict[str, str] = OrderedDict()
        self._layers: dict[str, frozenset[str]] = {}

    def show(self, lora: str, adapter: Adapter, *, rank: int) -> None:
        """Lets the adapter work; the one that was worn longest ago gives way where it must."""
        slot = next((slot for slot, held in self._held.items() if held == lora), None)
        if slot is None:
            slot = next((name for name in _SLOTS if name not in self._held), "")
            if not slot:
                slot, _ = self._held.popitem(last=False)
            self._take(slot, adapter, rank=rank)
            self._held[slot] = lora
        self._held.move_to_end(slot)
        self._model.set_adapter(slot)
        self._model.enable_lora()

    def hide(self) -> None:
        """Leaves the model's own layers alone with their inputs."""
        if self._layers:
            self._model.disable_lora()

    def _take(self, slot: str, adapter: Adapter, *, rank: int) -> None:
        """Puts the adapter in: swapped in place when the slot has all its layers, else anew."""
        layers = frozenset(adapter.tensors)
        before = self._layers.pop(slot, frozenset())
        in_place = layers <= before
        if not in_place:
            if slot in getattr(self._model, "peft_config", {}):
                self._model.delete_adapters(slot)
            self._model.enable_lora_hotswap(target_rank=rank, check_compiled="ignore")
        self._load(slot, adapter, in_place=in_place)
        if not in_place and self._widened(slot):
            self._load(slot, adapter, in_place=True)
        self._layers[slot] = before if in_place else layers

    def _widened(self, slot: str) -> bool:
        """True when the slot took on the narrow type of the weights beside it, and lost it here.

        Adapters are computed with as they lie; what was cut off to float8 has to be put in again.
        """
        narrow = [
            parameter
            for name, parameter in self._model.named_parameters()
            if f".{slot}." in name and parameter.dtype.itemsize == 1
        ]
        for parameter in narrow:
            parameter.data = parameter.data.to(self._model.dtype)
        return bool(narrow)

    def _load(self, slot: str, adapter: Adapter, *, in_place: bool) -> None:
        # A new slot is made of the tensors it is given, and a later swap writes into the slot:
        # the shelf's own would be overwritten.
        given = {name: one if in_place else one.clone() for name, one in adapter.tensors.items()}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # so it is meant
            self._pipe.load_lora_into_transformer(
                given,
                transformer=self._model,
                adapter_name=slot,
                metadata=None if adapter.settings is None else dict(adapter.settings),
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
