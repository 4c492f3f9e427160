"""Which models can be used on this machine, and for each that cannot: why not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from assets.errors import WeightsInvalid
from content_engine.config import Settings
from pipelines.diffusion.presets import Presets, device_memory_gib
from pipelines.generative.asked import Able
from pipelines.models import ModelCatalog, ModelEntry
from pipelines.weights import Here, lora_file, revision_of, weights_here

_GIB = 2**30
_DRIVER = (Path("/dev/nvidia0"), Path("/dev/nvidiactl"))
"""Without one of these files there is no CUDA device, and no need to load torch to say so."""

_AT_WORST = 2.5
"""How many times its files a model takes at most: in float32 what lay in bfloat16, and half as much
again for what it computes. Only for checkpoints that are smaller than the catalog's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What models may run on: `device` is empty when nothing, and `why` then says why.

    `count` devices like it are used, each by itself: one unless the setting is `auto`.
    """

    device: str
    memory_gib: float
    why: str
    count: int = 1

    @classmethod
    def of(cls, wanted: str) -> Machine:
        """What the setting `device` means here: `auto`, `none`, `cpu`, `cuda` or `cuda:0`."""
        if wanted == "none":
            return cls(device="", memory_gib=0.0, why="the setting device is none")
        if wanted == "cpu":
            return cls(device="cpu", memory_gib=_ram_gib(), why="the setting device is cpu")
        if not any(path.exists() for path in _DRIVER):
            return cls(device="", memory_gib=0.0, why="there is no CUDA device on this machine")
        return _cuda(wanted)


State = Literal["ready", "no device", "licence", "package", "wrong files", "no weights", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One model of a policy's order: usable, or why not. `here` and `preset` only if usable.

    `state` says it in a word, for readers who must not learn of this machine's folders.
    """

    name: str
    usable: bool
    why: str
    state: State
    here: Here | None = None
    preset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The models that stand ready, all of which fit on the device side by side."""

    machine: Machine
    catalog: ModelCatalog
    choices: Mapping[str, Choice]
    settings: Settings

    @classmethod
    def of(
        cls,
        settings: Settings,
        orders: Sequence[Sequence[str]],
        *,
        catalog: ModelCatalog | None = None,
    ) -> Shelf:
        """The shelf for several orders of model names, of which first ones get memory first."""
        known = catalog or ModelCatalog.load()
        machine = Machine.of(settings.device)
        left_gib = machine.memory_gib * Presets.load().share
        choices: dict[str, Choice] = {}
        for name in _by_rank(orders):
            choice, taken_gib = _choice(known.entry(name), machine, settings, left_gib)
            choices[name] = choice
            left_gib -= taken_gib
        return cls(machine=machine, catalog=known, choices=choices, settings=settings)

    def usable(self, order: Sequence[str]) -> tuple[ModelEntry, ...]:
        """The entries of an order that can be used, in that order."""
        return tuple(self.catalog.entry(name) for name in order if self.choices[name].usable)

    def able(self, name: str) -> Able:
        """What planning needs to know of a usable model; it wears only what lies here too."""
        entry, here = self.catalog.entry(name), self.choices[name].here
        worn = entry.loras.get(entry.lora)
        if worn is not None and lora_file(entry, worn, self.settings.models_path) is None:
            entry = replace(entry, lora="")
        return Able(
            entry=entry,
            revision=revision_of(entry, here) if here else entry.revision,
            pixels_most=self.settings.canvas_max_pixels,
            brand_loras=tuple(self.settings.brand_loras.items()),
            strict=self.settings.strict,
        )


def _by_rank(orders: Sequence[Sequence[str]]) -> Iterator[str]:
    """Every name once: the first of each order, then the second of each, and so on."""
    longest = max((len(order) for order in orders), default=0)
    ranked = (order[rank] for rank in range(longest) for order in orders if rank < len(order))
    return iter(dict.fromkeys(ranked))


def _choice(
    entry: ModelEntry, machine: Machine, settings: Settings, left_gib: float
) -> tuple[Choice, float]:
    no = Choice(name=entry.name, usable=False, why="", state="no weights")
    if not machine.device:
        return replace(no, why=machine.why, state="no device"), 0.0
    if not entry.commercial and not settings.allow_noncommercial:
        why = f"its licence ({entry.licence}) forbids commercial use; see allow_noncommercial"
        return replace(no, why=why, state="licence"), 0.0
    if entry.package and find_spec(entry.package) is None:
        why = f"the package {entry.package} is not installed"
        return replace(no, why=why, state="package"), 0.0
    try:
        here = weights_here(entry, settings.models_path)
    except WeightsInvalid as error:
        return replace(no, why=f"{error}", state="wrong files"), 0.0
    if here is None:
        return replace(no, why=_no_weights(entry, settings)), 0.0
    return _fitted(entry, here, machine, left_gib)


def _no_weights(entry: ModelEntry, settings: Settings) -> str:
    at = settings.models_path
    places = f"in {at / entry.name} or the hub's cache" if at else "in the hub's cache"
    return f"no weights {places}: content-engine models pull {entry.name}"


def _fitted(
    entry: ModelEntry, here: Here, machine: Machine, left_gib: float
) -> tuple[Choice, float]:
    needs = _needs_gib(entry, here, on_cpu=machine.device == "cpu")
    for preset, need_gib in needs.items():
        if need_gib <= left_gib:
            why = f"weights in {here.folder}, {preset}, {need_gib:.1f} GiB of {machine.device}"
            ready = Choice(
                name=entry.name, usable=True, why=why, state="ready", here=here, preset=preset
            )
            return ready, need_gib
    least = min(needs.values())
    why = f"needs {least:g} GiB of {machine.device} at least; {max(left_gib, 0):.0f} are left there"
    return Choice(name=entry.name, usable=False, why=why, state="memory"), 0.0


def _needs_gib(entry: ModelEntry, here: Here, *, on_cpu: bool) -> dict[str, float]:
    """What the model needs by preset, the best first; never more than its files can ask for."""
    presets = Presets.load()
    files_gib = sum(path.stat().st_size for path in here.folder.rglob("*.safetensors")) / _GIB
    bound = _AT_WORST * files_gib
    if on_cpu:
        name = presets.on_the_processor
        stated = entry.memory_gib.get(name, 2 * max(entry.memory_gib.values()))
        return {name: min(stated, bound)}
    ordered = [preset.name for preset in presets.all if preset.name in entry.memory_gib]
    return {name: min(entry.memory_gib[name], bound) for name in ordered}


def _ram_gib() -> float:
    """Memory of this machine, or what the container may use of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    said = limit.read_text().strip() if limit.is_file() else "max"
    return min(total, int(said) if said.isdecimal() else total) / _GIB


def _cuda(wanted: str) -> Machine:
    import torch

    device = "cuda:0" if wanted in ("auto", "cuda") else wanted
    if not torch.cuda.is_available():
        return Machine(device="", memory_gib=0.0, why="torch finds no CUDA device it can use")
    index = torch.device(device).index or 0
    count = torch.cuda.device_count()
    if index >= count:
        return Machine(device="", memory_gib=0.0, why=f"{device} is wanted, {count} are there")
    return Machine(
        device=device,
        memory_gib=device_memory_gib(device) or 0.0,
        why=torch.cuda.get_device_name(index),
        count=count if wanted == "auto" else 1,
    )
