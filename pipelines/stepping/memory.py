"""The device's memory: what it has, what a shape was seen to need, who may come in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from pipelines.backend import Load
from pipelines.stepping.ticket import Ticket

_HEADROOM = 0.94
"""The share of the device that is planned for: an allocator loses a few % in gaps. House limit."""
_FORGET = 0.98  # a peak that is not reached again fades by 2 % a step, so one odd step is no law
_RECOVER = 1.02  # after a full device, batches grow again by 2 % a step that went well


class Meter(Protocol):
    """Measures a device's memory, in bytes."""

    @property
    def capacity_bytes(self) -> int:
        """What this process may use."""
        ...

    def used_bytes(self) -> int:
        """What is in use now."""
        ...

    def peak_bytes(self) -> int:
        """The most that was in use since `reset`."""
        ...

    def reset(self) -> None:
        """Begins a new peak."""
        ...


class CudaMeter:
    """The memory of one CUDA device as torch counts it for this process."""

    def __init__(self, device: str = "cuda:0") -> None:
        import torch

        self._cuda, self._device = torch.cuda, torch.device(device)
        free, _ = torch.cuda.mem_get_info(self._device)
        self.capacity_bytes = free + torch.cuda.memory_reserved(self._device)

    def used_bytes(self) -> int:
        """See `Meter`."""
        return self._cuda.memory_allocated(self._device)

    def peak_bytes(self) -> int:
        """See `Meter`."""
        return self._cuda.max_memory_allocated(self._device)

    def reset(self) -> None:
        """See `Meter`."""
        self._cuda.reset_peak_memory_stats(self._device)


class Memory:
    """What shapes were seen to need, and so who may come in and who may step together.

    Learned per kin of recipe: what a run holds between steps, and how far use swings above that
    while it is in head, step or tail; per shape: what one run adds to a step. Without a meter
    only a full device teaches: batches of that group stay below the tokens that did not fit.
    """

    def __init__(self, meter: Meter | None) -> None:
        self._meter = meter
        self._base = meter.used_bytes() if meter else 0
        self._before = self._base
        self._held: dict[str, float] = {}
        self._swing: dict[str, float] = {}
        self._step: dict[tuple[str, str], float] = {}
        self._full: dict[str, float] = {}

    def has_room(self, kin: str, *, resident: Iterable[Ticket[Any]]) -> bool:
        """True when a run of this kin may come to those on the device; always when none is there.

        A kin never seen comes in when none else of its kin is there, so that it can be measured.
        """
        there = [ticket.kin for ticket in resident]
        if self._meter is None or not there:
            return True
        if kin not in self._held:
            return kin not in there
        held = sum(self._held.get(one, 0.0) for one in there)
        swing = max(self._swing.get(one, 0.0) for one in (kin, *there))
        planned = max(self._base + held, self._meter.used_bytes()) + self._held[kin] + swing
        return planned <= self._meter.capacity_bytes * _HEADROOM

    def fits(self, loads: Sequence[Load]) -> bool:
        """True when a step of these is expected to find the memory it needs."""
        group = loads[0].group
        if sum(load.tokens for load in loads) >= self._full.get(group, float("inf")):
            return False
        if self._meter is None:
            return True
        need = sum(self._step.get((group, load.shape), 0.0) for load in loads)
        return self._meter.used_bytes() + need <= self._meter.capacity_bytes * _HEADROOM

    def arrived(self, kin: str, *, resident: Iterable[Ticket[Any]]) -> None:
        """Learns what a run that just came out of its head holds; `resident` are the others."""
        if self._meter is None:
            return
        others = sum(self._held.get(ticket.kin, 0.0) for ticket in resident)
        held = max(0.0, self._meter.used_bytes() - self._base - others)
        self._held[kin] = max(held, self._held.get(kin, 0.0) * _FORGET)

    def before_step(self) -> None:
        """Begins to watch one step."""
        if self._meter is not None:
            self._before = self._meter.used_bytes()
            self._meter.reset()

    def after_step(self, loads: Sequence[Load], *, resident: Sequence[Ticket[Any]]) -> None:
        """Learns from a step that went well."""
        group = loads[0].group
        if group in self._full:
            self._full[group] *= _RECOVER
        if self._meter is None:
            return
        rise = max(0.0, self._meter.peak_bytes() - self._before)
        for kin in {ticket.kin for ticket in resident}:
            self._swing[kin] = max(rise, self._swing.get(kin, 0.0) * _FORGET)
        for load in loads:
            key = (group, load.shape)
            self._step[key] = max(rise / len(loads), self._step.get(key, 0.0) * _FORGET)

    def was_full(self, loads: Sequence[Load]) -> None:
        """Learns from a step that the device did not hold."""
        tokens = sum(load.tokens for load in loads)
        group = loads[0].group
        self._full[group] = min(tokens, self._full.get(group, tokens))
