"""The device's memory: what it has, what a shape was seen to need, who may come in."""

from __future__ import annotations

from typing import Protocol


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
