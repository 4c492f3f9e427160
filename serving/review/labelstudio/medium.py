"""What is looked at in a case, in the numbers that the exchange needs to place a fault."""

from __future__ import annotations

from dataclasses import dataclass

from content_engine.types import Digest, Kind

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot of copy (`bullets.2`) and where its words stand in the whole text: characters."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """The candidate's bytes by digest, and their measures.

    `frames` and `fps` are 0 for all but video. `roles` and `sizes_px` (width, height) are those of
    the pictures or of the clip, in the order in which the task shows them. `text` is the whole copy
    with its `slots`.
    """

    kind: Kind
    digest: Digest
    roles: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...] = ()
    frames: int = 0
    fps: float = 0.0
    text: str = ""
    slots: tuple[Slot, ...] = ()

    @property
    def duration_s(self) -> float:
        """How long the clip lasts; 0 for all but video."""
        return self.frames / self.fps if self.fps else 0.0


def percent(box: Box) -> dict[str, float]:
    """A box (x0, y0, x1, y1) of 0..1 as Label Studio's percent of the picture."""
    x0, y0, x1, y1 = box
    numbers = {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}
    return {name: round(100 * number, 6) for name, number in numbers.items()} | {"rotation": 0}


def shares(value: dict[str, float]) -> Box:
    """The box of a region, 0..1, cut to the picture."""
    x, y = value["x"] / 100, value["y"] / 100
    box = (x, y, x + value["width"] / 100, y + value["height"] / 100)
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, number)), 8) for number in box)
    return x0, y0, x1, y1
