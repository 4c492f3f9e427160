"""A diffusion run between two steps: what moves, what stays, how it is put down and taken up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pipelines.diffusion.ask import Ask
from pipelines.diffusion.ask_pictures import Canvas

if TYPE_CHECKING:
    import torch

G = TypeVar("G")


@dataclass(slots=True, kw_only=True, eq=False)
class Denoising(Generic[G]):
    """One run on its way from noise to picture.

    `given` is what the family computed before the first step and never changes (embeddings,
    reference latents, positions). `latents` and `scheduler` move with every step; the scheduler is
    the run's own object: it counts steps and keeps a history. `taken` steps are done.
    """

    ask: Ask
    canvas: Canvas
    given: G
    latents: torch.Tensor
    scheduler: Any
    taken: int = 0

    @property
    def timesteps(self) -> torch.Tensor:
        """The whole walk, (steps,) of the scheduler's own unit, from noise to picture."""
        begin = (self.scheduler.begin_index or 0) * self.scheduler.order
        return self.scheduler.timesteps[begin:]

    @property
    def timestep(self) -> torch.Tensor:
        """Where the run stands, a scalar. Only while steps are left."""
        return self.timesteps[self.taken]

    @property
    def steps_left(self) -> int:
        """How many steps are left, 0 when done."""
        return len(self.timesteps) - self.taken

    def step(self, predicted: torch.Tensor) -> None:
        """Goes one step along the predicted velocity (same shape as `latents`)."""
        self.latents = self.scheduler.step(
            predicted, self.timestep, self.latents, return_dict=False
        )[0]
        self.taken += 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """All of a run that moves, as it was at one boundary.

    `history` are the scheduler's attributes: numbers, tensors and lists of tensors (UniPC keeps
    the last predictions), copied as deep as a scheduler changes them in place.
    """

    latents: torch.Tensor
    taken: int
    history: dict[str, Any]

    @classmethod
    def of(cls, run: Denoising[Any]) -> Moment:
        """The run's present moment; costs no memory but a few references."""
        history = {
            name: list(value) if isinstance(value, list) else value
            for name, value in vars(run.scheduler).items()
            if name != "_internal_dict"
        }
        return cls(latents=run.latents, taken=run.taken, history=history)

    def put_back(self, run: Denoising[Any]) -> None:
        """Sets the run back to this moment."""
        run.latents, run.taken = self.latents, self.taken
        vars(run.scheduler).update(
            {name: list(v) if isinstance(v, list) else v for name, v in self.history.items()}
        )


def saved(run: Denoising[Any], *, recipe: str) -> bytes:
    """The run's moment as a safetensors file that names its recipe: no pickle, no code."""
    import diffusers
    from safetensors.torch import save

    moment = Moment.of(run)
    tensors = {"latents": moment.latents.contiguous()}
    plain = {name: _apart(name, value, tensors) for name, value in moment.history.items()}
    header = {
        "recipe": recipe,
        "library": diffusers.__version__,
        "taken": str(moment.taken),
        "history": json.dumps(plain),
    }
    return save({name: tensor.clone().cpu() for name, tensor in tensors.items()}, header)


def restore(run: Denoising[Any], data: bytes, *, recipe: str) -> None:
    """Takes a freshly prepared run to the moment that was saved of the same recipe.

    Raises ValueError when the bytes are damaged, of another recipe or of another diffusers.
    """
    import diffusers
    import safetensors
    from safetensors.torch import load

    try:
        tensors, header = load(data), _header(data)
    except (safetensors.SafetensorError, KeyError) as error:
        raise ValueError(f"the checkpoint is damaged: {error}") from error
    if header.get("recipe") != recipe:
        raise ValueError(f"the checkpoint is of recipe {header.get('recipe')}, not of {recipe}")
    if header["library"] != diffusers.__version__:
        raise ValueError(f"the checkpoint is of diffusers {header['library']}")
    device = run.latents.device
    history = {
        name: _together(value, tensors, device)
        for name, value in json.loads(header["history"]).items()
    }
    moment = Moment(
        latents=tensors["latents"].to(device), taken=int(header["taken"]), history=history
    )
    moment.put_back(run)


def _header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file. Source: the format's README, "Format"."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]


def _apart(name: str, value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """The value as JSON, its tensors moved to `tensors` under their own names."""
    import torch

    if isinstance(value, torch.Tensor):
        tensors[name] = value
        return {"tensor": name, "device": value.device.type}
    if isinstance(value, list):
        return [_apart(f"{name}.{place}", item, tensors) for place, item in enumerate(value)]
    if isinstance(value, bool | int | float | str | None):
        return value
    raise TypeError(f"a scheduler's {name} is a {type(value).__name__}: it cannot be saved")


def _together(value: Any, tensors: dict[str, torch.Tensor], device: torch.device) -> Any:
    if isinstance(value, dict):
        tensor = tensors[value["tensor"]]
        return tensor if value["device"] == "cpu" else tensor.to(device)
    if isinstance(value, list):
        return [_together(item, tensors, device) for item in value]
    return value
